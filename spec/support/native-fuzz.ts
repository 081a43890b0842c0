/** Native code as an executor of the fuzzer. */
import type { X86Level } from '../../backends/x86_64/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { outcomeOf } from '../conformance/run-table.ts';
import { hostFunctions, type FuzzExecutor } from '../fuzz/program.ts';
import type { Module } from '../../lib/mir/index.ts';
import { nativeCall, nativeInstance } from './native-executor.ts';

/**
 * Compiles for this machine, as the module is or after a pipeline; every allocation is checked.
 *
 * @param features - a level of processor features to make do with
 */
export function nativeFuzz(level?: 'O1' | 'O2' | 'O3', features: X86Level | 'machine' = 'machine'): FuzzExecutor {
  const pipeline = level === undefined ? undefined : Pipeline.standard(level);
  const prepare = (m: Module): Module => pipeline?.run(m).module ?? m;
  return {
    name: `x86_64${level === undefined ? '' : ` ${level}`}${features === 'machine' ? '' : `@${features}`}`,
    run: (program) => {
      const it = nativeInstance(prepare(program.module), { imports: hostFunctions(), features });
      try {
        const outcomes = program.calls.map((c) => outcomeOf(() => nativeCall(it, c.fn, c.args)));
        const memory = new Uint8Array(it.memory?.size ?? 0);
        it.memory?.read(0, memory);
        return { outcomes, memory };
      } finally {
        it.dispose();
      }
    },
  };
}
