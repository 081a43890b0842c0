/**
 * A compiled module as what a run needs of it: plain data without the code itself, small enough to post to a worker.
 * The code is in a code arena; its address is part of the image and valid in every thread of the process.
 */
import type { CompiledFunction, CompiledModule } from '../codegen/backend.ts';
import { layoutModule } from '../mir/layout.ts';
import { functionIndex, type Import, type Module, type SourceLocation } from '../mir/module.ts';
import { surfaceOf, type Surface } from '../mir/surface.ts';
import type { MemoryModel } from '../mir/types.ts';

export interface ModuleImage {
  readonly moduleName: string;
  readonly architecture: string;
  readonly memoryModel: MemoryModel;
  /** Executable address of the code's first byte, and its length. */
  readonly codeAddress: number;
  readonly codeSize: number;
  readonly functions: readonly CompiledFunction[];
  /** Exported name to index of the function. Every function is also callable by its own name. */
  readonly exports: Readonly<Record<string, number>>;
  readonly imports: readonly Import[];
  readonly table: CompiledModule['table'];
  /** Trap sites, sorted by offset: four numbers each (offset, index in `TRAP_CODES`, location, divisor). */
  readonly trapSites: Int32Array;
  readonly lines: Int32Array;
  readonly locations: readonly SourceLocation[];
  readonly initialPages: number;
  readonly maximumPages: number;
  /** The linear stack is `[stackLow, stackHigh)`. */
  readonly stackLow: number;
  readonly stackHigh: number;
  /** What the source language knew of signatures, by function and import name. */
  readonly surface: Surface | undefined;
  /** Where globals lie, by name: addresses in linear memory, in the native model relative to `CTX.globalsBase`. */
  readonly globals: readonly { readonly name: string; readonly address: number; readonly size: number }[];
  /** Initial bytes of linear memory, or (native model) of globals. */
  readonly data: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** Numbers per trap site in {@link ModuleImage.trapSites}. */
export const TRAP_SITE_WORDS = 4;

/**
 * The image of a module whose code has been published at `codeAddress`.
 *
 * @param surface - of the module as the DSL built it, when passes have rewritten it since
 */
export function createImage(module: Module, compiled: CompiledModule, codeAddress: number, surface: Surface | undefined = surfaceOf(module)): ModuleImage {
  const layout = layoutModule(module), index = functionIndex(module);
  const exports: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const [name, target] of Object.entries(module.exports)) {
    const at = index.get(target);
    if (at !== undefined) exports[name] = at;
  }
  const trapSites = new Int32Array(compiled.trapSites.length * TRAP_SITE_WORDS);
  compiled.trapSites.forEach((s, i) => {
    trapSites[i * TRAP_SITE_WORDS] = s.offset;
    trapSites[i * TRAP_SITE_WORDS + 1] = s.trap;
    trapSites[i * TRAP_SITE_WORDS + 2] = s.loc;
    trapSites[i * TRAP_SITE_WORDS + 3] = s.divisor;
  });
  const data: { address: number; bytes: Uint8Array }[] = [];
  module.globals.forEach((g, i) => { if (g.bytes !== undefined && g.bytes.length > 0) data.push({ address: layout.globals[i], bytes: g.bytes.slice(0, g.size) }); });
  return {
    moduleName: module.name, architecture: compiled.architecture, memoryModel: module.memoryModel,
    codeAddress, codeSize: compiled.code.length,
    functions: compiled.functions, exports, imports: module.imports, table: compiled.table,
    trapSites, lines: compiled.lines, locations: module.locations,
    initialPages: module.memory.initialPages, maximumPages: module.memory.maximumPages,
    stackLow: layout.stackLow, stackHigh: layout.stackHigh, surface, data,
    globals: module.globals.map((g, i) => ({ name: g.name, address: layout.globals[i], size: g.size })),
  };
}

/** Bytes of a function, an import, a location or a global in an image: about what one takes besides its name. */
const ENTRY_BYTES = 64;

/** About how many bytes an image takes, each thread that keeps it. */
export function imageBytes(image: ModuleImage): number {
  let bytes = image.trapSites.byteLength + image.lines.byteLength;
  for (const d of image.data) bytes += d.bytes.length;
  return bytes + ENTRY_BYTES * (image.functions.length + image.imports.length + image.table.length + image.locations.length + image.globals.length);
}

/** Index of the function that contains a code offset, or −1. Functions are in order of their offsets. */
export function functionAt(image: ModuleImage, offset: number): number {
  let lo = 0, hi = image.functions.length - 1;
  while (lo <= hi) {
    const mid = (lo + hi) >> 1, f = image.functions[mid];
    if (offset < f.offset) hi = mid - 1;
    else if (offset >= f.offset + f.size) lo = mid + 1;
    else return mid;
  }
  return -1;
}

/** Location of the source line that the instruction at `offset` belongs to, 0 when unknown. */
export function lineAt(image: ModuleImage, offset: number): number {
  const { lines } = image;
  let lo = 0, hi = lines.length / 3 - 1, found = 0;
  while (lo <= hi) {
    const mid = (lo + hi) >> 1;
    if (lines[mid * 3] <= offset) {
      found = lines[mid * 3 + 1];
      lo = mid + 1;
    } else hi = mid - 1;
  }
  return found;
}

/** Index of the trap site at exactly `offset` in {@link ModuleImage.trapSites}, or −1. */
export function trapSiteAt(image: ModuleImage, offset: number): number {
  const { trapSites } = image;
  let lo = 0, hi = trapSites.length / TRAP_SITE_WORDS - 1;
  while (lo <= hi) {
    const mid = (lo + hi) >> 1, at = trapSites[mid * TRAP_SITE_WORDS];
    if (at === offset) return mid;
    if (at < offset) lo = mid + 1;
    else hi = mid - 1;
  }
  return -1;
}
