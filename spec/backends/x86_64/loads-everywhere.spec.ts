/**
 * A load before every operand of every operation, as its type or under another name: selection may make it a part of
 * the instruction or not, but it reads its own width and traps where that does not fit, whatever becomes of the result.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BINARY_OPS, COMPARE_OPS, CONVERT_OPS, FunctionBuilder, Interpreter, LANES, LANE_COUNT, LANE_TYPE, ModuleBuilder, PAIR_OPS, TERNARY_OPS, TYPES, UNARY_OPS,
  VECTOR_OPS, VECTOR_TYPE, assertValid, divisionsOf, vectorOperandType,
} from '../../../lib/mir/index.ts';
import type { BinaryOp, CompareOp, ConvertOp, Module, PairOp, TernaryOp, Type, UnaryOp, Value, VectorOp } from '../../../lib/mir/index.ts';
import { PAGE_SIZE, sizeOf } from '../../../lib/mir/types.ts';
import { formatOutcome, outcomeOf, sameOutcome } from '../../conformance/run-table.ts';
import { convertible } from '../../support/every-instruction.ts';
import { machineLevels, nativeCall, nativeInstance } from '../../support/native-executor.ts';

const test = suite('x86-64: loads everywhere');

interface Form { readonly name: string; readonly operands: readonly Type[]; emit(b: FunctionBuilder, v: readonly Value[]): readonly Value[] }

/** Masks of `n` bytes that take all, half, a byte or nothing of an operand. */
const MASKS: Readonly<Record<string, (k: number, n: number) => number>> = {
  first: (k) => k, second: (k, n) => n + k, both: (k, n) => (k & 1) * n + k, reversed: (k, n) => 2 * n - 1 - k, low: (k) => k & 7, one: () => 3, high: (k, n) => n + (k | n >> 1),
};

function* forms(): Generator<Form> {
  const rows = <Op extends string>(table: Readonly<Record<Op, { readonly types: readonly Type[] }>>): [Op, Type][] => (Object.keys(table) as Op[]).flatMap((op) => table[op].types.map((t): [Op, Type] => [op, t]));
  for (const [op, t] of rows<BinaryOp>(BINARY_OPS)) yield { name: `${op}.${t}`, operands: [t, t], emit: (b, [x, y]) => [b.binary(op, x, y)] };
  for (const [op, t] of rows<UnaryOp>(UNARY_OPS)) yield { name: `${op}.${t}`, operands: [t], emit: (b, [x]) => [b.unary(op, x)] };
  for (const [op, t] of rows<TernaryOp>(TERNARY_OPS)) yield { name: `${op}.${t}`, operands: [t, t, t], emit: (b, [x, y, z]) => [b.ternary(op, x, y, z)] };
  for (const [op, t] of rows<CompareOp>(COMPARE_OPS)) yield { name: `${op}.${t}`, operands: [t, t], emit: (b, [x, y]) => [b.compare(op, x, y)] };
  for (const [op, t] of rows<PairOp>(PAIR_OPS)) yield { name: `${op}.${t}`, operands: [t, t], emit: (b, [x, y]) => b.pair(op, x, y) };
  for (const [op, from] of rows<ConvertOp>(CONVERT_OPS)) {
    for (const to of CONVERT_OPS[op].to) if (convertible(op, from, to)) yield { name: `${op}.${from}.${to}`, operands: [from], emit: (b, [x]) => [b.convert(op, x, to)] };
  }
  for (const t of TYPES) yield { name: `select.${t}`, operands: ['i1', t, t], emit: (b, [c, x, y]) => [b.select(c, x, y)] };
  for (const op of Object.keys(VECTOR_OPS) as VectorOp[]) {
    for (const l of divisionsOf(op)) yield { name: `${op}.${l}`, operands: [...VECTOR_OPS[op].operands].map((k) => vectorOperandType(k, l)), emit: (b, v) => [b.vector(op, l, v)] };
  }
  for (const l of LANES) {
    const lane = LANE_TYPE[l], vector = VECTOR_TYPE[l];
    yield { name: `splat.${l}`, operands: [lane], emit: (b, [x]) => [b.splat(l, x)] };
    for (const k of [0, LANE_COUNT[l] - 1]) {
      yield { name: `insert_lane.${l} ${k}`, operands: [vector, lane], emit: (b, [x, y]) => [b.insertLane(l, k, x, y)] };
      yield { name: `extract_lane.${l} ${k}`, operands: [vector], emit: (b, [x]) => [b.extractLane(l, k, x)] };
    }
  }
  for (const [type, n] of [['v128', 16], ['v256', 32]] as const) {
    for (const [what, at] of Object.entries(MASKS)) {
      const mask = Array.from({ length: n }, (_, k) => at(k, n));
      yield { name: `shuffle ${type} ${what}`, operands: [type, type], emit: (b, [x, y]) => [b.shuffle(mask, x, y)] };
    }
  }
}

