/** Native code as an executor of the fuzzer. */
import type { X86Level } from '../../backends/x86_64/index.ts';
import { hostTarget } from '../../lib/host-target.ts';
import { layoutModule, PAGE_SIZE } from '../../lib/mir/index.ts';
import { nativeBridge, type Instance } from '../../lib/runtime/index.ts';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../lib/runtime/native/bridge.ts';
import { outcomeOf } from '../conformance/run-table.ts';
import type { FuzzExecutor, ProgramOutcome, Runner } from '../fuzz/executor.ts';
import { moduleAt, type FuzzLevel } from '../fuzz/levels.ts';
import { HEAP, INITIAL_PAGES, hostFunctions, type Program } from '../fuzz/program.ts';
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
  const { memoryModel, globals } = program.module, { stackLow, stackHigh, globals: places } = layoutModule(program.module);
  try {
    if (memoryModel === 'native') rawHeap().fill(0);
    const outcomes = program.calls.map((c) => outcomeOf(() => nativeCall(it, c.fn, c.args)));
    const size = it.memory?.size ?? INITIAL_PAGES * PAGE_SIZE;
    if (scratch.length < size) scratch = new Uint8Array(size);
    if (it.memory !== undefined) {
      // Everything but the linear stack, which may hold anything.
      it.memory.read(0, scratch.subarray(0, stackLow));
      it.memory.read(stackHigh, scratch.subarray(stackHigh, size));
    } else {
      // Globals and heap at the places they have in the interpreter's memory.
      scratch.fill(0);
      globals.forEach((g, k) => { scratch.set(it.global(g.name), places[k]); });
      scratch.set(rawHeap(), HEAP);
    }
    return { outcomes, memory: scratch.subarray(0, size) };
  } finally {
    it.dispose();
  }
}

let raw: Uint8Array | undefined;

/** The heap of programs of the native model: memory of this process at the very address {@link HEAP}, below everything else. */
function rawHeap(): Uint8Array {
  if (raw !== undefined) return raw;
  const bridge = nativeBridge(), size = INITIAL_PAGES * PAGE_SIZE - HEAP, MAP_FIXED_NOREPLACE = 0x100000;
  const at = bridge.mmap(HEAP, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (at !== HEAP) throw new Error(`the system gives memory at ${at} only, not at ${HEAP}`);
  return raw = new Uint8Array(bridge.view(at, size));
}

/** Native code of the module as it is or after a pipeline, for the machine's own features or for a level's. */
export function nativeFuzz(level?: FuzzLevel, features: X86Level | 'machine' = 'machine'): FuzzExecutor {
  return {
    name: `x86_64${level === undefined ? '' : ` ${level}`}${features === 'machine' ? '' : ` ${features}`}`, runner: runnerFor(features), places: level === undefined,
    prepare: (m, thorough) => level === undefined ? m : moduleAt(m, level, thorough),
  };
}
