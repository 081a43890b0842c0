/** Integer arithmetic: the choice of instruction for each operation, width and kind of operand. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { BinaryInst, PairInst, UnaryInst, Value } from '../../lib/mir/instruction.ts';
import type { Type } from '../../lib/mir/types.ts';
import { RAX, RCX, RDX } from './convention.ts';
import { lowerDivision } from './lower-division.ts';
import {
  ALU_ADD, ALU_AND, ALU_IMUL, ALU_OR, ALU_SUB, ALU_XOR, CC_B, CC_NE, CC_O, COMPARE_CMP, COUNT_LZ, COUNT_ONES, COUNT_TZ, LOAD_32,
  LOAD_S16, LOAD_S8, LOAD_U16, LOAD_U8, MODE_BASE, MODE_INDEX, MODE_NONE, OP_ALU, OP_ALU_IMM, OP_ANDN, OP_COUNT,
  OP_IMUL_IMM, OP_LEA, OP_LOAD, OP_MOV, OP_MUL_OVERFLOW, OP_MUL_WIDE, OP_OVERFLOW, OP_RORX, OP_SETCC, OP_SHIFT_CL, OP_SHIFT_IMM,
  OP_SHIFT_X, OP_UNARY, SHIFT_ROL, SHIFT_ROR, SHIFT_SAR, SHIFT_SHL, SHIFT_SHR, UNARY_BSWAP, UNARY_NEG, UNARY_NOT, pack,
  packCompare, sizeLog,
} from './opcodes.ts';
import { DEF_REG, SelectContext, USE_ANY, USE_REG, defFixed, defReuse, useFixed } from './select-context.ts';
import { widened } from './widen.ts';

/** The width arithmetic is done at: narrow types in 32 bits, their upper bits being unspecified. */
function workBytes(s: SelectContext, type: Type): number { return type === 'i1' ? 4 : Math.max(4, s.bytesOf(type)); }

export function lowerBinaryInteger(s: SelectContext, i: BinaryInst): void {
  switch (i.op) {
    case 'add': lowerAdd(s, i); return;
    case 'sub': lowerSub(s, i); return;
    case 'mul': lowerMul(s, i); return;
    case 'and': case 'or': case 'xor': lowerBitwise(s, i); return;
    case 'shl': case 'lshr': case 'ashr': lowerShift(s, i); return;
    case 'rotl': case 'rotr': lowerRotate(s, i); return;
    default: lowerDivision(s, i);
  }
}

/** `d <- a, rm` with the flexible operand already set up. */
function alu(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg): void {
  s.inst(OP_ALU, s.packed(sub, bytes), s.displacement);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  s.flexibleOperands();
}
export function aluImmediate(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg, value: number): void {
  s.inst(OP_ALU_IMM, pack(sub, sizeLog(bytes)), value);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
}
function leaBase(s: SelectContext, bytes: number, d: VReg, base: VReg, displacement: number): void {
  s.inst(OP_LEA, pack(0, sizeLog(bytes), MODE_BASE), displacement);
  s.op(d, DEF_REG);
  s.op(base, USE_REG);
}
function leaIndex(s: SelectContext, bytes: number, d: VReg, base: VReg, index: VReg, scale: number): void {
  s.inst(OP_LEA, pack(0, sizeLog(bytes), MODE_INDEX, scale), 0);
  s.op(d, DEF_REG);
  s.op(base, USE_REG);
  s.op(index, USE_REG);
}
function move(s: SelectContext, d: VReg, a: VReg): void {
  s.inst(OP_MOV);
  s.op(d, DEF_REG);
  s.op(a, USE_ANY);
}

