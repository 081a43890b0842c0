/**
 * Selection of integer operations. `i32` and `i64` have one instruction each; narrow integers are computed in `i32`
 * on operands extended as the operation needs, whatever their upper bits were.
 */
import type { BinaryInst, CompareInst, PairInst, UnaryInst } from '../../lib/mir/instruction.ts';
import type { BinaryOp, CompareOp } from '../../lib/mir/ops.ts';
import type { Type } from '../../lib/mir/types.ts';
import { I32, I64 } from './nodes.ts';
import { OP } from './opcodes.ts';
import { S16, S8, Z1, Z16, Z8, type SelectContext } from './select-context.ts';
import { CALL_SITE, DIVISION_SITE, SITE } from './sites.ts';

/** The `i32` opcodes; `i64` has them 18 higher. */
const BINARY: Readonly<Partial<Record<BinaryOp, number>>> = {
  add: OP.i32Add, sub: OP.i32Sub, mul: OP.i32Mul, sdiv: OP.i32DivS, udiv: OP.i32DivU, srem: 0x6f, urem: 0x70,
  and: OP.i32And, or: OP.i32Or, xor: OP.i32Xor, shl: OP.i32Shl, ashr: OP.i32ShrS, lshr: OP.i32ShrU, rotl: OP.i32Rotl, rotr: OP.i32Rotr,
};
const TO_64 = 18;

export function selectIntegerBinary(c: SelectContext, i: BinaryInst): void {
  const a = c.use(i.a), b = c.use(i.b), op = BINARY[i.op]!, result = i.result;
  if (i.type === 'i64') { c.node2(op + TO_64, I64, a, b, result, divisionSite(c, i, b)); return; }
  if (i.type === 'i32') { c.node2(op, I32, a, b, result, divisionSite(c, i, b)); return; }
  if (i.type === 'i1') { c.learn(c.node2(op, I32, a, b, result), Z1); return; }
  const w = i.type === 'i8' ? 8 : 16, Z = w === 8 ? Z8 : Z16, S = w === 8 ? S8 : S16;
  switch (i.op) {
    case 'and': case 'or': case 'xor': {
      c.node2(op, I32, a, b, result);
      // A mask that is itself zero-extended makes its result so; the others keep what both have.
      const known = i.op === 'and' ? c.isKnown(a, Z) || c.isKnown(b, Z) : c.isKnown(a, Z) && c.isKnown(b, Z);
      if (known) c.learn(result, Z); else if (c.isKnown(a, S) && c.isKnown(b, S)) c.learn(result, S);
      return;
    }
    case 'udiv': case 'urem': {
      const x = c.unsigned(a, i.type), y = c.unsigned(b, i.type);
      c.learn(c.node2(op, I32, x, y, result, divisionSite(c, i, y)), Z);
      return;
    }
    case 'sdiv': case 'srem': {
      const x = c.signed(a, i.type), y = c.signed(b, i.type);
      c.learn(c.node2(op, I32, x, y, result, constantDivisor(c, y) ? 0 : SITE.divideByZero), S);
      const divisor = c.constantOf(y);
      // The quotient of MIN by -1 is the one that does not fit.
      if (i.op === 'sdiv' && (divisor === undefined || divisor === -1)) c.trapIf(c.node2(OP.i32Eq, I32, result, c.i32(1 << w - 1)), SITE.overflow);
      return;
    }
    case 'shl': c.node2(op, I32, a, shiftCount(c, b, w), result); return;
    case 'lshr': c.learn(c.node2(op, I32, c.unsigned(a, i.type), shiftCount(c, b, w), result), Z); return;
    case 'ashr': c.learn(c.node2(op, I32, c.signed(a, i.type), shiftCount(c, b, w), result), S); return;
    case 'rotl': case 'rotr': {
      const x = c.unsigned(a, i.type), n = shiftCount(c, b, w), constant = c.constantOf(n);
      const back = constant !== undefined ? c.i32(-constant & w - 1) : c.node2(OP.i32And, I32, c.node2(OP.i32Sub, I32, c.i32(0), n), c.i32(w - 1));
      const [left, right] = i.op === 'rotl' ? [n, back] : [back, n];
      c.node2(OP.i32Or, I32, c.node2(OP.i32Shl, I32, x, left), c.node2(OP.i32ShrU, I32, x, right), result);
      return;
    }
    default: c.node2(op, I32, a, b, result);
  }
}

function shiftCount(c: SelectContext, n: number, w: number): number {
  const constant = c.constantOf(n);
  return constant !== undefined ? c.i32(constant & w - 1) : c.node2(OP.i32And, I32, n, c.i32(w - 1));
}

