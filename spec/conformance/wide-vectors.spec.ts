/**
 * The interpreter's operations on 256 bits. Where every lane is for itself, the host's WebAssembly engine computes each
 * half; what concerns the whole vector is written down here lane by lane.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FunctionBuilder, HALF_LANES, Interpreter, LANES_256, LANE_COUNT, LANE_TYPE, ModuleBuilder, VECTOR_OPS, bitWidth, divisionsOf, evalTernary, vectorOperandType,
  vectorResultType, verifyModule, type Lanes256, type MirFunction, type VectorOp,
} from '../../lib/mir/index.ts';
import { RandomChoices } from '../fuzz/choices.ts';
import { SIMD_OPERATIONS, wasmVector } from '../support/wasm-simd-oracle.ts';
import { fewValuesOf } from './values.ts';

const test = suite('conformance: vectors of 256 bits');

const LOW = (1n << 128n) - 1n;
const scratch = new DataView(new ArrayBuffer(8));

/** Bits of a lane. */
function width(lanes: Lanes256): number { return 256 / LANE_COUNT[lanes]; }
/** Bits of each lane, unsigned. */
function split(v: bigint, lanes: Lanes256): bigint[] { return Array.from({ length: LANE_COUNT[lanes] }, (_, k) => BigInt.asUintN(width(lanes), v >> BigInt(k * width(lanes)))); }
function join(lanes: readonly bigint[], bits: number): bigint { return lanes.reduceRight((v, l) => v << BigInt(bits) | BigInt.asUintN(bits, l), 0n); }

