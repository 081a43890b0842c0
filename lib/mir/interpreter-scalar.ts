/**
 * Interpreter handlers of scalar arithmetic and compares, chosen once per instruction when a function is decoded.
 *
 * Operands: `code[p]` is the result register, then the operand registers in order. The arithmetic is that of
 * `scalar-functions.ts`; only the 64-bit operations that programs use most are repeated here on 32-bit halves,
 * because a bigint per instruction would make the interpreter several times slower.
 */
import { binaryTrap, evalPair } from './evaluate.ts';
import { fma32, fma64 } from './float-arithmetic.ts';
import { FLOAT_BINARY, FLOAT_UNARY, INT32_BINARY, INT32_UNARY, INT64_BINARY, INT64_UNARY, wrap } from './scalar-functions.ts';
import type { Int32BinaryOp, Int32UnaryOp, RoundedBinaryOp, RoundedUnaryOp } from './scalar-functions.ts';
import type { BinaryInst, CompareInst, PairInst, UnaryInst } from './instruction.ts';
import type { Handler } from './interpreter-machine.ts';
import { BINARY_OPS, COMPARE_OPS, PAIR_OPS, UNARY_OPS, type BinaryOp, type CompareOp, type PairOp, type UnaryOp } from './ops.ts';
import { bitWidth, type MemoryModel, type Type } from './types.ts';

type ByType = Partial<Record<Type, Handler>>;
// --- binary ---

function binary32(op: Int32BinaryOp, type: Type): Handler {
  const f = INT32_BINARY[op], w = bitWidth(type, 'linear');
  if ('traps' in BINARY_OPS[op]) {
    return (m, p) => {
      const c = m.code, a = m.i32[m.fp + c[p + 1]], b = m.i32[m.fp + c[p + 2]];
      const trap = binaryTrap(op, type, a, b);
      if (trap !== undefined) m.trap(trap);
      m.i32[m.fp + c[p]] = wrap(f(a, b, w), w);
    };
  }
  return (m, p) => { const c = m.code, fp = m.fp; m.i32[fp + c[p]] = wrap(f(m.i32[fp + c[p + 1]], m.i32[fp + c[p + 2]], w), w); };
}

function binary64(op: Int32BinaryOp): Handler {
  const f = INT64_BINARY[op];
  const traps = 'traps' in BINARY_OPS[op];
  return (m, p) => {
    const c = m.code, fp = m.fp, a = m.i64[fp + c[p + 1] >> 1], b = m.i64[fp + c[p + 2] >> 1];
    if (traps) {
      const trap = binaryTrap(op, 'i64', a, b);
      if (trap !== undefined) m.trap(trap);
    }
    m.i64[fp + c[p] >> 1] = f(a, b);
  };
}

/** The most used rows once more, without the inner call. */
const FAST_I32: Partial<Record<BinaryOp, Handler>> = {
  add: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] + r[f + c[p + 2]]; },
  sub: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] - r[f + c[p + 2]]; },
  mul: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = Math.imul(r[f + c[p + 1]], r[f + c[p + 2]]); },
  and: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] & r[f + c[p + 2]]; },
  or: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] | r[f + c[p + 2]]; },
  xor: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] ^ r[f + c[p + 2]]; },
  shl: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] << r[f + c[p + 2]]; },
};

const FAST_I64: Partial<Record<BinaryOp, Handler>> = {
  add: (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2];
    const low = (r[a] >>> 0) + (r[b] >>> 0);
    r[d + 1] = r[a + 1] + r[b + 1] + (low > 0xffffffff ? 1 : 0);
    r[d] = low;
  },
  sub: (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2];
    const low = (r[a] >>> 0) - (r[b] >>> 0);
    r[d + 1] = r[a + 1] - r[b + 1] - (low < 0 ? 1 : 0);
    r[d] = low;
  },
  and: (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2]; r[d] = r[a] & r[b]; r[d + 1] = r[a + 1] & r[b + 1]; },
  or: (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2]; r[d] = r[a] | r[b]; r[d + 1] = r[a + 1] | r[b + 1]; },
  xor: (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2]; r[d] = r[a] ^ r[b]; r[d + 1] = r[a + 1] ^ r[b + 1]; },
  shl: (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], n = r[m.fp + c[p + 2]] & 63, low = r[a], high = r[a + 1];
    if (n >= 32) { r[d + 1] = low << n - 32; r[d] = 0; }
    else { r[d + 1] = n === 0 ? high : high << n | low >>> 32 - n; r[d] = low << n; }
  },
  lshr: (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], n = r[m.fp + c[p + 2]] & 63, low = r[a], high = r[a + 1];
    if (n >= 32) { r[d] = high >>> n - 32; r[d + 1] = 0; }
    else { r[d] = n === 0 ? low : low >>> n | high << 32 - n; r[d + 1] = high >>> n; }
  },
  ashr: (m, p) => {
    const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], n = r[m.fp + c[p + 2]] & 63, low = r[a], high = r[a + 1];
    if (n >= 32) { r[d] = high >> n - 32; r[d + 1] = high >> 31; }
    else { r[d] = n === 0 ? low : low >>> n | high << 32 - n; r[d + 1] = high >> n; }
  },
};

