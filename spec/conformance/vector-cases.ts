/**
 * Every vector operation with operands where implementations go wrong: boundary values of the lane type against each
 * other, and random bits. Cases say what they compute and on what; `vector-runs.ts` in `spec/support` runs many of them
 * at once on anything that executes a module.
 */
import {
  LANES_128, LANE_COUNT, LANE_TYPE, VECTOR_OPS, VECTOR_TYPE, divisionsOf, sizeOf, vectorOperandType, vectorResultType,
  type FunctionBuilder, type Lanes, type Type, type Value, type VectorOp,
} from '../../lib/mir/index.ts';
import { RandomChoices } from '../fuzz/choices.ts';
import { fewValuesOf, valuesOf, type Scalar } from './values.ts';

export interface VectorCase {
  /** For example `vadd i8x16` or `extract_lane f32x4 3`. */
  readonly name: string;
  readonly operands: readonly Type[];
  readonly result: Type;
  /** When the result has NaNs whose bits are not specified: how it is divided. */
  readonly nan: Lanes | undefined;
  /** Bytes of all operands of one run after the other, each in a place of {@link PLACE} bytes. */
  readonly inputs: Uint8Array;
  /** Emits the operation. */
  emit(b: FunctionBuilder, operands: readonly Value[]): Value;
}

/** Bytes that one operand or result takes among inputs and outputs. */
export const PLACE = 32;

/** Keep every bit of a NaN, or have no float result. */
const EXACT: ReadonlySet<VectorOp> = new Set(['vabs', 'vneg', 'veq', 'vne', 'vflt', 'vfle', 'vfgt', 'vfge', 'vtrunc_sat_i32_f32_s', 'vtrunc_sat_i32_f32_u']);
const COUNTS: readonly number[] = [0, 1, 3, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 100, -1, -2147483648];

const scratch = new DataView(new ArrayBuffer(8));
function writeScalar(view: DataView, at: number, type: Type, v: Scalar): void {
  switch (type) {
    case 'i8': view.setInt8(at, Number(v)); return;
    case 'i16': view.setInt16(at, Number(v), true); return;
    case 'i32': view.setInt32(at, Number(v), true); return;
    case 'i64': view.setBigInt64(at, BigInt(v), true); return;
    case 'f32': view.setFloat32(at, Number(v), true); return;
    case 'f64': view.setFloat64(at, Number(v), true); return;
    default: throw new Error(`no boundary values of ${type}`);
  }
}
/** A float with random sign, exponent and few or many significant bits: sums and products meet the rounding's corners. */
function randomFloat(c: RandomChoices, type: 'f32' | 'f64'): number {
  scratch.setUint32(0, c.below(4294967296));
  scratch.setUint32(4, c.below(4294967296));
  if (c.below(2) === 0) scratch.setUint32(4, 0);
  if (c.below(3) === 0) scratch.setUint32(0, scratch.getUint32(0) & 0xfff00000);
  return type === 'f32' ? scratch.getFloat32(0) : scratch.getFloat64(0);
}
function lane(c: RandomChoices, type: Type): Scalar {
  if ((type === 'f32' || type === 'f64') && c.below(2) === 0) return randomFloat(c, type);
  const all = valuesOf(type);
  return all[c.below(all.length)];
}

/** Lists of lane values by operand: all pairs (or few triples) of boundary values, then random ones. */
function laneLists(type: Type, operands: number, random: number, c: RandomChoices): Scalar[][] {
  const lists = Array.from({ length: operands }, (): Scalar[] => []), values = operands === 3 ? fewValuesOf(type) : valuesOf(type);
  const total = values.length ** operands;
  for (let n = 0; n < total; n++) for (let k = 0, rest = n; k < operands; k++) { lists[k].push(values[rest % values.length]); rest = Math.floor(rest / values.length); }
  for (let n = 0; n < random; n++) {
    for (const l of lists) l.push(lane(c, type));
    // Near cancellation: the last operand about the negated product or the other operand.
    if ((type === 'f32' || type === 'f64') && n % 3 === 0 && operands > 1) {
      const last = lists[operands - 1], round = type === 'f32' ? Math.fround : (x: number): number => x;
      last[last.length - 1] = round(-(operands === 3 ? Number(lists[0].at(-1)) * Number(lists[1].at(-1)) : Number(lists[0].at(-1))) * (1 + (n % 2) * 2 ** -22));
    }
  }
  return lists;
}

