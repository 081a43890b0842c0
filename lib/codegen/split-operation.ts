/**
 * What each 256-bit operation is on 128-bit halves. Used for whole functions (`split-vectors.ts`) and for single
 * operations that a processor with 256-bit registers lacks (`split-unsupported.ts`).
 *
 * Exactness: every operation of the table is lane-wise, or is defined so that each half of the result depends on whole
 * halves of the operands (see `vector-ops.ts`), so the halves compute the same bits. Only memory can trap:
 *
 * - A load is two loads, low half first; neither has an effect, so it does not matter which of them traps.
 * - A store must write nothing when any of its 32 bytes is out of bounds. In the linear model memory is [0, size), the
 *   address of the high half is the greater one, and `Address` sums do not wrap: once the high half is stored, the low
 *   one cannot trap. In the native model any page may be missing, so a byte of the low half is read first.
 */
import { NO_VALUE, type Address, type Instruction, type InsertLaneInst, type LoadInst, type ShuffleInst, type StoreInst, type Value, type VectorInst } from '../mir/instruction.ts';
import { HALF_LANES, LANE_COUNT, VECTOR_TYPE, type Lanes128, type MemoryModel, type Type } from '../mir/types.ts';
import type { VectorOp } from '../mir/vector-ops.ts';

/** 0 the low, 1 the high 128 bits. */
export type Half = 0 | 1;

/** Where the parts of an operation come from and where they go. */
export interface Halves {
  readonly model: MemoryModel;
  /** A half of a `v256` operand. */
  operand(v: Value, half: Half): Value;
  /** The value that has to be defined as a half of the result; {@link NO_VALUE} when it is known already ({@link knownHalf}). */
  result(v: Value, half: Half): Value;
  /** A new value. */
  fresh(type: Type): Value;
  emit(i: Instruction): void;
}

/** A value of 128 bits, or (`half` 0 or 1) a half of a value of 256 bits. */
export interface KnownHalf { readonly value: Value; readonly half: Half | -1 }

/** What a half of an instruction's `v256` result is equal to without computing anything, or undefined. */
export function knownHalf(i: Instruction, half: Half): KnownHalf | undefined {
  switch (i.kind) {
    case 'const': return half === 1 && BigInt(i.value) >> 128n === (BigInt(i.value) & LOW) ? { value: i.result, half: 0 } : undefined;
    case 'splat': return half === 1 ? { value: i.result, half: 0 } : undefined;
    case 'insert_lane': return half === halfOfLane(i) ? undefined : { value: i.a, half };
    case 'shuffle': return shuffledHalf(i, half);
    case 'vector':
      switch (i.op) {
        case 'vconcat': return { value: i.args[half], half: -1 };
        case 'vinsert_low': return half === 0 ? { value: i.args[1], half: -1 } : { value: i.args[0], half: 1 };
        case 'vinsert_high': return half === 1 ? { value: i.args[1], half: -1 } : { value: i.args[0], half: 0 };
        default: return undefined;
      }
    default: return undefined;
  }
}

const LOW = (1n << 128n) - 1n;

/** True when the instruction reads or makes a value of 256 bits, calls and markers aside. */
export function isWide(i: Instruction): boolean {
  switch (i.kind) {
    case 'const': case 'select': case 'load': case 'store': return i.type === 'v256';
    case 'vector': case 'splat': case 'extract_lane': case 'insert_lane': return VECTOR_TYPE[i.lanes] === 'v256';
    case 'shuffle': return i.mask.length === 32;
    default: return false;
  }
}

/** Emits an instruction for which {@link isWide} holds on halves. */
export function splitInstruction(h: Halves, i: Instruction): void {
  switch (i.kind) {
    case 'const':
      for (const half of BOTH) {
        const result = h.result(i.result, half);
        if (result !== NO_VALUE) h.emit({ kind: 'const', type: 'v128', value: BigInt(i.value) >> BigInt(128 * half) & LOW, result, loc: i.loc });
      }
      return;
    case 'select':
      for (const half of BOTH) {
        h.emit({ kind: 'select', type: 'v128', condition: i.condition, a: h.operand(i.a, half), b: h.operand(i.b, half), result: h.result(i.result, half), loc: i.loc });
      }
      return;
    case 'load': splitLoad(h, i); return;
    case 'store': splitStore(h, i); return;
    case 'splat': h.emit({ kind: 'splat', lanes: HALF_LANES[i.lanes], a: i.a, result: h.result(i.result, 0), loc: i.loc }); return;
    case 'extract_lane':
      h.emit({ kind: 'extract_lane', lanes: HALF_LANES[i.lanes], lane: i.lane % lanesOfHalf(i), a: h.operand(i.a, halfOfLane(i)), result: i.result, loc: i.loc });
      return;
    case 'insert_lane': {
      const half = halfOfLane(i);
      h.emit({ kind: 'insert_lane', lanes: HALF_LANES[i.lanes], lane: i.lane % lanesOfHalf(i), a: h.operand(i.a, half), b: i.b, result: h.result(i.result, half), loc: i.loc });
      return;
    }
    case 'shuffle': splitShuffle(h, i); return;
    case 'vector': splitVector(h, i); return;
    default: return;
  }
}

