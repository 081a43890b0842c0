/** The C versions of the kernels, built by gcc and called through koffi. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { projectRoot } from './project-root.ts';
import { symbolOf, type BenchProgram } from './program.ts';

/** What gcc is asked for. The last one uses the vectors of the level `avx2`. */
export const GCC_OPTIONS = {
  'gcc -O0': ['-O0'], 'gcc -O2': ['-O2'], 'gcc -O3 -mavx2 -mfma': ['-O3', '-mavx2', '-mfma'],
} as const;
export type GccVariant = keyof typeof GCC_OPTIONS;

export interface GccKernels {
  /** A program's kernel, working on `memory`. */
  kernel(program: BenchProgram, variant: GccVariant, memory: Uint8Array): () => number | bigint;
  [Symbol.dispose](): void;
}

/** Why there is no C side, or the compiler's version. */
export function gccVersion(): { readonly version: string } | { readonly missing: string } {
  const r = spawnSync('gcc', ['-dumpfullversion'], { encoding: 'utf8' });
  if (r.error) return { missing: 'gcc is not installed' };
  if (r.status !== 0) return { missing: `gcc does not run: ${r.stderr.trim()}` };
  return { version: r.stdout.trim() };
}

/** Opens a temporary folder of shared objects; disposing it deletes the folder (loaded code stays until exit). */
export function openGcc(): GccKernels {
  const folder = mkdtempSync(join(tmpdir(), 'lamella-bench-'));
  const libraries = new Map<string, LibraryHandle>();
  const library = (name: string, variant: GccVariant): LibraryHandle => {
    const options = GCC_OPTIONS[variant], key = `${name}${options.join('')}`, known = libraries.get(key);
    if (known !== undefined) return known;
    const object = join(folder, `${key}.so`), source = join(projectRoot(), 'playground', 'bench', 'c', `${name}.c`);
    const r = spawnSync('gcc', [...options, '-shared', '-fPIC', '-o', object, source, '-lm'], { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`gcc cannot build ${source}:\n${r.stderr}`);
    const loaded = koffi.load(object);
    libraries.set(key, loaded);
    return loaded;
  };
  return {
    kernel(program, variant, memory) {
      const name = symbolOf(program), call = library(name, variant).func(name, program.c.result, [...program.c.params]);
      const args = program.bytes > 0 ? [memory, ...program.args] : [...program.args];
      return () => call(...args) as number | bigint;
    },
    [Symbol.dispose]() { rmSync(folder, { recursive: true, force: true }); },
  };
}

/** Memory that begins at a cache line, as the linear memory of a module does. */
export function alignedMemory(bytes: number): Uint8Array {
  const all = new Uint8Array(bytes + 64), at = Number(-BigInt(koffi.address(all)) & 63n);
  return all.subarray(at, at + bytes);
}
