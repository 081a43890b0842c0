/** What goes into a run and comes out of host functions: taken once, checked, made of plain data. */
import { InternalError, UsageError } from '../mir/errors.ts';
import { copyLanes } from '../runtime/vector-lanes.ts';
import { canCross } from './host-call-channel.ts';
import type { TakenModule } from './program.ts';
import type { HostCallMessage, MemoryInput, MemoryOutput, Scalar } from './protocol.ts';

/** JavaScript functions for imports, by name. */
export type HostFunctions = ReadonlyMap<string, (...args: readonly Scalar[]) => unknown>;

/** @throws UsageError unless the module exports a function `name` */
export function requireExport(t: TakenModule, name: unknown): void {
  if (typeof name !== 'string' || !Object.hasOwn(t.module.exports, name)) throw new UsageError(`module ${t.module.name} exports no function ${JSON.stringify(name)}`, `It exports: ${Object.keys(t.module.exports).join(', ') || 'nothing'}.`);
}
/** @throws UsageError unless every import that the module needs is there */
export function requireImports(t: TakenModule, imports: HostFunctions): void {
  for (const needed of t.jsImports.keys()) if (!imports.has(needed)) throw new UsageError(`module ${t.module.name} needs the JavaScript function "${needed}"`, `Pass it in the options: { imports: { ${needed}: ... } }.`);
}

/** The functions of an `imports` option, taken once. @throws UsageError */
export function importFunctions(imports: unknown): HostFunctions {
  const map = new Map<string, (...args: readonly Scalar[]) => unknown>();
  if (imports === undefined) return map;
  if (typeof imports !== 'object' || imports === null) throw new UsageError('imports is an object of functions', 'Pass for example { imports: { log: (x) => console.log(x) } }.');
  for (const [name, f] of Object.entries(imports)) {
    if (typeof f !== 'function') throw new UsageError(`the import "${name}" is not a function`, 'Pass a JavaScript function.');
    map.set(name, f as (...args: readonly Scalar[]) => unknown);
  }
  return map;
}

/** Calls the host function that guest code asked for, and checks what it gives. */
export async function callHost(t: TakenModule, imports: HostFunctions, message: HostCallMessage): Promise<readonly Scalar[]> {
  const f = imports.get(message.name), count = t.jsImports.get(message.name)?.results.length;
  if (f === undefined || count === undefined) throw new InternalError(`no import ${message.name}`);
  const result: unknown = await f(...message.args);
  if (count === 0) return [];
  // Taken once: what was checked is what is handed on.
  const list: readonly unknown[] = Array.isArray(result) ? Array.from<unknown>(result) : [result];
  if (list.length !== count) throw new UsageError(`the host function "${message.name}" gave ${list.length} value${list.length === 1 ? '' : 's'}, not ${count}`, `Its results are (${t.jsImports.get(message.name)?.results.join(', ')}).`);
  return list.map((v) => {
    const own = canCross(v) ? v : copyLanes(v);
    if (own !== undefined) return own;
    throw new UsageError(`the host function "${message.name}" gave ${v === null ? 'null' : typeof v === 'undefined' ? 'nothing' : `a ${typeof v}`} that is no value of ${t.jsImports.get(message.name)?.results.join(', ')}`, 'Give a number, a bigint, a boolean, a typed array with the lanes of a vector, a list of them for several results, or nothing.');
  });
}

/** Arguments as values that cross to another thread. @throws UsageError */
export function plainArguments(name: string, args: unknown): readonly Scalar[] {
  if (!Array.isArray(args)) throw new UsageError(`the arguments of ${name} are a list`, 'Pass for example [30n].');
  return args.map((v: unknown, k) => {
    if (typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean') return v;
    // A copy: the caller's may change, or go away, while the run waits.
    const lanes = copyLanes(v);
    if (lanes !== undefined) return lanes;
    throw new UsageError(`argument ${k} of ${name} is ${v === null ? 'null' : `a ${typeof v}`}`, 'Arguments are numbers, bigints (64-bit integers), booleans and typed arrays of 16 or 32 bytes (vectors); pass other bytes through `inputs`.');
  });
}

/** Where a global is. @throws UsageError */
export function globalOf(t: TakenModule, name: string): { readonly address: number; readonly size: number } {
  const g = t.globals.get(name);
  if (g === undefined) throw new UsageError(`module ${t.module.name} has no global "${name}"`, `Its globals are: ${[...t.globals.keys()].join(', ') || 'none'}.`);
  return g;
}

/** A copy of what the bytes are now: they may be shared, be detached while the run waits, or lie about their length. */
function copyBytes(bytes: unknown): Uint8Array | undefined {
  try {
    return bytes instanceof Uint8Array ? new Uint8Array(bytes) : undefined;
  } catch {
    return undefined; // detached already
  }
}

export function inputsOf(t: TakenModule, inputs: Readonly<Record<string, Uint8Array>> = {}): readonly MemoryInput[] {
  return Object.entries(inputs).map(([name, bytes]) => {
    const g = globalOf(t, name);
    const copy = copyBytes(bytes);
    if (copy === undefined) throw new UsageError(`the input for global "${name}" is not bytes`, 'Pass a Uint8Array.');
    if (copy.length > g.size) throw new UsageError(`the input for global "${name}" is ${copy.length} bytes, the global ${g.size}`, 'Make the global larger, or pass fewer bytes.');
    return { address: g.address, bytes: copy };
  });
}

export function outputsOf(t: TakenModule, outputs: readonly string[] = []): readonly MemoryOutput[] {
  return outputs.map((name) => {
    const g = globalOf(t, name);
    return { name, address: g.address, length: g.size };
  });
}
