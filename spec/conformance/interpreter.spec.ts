/** The reference interpreter against the edge tables, and the tables' two sources against each other. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BINARY_OPS, COMPARE_OPS, evalBinary, evalCompare, evalConvert, evalUnary, verifyModule, type BinaryOp, type CompareOp, type Type } from '../../lib/mir/index.ts';
import { fma32, fma64 } from '../../lib/mir/float-arithmetic.ts';
import { RandomChoices } from '../fuzz/choices.ts';
import { wasmScalar } from '../support/wasm-oracle.ts';
import { fusedMultiplyAdd, integerBinary, integerCompare } from './formulas.ts';
import { formatFailures, interpreterExecutor, runTable } from './run-table.ts';
import { conversions, expectBinary, expectConvert, expectUnary, scalarCases } from './tables.ts';
import { programCases } from './program-tables.ts';
import { valuesOf, type Scalar } from './values.ts';

const test = suite('conformance: interpreter');

test('every scalar case', () => {
  const report = runTable(scalarCases(), interpreterExecutor);
  assert.is(report.failures.length, 0, formatFailures(report));
  assert.ok(report.total > 100_000, `${report.total} cases`);
});

test('every program case', () => {
  for (const c of programCases()) assert.is(verifyModule(c.module).length, 0, `${c.name}: ${verifyModule(c.module)[0]?.message}`);
  const report = runTable(programCases(), interpreterExecutor);
  assert.is(report.failures.length, 0, formatFailures(report));
});

test('the formulas agree with WebAssembly', () => {
  for (const type of ['i32', 'i64'] as const) {
    const w = type === 'i32' ? 32 : 64, all = valuesOf(type);
    for (const op of Object.keys(BINARY_OPS) as BinaryOp[]) {
      if (!(BINARY_OPS[op].types as readonly Type[]).includes(type)) continue;
      for (const a of all) for (const b of all) {
        const n = integerBinary(op, w, BigInt(a), BigInt(b)), wasm = expectBinary(op, type, a, b);
        assert.equal(typeof n === 'string' ? { trap: n } : { values: [type === 'i64' ? n : Number(n)] }, wasm, `${op} ${type} ${a} ${b}`);
      }
    }
    for (const op of Object.keys(COMPARE_OPS) as CompareOp[]) {
      const wasm = wasmScalar(`${op} ${type}`);
      if (wasm === undefined) continue;
      for (const a of all) for (const b of all) assert.is(integerCompare(op, w, BigInt(a), BigInt(b)), wasm(a, b) === 1, `${op} ${type} ${a} ${b}`);
    }
  }
});

test('the constant evaluator agrees with the tables', () => {
  const wanted = (o: ReturnType<typeof expectBinary>): Scalar | undefined => 'trap' in o ? undefined : o.values[0];
  const same = (actual: Scalar | undefined, expected: Scalar | undefined, name: string): void => assert.ok(Object.is(actual, expected), `${name}: expected ${expected}, got ${actual}`);
  for (const type of ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'] as const) {
    const all = valuesOf(type);
    for (const op of Object.keys(BINARY_OPS) as BinaryOp[]) {
      if (!(BINARY_OPS[op].types as readonly Type[]).includes(type)) continue;
      // A negative NaN has no constant form.
      const skip = (a: Scalar, b: Scalar): boolean => op === 'fcopysign' && Number.isNaN(a) && (Object.is(b, -0) || b < 0);
      for (const a of all) for (const b of all) if (!skip(a, b)) same(evalBinary(op, type, a, b), wanted(expectBinary(op, type, a, b)), `${op} ${type} ${a} ${b}`);
    }
    for (const a of all) same(evalUnary(type.startsWith('f') ? 'fnearest' : 'clz', type, a), wanted(expectUnary(type.startsWith('f') ? 'fnearest' : 'clz', type, a)), `unary ${type} ${a}`);
  }
  for (const { op, from, to } of conversions()) {
    for (const a of valuesOf(from)) {
      const expected = op === 'bitcast' && Number.isNaN(a) ? NaN : wanted(expectConvert(op, from, to, a));
      if (op === 'bitcast' && Number.isNaN(expected)) continue; // the bits of a NaN: below
      same(evalConvert(op, from, to, a), expected, `${op} ${from} ${to} ${a}`);
    }
  }
  assert.is(evalCompare('fne', 'f64', NaN, NaN), 1);
  assert.is(evalUnary('fneg', 'f32', NaN), undefined);
  assert.is(evalBinary('fcopysign', 'f64', NaN, -1), undefined);
  assert.is(evalConvert('bitcast', 'f32', 'i32', NaN), 0x7fc00000);
  assert.is(evalConvert('bitcast', 'i32', 'f32', 0x7f800001), undefined);
  assert.is(evalConvert('bitcast', 'f64', 'i64', NaN), 0x7ff8000000000000n);
});

test('fused multiply-add on random bits', () => {
  const c = new RandomChoices(1), bits = new DataView(new ArrayBuffer(8));
  const word = (): number => c.below(4294967296);
  const double = (): number => { bits.setUint32(0, c.below(3) === 0 ? word() : 0x3ff00000 + c.below(0x400000) - 0x200000); bits.setUint32(4, word()); return bits.getFloat64(0); };
  const single = (): number => { bits.setUint32(0, c.below(3) === 0 ? word() : 0x3f800000 + c.below(0x4000000) - 0x2000000); return bits.getFloat32(0); };
  for (let k = 0; k < 20_000; k++) {
    const [x, y] = [double(), double()], near = c.below(2) === 0 ? double() : -(x * y) * (1 + (c.below(5) - 2) * 2 ** -52);
    assert.ok(Object.is(fma64(x, y, near), fusedMultiplyAdd(x, y, near, false)), `f64 ${x} ${y} ${near}`);
    const [a, b] = [single(), single()], close = c.below(2) === 0 ? single() : Math.fround(-(a * b) * (1 + (c.below(5) - 2) * 2 ** -23));
    assert.ok(Object.is(fma32(a, b, close), fusedMultiplyAdd(a, b, close, true)), `f32 ${a} ${b} ${close}`);
  }
});

test.run();