const BOTH = [0, 1] as const satisfies readonly Half[];

function lanesOfHalf(i: { readonly lanes: InsertLaneInst['lanes'] }): number { return LANE_COUNT[i.lanes] / 2; }
function halfOfLane(i: { readonly lanes: InsertLaneInst['lanes']; readonly lane: number }): Half { return i.lane < lanesOfHalf(i) ? 0 : 1; }

// --- operations of the table ---

function splitVector(h: Halves, i: VectorInst): void {
  const lanes = HALF_LANES[i.lanes], { op, args, loc } = i;
  /** A 128-bit operation, by default with a new result. */
  const vector = (o: VectorOp, l: Lanes128, a: readonly Value[], result: Value): Value => {
    h.emit({ kind: 'vector', op: o, lanes: l, args: a, result, loc });
    return result;
  };
  const half = (k: number, n: Half): Value => h.operand(args[k], n);
  switch (op) {
    // These are known halves, or parts of the operands: nothing is computed.
    case 'vlow': case 'vhigh': case 'vconcat': case 'vinsert_low': case 'vinsert_high': return;
    case 'vextend_low_s': case 'vextend_high_s': case 'vextend_low_u': case 'vextend_high_u': {
      const from: Half = op === 'vextend_low_s' || op === 'vextend_low_u' ? 0 : 1, signed = op === 'vextend_low_s' || op === 'vextend_high_s';
      vector(signed ? 'vextend_low_s' : 'vextend_low_u', lanes, [half(0, from)], h.result(i.result, 0));
      vector(signed ? 'vextend_high_s' : 'vextend_high_u', lanes, [half(0, from)], h.result(i.result, 1));
      return;
    }
    case 'vnarrow_s': case 'vnarrow_u':
      for (const n of BOTH) vector(op, lanes, [half(n, 0), half(n, 1)], h.result(i.result, n));
      return;
    case 'vany_true': vector(op, 'i8x16', [vector('vor', 'i8x16', [half(0, 0), half(0, 1)], h.fresh('v128'))], i.result); return;
    case 'vall_true': {
      const a = vector(op, lanes, [half(0, 0)], h.fresh('i1')), b = vector(op, lanes, [half(0, 1)], h.fresh('i1'));
      h.emit({ kind: 'binary', op: 'and', type: 'i1', a, b, result: i.result, loc });
      return;
    }
    case 'vbitmask': {
      const low = vector(op, lanes, [half(0, 0)], h.fresh('i32')), high = vector(op, lanes, [half(0, 1)], h.fresh('i32'));
      const count = h.fresh('i32'), shifted = h.fresh('i32');
      h.emit({ kind: 'const', type: 'i32', value: LANE_COUNT[lanes], result: count, loc });
      h.emit({ kind: 'binary', op: 'shl', type: 'i32', a: high, b: count, result: shifted, loc });
      h.emit({ kind: 'binary', op: 'or', type: 'i32', a: low, b: shifted, result: i.result, loc });
      return;
    }
    case 'vshl': case 'vshr_s': case 'vshr_u':
      for (const n of BOTH) vector(op, lanes, [half(0, n), args[1]], h.result(i.result, n));
      return;
    default:
      for (const n of BOTH) vector(op, lanes, args.map((_, k) => half(k, n)), h.result(i.result, n));
  }
}

// --- shuffles ---

/** The operand half that byte `m` of a 256-bit mask comes from: 0 and 1 of `a`, 2 and 3 of `b`. */
function sourceOf(m: number): number { return m >> 4; }
function sourceHalf(h: Halves, i: ShuffleInst, source: number): Value { return h.operand(source < 2 ? i.a : i.b, (source & 1) as Half); }

