import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALL_PASSES, Pipeline } from '../../lib/passes/index.ts';
import { programOfSeed } from '../fuzz/generate.ts';
import { behaviour, difference } from './differential.ts';

const test = suite('random programs before and after');

const SEED = Number(process.env['LAMELLA_SEED'] ?? Math.floor(Math.random() * 1e9));
const PROGRAMS = Number(process.env['LAMELLA_PROGRAMS'] ?? 500);

/** Each program goes through every level, and through a few of the passes alone, in turn. */
const PASSES_EACH = 4;
const ALONE = ALL_PASSES.map((p) => [p.name, new Pipeline([p])] as const);
const LEVELS = (['O1', 'O2', 'O3'] as const).map((level) => [level, Pipeline.standard(level)] as const);

test(`${PROGRAMS} programs from seed ${SEED} behave the same after each pass and each level`, () => {
  for (let k = 0; k < PROGRAMS; k++) {
    const seed = SEED + k;
    const program = programOfSeed(seed, { size: 20 + k % 5 * 25, imports: k % 3 === 0, hooks: k % 7 === 0, vectors: k % 11 === 0, atomics: k % 13 === 0 });
    const before = behaviour(program.module, program);
    const alone = Array.from({ length: PASSES_EACH }, (_, j) => ALONE[(k * PASSES_EACH + j) % ALONE.length]);
    for (const [name, pipeline] of [...alone, ...LEVELS]) {
      const { module } = pipeline.run(program.module, { verifyAfterEach: true });
      assert.is(difference(before, behaviour(module, program)), undefined, `${name} changes the program of seed ${seed}`);
    }
  }
});

test.run();
