/**
 * Integer rules. `x` and `y` are any values, `c` and `k` constants; constants stand on the right.
 */
import { evalBinary } from '../../mir/evaluate.ts';
import type { BinaryInst, Value } from '../../mir/instruction.ts';
import { BINARY_OPS, type BinaryOp } from '../../mir/ops.ts';
import { isAllOnes, log2, lowMaskBits, maskCount, significantBits, type RuleSite, type Simplified } from './site.ts';

/** Operations in which the operands may change places. */
export function isCommutative(op: BinaryOp): boolean {
  return COMMUTATIVE.has(op);
}
const COMMUTATIVE: ReadonlySet<string> = new Set(Object.entries(BINARY_OPS).filter(([, row]) => 'commutative' in row).map(([op]) => op));

/** Rules for binary operations on integers. */
export function simplifyInteger(s: RuleSite, i: BinaryInst): Simplified {
  const ca = s.constant(i.a), cb = s.constant(i.b);
  if (ca !== undefined && cb !== undefined) {
    const r = evalBinary(i.op, i.type, ca.value, cb.value);
    return r === undefined ? i : { kind: 'const', type: i.type, value: r, result: i.result, loc: i.loc };
  }
  if (ca !== undefined && isCommutative(i.op)) return { ...i, a: i.b, b: i.a };
  return cb !== undefined ? withConstant(s, i, cb.value) : ca !== undefined ? fromConstant(s, i, ca.value) : general(s, i);
}

/** `x op c`. */
function withConstant(s: RuleSite, i: BinaryInst, c: number | bigint): Simplified {
  const zero = c === 0 || c === 0n, one = c === 1 || c === 1n, ones = isAllOnes(i.type, c), w = s.width(i.type);
  switch (i.op) {
    case 'add':
      if (zero) return i.a;                                                        // x + 0 = x
      return reassociate(s, i, c, 'add');                                          // (x + k) + c = x + (k + c)
    case 'sub': {
      if (zero) return i.a;                                                        // x - 0 = x
      const negated = evalBinary('sub', i.type, typeof c === 'bigint' ? 0n : 0, c)!;
      return { ...i, op: 'add', b: s.literal(i.type, negated, i.loc) };            // x - c = x + -c
    }
    case 'mul': {
      if (zero) return i.b;                                                        // x * 0 = 0
      if (one) return i.a;                                                         // x * 1 = x
      if (ones) return { ...i, op: 'sub', a: s.integer(i.type, 0, i.loc), b: i.a }; // x * -1 = 0 - x
      const d = s.binary(i.a);
      if (d?.op === 'shl') {
        const k = s.constant(d.b);                                                 // (x << k) * c = x * (c << k)
        if (k !== undefined) return { ...i, a: d.a, b: s.literal(i.type, evalBinary('shl', i.type, c, k.value)!, i.loc) };
      }
      const n = log2(i.type, c);
      if (n > 0) return { ...i, op: 'shl', b: s.integer(i.type, n, i.loc) };       // x * 2^n = x << n
      return reassociate(s, i, c, 'mul');
    }
    case 'udiv': {
      const n = log2(i.type, c);
      if (n === 0) return i.a;                                                     // x / 1 = x
      return n > 0 ? { ...i, op: 'lshr', b: s.integer(i.type, n, i.loc) } : i;     // x / 2^n = x >> n
    }
    case 'urem': {
      const n = log2(i.type, c);
      if (n === 0) return zeroOf(i);                                               // x rem 1 = 0
      if (n < 0) return i;                                                         // x rem 2^n = x & (2^n - 1)
      return { ...i, op: 'and', b: s.literal(i.type, evalBinary('sub', i.type, c, typeof c === 'bigint' ? 1n : 1)!, i.loc) };
    }
    case 'sdiv': return one ? i.a : i;                                             // not -1: MIN / -1 traps
    case 'srem': return one || ones ? zeroOf(i) : i;                               // MIN rem -1 is 0 too
    case 'and': {
      if (zero) return i.b;                                                        // x & 0 = 0
      if (ones) return i.a;                                                        // x & -1 = x
      const n = lowMaskBits(i.type, c);
      if (n > 0 && significantBits(s, i.a, i.type) <= n) return i.a;               // the mask keeps all there is
      return reassociate(s, i, c, 'and');
    }
    case 'or':
      if (zero) return i.a;                                                        // x | 0 = x
      if (ones) return i.b;                                                        // x | -1 = -1
      return reassociate(s, i, c, 'or');
    case 'xor': {
      if (zero) return i.a;                                                        // x ^ 0 = x
      return reassociate(s, i, c, 'xor');
    }
    case 'shl': case 'lshr': case 'ashr': return shiftByConstant(s, i, maskCount(c, w), c);
    case 'rotl': case 'rotr': {
      const n = maskCount(c, w);
      if (n === 0) return i.a;
      return i.op === 'rotr' || Number(c) !== n                                    // one form: rotl by 1 .. w-1
        ? { ...i, op: 'rotl', b: s.integer(i.type, i.op === 'rotr' ? w - n : n, i.loc) } : i;
    }
    default: return i;
  }
}

