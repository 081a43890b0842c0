/** The interpreter's vector operations against the host's WebAssembly engine, and by hand where it has none. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FunctionBuilder, Interpreter, LANES_128, LANE_COUNT, LANE_TYPE, ModuleBuilder, VECTOR_OPS, evalTernary, VECTOR_TYPE, vectorOperandType, vectorResultType, verifyModule,
  type Lanes, type Lanes128, type Module, type VectorOp,
} from '../../lib/mir/index.ts';
import { RandomChoices } from '../fuzz/choices.ts';
import { SIMD_OPERATIONS, wasmVector } from '../support/wasm-simd-oracle.ts';
import { fewValuesOf } from './values.ts';

const test = suite('conformance: vectors');

const scratch = new DataView(new ArrayBuffer(16));
const ALL = (1n << 128n) - 1n;

function toVector(): bigint { return scratch.getBigUint64(0, true) | scratch.getBigUint64(8, true) << 64n; }
function setLane(lanes: Lanes128, k: number, v: number | bigint): void {
  switch (lanes) {
    case 'i8x16': scratch.setInt8(k, Number(v)); return;
    case 'i16x8': scratch.setInt16(2 * k, Number(v), true); return;
    case 'i32x4': scratch.setInt32(4 * k, Number(v), true); return;
    case 'i64x2': scratch.setBigInt64(8 * k, BigInt(v), true); return;
    case 'f32x4': scratch.setFloat32(4 * k, Number(v), true); return;
    case 'f64x2': scratch.setFloat64(8 * k, Number(v), true); return;
    default: lanes satisfies never;
  }
}

/** Vectors of boundary values, each lane another, and of random bits. */
function vectors(lanes: Lanes128, count: number, seed: number): bigint[] {
  const c = new RandomChoices(seed), few = fewValuesOf(LANE_TYPE[lanes]);
  return Array.from({ length: count }, (_, n) => {
    for (let k = 0; k < LANE_COUNT[lanes]; k++) setLane(lanes, k, few[c.below(few.length)]);
    if (n % 4 === 3) for (let k = 0; k < 4; k++) scratch.setUint32(4 * k, c.below(4294967296));
    return toVector();
  });
}

/** NaN lanes become one NaN: their bits are not specified. */
function comparable(v: bigint | number, lanes: Lanes | undefined): string {
  if (typeof v === 'number' || lanes === undefined || (lanes !== 'f32x4' && lanes !== 'f64x2')) return v.toString(16);
  scratch.setBigUint64(0, v & 0xffffffffffffffffn, true);
  scratch.setBigUint64(8, v >> 64n, true);
  const list = lanes === 'f32x4' ? [0, 4, 8, 12].map((o) => Number.isNaN(scratch.getFloat32(o, true)) ? 'nan' : scratch.getUint32(o, true).toString(16))
    : [0, 8].map((o) => Number.isNaN(scratch.getFloat64(o, true)) ? 'nan' : scratch.getBigUint64(o, true).toString(16));
  return list.join(' ');
}

function build(add: (m: ModuleBuilder) => void): Module {
  const m = new ModuleBuilder('vectors');
  add(m);
  const module = m.build(), errors = verifyModule(module);
  assert.is(errors.length, 0, errors[0]?.message);
  return module;
}

function vectorFunction(op: VectorOp, lanes: Lanes): FunctionBuilder {
  const spec = VECTOR_OPS[op], params = [...spec.operands].map((k) => vectorOperandType(k, lanes));
  const b = new FunctionBuilder(`${op} ${lanes}`, { params, results: [vectorResultType(op, lanes)] });
  b.ret([b.vector(op, lanes, b.params)]);
  return b;
}

test('every operation that WebAssembly has', () => {
  const it = new Interpreter(build((m) => { for (const [op, lanes] of SIMD_OPERATIONS) m.addFunction(vectorFunction(op, lanes).finish()); }));
  // Sign operations keep every bit of a NaN; arithmetic may give any.
  const exact: ReadonlySet<string> = new Set(['vabs', 'vneg', 'veq', 'vne', 'vflt', 'vfle', 'vfgt', 'vfge', 'vtrunc_sat_i32_f32_s', 'vtrunc_sat_i32_f32_u']);
  for (const [op, lanes] of SIMD_OPERATIONS) {
    const spec = VECTOR_OPS[op], operands = spec.operands.replace('s', '').length;
    const first = vectors(lanes, 40, 1), second = vectors(lanes, 40, 2), third = vectors('i8x16', 40, 3);
    for (let n = 0; n < 40 * 4; n++) {
      const args = [first[n % 40], second[(n * 7 + (n >> 2)) % 40], third[n % 40]].slice(0, operands);
      const count = [0, 1, 7, 8, 31, 32, 63, 64, -1, 100][n % 10];
      const actual = it.call(`${op} ${lanes}`, spec.operands === 'vs' ? [args[0], count] : args).values[0];
      const expected = wasmVector(op, lanes, args, count), as = exact.has(op) ? undefined : op.startsWith('vcvt') ? 'f32x4' : lanes;
      assert.is(comparable(actual, as), comparable(expected, as), `${op} ${lanes} ${args.map((a) => a.toString(16)).join(' ')} ${count}`);
    }
  }
});

test('every row of the vector table is compared or tested by hand', () => {
  const compared = new Set(SIMD_OPERATIONS.map(([op, lanes]) => `${op} ${lanes}`));
  const rest = (Object.keys(VECTOR_OPS) as VectorOp[]).flatMap((op) => VECTOR_OPS[op].lanes.filter((l) => VECTOR_TYPE[l] === 'v128').map((l) => `${op} ${l}`)).filter((k) => !compared.has(k));
  assert.equal(rest, ['vfma f32x4', 'vfma f64x2']);
});