function lowerAdd(s: SelectContext, i: BinaryInst): void {
  const bytes = workBytes(s, i.type);
  let a = i.a, b = i.b;
  if (s.isImmediate(a) && !s.isImmediate(b)) { a = i.b; b = i.a; }
  if (s.isImmediate(b)) {
    const x = s.reg(a), value = s.immediate(b);
    leaBase(s, bytes, s.def(i.result), x, value);
    return;
  }
  if (shiftedIndex(s, a, i.type)) { const t = a; a = b; b = t; }
  if (shiftedIndex(s, b, i.type)) {
    const d = s.definition(b) as BinaryInst;
    const index = s.reg(d.a), base = s.reg(a);
    leaIndex(s, bytes, s.def(i.result), base, index, Number(s.constant(d.b)));
    return;
  }
  if (s.isFoldedLoad(a)) { const t = a; a = b; b = t; }
  if (s.isFoldedLoad(b)) {
    const x = s.reg(a);
    s.flexible(b);
    alu(s, ALU_ADD, bytes, s.def(i.result), x);
    return;
  }
  if (s.useCount(a) > 1 && s.useCount(b) > 1 && !s.continues(i.result, a) && !s.continues(i.result, b)) {
    const x = s.reg(a), y = s.reg(b);
    leaIndex(s, bytes, s.def(i.result), x, y, 0);
    return;
  }
  if (betterSecond(s, i.result, a, b)) { const t = a; a = b; b = t; }
  const x = s.reg(a);
  s.flexible(b);
  alu(s, ALU_ADD, bytes, s.def(i.result), x);
}

/**
 * Which operand of a commutative operation should give its register to the result: the one that is the same variable
 * of a loop, else one that is not needed after, the later one of two (the earlier is likelier to sit in a register
 * that survives calls).
 */
function betterSecond(s: SelectContext, result: Value, a: Value, b: Value): boolean {
  if (s.continues(result, a)) return false;
  if (s.continues(result, b)) return true;
  const dies = s.useCount(a) === 1;
  if (dies !== (s.useCount(b) === 1)) return !dies;
  return dies && s.definedAt(b) > s.definedAt(a);
}

/** True when `v` is a shift left by 1–3 that was put off to become a scaled index. */
function shiftedIndex(s: SelectContext, v: Value, type: Type): boolean {
  const d = s.definition(v);
  return d !== undefined && d.kind === 'binary' && d.op === 'shl' && d.type === type && s.isFolded(v);
}

function lowerSub(s: SelectContext, i: BinaryInst): void {
  const bytes = workBytes(s, i.type);
  if (s.isImmediate(i.b)) {
    const x = s.reg(i.a), value = s.immediate(i.b);
    if (value !== -0x80000000) leaBase(s, bytes, s.def(i.result), x, -value);
    else aluImmediate(s, ALU_SUB, bytes, s.def(i.result), x, value);
    return;
  }
  if (s.isImmediate(i.a) && s.immediate(i.a) === 0) {
    const x = s.reg(i.b);
    s.inst(OP_UNARY, pack(UNARY_NEG, sizeLog(bytes)));
    s.op(s.def(i.result), defReuse(1));
    s.op(x, USE_REG);
    return;
  }
  const x = s.reg(i.a);
  s.flexible(i.b);
  alu(s, ALU_SUB, bytes, s.def(i.result), x);
}

function lowerMul(s: SelectContext, i: BinaryInst): void {
  const bytes = workBytes(s, i.type);
  let a = i.a, b = i.b;
  if (s.isImmediate(a) && !s.isImmediate(b)) { a = i.b; b = i.a; }
  if (s.isImmediate(b)) {
    const value = s.immediate(b);
    if (value === 3 || value === 5 || value === 9) {
      const x = s.reg(a);
      leaIndex(s, bytes, s.def(i.result), x, x, sizeLog(value - 1));
      return;
    }
    if (value > 0 && (value & (value - 1)) === 0) {
      const x = s.reg(a);
      shiftImmediate(s, SHIFT_SHL, bytes, s.def(i.result), x, 31 - Math.clz32(value));
      return;
    }
    s.flexible(a);
    s.inst(OP_IMUL_IMM, s.packed(0, bytes), s.mode === MODE_NONE ? value : pushExtra(s, value));
    s.op(s.def(i.result), DEF_REG);
    s.flexibleOperands();
    return;
  }
  if (s.isFoldedLoad(a) || (!s.isFoldedLoad(b) && betterSecond(s, i.result, a, b))) { const t = a; a = b; b = t; }
  const x = s.reg(a);
  s.flexible(b);
  alu(s, ALU_IMUL, bytes, s.def(i.result), x);
}