const SIGN = -0x80000000;
const copysign32: Handler = (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] & ~SIGN | r[f + c[p + 2]] & SIGN; };
const copysign64: Handler = (m, p) => {
  const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1], b = m.fp + c[p + 2];
  r[d] = r[a];
  r[d + 1] = r[a + 1] & ~SIGN | r[b + 1] & SIGN;
};
function floatBinary(op: RoundedBinaryOp, type: Type): Handler {
  const f = FLOAT_BINARY[op];
  if (type === 'f32') return (m, p) => { const c = m.code, fp = m.fp, r = m.f32; r[fp + c[p]] = f(r[fp + c[p + 1]], r[fp + c[p + 2]]); };
  return (m, p) => { const c = m.code, fp = m.fp, r = m.f64; r[fp + c[p] >> 1] = f(r[fp + c[p + 1] >> 1], r[fp + c[p + 2] >> 1]); };
}

function makeBinary(op: BinaryOp, type: Type): Handler {
  if (op === 'fcopysign') return type === 'f32' ? copysign32 : copysign64;
  if (type === 'f32' || type === 'f64') return floatBinary(op as RoundedBinaryOp, type);
  if (type === 'i64') return FAST_I64[op] ?? binary64(op as Int32BinaryOp);
  return (type === 'i32' ? FAST_I32[op] : undefined) ?? binary32(op as Int32BinaryOp, type);
}

// --- unary and ternary ---

function makeUnary(op: UnaryOp, type: Type): Handler {
  switch (op) {
    case 'fneg':
      return type === 'f32' ? (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = m.i32[f + c[p + 1]] ^ SIGN; }
        : (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1]; r[d] = r[a]; r[d + 1] = r[a + 1] ^ SIGN; };
    case 'fabs':
      return type === 'f32' ? (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = m.i32[f + c[p + 1]] & ~SIGN; }
        : (m, p) => { const c = m.code, r = m.i32, d = m.fp + c[p], a = m.fp + c[p + 1]; r[d] = r[a]; r[d + 1] = r[a + 1] & ~SIGN; };
    case 'fsqrt': case 'fceil': case 'ffloor': case 'ftrunc': case 'fnearest': {
      const f = FLOAT_UNARY[op satisfies RoundedUnaryOp];
      return type === 'f32' ? (m, p) => { const c = m.code; m.f32[m.fp + c[p]] = f(m.f32[m.fp + c[p + 1]]); }
        : (m, p) => { const c = m.code; m.f64[m.fp + c[p] >> 1] = f(m.f64[m.fp + c[p + 1] >> 1]); };
    }
    case 'clz': case 'ctz': case 'popcnt': case 'bswap': {
      if (type === 'i64') {
        const f = INT64_UNARY[op satisfies Int32UnaryOp];
        return (m, p) => { const c = m.code; m.i64[m.fp + c[p] >> 1] = f(m.i64[m.fp + c[p + 1] >> 1]); };
      }
      const f = INT32_UNARY[op satisfies Int32UnaryOp], w = bitWidth(type, 'linear');
      return (m, p) => { const c = m.code; m.i32[m.fp + c[p]] = wrap(f(m.i32[m.fp + c[p + 1]], w), w); };
    }
    default: return op satisfies never;
  }
}

export const fmaF32: Handler = (m, p) => { const c = m.code, f = m.fp, r = m.f32; r[f + c[p]] = fma32(r[f + c[p + 1]], r[f + c[p + 2]], r[f + c[p + 3]]); };
export const fmaF64: Handler = (m, p) => { const c = m.code, f = m.fp, r = m.f64; r[f + c[p] >> 1] = fma64(r[f + c[p + 1] >> 1], r[f + c[p + 2] >> 1], r[f + c[p + 3] >> 1]); };

// --- compare: a sign-extended narrow integer compares unsigned as it would at its own width ---

const COMPARE_32: Readonly<Record<string, Handler>> = {
  eq: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] === r[f + c[p + 2]] ? 1 : 0; },
  ne: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] !== r[f + c[p + 2]] ? 1 : 0; },
  slt: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] < r[f + c[p + 2]] ? 1 : 0; },
  sle: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] <= r[f + c[p + 2]] ? 1 : 0; },
  sgt: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] > r[f + c[p + 2]] ? 1 : 0; },
  sge: (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = r[f + c[p + 1]] >= r[f + c[p + 2]] ? 1 : 0; },
  ult: (m, p) => { const c = m.code, f = m.fp, r = m.u32; r[f + c[p]] = r[f + c[p + 1]] < r[f + c[p + 2]] ? 1 : 0; },
  ule: (m, p) => { const c = m.code, f = m.fp, r = m.u32; r[f + c[p]] = r[f + c[p + 1]] <= r[f + c[p + 2]] ? 1 : 0; },
  ugt: (m, p) => { const c = m.code, f = m.fp, r = m.u32; r[f + c[p]] = r[f + c[p + 1]] > r[f + c[p + 2]] ? 1 : 0; },
  uge: (m, p) => { const c = m.code, f = m.fp, r = m.u32; r[f + c[p]] = r[f + c[p + 1]] >= r[f + c[p + 2]] ? 1 : 0; },
};

