/** Native code as an executor of the fuzzer. */
import { Pipeline } from '../../lib/passes/index.ts';
import { outcomeOf } from '../conformance/run-table.ts';
import { hostFunctions, type FuzzExecutor } from '../fuzz/program.ts';
import type { Module } from '../../lib/mir/index.ts';
import { nativeCall, nativeInstance } from './native-executor.ts';

/** Compiles for this machine, as the module is or after a pipeline; every allocation is checked. */
export function nativeFuzz(level?: 'O1' | 'O2' | 'O3'): FuzzExecutor {
  const pipeline = level === undefined ? undefined : Pipeline.standard(level);
  const prepare = (m: Module): Module => pipeline?.run(m).module ?? m;
  return {
    name: level === undefined ? 'x86_64' : `x86_64 ${level}`,
    run: (program) => {
      const it = nativeInstance(prepare(program.module), { imports: hostFunctions() });
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