function pack(kinds: readonly Type[], runs: number, write: (view: DataView, at: number, run: number, operand: number) => void): Uint8Array {
  const bytes = new Uint8Array(runs * kinds.length * PLACE), view = new DataView(bytes.buffer);
  for (let n = 0; n < runs; n++) for (let k = 0; k < kinds.length; k++) write(view, (n * kinds.length + k) * PLACE, n, k);
  return bytes;
}

function operationCase(op: VectorOp, lanes: Lanes): VectorCase {
  const spec = VECTOR_OPS[op], kinds = [...spec.operands], operands = kinds.map((k) => vectorOperandType(k, lanes)), result = vectorResultType(op, lanes);
  const c = new RandomChoices(op.length * 1000 + lanes.length * 100 + lanes.charCodeAt(1)), vectors = kinds.filter((k) => k !== 's').length;
  const type = LANE_TYPE[lanes], count = LANE_COUNT[lanes], lists = laneLists(type, vectors, 512, c);
  const shift = spec.operands === 'vs', filled = Math.ceil(lists[0].length / count), runs = shift ? filled * COUNTS.length : filled;
  const inputs = pack(operands, runs, (view, at, run, k) => {
    if (kinds[k] === 's') { view.setInt32(at, COUNTS[run % COUNTS.length], true); return; }
    const vector = shift ? Math.floor(run / COUNTS.length) : run, bytes = sizeOf(type, 'linear'), places = sizeOf(operands[k], 'linear') / bytes;
    for (let l = 0; l < places; l++) writeScalar(view, at + l * bytes, type, lists[k][(vector * count + l) % lists[k].length]);
  });
  const float = type === 'f32' || type === 'f64';
  return { name: `${op} ${lanes}`, operands, result, nan: float && !EXACT.has(op) && spec.result === 'v' ? lanes : undefined, inputs, emit: (b, args) => b.vector(op, lanes, args) };
}

function randomBytes(operands: readonly Type[], runs: number, seed: number): Uint8Array {
  const c = new RandomChoices(seed);
  return pack(operands, runs, (view, at) => { for (let k = 0; k < PLACE; k += 4) view.setUint32(at + k, c.below(4) === 0 ? [0, -1, 0x80808080, 0x7f800001][c.below(4)] : c.below(4294967296)); });
}

/** Splats, and extraction and insertion of every lane. Scalars are loaded, or, `named` lets them come from arithmetic. */
function laneCases(lanes: Lanes): VectorCase[] {
  const type = LANE_TYPE[lanes], vector = VECTOR_TYPE[lanes], list: VectorCase[] = [];
  const add = (name: string, operands: readonly Type[], result: Type, emit: VectorCase['emit']): void => {
    list.push({ name: `${name} ${lanes}`, operands, result, nan: undefined, inputs: randomBytes(operands, 16, list.length + 1), emit });
  };
  add('splat', [type], vector, (b, [a]) => b.splat(lanes, a));
  for (let k = 0; k < LANE_COUNT[lanes]; k++) {
    add(`extract_lane ${k}`, [vector], type, (b, [a]) => b.extractLane(lanes, k, a));
    add(`insert_lane ${k}`, [vector, type], vector, (b, [a, x]) => b.insertLane(lanes, k, a, x));
    const other = (k + 1) % LANE_COUNT[lanes];
    add(`extract_lane ${k} insert_lane ${other}`, [vector, vector], vector, (b, [a, v]) => b.insertLane(lanes, other, v, b.extractLane(lanes, k, a)));
    add(`extract_lane ${k} splat`, [vector], vector, (b, [a]) => b.splat(lanes, b.extractLane(lanes, k, a)));
  }
  if (type === 'i8' || type === 'i16') {
    for (const op of ['sext', 'zext'] as const) {
      for (const k of [0, 1, LANE_COUNT[lanes] - 1]) add(`${op} extract_lane ${k}`, [vector], 'i32', (b, [a]) => b.convert(op, b.extractLane(lanes, k, a), 'i32'));
    }
  }
  if (type === 'i32' || type === 'i64') {
    // What is stored of a lane may be less than all of it.
    for (const to of ['i8', 'i16'] as const) add(`trunc extract_lane 1 to ${to}`, [vector], to, (b, [a]) => b.convert('trunc', b.extractLane(lanes, 1, a), to));
  }
  return list;
}

