/**
 * What integer operations compute, said a second time from their definitions over exact integers, and an exact
 * fused multiply-add over rationals. Nothing here is shared with `lib/`; where WebAssembly has the operation a spec
 * holds these formulas against the host's engine.
 */
import type { TrapCode } from '../../lib/mir/index.ts';

const signed = (w: number, n: bigint): bigint => { const m = n & (1n << BigInt(w)) - 1n; return m >> BigInt(w - 1) === 1n ? m - (1n << BigInt(w)) : m; };
const unsigned = (w: number, n: bigint): bigint => ((n % (1n << BigInt(w))) + (1n << BigInt(w))) % (1n << BigInt(w));
const bits = (w: number, n: bigint): string => unsigned(w, n).toString(2).padStart(w, '0');
const fromBits = (text: string): bigint => BigInt(`0b${text}`);

/** Operands are signed; the result is exact and still to be wrapped. */
export function integerBinary(op: string, w: number, a: bigint, b: bigint): bigint | TrapCode {
  const ua = unsigned(w, a), ub = unsigned(w, b), count = Number(ub % BigInt(w)), text = bits(w, a);
  switch (op) {
    case 'add': return signed(w, a + b);
    case 'sub': return signed(w, a - b);
    case 'mul': return signed(w, a * b);
    case 'udiv': return b === 0n ? 'integer-divide-by-zero' : signed(w, ua / ub);
    case 'urem': return b === 0n ? 'integer-divide-by-zero' : signed(w, ua - ub * (ua / ub));
    case 'sdiv': return b === 0n ? 'integer-divide-by-zero' : signed(w, a / b) !== a / b ? 'integer-overflow' : a / b;
    case 'srem': return b === 0n ? 'integer-divide-by-zero' : a - b * (a / b);
    case 'and': return signed(w, fromBits([...text].map((c, k) => c === '1' && bits(w, b)[k] === '1' ? '1' : '0').join('')));
    case 'or': return signed(w, fromBits([...text].map((c, k) => c === '1' || bits(w, b)[k] === '1' ? '1' : '0').join('')));
    case 'xor': return signed(w, fromBits([...text].map((c, k) => c !== bits(w, b)[k] ? '1' : '0').join('')));
    case 'shl': return signed(w, fromBits(text.slice(count) + '0'.repeat(count)));
    case 'lshr': return signed(w, fromBits('0'.repeat(count) + text.slice(0, w - count)));
    case 'ashr': return signed(w, fromBits(text[0].repeat(count) + text.slice(0, w - count)));
    case 'rotl': return signed(w, fromBits(text.slice(count) + text.slice(0, count)));
    case 'rotr': return signed(w, fromBits(text.slice(w - count) + text.slice(0, w - count)));
    default: throw new Error(`no formula for ${op}`);
  }
}

export function integerUnary(op: string, w: number, a: bigint): bigint {
  const text = bits(w, a);
  switch (op) {
    case 'clz': return BigInt(text.includes('1') ? text.indexOf('1') : w);
    case 'ctz': return BigInt(text.includes('1') ? w - 1 - text.lastIndexOf('1') : w);
    case 'popcnt': return signed(w, BigInt(text.split('1').length - 1));
    case 'bswap': return signed(w, fromBits((text.match(/.{8}/g) ?? []).reverse().join('')));
    default: throw new Error(`no formula for ${op}`);
  }
}

export function integerCompare(op: string, w: number, a: bigint, b: bigint): boolean {
  const x = op.startsWith('u') ? unsigned(w, a) : a, y = op.startsWith('u') ? unsigned(w, b) : b;
  switch (op.length === 3 ? op.slice(1) : op) {
    case 'eq': return x === y;
    case 'ne': return x !== y;
    case 'lt': return x < y;
    case 'le': return x <= y;
    case 'gt': return x > y;
    case 'ge': return x >= y;
    default: throw new Error(`no formula for ${op}`);
  }
}

