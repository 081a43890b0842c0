/** Native code as an executor of the fuzzer. */
import type { X86Level } from '../../backends/x86_64/index.ts';
import { hostTarget } from '../../lib/host-target.ts';
import { layoutModule } from '../../lib/mir/index.ts';
import type { Instance } from '../../lib/runtime/index.ts';
import { outcomeOf } from '../conformance/run-table.ts';
import type { FuzzExecutor, ProgramOutcome, Runner } from '../fuzz/executor.ts';
import { moduleAt, type FuzzLevel } from '../fuzz/levels.ts';
import { hostFunctions, type Program } from '../fuzz/program.ts';
import { nativeCall, publishNative } from './native-executor.ts';

const HOST = hostFunctions();
/** What memory is read into; one that is large enough for every program before this one. */
let scratch = new Uint8Array(0);

const runners = new Map<X86Level | 'machine', Runner>();

/** Compiles for the machine's own features or a level's; the allocations of thorough programs are checked. */
function runnerFor(features: X86Level | 'machine'): Runner {
  let runner = runners.get(features);
  if (runner !== undefined) return runner;
  const { backend } = hostTarget(features === 'machine' ? undefined : features);
  runner = {
    name: 'x86_64',
    compile: (program, module, thorough) => {
      const compiled = backend.compile(module, { checkAllocation: thorough });
      return () => run(program, publishNative(module, compiled, HOST));
    },
  };
  runners.set(features, runner);
  return runner;
}

function run(program: Program, it: Instance): ProgramOutcome {
  try {
    const outcomes = program.calls.map((c) => outcomeOf(() => nativeCall(it, c.fn, c.args)));
    const size = it.memory?.size ?? 0;
    if (scratch.length < size) scratch = new Uint8Array(size);
    if (it.memory !== undefined) {
      // Everything but the linear stack, which may hold anything.
      const { stackLow, stackHigh } = layoutModule(program.module);
      it.memory.read(0, scratch.subarray(0, stackLow));
      it.memory.read(stackHigh, scratch.subarray(stackHigh, size));
    }
    return { outcomes, memory: scratch.subarray(0, size) };
  } finally {
    it.dispose();
  }
}

/** Native code of the module as it is or after a pipeline, for the machine's own features or for a level's. */
export function nativeFuzz(level?: FuzzLevel, features: X86Level | 'machine' = 'machine'): FuzzExecutor {
  return {
    name: `x86_64${level === undefined ? '' : ` ${level}`}${features === 'machine' ? '' : ` ${features}`}`, runner: runnerFor(features),
    prepare: (m, thorough) => level === undefined ? m : moduleAt(m, level, thorough),
  };
}