/** Minimum and maximum with a constant on either side: one number in every lane, or zeros of both signs and others. */
function constantCases(lanes: Lanes): VectorCase[] {
  const type = LANE_TYPE[lanes], vector = VECTOR_TYPE[lanes], bytes = sizeOf(type, 'linear'), values = valuesOf(type), list: VectorCase[] = [];
  const inputs = pack([vector], values.length, (view, at, run) => {
    for (let l = 0; l < LANE_COUNT[lanes]; l++) writeScalar(view, at + l * bytes, type, values[(run + l) % values.length]);
  });
  const constants: readonly (readonly number[])[] = [[0], [-0], [1], [-2.5], [NaN], [Infinity], [-Infinity], [0, -0], [0, 1], [-0, 3], [5, -5], [2, NaN]];
  for (const numbers of constants) {
    let value = 0n;
    const view = new DataView(new ArrayBuffer(8));
    for (let l = LANE_COUNT[lanes] - 1; l >= 0; l--) {
      writeScalar(view, 0, type, numbers[l % numbers.length]);
      value = value << BigInt(8 * bytes) | (bytes === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true));
    }
    for (const op of ['vfmin', 'vfmax'] as const) {
      const name = `${op} ${lanes} with ${numbers.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join(' ')}`;
      const of = (b: FunctionBuilder): Value => (numbers.length === 1 ? b.splat(lanes, b.const(type, numbers[0])) : b.const(vector, value));
      list.push({ name: `${name} second`, operands: [vector], result: vector, nan: lanes, inputs, emit: (b, [a]) => b.vector(op, lanes, [a, of(b)]) });
      list.push({ name: `${name} first`, operands: [vector], result: vector, nan: lanes, inputs, emit: (b, [a]) => b.vector(op, lanes, [of(b), a]) });
    }
  }
  return list;
}

function shuffleCases(): VectorCase[] {
  const c = new RandomChoices(77), all = Array.from({ length: 16 }, (_, k) => k), masks: number[][] = [];
  for (let n = 0; n < 32; n++) {
    masks.push(all.map((k) => (k + n) & 31));
    if (n % 3 !== 0) continue;
    masks.push(all.map(() => n), all.map((k) => k ^ n), all.map(() => c.below(32)), all.map(() => c.below(16)));
    for (const width of [2, 4, 8]) {
      const e = Array.from({ length: 16 / width }, () => c.below(32 / width));
      masks.push(all.map((k) => e[Math.floor(k / width)] * width + k % width), all.map((k) => (Math.floor(k / width) % 2) * 16 + Math.floor(k / width / 2) * width + k % width + (n & 1) * 8));
    }
    masks.push(all.map((k) => (n >> k % 5 & 1) * 16 + k));
  }
  // One dword of one vector put into the other.
  for (let n = 0; n < 32; n++) masks.push(all.map((k) => ((k >> 2) === (n & 3) ? (n >> 2 & 3) * 4 + k % 4 + 16 : k) ^ (n >> 4) * 16));
  return masks.flatMap((mask, n): VectorCase[] => {
    const name = `shuffle ${n}: ${mask.join(' ')}`, two: readonly Type[] = ['v128', 'v128'], one: readonly Type[] = ['v128'], inputs = randomBytes(two, 6, n);
    const list: VectorCase[] = [{ name, operands: two, result: 'v128', nan: undefined, inputs, emit: (b, [x, y]) => b.shuffle(mask, x, y) }];
    const single = randomBytes(one, 6, n);
    if (n % 3 === 0) list.push({ name: `${name}, one source`, operands: one, result: 'v128', nan: undefined, inputs: single, emit: (b, [x]) => b.shuffle(mask, x, x) });
    if (n % 3 === 1) list.push({ name: `${name}, second zero`, operands: one, result: 'v128', nan: undefined, inputs: single, emit: (b, [x]) => b.shuffle(mask, x, b.const('v128', 0n)) });
    if (n % 6 === 2) list.push({ name: `${name}, first zero`, operands: one, result: 'v128', nan: undefined, inputs: single, emit: (b, [x]) => b.shuffle(mask, b.const('v128', 0n), x) });
    return list;
  });
}

