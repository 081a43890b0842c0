/** When two instructions compute the same value: hashing and equality of expressions, results and location aside. */
import type { Instruction, Value } from '../mir/instruction.ts';
import { BINARY_OPS, COMPARE_OPS, PAIR_OPS } from '../mir/ops.ts';

/** What {@link hashExpression} gives for an instruction that takes no part in numbering. */
export const NOT_NUMBERED = -1;

function mix(h: number, x: number): number {
  h = Math.imul(h ^ x, 0x9e3779b1);
  return h ^ h >>> 15;
}

function name(s: string): number {
  const n = s.length;
  return s.charCodeAt(0) + Math.imul(s.charCodeAt(n - 1), 1009) + (n << 20);
}

/** Operands in either order: of `a - b` and `b - a` the hashes may agree. */
function unordered(seed: number, a: Value, b: Value): number {
  return b < a ? mix(mix(seed, b), a) : mix(mix(seed, a), b);
}

/**
 * A non-negative hash that equal expressions share, or {@link NOT_NUMBERED}. Numbered are instructions whose result
 * depends on the operands alone, so that of two equal ones the first suffices. Trapping arithmetic counts: the later of
 * two equal divisions cannot trap when the earlier one did not.
 */
export function hashExpression(i: Instruction): number {
  switch (i.kind) {
    case 'const': return mix(name(i.type), numberHash(i.value)) >>> 1;
    case 'binary': return unordered(name(i.op), i.a, i.b) >>> 1;
    case 'compare': return unordered(name(i.op), i.a, i.b) >>> 1;
    case 'pair': return unordered(name(i.op), i.a, i.b) >>> 1;
    case 'unary': return mix(name(i.op), i.a) >>> 1;
    case 'convert': return mix(mix(name(i.op), i.a), name(i.type)) >>> 1;
    case 'ternary': return mix(mix(mix(name(i.op), i.a), i.b), i.c) >>> 1;
    case 'select': return mix(mix(mix(7, i.a), i.b), i.condition) >>> 1;
    case 'lea': return mix(mix(mix(mix(11, i.base), i.index), i.scale), i.offset) >>> 1;
    case 'slot_addr': return mix(13, i.slot) >>> 1;
    case 'global_addr': return mix(17, name(i.global)) >>> 1;
    case 'splat': return mix(name(i.lanes), i.a) >>> 1;
    case 'extract_lane': return mix(mix(name(i.lanes), i.a), i.lane) >>> 1;
    case 'insert_lane': return mix(mix(mix(name(i.lanes), i.a), i.b), i.lane) >>> 1;
    default: return NOT_NUMBERED;
  }
}

function numberHash(k: number | bigint): number {
  const n = Number(k);
  if (typeof k === 'bigint' && !Number.isSafeInteger(n)) {
    let h = 0;
    for (let rest = BigInt.asUintN(256, k); rest > 0n; rest >>= 32n) h = mix(h, Number(rest & 0xffffffffn));
    return h;
  }
  return n === (n | 0) ? n : (n | 0) ^ Math.trunc(n / 4294967296) ^ Math.trunc(n * 65536);
}

/** True when both compute the same value from the same operands (commutative operations in either order). */
export function sameExpression(x: Instruction, y: Instruction): boolean {
  switch (x.kind) {
    case 'const': return y.kind === 'const' && x.type === y.type && (x.type === 'f64' || x.type === 'f32' ? Object.is(x.value, y.value) : x.value === y.value);
    case 'binary':
      return y.kind === 'binary' && x.op === y.op && x.type === y.type
        && (x.a === y.a && x.b === y.b || x.a === y.b && x.b === y.a && isSwappable(x.op));
    case 'compare':
      return y.kind === 'compare' && x.op === y.op
        && (x.a === y.a && x.b === y.b || x.a === y.b && x.b === y.a && isSwappable(x.op));
    case 'pair':
      return y.kind === 'pair' && x.op === y.op
        && (x.a === y.a && x.b === y.b || x.a === y.b && x.b === y.a && isSwappable(x.op));
    case 'unary': return y.kind === 'unary' && x.op === y.op && x.a === y.a;
    case 'convert': return y.kind === 'convert' && x.op === y.op && x.type === y.type && x.a === y.a;
    case 'ternary': return y.kind === 'ternary' && x.op === y.op && x.a === y.a && x.b === y.b && x.c === y.c;
    case 'select': return y.kind === 'select' && x.condition === y.condition && x.a === y.a && x.b === y.b;
    case 'lea': return y.kind === 'lea' && x.base === y.base && x.index === y.index && x.scale === y.scale && x.offset === y.offset;
    case 'slot_addr': return y.kind === 'slot_addr' && x.slot === y.slot;
    case 'global_addr': return y.kind === 'global_addr' && x.global === y.global;
    case 'splat': return y.kind === 'splat' && x.lanes === y.lanes && x.a === y.a;
    case 'extract_lane': return y.kind === 'extract_lane' && x.lanes === y.lanes && x.lane === y.lane && x.a === y.a;
    case 'insert_lane': return y.kind === 'insert_lane' && x.lanes === y.lanes && x.lane === y.lane && x.a === y.a && x.b === y.b;
    default: return false;
  }
}

/** Operations whose row says that their operands may be swapped: a set, as asking the row for a key is many times slower. */
const SWAPPABLE: ReadonlySet<string> = new Set(
  [...Object.entries(BINARY_OPS), ...Object.entries(COMPARE_OPS), ...Object.entries(PAIR_OPS)].filter(([, row]) => 'commutative' in row).map(([op]) => op),
);

function isSwappable(op: string): boolean { return SWAPPABLE.has(op); }
