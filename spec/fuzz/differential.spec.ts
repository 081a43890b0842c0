/**
 * Optimised modules, the text form and clones against the interpreter on random programs. The seed is fixed so that
 * a failure is the change's; `LAMELLA_FUZZ_SEED` and `LAMELLA_FUZZ_COUNT` choose others.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Module } from '../../lib/mir/index.ts';
import { formatMismatch, runDifferential } from './differential.ts';
import { executors, portableExecutorNames, transformed } from './executors.ts';

const test = suite('fuzz: differential');
const SEED = Number(process.env.LAMELLA_FUZZ_SEED ?? 1), COUNT = Number(process.env.LAMELLA_FUZZ_COUNT ?? 1000);

test(`${COUNT} programs on every executor`, () => {
  process.stdout.write(`\nseed ${SEED}: ${COUNT} programs\n`);
  const report = runDifferential({ executors: executors(portableExecutorNames()), seed: SEED, count: COUNT });
  assert.is(report.mismatches.length, 0, report.mismatches.map(formatMismatch).join('\n\n'));
});

test('with vectors, atomics, imports and hooks', () => {
  const report = runDifferential({ executors: executors(portableExecutorNames()), seed: SEED, count: Math.ceil(COUNT / 5), generate: { vectors: true, wide: true, atomics: true, imports: true, hooks: true } });
  assert.is(report.mismatches.length, 0, report.mismatches.map(formatMismatch).join('\n\n'));
});

/** Every instruction of every function changed by `change`. */
function sabotage(change: (i: Module['functions'][number]['blocks'][number]['instructions'][number]) => typeof i): (m: Module) => Module {
  return (m) => ({ ...m, functions: m.functions.map((f) => ({ ...f, blocks: f.blocks.map((b) => ({ ...b, instructions: b.instructions.map(change) })) })) });
}

// The harness itself must not be blind: small faults, each of a kind that real compilers had.
const FAULTS: readonly (readonly [string, ReturnType<typeof sabotage>])[] = [
  ['sub with its operands exchanged', sabotage((i) => i.kind === 'binary' && i.op === 'sub' ? { ...i, a: i.b, b: i.a } : i)],
  ['logical for arithmetic shift', sabotage((i) => i.kind === 'binary' && i.op === 'ashr' ? { ...i, op: 'lshr' } : i)],
  ['flt true on NaN', sabotage((i) => i.kind === 'compare' && i.op === 'fge' ? { ...i, op: 'fgt' } : i)],
  ['sext for zext', sabotage((i) => i.kind === 'convert' && i.op === 'zext' ? { ...i, op: 'sext' } : i)],
  ['i8 store dropped', sabotage((i) => i.kind === 'store' && i.type === 'i8' ? { kind: 'safepoint', loc: 0 } : i)],
  ['signed for unsigned divide', sabotage((i) => i.kind === 'binary' && i.op === 'udiv' ? { ...i, op: 'sdiv' } : i)],
];
for (const [name, change] of FAULTS) {
  test(`finds: ${name}`, () => {
    const report = runDifferential({ executors: [transformed('sabotaged', change)], seed: 1, count: 3000 });
    assert.is(report.mismatches.length, 1, 'no program shows the fault');
    assert.ok(report.mismatches[0].shrunk.text.length < 8000, report.mismatches[0].shrunk.text);
  });
}

test.run();
