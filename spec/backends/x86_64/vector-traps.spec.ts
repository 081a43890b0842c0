/**
 * A vector operand loaded from the very end of memory, one byte too far: whatever the operation makes of the load (a
 * memory operand, a narrower read, nothing at all because those bytes are not wanted), it must trap.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FunctionBuilder, LANES, LANE_COUNT, LANE_TYPE, ModuleBuilder, VECTOR_OPS, VECTOR_TYPE, divisionsOf, isVector, sizeOf, vectorOperandType, vectorResultType,
  TrapError, type Module, type Type, type Value, type VectorOp,
} from '../../../lib/mir/index.ts';
import { machineLevels, nativeInstance } from '../../support/native-executor.ts';

const test = suite('x86-64: traps of vector loads');
const MEMORY = 65536;

interface Case { readonly name: string; readonly bytes: number }

/** Functions `(ptr)`: one operand of an operation is loaded from there, the others from the start of memory. */
function build(): { readonly module: Module; readonly cases: readonly Case[] } {
  const m = new ModuleBuilder('traps', { memory: { initialPages: 1, maximumPages: 1 } }), cases: Case[] = [];
  const add = (name: string, operands: readonly Type[], result: Type, emit: (b: FunctionBuilder, v: readonly Value[]) => Value): void => {
    operands.forEach((type, k) => {
      if (!isVector(type)) return;
      const b = new FunctionBuilder(`${name} ${k}`, { params: ['ptr'], results: [] }), zero = b.const('ptr', 0);
      const others = operands.map((t, n) => (n === k ? -1 : b.load(t, { base: zero, offset: 32 * n })));
      const v = emit(b, others.map((other) => (other >= 0 ? other : b.load(type, { base: b.params[0] }))));
      b.store({ base: zero, offset: 512 }, result === 'i1' ? b.convert('zext', v, 'i32') : v);
      b.ret();
      m.addFunction(b.finish());
      cases.push({ name: `${name} ${k}`, bytes: sizeOf(type, 'linear') });
    });
  };
  for (const op of Object.keys(VECTOR_OPS) as VectorOp[]) {
    for (const lanes of divisionsOf(op)) {
      const operands = [...VECTOR_OPS[op].operands].map((o) => vectorOperandType(o, lanes));
      add(`${op} ${lanes}`, operands, vectorResultType(op, lanes), (b, v) => b.vector(op, lanes, v));
    }
  }
  for (const lanes of LANES) {
    const type = VECTOR_TYPE[lanes], lane = LANE_TYPE[lanes], count = LANE_COUNT[lanes];
    for (const k of [0, count - 1]) {
      add(`extract_lane ${lanes} ${k}`, [type], lane, (b, v) => b.extractLane(lanes, k, v[0]));
      add(`insert_lane ${lanes} ${k}`, [type, lane], type, (b, v) => b.insertLane(lanes, k, v[0], v[1]));
    }
  }
  // Masks that take everything, half or nothing of an operand.
  for (const [type, n] of [['v128', 16], ['v256', 32]] as const) {
    for (const [what, mask] of Object.entries({
      first: (k: number) => k, second: (k: number) => n + k, both: (k: number) => (k & 1) * n + k, low: (k: number) => k & 7, one: () => 3, high: (k: number) => n + (k | n >> 1),
    })) add(`shuffle ${type} ${what}`, [type, type], type, (b, v) => b.shuffle(Array.from({ length: n }, (_, k) => mask(k)), v[0], v[1]));
  }
  return { module: m.build(), cases };
}

const { module, cases } = build();

for (const level of machineLevels()) {
  test(`with ${level}`, () => {
    const it = nativeInstance(module, { features: level }), wrong: string[] = [];
    for (const { name, bytes } of cases) {
      it.call(name, [MEMORY - bytes]);
      try {
        it.call(name, [MEMORY - bytes + 1]);
        wrong.push(name);
      } catch (e) {
        if (!(e instanceof TrapError) || e.trap !== 'memory-out-of-bounds') throw e;
      }
    }
    assert.equal(wrong, []);
    it.dispose();
  });
}

test.run();