/** Types that may be loaded for an operand of a type: itself, and those that a conversion makes it of (often only in name). */
const LOADED: Readonly<Record<Type, readonly (readonly [Type, ConvertOp?])[]>> = {
  i1: [['i8', 'trunc'], ['i32', 'trunc']], i8: [['i8'], ['i32', 'trunc']], i16: [['i16'], ['i64', 'trunc']],
  i32: [['i32'], ['ptr', 'ptrtoint'], ['i64', 'trunc'], ['i16', 'zext']], i64: [['i64'], ['i32', 'zext'], ['ptr', 'ptrtoint']], ptr: [['ptr'], ['i32', 'inttoptr'], ['i64', 'inttoptr']],
  f32: [['f32']], f64: [['f64']], v128: [['v128']], v256: [['v256']],
};
const ARGUMENT: Readonly<Record<Type, number | bigint>> = { i1: 1, i8: 7, i16: 7, i32: 7, i64: 7n, ptr: 7, f32: 2.5, f64: 2.5, v128: 0x0f0e0d0c0b0a09080706050403020100n, v256: 3n << 200n | 7n };
const ZERO: Readonly<Record<Type, number | bigint>> = { i1: 0, i8: 0, i16: 0, i32: 0, i64: 0n, ptr: 0, f32: 0, f64: 0, v128: 0n, v256: 0n };
/** Address of the global, whose bytes all differ from what a wider read would extend with; no float made of them is a NaN. */
const BYTES = 1024;

interface Case { readonly name: string; readonly what: string; readonly loaded: Type; readonly args: readonly (number | bigint)[] }

function build(): { readonly module: Module; readonly cases: readonly Case[] } {
  const m = new ModuleBuilder('m', { memory: { initialPages: 1, maximumPages: 1 } }), cases: Case[] = [];
  m.addGlobal({ name: 'bytes', size: 128, align: 16, mutable: true, bytes: new Uint8Array(128).fill(0x3f) });
  for (const form of forms()) {
    for (let at = 0; at < form.operands.length; at++) for (const [loaded, op] of LOADED[form.operands[at]]) for (const passed of [false, true]) {
      const name = `f${cases.length}`, probe = new FunctionBuilder('probe', { params: form.operands, results: [] });
      const results = form.emit(probe, probe.params).map((v) => probe.typeOf(v));
      const b = new FunctionBuilder(name, { params: ['ptr', 'i1', ...form.operands], results: passed ? [results[0]] : results }), [place, way, ...params] = b.params;
      const x = b.load(loaded, { base: place }), made = form.emit(b, params.map((v, k) => (k !== at ? v : op === undefined ? x : b.convert(op, x, form.operands[at]))));
      if (passed) {
        // One way of a branch takes the result, the other does not.
        const join = b.createBlock(), other = b.createBlock(), joined = b.addBlockParam(join, results[0]);
        b.br(way, join, other, [made[0]]);
        b.switchTo(other);
        b.jump(join, [b.const(results[0], ZERO[results[0]])]);
        b.switchTo(join);
        b.ret([joined]);
      } else b.ret(made);
      m.addFunction(b.finish(), name);
      cases.push({ name, what: `${form.name}, operand ${at} loaded as ${loaded}${passed ? ', passed on' : ''}`, loaded, args: form.operands.map((t) => ARGUMENT[t]) });
    }
  }
  return { module: assertValid(m.build()), cases };
}

const { module, cases } = build(), reference = new Interpreter(module);
/** Calls of every function: with the global's address, and one byte too near the end of memory. */
const calls = cases.flatMap(({ name, what, loaded, args }) => [BYTES, PAGE_SIZE + 1 - sizeOf(loaded, 'linear')].map((address) => {
  const all = [address, 0, ...args];
  return { name, what: `${what} at ${address}`, args: all, expected: outcomeOf(() => reference.call(name, all).values) };
}));

for (const level of machineLevels()) {
  test(`with ${level}`, () => {
    const it = nativeInstance(module, { features: level, check: false }), wrong: string[] = [];
    for (const { name, what, args, expected } of calls) {
      const actual = outcomeOf(() => nativeCall(it, name, args));
      if (!sameOutcome(expected, actual)) wrong.push(`${what}: ${formatOutcome(expected)}, not ${formatOutcome(actual)}`);
    }
    assert.equal(wrong, []);
    it.dispose();
  });
}

test.run();
