/** The programs of `programs/` at every level, in JavaScript, WebAssembly and C: one row of times each. */
import { compile } from 'lamella';
import { wasm } from 'lamella/backends';
import { Pipeline } from 'lamella/passes';
import { instantiateWasm } from 'lamella/runtime';
import { gccVersion, openGcc, type GccKernels } from './gcc.ts';
import { measure, type Timing, type Variant } from './measure.ts';
import { BASE, pagesFor, type BenchProgram } from './program.ts';
import { engine } from './wasm-bytes.ts';

export const LEVELS = ['O0', 'O1', 'O2', 'O3'] as const;
/** The level that ratios are given for. */
export const DEFAULT_LEVEL = 'O2';

export interface KernelRow {
  readonly program: BenchProgram;
  /** Times by variant: `O0`…`O3`, `js`, `to wasm` (our module on this engine), `wasm`, `gcc -O0`, `gcc -O2`. */
  readonly timings: ReadonlyMap<string, Timing>;
  /** Variants that could not run, or gave another result, with the reason. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Measures the programs one after another and tells each row as it is ready. */
export function benchKernels(programs: readonly BenchProgram[], rounds: number, onRow: (row: KernelRow) => void): void {
  const version = gccVersion();
  if ('missing' in version) process.stdout.write(`skipped: C versions: ${version.missing}\n`);
  const gcc = 'missing' in version ? undefined : openGcc();
  try {
    for (const p of programs) onRow(benchProgram(p, rounds, gcc));
  } finally {
    gcc?.[Symbol.dispose]();
  }
}

function benchProgram(program: BenchProgram, rounds: number, gcc: GccKernels | undefined): KernelRow {
  const variants: Variant[] = [], failures = new Map<string, string>(), cleanup: (() => void)[] = [];
  const attempt = (name: string, make: () => Variant): void => {
    try {
      const v = make();
      v.prepare?.();
      v.run();
      variants.push(v);
    } catch (error) {
      failures.set(name, error instanceof Error ? error.message.split('\n')[0] : String(error));
    }
  };
  const withMemory = (name: string, memory: Uint8Array, run: () => unknown): Variant =>
    ({ name, run, ...(program.prepare && { prepare: () => program.prepare?.(memory) }) });

  const jsMemory = new ArrayBuffer(Math.max(program.bytes, 8));
  attempt('js', () => withMemory('js', new Uint8Array(jsMemory), program.javascript(jsMemory)));
  for (const level of LEVELS) {
    attempt(level, () => {
      const native = compile(program.module(), { level });
      cleanup.push(() => native[Symbol.dispose]());
      const call = (native as unknown as Record<string, (...args: readonly (number | bigint)[]) => unknown>)[program.name];
      const args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
      const memory = program.bytes > 0 ? native.memory.subarray(BASE, BASE + program.bytes) : new Uint8Array(0);
      return withMemory(level, memory, () => call(...args));
    });
  }
  attempt('to wasm', () => {
    const instance = instantiateWasm(wasm.compile(Pipeline.standard(DEFAULT_LEVEL).run(program.module()).module));
    const call = instance.exports[program.name], args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
    return withMemory('to wasm', instance.memory.subarray(BASE, BASE + program.bytes), () => call(...args));
  });
  if (program.wasm !== undefined) {
    const bytes = program.wasm();
    attempt('wasm', () => {
      const memory = new engine.Memory({ initial: pagesFor(program.bytes) });
      const instance = new engine.Instance(new engine.Module(bytes), { m: { memory } });
      const call = instance.exports[program.name];
      const args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
      return withMemory('wasm', new Uint8Array(memory.buffer, BASE, program.bytes), () => call(...args));
    });
  }
  if (gcc !== undefined) {
    for (const level of ['O0', 'O2'] as const) {
      attempt(`gcc -${level}`, () => {
        const memory = new Uint8Array(Math.max(program.bytes, 8));
        return withMemory(`gcc -${level}`, memory, gcc.kernel(program, level, memory));
      });
    }
  }
  const timings = new Map(measure(variants, rounds).map((t) => [t.name, t]));
  for (const c of cleanup) c();
  const expected = timings.get('js')?.result;
  for (const t of timings.values()) {
    if (String(t.result) !== String(expected)) failures.set(t.name, `gives ${String(t.result)}, JavaScript gives ${String(expected)}`);
  }
  return { program, timings, failures };
}