/** Masks of 32 bytes: those with an instruction of their own, halves left whole, four halves in one, any bytes. */
function wideShuffleCases(): VectorCase[] {
  const c = new RandomChoices(78), all = Array.from({ length: 32 }, (_, k) => k), masks: number[][] = [];
  for (let n = 0; n < 12; n++) {
    masks.push(all.map((k) => (k + n) & 63), all.map(() => n * 2), all.map((k) => k ^ n), all.map(() => c.below(64)), all.map(() => c.below(32)));
    // Bytes of one and of two sources chosen inside each half, and with the same choice in both halves.
    masks.push(all.map((k) => (k & 16) + c.below(16)), all.map((k) => c.below(2) * 32 + (k & 16) + c.below(16)), all.map((k) => (k & 16) + (k * 5 + n & 15)));
    for (const width of [2, 4, 8, 16]) {
      const e = Array.from({ length: 32 / width }, () => c.below(64 / width)), single = e.map((x) => x % (32 / width));
      masks.push(all.map((k) => e[Math.floor(k / width)] * width + k % width), all.map((k) => single[Math.floor(k / width)] * width + k % width));
      // Interleaved in each half, and a choice place by place between the sources.
      masks.push(all.map((k) => (Math.floor(k / width) % 2) * 32 + (k & 16) + (n & 1) * 8 % Math.max(8, width) + Math.floor((k & 15) / width / 2) * width + k % width).map((m) => m & 63));
      masks.push(all.map((k) => (n * 37 >> Math.floor(k / width) % 8 & 1) * 32 + k));
    }
  }
  // One dword of one vector put into the other.
  for (let n = 0; n < 32; n++) masks.push(all.map((k) => ((k >> 2) === (n & 3) ? (n >> 2 & 3) * 4 + k % 4 + 16 : k) ^ (n >> 4) * 16));
  return masks.flatMap((mask, n): VectorCase[] => {
    const name = `shuffle ${n}: ${mask.join(' ')}`, two: readonly Type[] = ['v256', 'v256'], one: readonly Type[] = ['v256'];
    const list: VectorCase[] = [{ name, operands: two, result: 'v256', nan: undefined, inputs: randomBytes(two, 6, n), emit: (b, [x, y]) => b.shuffle(mask, x, y) }];
    if (n % 3 === 0) list.push({ name: `${name}, one source`, operands: one, result: 'v256', nan: undefined, inputs: randomBytes(one, 6, n), emit: (b, [x]) => b.shuffle(mask, x, x) });
    if (n % 6 === 1) list.push({ name: `${name}, second zero`, operands: one, result: 'v256', nan: undefined, inputs: randomBytes(one, 6, n), emit: (b, [x]) => b.shuffle(mask, x, b.const('v256', 0n)) });
    return list;
  });
}

/** Constants and selects: what moves vectors without computing. */
function movingCases(type: 'v128' | 'v256'): VectorCase[] {
  const bits = type === 'v128' ? 128n : 256n, bytes = type === 'v128' ? 'i8x16' : 'i8x32', words = type === 'v128' ? 'i32x4' : 'i32x8';
  const constants = [0n, (1n << bits) - 1n, 1n, 0x0f0e0d0c0b0a09080706050403020100n, 1n << bits - 1n];
  // Halves alike, and a half of zeros or ones.
  if (type === 'v256') constants.push(0x0f0e0d0c0b0a09080706050403020100n * (1n + (1n << 128n)), (1n << 128n) - 1n, 0x0706050403020100n << 192n);
  const one: readonly Type[] = [type], two: readonly Type[] = [type, type], inputs = randomBytes(two, 8, 5);
  const list = constants.flatMap((value): VectorCase[] => [
    { name: `const ${type} ${value}`, operands: one, result: type, nan: undefined, inputs: randomBytes(one, 1, 1), emit: (b) => b.const(type, value) },
    { name: `vxor ${type} with ${value}`, operands: one, result: type, nan: undefined, inputs: randomBytes(one, 4, 2), emit: (b, [a]) => b.vector('vxor', bytes, [a, b.const(type, value)]) },
    { name: `vadd ${type} to ${value}`, operands: one, result: type, nan: undefined, inputs: randomBytes(one, 4, 2), emit: (b, [a]) => b.vector('vadd', words, [b.const(type, value), a]) },
  ]);
  list.push({ name: `select ${type}`, operands: two, result: type, nan: undefined, inputs, emit: (b, [x, y]) => b.select(b.vector('vany_true', bytes, [b.vector('vand', bytes, [x, y])]), x, y) });
  return list;
}

/** All cases of vectors divided so. */
export function vectorCases(divisions: readonly Lanes[] = LANES_128): VectorCase[] {
  const list: VectorCase[] = [];
  for (const op of Object.keys(VECTOR_OPS) as VectorOp[]) for (const lanes of divisionsOf(op)) if (divisions.includes(lanes)) list.push(operationCase(op, lanes));
  for (const lanes of divisions) {
    list.push(...laneCases(lanes));
    if (LANE_TYPE[lanes] === 'f32' || LANE_TYPE[lanes] === 'f64') list.push(...constantCases(lanes));
  }
  if (divisions.includes('i8x16')) list.push(...shuffleCases(), ...movingCases('v128'));
  if (divisions.includes('i8x32')) list.push(...wideShuffleCases(), ...movingCases('v256'));
  return list;
}