/** Index of `[displacement, value]` among the extra words. */
export function pushExtra(s: SelectContext, value: number): number {
  const at = s.extra.push(s.displacement);
  s.extra.push(value);
  return at;
}

function lowerBitwise(s: SelectContext, i: BinaryInst): void {
  const bytes = workBytes(s, i.type), sub = i.op === 'and' ? ALU_AND : i.op === 'or' ? ALU_OR : ALU_XOR;
  let a = i.a, b = i.b;
  if (s.isImmediate(a) && !s.isImmediate(b)) { a = i.b; b = i.a; }
  if (i.op === 'and') {
    const c = s.constant(b) ?? s.constant(a);
    if (c === 0xffffffffn) { maskLow(s, i, s.constant(b) === c ? a : b, LOAD_32); return; }
    if (Number(c) === 0xff && i.type !== 'i8') { maskLow(s, i, a, LOAD_U8); return; }
    if (Number(c) === 0xffff && i.type !== 'i16') { maskLow(s, i, a, LOAD_U16); return; }
  }
  if (s.isImmediate(b)) {
    const x = s.reg(a), value = s.immediate(b);
    if (i.op === 'xor' && value === -1) {
      s.inst(OP_UNARY, pack(UNARY_NOT, sizeLog(bytes)));
      s.op(s.def(i.result), defReuse(1));
      s.op(x, USE_REG);
    } else aluImmediate(s, sub, bytes, s.def(i.result), x, value);
    return;
  }
  if (i.op === 'and') {
    if (isFoldedNot(s, b)) { const t = a; a = b; b = t; }
    if (isFoldedNot(s, a)) {
      const x = s.reg((s.definition(a) as BinaryInst).a), y = s.reg(b);
      s.inst(OP_ANDN, pack(0, sizeLog(bytes)));
      s.op(s.def(i.result), DEF_REG);
      s.op(x, USE_REG);
      s.op(y, USE_REG);
      return;
    }
  }
  if (s.isFoldedLoad(a) || (!s.isFoldedLoad(b) && betterSecond(s, i.result, a, b))) { const t = a; a = b; b = t; }
  const x = s.reg(a);
  s.flexible(b);
  alu(s, sub, bytes, s.def(i.result), x);
}

function isFoldedNot(s: SelectContext, v: Value): boolean {
  const d = s.definition(v);
  return d !== undefined && d.kind === 'binary' && d.op === 'xor' && s.isFolded(v);
}

/** Zero-extends the low part: never as a folded load, which would be narrower than the program's. */
function maskLow(s: SelectContext, i: BinaryInst, a: Value, load: number): void {
  const x = s.reg(a);
  s.inst(OP_LOAD, pack(load, 2));
  s.op(s.def(i.result), DEF_REG);
  s.op(x, USE_ANY);
}

function shiftImmediate(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg, count: number): void {
  if (count === 0) {
    move(s, d, a);
    return;
  }
  s.inst(OP_SHIFT_IMM, pack(sub, sizeLog(bytes)), count);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
}

