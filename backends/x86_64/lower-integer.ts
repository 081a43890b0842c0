/** Integer arithmetic: the choice of instruction for each operation, width and kind of operand. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { BinaryInst, UnaryInst, Value } from '../../lib/mir/instruction.ts';
import type { Type } from '../../lib/mir/types.ts';
import { alu, aluImmediate, leaBase, leaIndex, pushExtra, shiftImmediate, workBytes } from './integer-forms.ts';
import { lowerDivision } from './lower-division.ts';
import { lowerRotate, lowerShift } from './lower-shift.ts';
import {
  ALU_ADD, ALU_AND, ALU_IMUL, ALU_OR, ALU_SUB, ALU_XOR, COUNT_LZ, COUNT_ONES, COUNT_TZ, LOAD_32, LOAD_U16, LOAD_U8, MODE_NONE, OP_ANDN,
  OP_COUNT, OP_IMUL_IMM, OP_LOAD, OP_UNARY, SHIFT_ROL, SHIFT_SHL, UNARY_BSWAP, UNARY_NEG, UNARY_NOT, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { widened } from './widen.ts';

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
      if (!s.plan.features.bmi1) {
        const complement = s.step(OP_UNARY, pack(UNARY_NOT, sizeLog(bytes)), 0, x, true);
        s.register(y);
        alu(s, ALU_AND, bytes, s.def(i.result), complement);
        return;
      }
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