/** `c op x` for operations that do not commute. */
function fromConstant(s: RuleSite, i: BinaryInst, c: number | bigint): Simplified {
  const zero = c === 0 || c === 0n;
  const d = s.binary(i.b);
  switch (i.op) {
    case 'sub':
      if (d?.op === 'sub') {
        const k = s.constant(d.a);                                                 // c - (k - x) = x + (c - k)
        if (k !== undefined) return { ...i, op: 'add', a: d.b, b: s.literal(i.type, evalBinary('sub', i.type, c, k.value)!, i.loc) };
      }
      if (d?.op === 'add') {
        const k = s.constant(d.b);                                                 // c - (x + k) = (c - k) - x
        if (k !== undefined) return { ...i, a: s.literal(i.type, evalBinary('sub', i.type, c, k.value)!, i.loc), b: d.a };
      }
      return i;
    case 'shl': case 'lshr': return zero ? i.a : maskedCount(s, i);                // 0 << x = 0
    case 'ashr': case 'rotl': case 'rotr': return zero || isAllOnes(i.type, c) ? i.a : maskedCount(s, i);
    default: return i;                                                             // 0 / x still traps on x = 0
  }
}

/** No constant operand. */
function general(s: RuleSite, i: BinaryInst): Simplified {
  const da = s.binary(i.a), db = s.binary(i.b);
  switch (i.op) {
    case 'add':
      if (db?.op === 'sub') {
        if (db.b === i.a) return db.a;                                             // y + (x - y) = x
        if (s.isZero(db.a)) return { ...i, op: 'sub', b: db.b };                   // x + (0 - y) = x - y
      }
      if (da?.op === 'sub') {
        if (da.b === i.b) return da.a;                                             // (x - y) + y = x
        if (s.isZero(da.a)) return { ...i, op: 'sub', a: i.b, b: da.b };           // (0 - y) + x = x - y
      }
      return i;
    case 'sub':
      if (i.a === i.b) return zeroOf(i);                                           // x - x = 0
      if (da?.op === 'add') {
        if (da.a === i.b) return da.b;                                             // (x + y) - x = y
        if (da.b === i.b) return da.a;                                             // (x + y) - y = x
      }
      if (db !== undefined) {
        if (db.op === 'sub' && db.a === i.a) return db.b;                          // x - (x - y) = y
        if (db.op === 'sub' && s.isZero(db.a)) return { ...i, op: 'add', b: db.b }; // x - (0 - y) = x + y
      }
      return i;
    case 'and': case 'or':
      if (i.a === i.b) return i.a;                                                 // x & x = x | x = x
      return i.op === 'or' ? rotation(s, i) : i;
    case 'xor':
      if (i.a === i.b) return zeroOf(i);                                           // x ^ x = 0
      if (db?.op === 'xor') {
        if (db.a === i.a) return db.b;                                             // x ^ (x ^ y) = y
        if (db.b === i.a) return db.a;
      }
      if (da?.op === 'xor') {
        if (da.a === i.b) return da.b;
        if (da.b === i.b) return da.a;
      }
      return rotation(s, i);
    case 'shl': case 'lshr': case 'ashr': case 'rotl': case 'rotr': return maskedCount(s, i);
    default: return i;                                                             // x / x still traps on 0
  }
}

