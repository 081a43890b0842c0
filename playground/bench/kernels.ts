/** The programs of `programs/` at every level, in JavaScript, WebAssembly and C: one row of times each. */
import { compile, machineFeatures } from 'lamella';
import { wasm } from 'lamella/backends';
import { Pipeline } from 'lamella/passes';
import { instantiateWasm } from 'lamella/runtime';
import { alignedMemory, gccVersion, openGcc, type GccKernels, type GccVariant } from './gcc.ts';
import { measure, type Timing, type Variant } from './measure.ts';
import { BASE, pagesFor, symbolOf, type BenchModule, type BenchProgram } from './program.ts';
import { engine } from './wasm-bytes.ts';

export const LEVELS = ['O0', 'O1', 'O2', 'O3'] as const;
/** The level that ratios are given for. */
export const DEFAULT_LEVEL = 'O2';

export interface KernelRow {
  readonly program: BenchProgram;
  /** Times by variant: `O0`…`O3`, `js`, `to wasm` (our module on this engine), `wasm`, `v128` and `v256` (at the default level), `gcc -O0`, `gcc -O2`, `gcc -O3 -mavx2 -mfma`. */
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
  const native = (name: string, module: () => BenchModule, level: typeof LEVELS[number]): void => attempt(name, () => {
    const compiled = compile(module(), { level });
    cleanup.push(() => compiled[Symbol.dispose]());
    const call = (compiled as unknown as Record<string, (...args: readonly (number | bigint)[]) => unknown>)[symbolOf(program)];
    const args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
    const memory = program.bytes > 0 ? compiled.memory.subarray(BASE, BASE + program.bytes) : new Uint8Array(0);
    return withMemory(name, memory, () => call(...args));
  });
  for (const level of LEVELS) native(level, () => program.module(), level);
  for (const [width, module] of Object.entries(program.vectors ?? {})) native(width, module, DEFAULT_LEVEL);
  attempt('to wasm', () => {
    const instance = instantiateWasm(wasm.compile(Pipeline.standard(DEFAULT_LEVEL).run(program.module()).module));
    const call = instance.exports[symbolOf(program)], args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
    return withMemory('to wasm', instance.memory.subarray(BASE, BASE + program.bytes), () => call(...args));
  });
  if (program.wasm !== undefined) {
    const bytes = program.wasm();
    attempt('wasm', () => {
      const memory = new engine.Memory({ initial: pagesFor(program.bytes) });
      const instance = new engine.Instance(new engine.Module(bytes), { m: { memory } });
      const call = instance.exports[symbolOf(program)];
      const args = program.bytes > 0 ? [BASE, ...program.args] : program.args;
      return withMemory('wasm', new Uint8Array(memory.buffer, BASE, program.bytes), () => call(...args));
    });
  }
  if (gcc !== undefined) {
    const list: GccVariant[] = ['gcc -O0', 'gcc -O2'], has = machineFeatures();
    if (program.vectors !== undefined && has.avx2 && has.fma) list.push('gcc -O3 -mavx2 -mfma');
    for (const variant of list) {
      attempt(variant, () => {
        const memory = alignedMemory(Math.max(program.bytes, 8));
        return withMemory(variant, memory, gcc.kernel(program, variant, memory));
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
