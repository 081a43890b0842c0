/** Generated programs are valid, deterministic, fast to end, and together contain everything. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import { printModule, verifyModule } from '../../lib/mir/index.ts';
import { ReplayChoices, RandomChoices } from './choices.ts';
import { Coverage, atomicOperations, vectorOperations } from './coverage.ts';
import { compareOutcomes } from './differential.ts';
import { execute } from './executor.ts';
import { reference } from './executors.ts';
import { generateProgram, programArbitrary, programOfSeed } from './generate.ts';
import { shrinkStream } from './shrink.ts';

const test = suite('fuzz: generator');
const SEED = 20260101;

test('2,000 programs are valid and run the same twice', () => {
  const coverage = new Coverage();
  for (let k = 0; k < 2000; k++) {
    const program = programOfSeed(SEED + k), errors = verifyModule(program.module);
    assert.is(errors.length, 0, `seed ${SEED + k}: ${errors[0]?.message}`);
    const first = execute(reference, program);
    assert.is(compareOutcomes(program, first, execute(reference, program)), undefined, `seed ${SEED + k}`);
    coverage.add(program, first.outcomes);
  }
  assert.equal(coverage.missing(), [], 'scalar operations that no program contains');
  for (const kind of ['switch i8', 'switch i64', 'tail_call', 'tail_call_indirect', 'call_indirect', 'memory_copy', 'memory_fill', 'memory_grow', 'memory_size', 'lea', 'slot_addr', 'trap']) {
    assert.ok(coverage.operations.has(kind), kind);
  }
  for (const ending of ['returned', 'memory-out-of-bounds', 'indirect-call-null', 'indirect-call-type', 'integer-divide-by-zero', 'integer-overflow', 'invalid-conversion']) {
    assert.ok(coverage.endings.has(ending), ending);
  }
});

test('2,500 programs with vectors, atomics, imports and hooks are valid too, and have every operation', () => {
  const coverage = new Coverage();
  for (let k = 0; k < 2500; k++) {
    const program = programOfSeed(SEED + k, { vectors: true, wide: k % 5 !== 0, atomics: true, imports: true, hooks: true }), errors = verifyModule(program.module);
    assert.is(errors.length, 0, `seed ${SEED + k}: ${errors[0]?.message}`);
    const first = execute(reference, program);
    assert.is(compareOutcomes(program, first, execute(reference, program)), undefined, `seed ${SEED + k}`);
    coverage.add(program, first.outcomes);
  }
  assert.equal(coverage.missing(vectorOperations(256)), [], 'vector operations that no program contained');
  assert.equal(coverage.missing(atomicOperations()), [], 'atomic operations that no program contained');
  assert.ok(coverage.endings.has('misaligned-atomic'));
});

test('programs of the native memory model are valid too', () => {
  for (let k = 0; k < 300; k++) {
    const program = programOfSeed(SEED + k, { native: true, vectors: true, wide: true, atomics: true, imports: true }), errors = verifyModule(program.module);
    assert.is(errors.length, 0, `seed ${SEED + k}: ${errors[0]?.message}`);
    execute(reference, program);
  }
});

test('any stream of choices is a valid program', () => {
  fc.assert(fc.property(programArbitrary({ size: 20 }), (program) => {
    assert.is(verifyModule(program.module).length, 0);
    execute(reference, program);
  }), { seed: SEED, numRuns: 200 });
});

test('the recorded choices rebuild the program', () => {
  const choices = new RandomChoices(SEED), program = generateProgram(choices);
  assert.is(printModule(generateProgram(new ReplayChoices(choices.taken)).module), printModule(program.module));
});

test('shrinking finds a small program with the property', () => {
  const hasFma = (s: readonly number[]): boolean => printModule(generateProgram(new ReplayChoices(s)).module).includes('fma');
  let seed = SEED, choices = new RandomChoices(seed);
  generateProgram(choices);
  while (!hasFma(choices.taken)) { choices = new RandomChoices(++seed); generateProgram(choices); }
  const small = generateProgram(new ReplayChoices(shrinkStream(choices.taken, hasFma))).module;
  const size = (m: typeof small): number => m.functions.reduce((n, f) => n + f.blocks.reduce((k, b) => k + b.instructions.length, 0), 0);
  assert.ok(size(small) <= 8, `${size(small)} instructions left:\n${printModule(small)}`);
});

test.run();