/** True when the divisor, as it is divided by (a narrow one extended), is known not to be zero. */
function constantDivisor(c: SelectContext, b: number): boolean {
  const n = c.constants[b];
  return n !== undefined && (c.nodes.a.data[n] !== 0 || c.nodes.op.data[n] === OP.i64Const && c.nodes.b.data[n] !== 0);
}

function divisionSite(c: SelectContext, i: BinaryInst, b: number): number {
  switch (i.op) {
    case 'sdiv': return constantDivisor(c, b) ? SITE.overflow : DIVISION_SITE;
    case 'udiv': case 'urem': case 'srem': return SITE.divideByZero;
    default: return 0;
  }
}

export function selectIntegerUnary(c: SelectContext, i: UnaryInst): void {
  const a = c.use(i.a), result = i.result;
  if (i.op === 'bswap') { selectByteSwap(c, i); return; }
  const op = i.op === 'clz' ? OP.i32Clz : i.op === 'ctz' ? OP.i32Ctz : OP.i32Popcnt;
  if (i.type === 'i64') { c.node1(op + TO_64, I64, a, result); return; }
  if (i.type === 'i32') { c.learn(c.node1(op, I32, a, result), Z8); return; }
  const w = i.type === 'i8' ? 8 : 16;
  switch (i.op) {
    case 'clz': c.node2(OP.i32Sub, I32, c.node1(op, I32, c.unsigned(a, i.type)), c.i32(32 - w), result); break;
    // A bit above the value stops the count at the width.
    case 'ctz': c.node1(op, I32, c.node2(OP.i32Or, I32, a, c.i32(1 << w)), result); break;
    default: c.node1(op, I32, c.unsigned(a, i.type), result);
  }
  c.learn(result, Z8);
  c.learn(result, S8);
}

function selectByteSwap(c: SelectContext, i: UnaryInst): void {
  const a = c.use(i.a);
  switch (i.type) {
    case 'i16': c.node2(OP.i32Or, I32, c.node2(OP.i32Shl, I32, a, c.i32(8)), c.node2(OP.i32And, I32, c.node2(OP.i32ShrU, I32, a, c.i32(8)), c.i32(255)), i.result); return;
    case 'i32': {
      const odd = c.node2(OP.i32Rotr, I32, c.node2(OP.i32And, I32, a, c.i32(0x00ff00ff)), c.i32(8));
      const even = c.node2(OP.i32Rotl, I32, c.node2(OP.i32And, I32, a, c.i32(0xff00ff00)), c.i32(8));
      c.node2(OP.i32Or, I32, odd, even, i.result);
      return;
    }
    default: c.node1(OP.call, I64, a, i.result, CALL_SITE, c.plan.helper('bswap64'));
  }
}

const COMPARE: Readonly<Partial<Record<CompareOp, number>>> = {
  eq: OP.i32Eq, ne: OP.i32Ne, slt: 0x48, ult: 0x49, sgt: 0x4a, ugt: 0x4b, sle: 0x4c, ule: 0x4d, sge: 0x4e, uge: 0x4f,
};

export function selectIntegerCompare(c: SelectContext, i: CompareInst): void {
  const op = COMPARE[i.op]!;
  let a = c.use(i.a), b = c.use(i.b);
  if (i.type === 'i64') {
    if (i.op === 'eq' && c.isZero64(b)) c.node1(OP.i64Eqz, I32, a, i.result);
    else c.node2(op + 11, I32, a, b, i.result);
    c.learn(i.result, Z1);
    return;
  }
  if (i.type === 'i8' || i.type === 'i16') {
    const Z = i.type === 'i8' ? Z8 : Z16, equality = i.op === 'eq' || i.op === 'ne';
    const unsigned = equality ? c.isKnown(a, Z) && c.isKnown(b, Z) : i.op.startsWith('u');
    a = unsigned ? c.unsigned(a, i.type) : c.signed(a, i.type);
    b = unsigned ? c.unsigned(b, i.type) : c.signed(b, i.type);
  }
  if (i.op === 'eq' && c.constantOf(b) === 0) c.node1(OP.i32Eqz, I32, a, i.result);
  else c.node2(op, I32, a, b, i.result);
  c.learn(i.result, Z1);
}

export function selectPair(c: SelectContext, i: PairInst): void {
  switch (i.type) {
    case 'i64': selectPair64(c, i); return;
    case 'i32': selectPair32(c, i); return;
    default: selectPairNarrow(c, i, i.type);
  }
}