function bitsOf(lanes: Lanes256, value: number | bigint): bigint {
  if (lanes === 'f32x8') { scratch.setFloat32(0, Number(value)); return BigInt(scratch.getUint32(0)); }
  if (lanes === 'f64x4') { scratch.setFloat64(0, Number(value)); return scratch.getBigUint64(0); }
  return BigInt.asUintN(width(lanes), BigInt(value));
}
function floatOf(lanes: Lanes256, bits: bigint): number {
  if (lanes === 'f32x8') { scratch.setUint32(0, Number(bits)); return scratch.getFloat32(0); }
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

/** Vectors of boundary values, and of random bits. */
function vectors(lanes: Lanes256, count: number, seed: number): bigint[] {
  const c = new RandomChoices(seed), few = fewValuesOf(LANE_TYPE[lanes]);
  return Array.from({ length: count }, (_, n) => n % 4 === 3
    ? join(Array.from({ length: 8 }, () => BigInt(c.below(4294967296))), 32)
    : join(Array.from({ length: LANE_COUNT[lanes] }, () => bitsOf(lanes, few[c.below(few.length)])), width(lanes)));
}

/** NaN lanes become one NaN: their bits are not specified. */
function comparable(v: bigint | number, lanes: Lanes256 | undefined): string {
  if (typeof v === 'number' || lanes === undefined || !lanes.startsWith('f')) return v.toString(16);
  return split(v, lanes).map((l) => (Number.isNaN(floatOf(lanes, l)) ? 'nan' : l.toString(16))).join(' ');
}

const ACROSS: ReadonlySet<VectorOp> = new Set([
  'vextend_low_s', 'vextend_high_s', 'vextend_low_u', 'vextend_high_u', 'vnarrow_s', 'vnarrow_u', 'vany_true', 'vall_true', 'vbitmask', 'vswizzle',
  'vlow', 'vhigh', 'vconcat', 'vinsert_low', 'vinsert_high', 'vfma',
]);
const ROWS: readonly (readonly [VectorOp, Lanes256])[] = (Object.keys(VECTOR_OPS) as VectorOp[])
  .flatMap((op) => divisionsOf(op).filter((l): l is Lanes256 => (LANES_256 as readonly string[]).includes(l)).map((l) => [op, l] as const));

function rowFunction(op: VectorOp, lanes: Lanes256): MirFunction {
  const b = new FunctionBuilder(`${op} ${lanes}`, { params: [...VECTOR_OPS[op].operands].map((k) => vectorOperandType(k, lanes)), results: [vectorResultType(op, lanes)] });
  b.ret([b.vector(op, lanes, b.params)]);
  return b.finish();
}

function interpreter(functions: readonly MirFunction[]): Interpreter {
  const m = new ModuleBuilder('wide');
  for (const f of functions) m.addFunction(f);
  const module = m.build();
  assert.equal(verifyModule(module), []);
  return new Interpreter(module);
}
const it = interpreter(ROWS.map(([op, lanes]) => rowFunction(op, lanes)));
function run(op: VectorOp, lanes: Lanes256, args: readonly (number | bigint)[]): number | bigint { return it.call(`${op} ${lanes}`, args).values[0]; }

test('every operation on lanes for themselves is the same on both halves', () => {
  const exact: ReadonlySet<VectorOp> = new Set(['vabs', 'vneg', 'veq', 'vne', 'vflt', 'vfle', 'vfgt', 'vfge', 'vtrunc_sat_i32_f32_s', 'vtrunc_sat_i32_f32_u']);
  const known = new Set(SIMD_OPERATIONS.map(([op, lanes]) => `${op} ${lanes}`));
  for (const [op, lanes] of ROWS) {
    if (ACROSS.has(op)) continue;
    assert.ok(known.has(`${op} ${HALF_LANES[lanes]}`), `${op} ${lanes} has no oracle`);
    const spec = VECTOR_OPS[op], operands = spec.operands.replace('s', '').length, lists = [vectors(lanes, 24, 1), vectors(lanes, 24, 2), vectors('i8x32', 24, 3)];
    for (let n = 0; n < 72; n++) {
      const args = [lists[0][n % 24], lists[1][(n * 7 + (n >> 2)) % 24], lists[2][n % 24]].slice(0, operands), count = [0, 1, 7, 8, 31, 32, 63, 64, -1, 100][n % 10];
      const half = (shift: bigint): bigint => wasmVector(op, HALF_LANES[lanes], args.map((a) => a >> shift & LOW), count) as bigint;
      const actual = run(op, lanes, spec.operands === 'vs' ? [args[0], count] : args), as = exact.has(op) ? undefined : op.startsWith('vcvt') ? 'f32x8' : lanes;
      assert.is(comparable(actual, as), comparable(half(0n) | half(128n) << 128n, as), `${op} ${lanes} ${args.map((a) => a.toString(16)).join(' ')} ${count}`);
    }
  }
});

test('operations across the vector, lane by lane', () => {
  const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
  for (const [op, lanes] of ROWS) {
    if (!ACROSS.has(op)) continue;
    const bits = width(lanes), n = LANE_COUNT[lanes], signed = (l: bigint): bigint => BigInt.asIntN(bits, l);
    const first = [...vectors(lanes, 24, 4), 0n, (1n << 256n) - 1n], second = vectors(lanes, 26, 5), third = vectors(lanes, 26, 6);
    for (let k = 0; k < 26; k++) {
      const a = first[k], b = second[k], x = split(a, lanes), y = split(b, lanes), low = b & LOW;
      let args: bigint[] = [a], expected: bigint | number;
      switch (op) {
        case 'vextend_low_s': expected = join(x.slice(0, n / 2).map(signed), 2 * bits); break;
        case 'vextend_high_s': expected = join(x.slice(n / 2).map(signed), 2 * bits); break;
        case 'vextend_low_u': expected = join(x.slice(0, n / 2), 2 * bits); break;
        case 'vextend_high_u': expected = join(x.slice(n / 2), 2 * bits); break;
        case 'vnarrow_s': { const h = 1n << BigInt(bits / 2 - 1); args = [a, b]; expected = join([...x, ...y].map((l) => clamp(signed(l), -h, h - 1n)), bits / 2); break; }
        case 'vnarrow_u': args = [a, b]; expected = join([...x, ...y].map((l) => clamp(signed(l), 0n, (1n << BigInt(bits / 2)) - 1n)), bits / 2); break;
        case 'vany_true': expected = a === 0n ? 0 : 1; break;
        case 'vall_true': expected = x.every((l) => l !== 0n) ? 1 : 0; break;
        case 'vbitmask': expected = x.reduce((m, l, j) => m | (signed(l) < 0n ? 1 << j : 0), 0); break;
        case 'vswizzle': args = [a, k % 2 === 0 ? b : b & BigInt('0x' + '0f'.repeat(32))]; expected = join(split(args[1], lanes).map((i, j) => (i < 16n ? x[(j & 16) + Number(i)] : 0n)), 8); break;
        case 'vlow': expected = a & LOW; break;
        case 'vhigh': expected = a >> 128n; break;
        case 'vconcat': args = [a & LOW, low]; expected = a & LOW | low << 128n; break;
        case 'vinsert_low': args = [a, low]; expected = a >> 128n << 128n | low; break;
        case 'vinsert_high': args = [a, low]; expected = a & LOW | low << 128n; break;
        default: {
          const z = split(third[k], lanes), type = LANE_TYPE[lanes];
          args = [a, b, third[k]];
          expected = join(x.map((l, j) => bitsOf(lanes, evalTernary('fma', type, floatOf(lanes, l), floatOf(lanes, y[j]), floatOf(lanes, z[j])))), bits);
        }
      }
      assert.is(comparable(run(op, lanes, args), lanes), comparable(expected, lanes), `${op} ${lanes} ${args.map((v) => v.toString(16)).join(' ')}`);
    }
  }
});

test('splat, lanes, shuffles, constants, selects, memory', () => {
  const c = new RandomChoices(9), v = vectors('i8x32', 2, 10), [a, b] = v, x = split(a, 'i8x32'), y = split(b, 'i8x32');
  const functions: MirFunction[] = [], checks: (() => void)[] = [];
  const add = (name: string, params: FunctionBuilder['signature']['params'], results: FunctionBuilder['signature']['results'], emit: (f: FunctionBuilder) => readonly number[], args: readonly (number | bigint)[], expected: readonly (number | bigint)[]): void => {
    const f = new FunctionBuilder(name, { params, results });
    f.ret(emit(f));
    functions.push(f.finish());
    checks.push(() => assert.equal(own.call(name, args).values, expected, name));
  };
  for (const lanes of LANES_256) {
    const type = LANE_TYPE[lanes], n = LANE_COUNT[lanes], bits = width(lanes), l = split(a, lanes);
    const scalar = type === 'f32' || type === 'f64' ? 1.5 : type === 'i64' ? -2n : -2, asLane = bitsOf(lanes, scalar);
    add(`splat ${lanes}`, [type], ['v256'], (f) => [f.splat(lanes, f.params[0])], [scalar], [join(new Array<bigint>(n).fill(asLane), bits)]);
    for (let k = 0; k < n; k++) {
      add(`insert ${lanes} ${k}`, ['v256', type], ['v256'], (f) => [f.insertLane(lanes, k, f.params[0], f.params[1])], [a, scalar], [join(l.map((old, j) => (j === k ? asLane : old)), bits)]);
      if (type === 'f32' || type === 'f64') continue;
      const value = BigInt.asIntN(bits, l[k]);
      add(`extract ${lanes} ${k}`, ['v256'], [type], (f) => [f.extractLane(lanes, k, f.params[0])], [a], [bitWidth(type, 'linear') === 64 ? value : Number(value)]);
    }
  }
  for (let n = 0; n < 20; n++) {
    const mask = Array.from({ length: 32 }, () => c.below(64));
    add(`shuffle ${n}`, ['v256', 'v256'], ['v256'], (f) => [f.shuffle(mask, f.params[0], f.params[1])], [a, b], [join(mask.map((m) => (m < 32 ? x[m] : y[m - 32])), 8)]);
  }
  add('moves', ['i1', 'v256', 'v256'], ['v256', 'v256', 'v256', 'i64'], (f) => {
    const at = f.const('ptr', 70003);
    f.store({ base: at }, f.params[2]);
    return [f.select(f.params[0], f.params[1], f.params[2]), f.const('v256', a), f.load('v256', { base: at }), f.load('i64', { base: at, offset: 24 })];
  }, [0, a, b], [b, a, b, BigInt.asIntN(64, b >> 192n)]);
  const own = interpreter(functions);
  for (const check of checks) check();
});

test.run();