test('fused multiply-add of each lane', () => {
  for (const lanes of ['f32x4', 'f64x2'] as const) {
    const it = new Interpreter(build((m) => m.addFunction(vectorFunction('vfma', lanes).finish())));
    const a = vectors(lanes, 60, 4), b = vectors(lanes, 60, 5), c = vectors(lanes, 60, 6), size = 16 / LANE_COUNT[lanes];
    const lane = (v: bigint, k: number): number => {
      scratch.setBigUint64(0, v >> BigInt(8 * size * k) & (size === 4 ? 0xffffffffn : 0xffffffffffffffffn), true);
      return size === 4 ? scratch.getFloat32(0, true) : scratch.getFloat64(0, true);
    };
    for (let n = 0; n < 60; n++) {
      const actual = it.call(`vfma ${lanes}`, [a[n], b[n], c[n]]).values[0] as bigint;
      for (let k = 0; k < LANE_COUNT[lanes]; k++) assert.ok(Object.is(lane(actual, k), evalTernary('fma', LANE_TYPE[lanes], lane(a[n], k), lane(b[n], k), lane(c[n], k))), `${lanes} ${n} ${k}`);
    }
  }
});

test('splat, extract, insert, shuffle, load, store, constants, select', () => {
  const V = 0x0f0e0d0c0b0a09080706050403020100n, W = 0x1f1e1d1c1b1a19181716151413121110n;
  const mask = [0, 31, 1, 30, 15, 16, 2, 29, 3, 28, 4, 27, 5, 26, 6, 25];
  const m = build((mb) => {
    for (const lanes of LANES_128) {
      const scalar = LANE_TYPE[lanes];
      const s = new FunctionBuilder(`splat ${lanes}`, { params: [scalar], results: ['v128'] });
      s.ret([s.splat(lanes, s.params[0])]);
      mb.addFunction(s.finish());
      for (const k of [0, LANE_COUNT[lanes] - 1]) {
        const x = new FunctionBuilder(`extract ${lanes} ${k}`, { params: ['v128'], results: [scalar] });
        x.ret([x.extractLane(lanes, k, x.params[0])]);
        const i = new FunctionBuilder(`insert ${lanes} ${k}`, { params: ['v128', scalar], results: ['v128'] });
        i.ret([i.insertLane(lanes, k, i.params[0], i.params[1])]);
        mb.addFunction(x.finish()).addFunction(i.finish());
      }
    }
    const s = new FunctionBuilder('shuffle', { params: ['v128', 'v128'], results: ['v128'] });
    s.ret([s.shuffle(mask, s.params[0], s.params[1])]);
    const l = new FunctionBuilder('memory', { params: ['v128', 'ptr'], results: ['v128', 'i64'] });
    l.store({ base: l.params[1] }, l.params[0]);
    l.ret([l.load('v128', { base: l.params[1] }), l.load('i64', { base: l.params[1], offset: 8 })]);
    const c = new FunctionBuilder('constant', { params: ['i1'], results: ['v128'] });
    c.ret([c.select(c.params[0], c.const('v128', V), c.const('v128', ALL))]);
    mb.addFunction(s.finish()).addFunction(l.finish()).addFunction(c.finish());
  });
  const it = new Interpreter(m), value = (name: string, ...args: (number | bigint)[]): number | bigint => it.call(name, args).values[0];
  assert.is(value('splat i8x16', -128), BigInt('0x' + '80'.repeat(16)));
  assert.is(value('splat i16x8', 0x1234), BigInt('0x' + '1234'.repeat(8)));
  assert.is(value('splat i32x4', -2), BigInt('0x' + 'fffffffe'.repeat(4)));
  assert.is(value('splat i64x2', 5n), BigInt('0x' + '0000000000000005'.repeat(2)));
  assert.is(value('splat f32x4', 1), BigInt('0x' + '3f800000'.repeat(4)));
  assert.is(value('splat f64x2', -2), BigInt('0x' + 'c000000000000000'.repeat(2)));
  assert.is(value('extract i8x16 15', V | 0xffn << 120n), -1);
  assert.is(value('extract i16x8 0', V), 0x0100);
  assert.is(value('extract i16x8 7', ALL), -1);
  assert.is(value('extract i32x4 3', V), 0x0f0e0d0c);
  assert.is(value('extract i64x2 1', V), 0x0f0e0d0c0b0a0908n);
  assert.is(value('extract f32x4 0', 0x3fc00000n), 1.5);
  assert.is(value('extract f64x2 1', 0xbff8000000000000n << 64n), -1.5);
  assert.is(value('insert i8x16 15', V, -1), V | 0xffn << 120n);
  assert.is(value('insert i16x8 0', V, 0x7fff), V ^ 0x0100n ^ 0x7fffn);
  assert.is(value('insert i32x4 3', 0n, -1), 0xffffffffn << 96n);
  assert.is(value('insert i64x2 1', 7n, -1n), 7n | 0xffffffffffffffffn << 64n);
  assert.is(value('insert f32x4 0', ALL, 0), ALL ^ 0xffffffffn);
  assert.is(value('insert f64x2 0', 0n, -0), 0x8000000000000000n);
  let shuffled = 0n;
  mask.forEach((k, n) => { shuffled |= BigInt(k) << BigInt(8 * n); });
  assert.is(value('shuffle', V, W), shuffled);
  assert.equal(it.call('memory', [V, 70001]).values, [V, 0x0f0e0d0c0b0a0908n]);
  assert.throws(() => it.call('memory', [V, 131072 - 15]), (e: { trap?: string }) => e.trap === 'memory-out-of-bounds');
  assert.is(value('constant', 1), V);
  assert.is(value('constant', 0), ALL);
});

test.run();