function zeroOf(i: BinaryInst): Simplified {
  return { kind: 'const', type: i.type, value: i.type === 'i64' ? 0n : 0, result: i.result, loc: i.loc };
}

/** `(x op k) op c` = `x op (k op c)` for associative operations. */
function reassociate(s: RuleSite, i: BinaryInst, c: number | bigint, op: BinaryOp): Simplified {
  const d = s.binary(i.a);
  if (d === undefined) return i;
  if (d.op === op) {
    const k = s.constant(d.b);
    return k === undefined ? i : { ...i, a: d.a, b: s.literal(i.type, evalBinary(op, i.type, k.value, c)!, i.loc) };
  }
  if (op === 'add' && d.op === 'sub') {
    const k = s.constant(d.a);                                                     // (k - x) + c = (k + c) - x
    if (k !== undefined) return { ...i, op: 'sub', a: s.literal(i.type, evalBinary('add', i.type, k.value, c)!, i.loc), b: d.b };
  }
  return i;
}

/** Shifts by the constant count `n` (already masked); `raw` is the count as written. */
function shiftByConstant(s: RuleSite, i: BinaryInst, n: number, raw: number | bigint): Simplified {
  const w = s.width(i.type);
  if (n === 0) return i.a;                                                         // x << 0 = x
  if (Number(raw) !== n) return { ...i, b: s.integer(i.type, n, i.loc) };          // the masked count
  const d = s.binary(i.a);
  if (d === undefined) {
    return i.op === 'lshr' && s.definition(i.a) !== undefined && significantBits(s, i.a, i.type) <= n ? zeroOf(i) : i;
  }
  const inner = s.constant(d.b);
  if (inner === undefined) return i;
  const m = maskCount(inner.value, w);
  if (d.op === i.op) {                                                             // (x << m) << n = x << (m + n)
    if (m + n < w) return { ...i, a: d.a, b: s.integer(i.type, m + n, i.loc) };
    return i.op === 'ashr' ? { ...i, a: d.a, b: s.integer(i.type, w - 1, i.loc) } : zeroOf(i);
  }
  if (m === n && (i.op === 'lshr' && d.op === 'shl' || i.op === 'shl' && (d.op === 'lshr' || d.op === 'ashr'))) {
    const ones = i.type === 'i64' ? -1n : -1;                                      // (x << n) >> n = x & (-1 >> n)
    return { ...i, op: 'and', a: d.a, b: s.literal(i.type, evalBinary(i.op, i.type, ones, i.type === 'i64' ? BigInt(n) : n)!, i.loc) };
  }
  return i;
}

/** A count that is masked anyway: `x << (y & (w - 1))` = `x << y`. */
function maskedCount(s: RuleSite, i: BinaryInst): Simplified {
  const d = s.binary(i.b);
  if (d?.op !== 'and') return i;
  const k = s.valueOf(d.b);
  if (k === undefined) return i;
  const mask = s.width(i.type) - 1;
  return maskCount(k, mask + 1) === mask ? { ...i, b: d.a } : i;
}

/** `(x << n) | (x >> (w - n))`, also with `^`: a rotation. */
function rotation(s: RuleSite, i: BinaryInst): Simplified {
  const da = s.binary(i.a), db = s.binary(i.b);
  if (da === undefined || db === undefined || da.a !== db.a) return i;
  const left = da.op === 'shl' ? da : db, right = da.op === 'shl' ? db : da;
  if (left.op !== 'shl' || right.op !== 'lshr') return i;
  const n = s.valueOf(left.b), m = s.valueOf(right.b), w = s.width(i.type);
  if (n === undefined || m === undefined || Number(n) + Number(m) !== w || Number(n) <= 0 || Number(m) <= 0) return i;
  return { ...i, op: 'rotl', a: left.a, b: left.b };
}

/** Exposed for `general` of other files: the operand of `x ^ -1`, else −1. */
export function complementOf(s: RuleSite, v: Value): Value {
  const d = s.binary(v);
  if (d?.op !== 'xor') return -1;
  const k = s.valueOf(d.b);
  return k !== undefined && isAllOnes(d.type, k) ? d.a : -1;
}