/** −1, 0 or 1; the high halves decide with their sign or without, the low halves always without. */
function order64(r: Int32Array, a: number, b: number, signed: boolean): number {
  const ah = r[a + 1], bh = r[b + 1];
  if (ah !== bh) return (signed ? ah < bh : ah >>> 0 < bh >>> 0) ? -1 : 1;
  const al = r[a] >>> 0, bl = r[b] >>> 0;
  return al < bl ? -1 : al > bl ? 1 : 0;
}

/** Whether the order −1, 0, 1 satisfies the compare: bits 0, 1, 2. */
const ORDER_SETS = { eq: 2, ne: 5, slt: 1, sle: 3, sgt: 4, sge: 6, ult: 1, ule: 3, ugt: 4, uge: 6 } as const;

function compare64(op: keyof typeof ORDER_SETS): Handler {
  const set = ORDER_SETS[op], signed = op.startsWith('s');
  return (m, p) => { const c = m.code, f = m.fp, r = m.i32; r[f + c[p]] = set >> order64(r, f + c[p + 1], f + c[p + 2], signed) + 1 & 1; };
}

function compareFloat(op: CompareOp, shift: 0 | 1): Handler {
  const test = FLOAT_TESTS[op];
  if (shift === 0) return (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = test(m.f32[f + c[p + 1]], m.f32[f + c[p + 2]]) ? 1 : 0; };
  return (m, p) => { const c = m.code, f = m.fp; m.i32[f + c[p]] = test(m.f64[f + c[p + 1] >> 1], m.f64[f + c[p + 2] >> 1]) ? 1 : 0; };
}
const FLOAT_TESTS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  feq: (a, b) => a === b, fne: (a, b) => a !== b, flt: (a, b) => a < b, fle: (a, b) => a <= b, fgt: (a, b) => a > b, fge: (a, b) => a >= b,
};

function makeCompare(op: CompareOp, type: Type): Handler {
  if (type === 'f32' || type === 'f64') return compareFloat(op, type === 'f32' ? 0 : 1);
  return type === 'i64' ? compare64(op as keyof typeof ORDER_SETS) : COMPARE_32[op];
}

// --- pair: results in code[p] and code[p + 3] ---

function makePair(op: PairOp, type: Type): Handler {
  if (type === 'i64') {
    const wide = op.endsWith('_wide');
    return (m, p) => {
      const c = m.code, f = m.fp;
      const [first, second] = evalPair(op, type, m.i64[f + c[p + 1] >> 1], m.i64[f + c[p + 2] >> 1]);
      m.i64[f + c[p] >> 1] = first as bigint;
      if (wide) m.i64[f + c[p + 3] >> 1] = second as bigint;
      else m.i32[f + c[p + 3]] = second as number;
    };
  }
  return (m, p) => {
    const c = m.code, f = m.fp;
    const [first, second] = evalPair(op, type, m.i32[f + c[p + 1]], m.i32[f + c[p + 2]]);
    m.i32[f + c[p]] = first as number;
    m.i32[f + c[p + 3]] = second as number;
  };
}

// --- tables: handlers exist once per operation and type ---

function table<Op extends string>(ops: Readonly<Record<Op, { readonly types: readonly Type[] }>>, make: (op: Op, type: Type) => Handler): Readonly<Record<Op, ByType>> {
  const rows = {} as Record<Op, ByType>;
  for (const op of Object.keys(ops) as Op[]) {
    const row: ByType = {};
    for (const type of ops[op].types) row[type] = make(op, type);
    rows[op] = row;
  }
  return rows;
}

const BINARY = table(BINARY_OPS, makeBinary);
const UNARY = table(UNARY_OPS, makeUnary);
const COMPARE = table(COMPARE_OPS, makeCompare);
const PAIR = table(PAIR_OPS, makePair);

export function binaryHandler(i: BinaryInst): Handler | undefined { return BINARY[i.op][i.type]; }
export function unaryHandler(i: UnaryInst): Handler | undefined { return UNARY[i.op][i.type]; }
export function pairHandler(i: PairInst): Handler | undefined { return PAIR[i.op][i.type]; }
export function compareHandler(i: CompareInst, model: MemoryModel): Handler | undefined {
  return COMPARE[i.op][i.type === 'ptr' ? (model === 'linear' ? 'i32' : 'i64') : i.type];
}