/** Both results; a flag is 0n or 1n. */
export function integerPair(op: string, w: number, a: bigint, b: bigint): readonly [bigint, bigint] {
  const u = op.startsWith('u'), x = u ? unsigned(w, a) : a, y = u ? unsigned(w, b) : b;
  const exact = op.includes('add') ? x + y : op.includes('sub') ? x - y : x * y;
  if (op.endsWith('_wide')) {
    const all = bits(2 * w, exact);
    return [signed(w, fromBits(all.slice(w))), signed(w, fromBits(all.slice(0, w)))];
  }
  const low = u ? 0n : -(2n ** BigInt(w - 1)), high = u ? 2n ** BigInt(w) - 1n : 2n ** BigInt(w - 1) - 1n;
  return [signed(w, exact), exact < low || exact > high ? 1n : 0n];
}

export function extend(op: string, from: number, a: bigint): bigint {
  return op === 'zext' ? unsigned(from, a) : signed(from, a);
}
export function truncate(to: number, a: bigint): bigint {
  return to === 1 ? unsigned(1, a) : signed(to, a);
}

// --- fused multiply-add over exact rationals ---

const view = new DataView(new ArrayBuffer(8));

/** x as n · 2^−1074, n an integer: every finite double is one. */
function scaled(x: number): bigint {
  view.setFloat64(0, x);
  const b = view.getBigUint64(0), e = Number(b >> 52n & 0x7ffn), f = b & (1n << 52n) - 1n;
  const n = e === 0 ? f : (f | 1n << 52n) << BigInt(e - 1);
  return b >> 63n === 1n ? -n : n;
}

function neighbours32(x: number): number[] {
  const list = [Math.fround(x)];
  view.setFloat32(0, list[0]);
  const b = view.getInt32(0);
  for (const d of [-1, 1]) { view.setInt32(0, b + d); list.push(view.getFloat32(0)); }
  return list.filter(Number.isFinite);
}
function neighbours64(x: number): number[] {
  const list = [x];
  view.setFloat64(0, x);
  const b = view.getBigInt64(0);
  for (const d of [-1n, 1n]) { view.setBigInt64(0, b + d); list.push(view.getFloat64(0)); }
  return list.filter(Number.isFinite);
}
function isEven(x: number, single: boolean): boolean {
  if (single) { view.setFloat32(0, x); return (view.getInt32(0) & 1) === 0; }
  view.setFloat64(0, x);
  return (view.getBigInt64(0) & 1n) === 0n;
}

/** a·b + c, rounded once to nearest even: the nearest float to the exact sum, found by exact comparison. */
export function fusedMultiplyAdd(a: number, b: number, c: number, single: boolean): number {
  if ([a, b].some((x) => !Number.isFinite(x)) || a === 0 || b === 0) return a * b + c;
  if (!Number.isFinite(c)) return c;
  // Everything as a multiple of 2^−2148.
  const exact = scaled(a) * scaled(b) + (scaled(c) << 1074n);
  if (exact === 0n) {
    const negativeProduct = (a < 0) !== (b < 0);
    return negativeProduct && c === 0 && Object.is(c, -0) ? -0 : 0;
  }
  const magnitude = exact < 0n ? -exact : exact, sign = exact < 0n ? -1 : 1;
  // Past the midpoint between the largest float and the next power of two the result is infinite.
  const bound = single ? (1n << 2148n) * ((1n << 128n) - (1n << 103n)) : (1n << 2148n) * ((1n << 1024n) - (1n << 970n));
  if (magnitude >= bound) return sign * Infinity;
  // A first guess from the leading bits, then the best of it and its neighbours.
  const length = magnitude.toString(2).length, drop = Math.max(0, length - 60);
  let guess = Number(magnitude >> BigInt(drop));
  for (let e = drop - 2148; e !== 0; ) { const step = Math.max(-1000, Math.min(1000, e)); guess *= 2 ** step; e -= step; }
  const largest = single ? 3.4028234663852886e38 : Number.MAX_VALUE;
  let candidates = (single ? neighbours32 : neighbours64)(Math.min(guess, largest)).filter((x) => x >= 0);
  candidates = candidates.concat(...candidates.map((x) => (single ? neighbours32 : neighbours64)(x).filter((y) => y >= 0)));
  let best = candidates[0], distance = -1n;
  for (const x of candidates) {
    const d0 = (scaled(x) << 1074n) - magnitude, d = d0 < 0n ? -d0 : d0;
    if (distance < 0n || d < distance || (d === distance && isEven(x, single))) { best = x; distance = d; }
  }
  return sign * best;
}