function lowerShift(s: SelectContext, i: BinaryInst): void {
  const bits = s.bytesOf(i.type) * 8, bytes = workBytes(s, i.type);
  const sub = i.op === 'shl' ? SHIFT_SHL : i.op === 'lshr' ? SHIFT_SHR : SHIFT_SAR;
  const count = s.constant(i.b);
  if (count !== undefined) {
    const x = i.op === 'shl' ? s.reg(i.a) : widened(s, i.a, i.type, i.op === 'ashr');
    shiftImmediate(s, sub, bytes, s.def(i.result), x, Number(BigInt.asUintN(8, BigInt(count))) & (bits - 1));
    return;
  }
  let n = s.reg(i.b);
  if (bits < 32) {
    // The processor would mask the count to 5 bits.
    const masked = s.newInt();
    aluImmediate(s, ALU_AND, 4, masked, n, bits - 1);
    n = masked;
  }
  if (bits >= 32) s.flexible(i.a);
  else s.register(i.op === 'shl' ? s.reg(i.a) : widened(s, i.a, i.type, i.op === 'ashr'));
  s.inst(OP_SHIFT_X, s.packed(sub, bytes), s.displacement);
  s.op(s.def(i.result), DEF_REG);
  s.flexibleOperands();
  s.op(n, USE_REG);
}

function lowerRotate(s: SelectContext, i: BinaryInst): void {
  const bytes = s.bytesOf(i.type), bits = bytes * 8, left = i.op === 'rotl', constant = s.constant(i.b);
  if (constant !== undefined) {
    const n = Number(BigInt.asUintN(8, BigInt(constant))) & (bits - 1), right = left ? (bits - n) & (bits - 1) : n;
    if (right === 0) { move(s, s.def(i.result), s.reg(i.a)); return; }
    if (bytes >= 4) {
      s.register(s.reg(i.a));
      s.inst(OP_RORX, s.packed(0, bytes), right);
      s.op(s.def(i.result), DEF_REG);
      s.flexibleOperands();
      return;
    }
    shiftImmediate(s, SHIFT_ROR, bytes, s.def(i.result), s.reg(i.a), right);
    return;
  }
  const n = s.reg(i.b);
  let x = s.reg(i.a);
  if (x === n) {
    // The value and the count in one register: the value needs another one than rcx.
    const copy = s.newInt();
    move(s, copy, x);
    x = copy;
  }
  s.inst(OP_SHIFT_CL, pack(left ? SHIFT_ROL : SHIFT_ROR, sizeLog(bytes)));
  s.op(s.def(i.result), defReuse(1));
  s.op(x, USE_REG);
  s.op(n, useFixed(RCX));
}

export function lowerUnaryInteger(s: SelectContext, i: UnaryInst): void {
  const bytes = workBytes(s, i.type), d = s.def(i.result), narrow = i.type === 'i8' || i.type === 'i16';
  switch (i.op) {
    case 'clz': case 'ctz': case 'popcnt': {
      if (!narrow) {
        s.flexible(i.a);
        count(s, i.op === 'clz' ? COUNT_LZ : i.op === 'ctz' ? COUNT_TZ : COUNT_ONES, bytes, d);
        return;
      }
      const bits = i.type === 'i8' ? 8 : 16;
      if (i.op === 'ctz') {
        // A bit just above the width stops the count there.
        const marked = s.newInt();
        aluImmediate(s, ALU_OR, 4, marked, s.reg(i.a), 1 << bits);
        s.register(marked);
        count(s, COUNT_TZ, 4, d);
        return;
      }
      s.register(widened(s, i.a, i.type, false));
      if (i.op === 'popcnt') { count(s, COUNT_ONES, 4, d); return; }
      const n = s.newInt();
      count(s, COUNT_LZ, 4, n);
      leaBase(s, 4, d, n, bits - 32);
      return;
    }
    default: {
      const x = s.reg(i.a);
      if (i.type === 'i16') { shiftImmediate(s, SHIFT_ROL, 2, d, x, 8); return; }
      s.inst(OP_UNARY, pack(UNARY_BSWAP, sizeLog(bytes)));
      s.op(d, defReuse(1));
      s.op(x, USE_REG);
    }
  }
}