function selectPairNarrow(c: SelectContext, i: PairInst, type: Type): void {
  const w = type === 'i8' ? 8 : 16, { result, result2 } = i;
  const unsigned = i.op.startsWith('u'), extend = (v: number): number => (unsigned ? c.unsigned(v, type) : c.signed(v, type));
  const a = extend(c.use(i.a)), b = extend(c.use(i.b));
  const op = i.op.slice(1, 4) === 'mul' ? OP.i32Mul : i.op.slice(1, 4) === 'add' ? OP.i32Add : OP.i32Sub;
  c.node2(op, I32, a, b, result);
  switch (i.op) {
    case 'umul_wide': c.node2(OP.i32ShrU, I32, result, c.i32(w), result2); return;
    case 'smul_wide': c.node2(OP.i32ShrS, I32, result, c.i32(w), result2); return;
    case 'uadd_overflow': c.node2(OP.i32ShrU, I32, result, c.i32(w), result2); break;
    case 'usub_overflow': c.node2(OP.i32LtU, I32, a, b, result2); break;
    case 'umul_overflow': c.node2(OP.i32Ne, I32, c.node2(OP.i32ShrU, I32, result, c.i32(w)), c.i32(0), result2); break;
    default: c.node2(OP.i32Ne, I32, result, c.node1(type === 'i8' ? OP.i32Extend8S : OP.i32Extend16S, I32, result), result2);
  }
  c.learn(result2, Z1);
}

function selectPair32(c: SelectContext, i: PairInst): void {
  const a = c.use(i.a), b = c.use(i.b), { result, result2 } = i;
  switch (i.op) {
    case 'umul_wide': case 'smul_wide': case 'umul_overflow': case 'smul_overflow': {
      const signed = i.op.startsWith('s'), extend = signed ? OP.i64ExtendS : OP.i64ExtendU;
      const product = c.node2(OP.i64Mul, I64, c.node1(extend, I64, a), c.node1(extend, I64, b));
      c.node1(OP.i32Wrap, I32, product, result);
      if (i.op.endsWith('wide')) { c.node1(OP.i32Wrap, I32, c.node2(OP.i64ShrU, I64, product, c.i64(32n)), result2); return; }
      if (signed) c.node2(OP.i64Ne, I32, product, c.node1(OP.i64ExtendS, I64, result), result2);
      else c.node2(OP.i64Ne, I32, c.node2(OP.i64ShrU, I64, product, c.i64(32n)), c.i64(0n), result2);
      break;
    }
    default: selectSum(c, i, a, b, 0, I32);
  }
  c.learn(result2, Z1);
}

/** Sum or difference and its overflow flag. */
function selectSum(c: SelectContext, i: PairInst, a: number, b: number, up: number, type: number): void {
  const { result, result2 } = i, less = type === I32 ? OP.i32LtU : OP.i64LtU;
  c.node2((i.op.slice(1, 4) === 'add' ? OP.i32Add : OP.i32Sub) + up, type, a, b, result);
  const xor = (x: number, y: number): number => c.node2(OP.i32Xor + up, type, x, y);
  const topBit = (v: number): void => {
    if (type === I32) c.node2(OP.i32ShrU, I32, v, c.i32(31), result2);
    else c.node1(OP.i32Wrap, I32, c.node2(OP.i64ShrU, I64, v, c.i64(63n)), result2);
  };
  switch (i.op) {
    case 'uadd_overflow': c.node2(less, I32, result, a, result2); return;
    case 'usub_overflow': c.node2(less, I32, a, b, result2); return;
    // The result's sign differs from both operands'.
    case 'sadd_overflow': topBit(c.node2(OP.i32And + up, type, xor(result, a), xor(result, b))); return;
    // The operands' signs differ, and the result's from the first.
    default: topBit(c.node2(OP.i32And + up, type, xor(a, b), xor(result, a)));
  }
}

function selectPair64(c: SelectContext, i: PairInst): void {
  const a = c.use(i.a), b = c.use(i.b), { result, result2 } = i;
  const wide = (helper: 'umul_wide64' | 'smul_wide64', low: number, high: number): void => {
    c.nodes.args.push(a); c.nodes.args.push(b);
    c.nodes.results.push(low); c.nodes.results.push(high);
    c.nodes.end(OP.call, c.plan.helper(helper), 0, CALL_SITE, c.loc);
  };
  switch (i.op) {
    case 'umul_wide': wide('umul_wide64', result, result2); return;
    case 'smul_wide': wide('smul_wide64', result, result2); return;
    case 'umul_overflow': {
      const high = c.nodes.newValue(I64);
      wide('umul_wide64', result, high);
      c.node2(OP.i64Ne, I32, high, c.i64(0n), result2);
      break;
    }
    case 'smul_overflow': {
      const high = c.nodes.newValue(I64);
      wide('smul_wide64', result, high);
      c.node2(OP.i64Ne, I32, high, c.node2(OP.i64ShrS, I64, result, c.i64(63n)), result2);
      break;
    }
    default: selectSum(c, i, a, b, TO_64, I64);
  }
  c.learn(result2, Z1);
}