/** A half of the result that is a half of an operand as it is. */
function shuffledHalf(i: ShuffleInst, half: Half): KnownHalf | undefined {
  const first = i.mask[16 * half];
  for (let k = 0; k < 16; k++) if (i.mask[16 * half + k] !== first + k) return undefined;
  const source = sourceOf(first);
  return first % 16 !== 0 ? undefined : { value: source < 2 ? i.a : i.b, half: (source & 1) as Half };
}

/** Each half of the result takes bytes of up to four halves: pairs of them are shuffled, then the results. */
function splitShuffle(h: Halves, i: ShuffleInst): void {
  for (const half of BOTH) {
    const result = h.result(i.result, half);
    if (result === NO_VALUE) continue;
    const mask = i.mask.slice(16 * half, 16 * half + 16);
    const sources = [0, 1, 2, 3].filter((s) => mask.some((m) => sourceOf(m) === s));
    /** Shuffles one or two of the sources; bytes of others are left as they come. */
    const shuffle = (from: readonly number[], into: Value): Value => {
      const [x, y = x] = from;
      const own = mask.map((m, k) => (sourceOf(m) === x ? m % 16 : sourceOf(m) === y ? 16 + m % 16 : k));
      h.emit({ kind: 'shuffle', mask: own, a: sourceHalf(h, i, x), b: sourceHalf(h, i, y), result: into, loc: i.loc });
      return into;
    };
    if (sources.length <= 2) { shuffle(sources, result); continue; }
    const a = shuffle(sources.slice(0, 2), h.fresh('v128')), b = shuffle(sources.slice(2), h.fresh('v128'));
    h.emit({ kind: 'shuffle', mask: mask.map((m, k) => (sources.indexOf(sourceOf(m)) < 2 ? k : 16 + k)), a, b, result, loc: i.loc });
  }
}

// --- memory ---

/** Offsets end below this. */
const OFFSET_END = 2 ** 31;

function splitLoad(h: Halves, i: LoadInst): void {
  const { align, volatile, loc } = i, high = highAddress(h, i, loc);
  h.emit({ kind: 'load', type: 'v128', base: i.base, index: i.index, scale: i.scale, offset: i.offset, align, volatile, result: h.result(i.result, 0), loc });
  h.emit({ kind: 'load', type: 'v128', ...high, align: Math.min(align, 16), volatile, result: h.result(i.result, 1), loc });
}

function splitStore(h: Halves, i: StoreInst): void {
  const { align, volatile, loc } = i, high = highAddress(h, i, loc);
  if (h.model === 'native') {
    h.emit({ kind: 'load', type: 'i8', base: i.base, index: i.index, scale: i.scale, offset: i.offset, align: 1, volatile: true, result: h.fresh('i8'), loc });
  }
  h.emit({ kind: 'store', type: 'v128', ...high, value: h.operand(i.value, 1), align: Math.min(align, 16), volatile, loc });
  h.emit({ kind: 'store', type: 'v128', base: i.base, index: i.index, scale: i.scale, offset: i.offset, value: h.operand(i.value, 0), align, volatile, loc });
}

/**
 * The address of the high half. Where the offset has no room for 16 more, the base takes them; it must not wrap, and
 * when it would, the access is far out of bounds anyway and stays so with the greatest base.
 */
function highAddress(h: Halves, i: Address, loc: number): Address {
  if (i.offset + 16 < OFFSET_END) return { base: i.base, index: i.index, scale: i.scale, offset: i.offset + 16 };
  const base = h.fresh('ptr'), next = h.fresh('ptr');
  h.emit({ kind: 'lea', base: i.base, index: i.index, scale: i.scale, offset: 0, result: base, loc });
  h.emit({ kind: 'lea', base, index: NO_VALUE, scale: 1, offset: 16, result: next, loc });
  if (h.model === 'native') return { base: next, index: NO_VALUE, scale: 1, offset: i.offset };
  const wrapped = h.fresh('i1'), greatest = h.fresh('ptr'), result = h.fresh('ptr');
  h.emit({ kind: 'compare', op: 'ult', type: 'ptr', a: next, b: base, result: wrapped, loc });
  h.emit({ kind: 'const', type: 'ptr', value: 0xffffffff, result: greatest, loc });
  h.emit({ kind: 'select', type: 'ptr', condition: wrapped, a: greatest, b: next, result, loc });
  return { base: result, index: NO_VALUE, scale: 1, offset: i.offset };
}