function count(s: SelectContext, sub: number, bytes: number, d: VReg): void {
  s.inst(OP_COUNT, s.packed(sub, bytes), s.displacement);
  s.op(d, DEF_REG);
  s.flexibleOperands();
}

export function lowerPair(s: SelectContext, i: PairInst): void {
  const bytes = s.bytesOf(i.type);
  switch (i.op) {
    case 'umul_wide': case 'smul_wide': lowerMulWide(s, i, i.op === 'smul_wide'); return;
    case 'uadd_overflow': case 'sadd_overflow': overflow(s, i, ALU_ADD, bytes, i.op === 'uadd_overflow' ? CC_B : CC_O); return;
    case 'usub_overflow': case 'ssub_overflow': overflow(s, i, ALU_SUB, bytes, i.op === 'usub_overflow' ? CC_B : CC_O); return;
    case 'smul_overflow':
      if (bytes >= 4) { overflow(s, i, ALU_IMUL, bytes, CC_O); return; }
      narrowMulOverflow(s, i, true);
      return;
    case 'umul_overflow': {
      if (bytes < 4) { narrowMulOverflow(s, i, false); return; }
      const a = s.reg(i.a);
      const b = s.reg(i.b);
      s.register(b);
      s.inst(OP_MUL_OVERFLOW, s.packed(0, bytes));
      s.op(s.def(i.result), defFixed(RAX));
      s.op(s.newInt(), defFixed(RDX));
      s.op(s.def(i.result2), DEF_REG);
      s.op(a, useFixed(RAX));
      s.flexibleOperands();
      return;
    }
    default: i.op satisfies never;
  }
}

function overflow(s: SelectContext, i: PairInst, sub: number, bytes: number, cc: number): void {
  const a = s.reg(i.a);
  s.register(s.reg(i.b));
  s.inst(OP_OVERFLOW, pack(sub, sizeLog(bytes)) | cc << 13);
  s.op(s.def(i.result), defReuse(2));
  s.op(s.def(i.result2), DEF_REG);
  s.op(a, USE_REG);
  s.op(s.first, USE_ANY);
}

function lowerMulWide(s: SelectContext, i: PairInst, signed: boolean): void {
  const bytes = s.bytesOf(i.type);
  if (bytes < 4) {
    const product = narrowProduct(s, i, signed);
    move(s, s.def(i.result), product);
    s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, 2), bytes * 8);
    s.op(s.def(i.result2), defReuse(1));
    s.op(product, USE_REG);
    return;
  }
  const a = s.reg(i.a), b = s.reg(i.b);
  s.register(b);
  s.inst(OP_MUL_WIDE, s.packed(signed ? 1 : 0, bytes));
  s.op(s.def(i.result), defFixed(RAX));
  s.op(s.def(i.result2), defFixed(RDX));
  s.op(a, useFixed(RAX));
  s.flexibleOperands();
}

/** The 32-bit product of two narrow values. */
function narrowProduct(s: SelectContext, i: PairInst, signed: boolean): VReg {
  const a = widened(s, i.a, i.type, signed), b = widened(s, i.b, i.type, signed), product = s.newInt();
  s.register(b);
  alu(s, ALU_IMUL, 4, product, a);
  return product;
}

/** Overflow: the product is not the extension of its low part. */
function narrowMulOverflow(s: SelectContext, i: PairInst, signed: boolean): void {
  const product = narrowProduct(s, i, signed);
  const load = i.type === 'i8' ? (signed ? LOAD_S8 : LOAD_U8) : signed ? LOAD_S16 : LOAD_U16;
  const low = s.step(OP_LOAD, pack(load, 2), 0, product);
  move(s, s.def(i.result), low);
  s.inst(OP_SETCC, packCompare(COMPARE_CMP, 2, MODE_NONE, 0, CC_NE, false));
  s.op(s.def(i.result2), DEF_REG);
  s.op(product, USE_REG);
  s.op(low, USE_ANY);
}

