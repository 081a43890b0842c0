/** The C versions of the kernels, built by gcc and called through koffi. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { projectRoot } from './project-root.ts';
import type { BenchProgram } from './program.ts';

export interface GccKernels {
  /** A program's kernel at a level, working on `memory`. */
  kernel(program: BenchProgram, level: 'O0' | 'O2', memory: Uint8Array): () => number | bigint;
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
  const library = (name: string, level: string): LibraryHandle => {
    const key = `${name}-${level}`, known = libraries.get(key);
    if (known !== undefined) return known;
    const object = join(folder, `${key}.so`), source = join(projectRoot(), 'playground', 'bench', 'c', `${name}.c`);
    const r = spawnSync('gcc', [`-${level}`, '-shared', '-fPIC', '-o', object, source, '-lm'], { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`gcc cannot build ${source}:\n${r.stderr}`);
    const loaded = koffi.load(object);
    libraries.set(key, loaded);
    return loaded;
  };
  return {
    kernel(program, level, memory) {
      const call = library(program.name, level).func(program.name, program.c.result, [...program.c.params]);
      const args = program.bytes > 0 ? [memory, ...program.args] : [...program.args];
      return () => call(...args) as number | bigint;
    },
    [Symbol.dispose]() { rmSync(folder, { recursive: true, force: true }); },
  };
}
