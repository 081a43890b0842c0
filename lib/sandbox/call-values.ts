/** What goes into a run and comes out of host functions: taken once, checked, made of plain data. */
import { InternalError, UsageError } from '../mir/errors.ts';
import { MAX_ARITY } from '../mir/module.ts';
import { show } from '../mir/show.ts';
import { copyLanes } from '../runtime/vector-lanes.ts';
import { canCross } from './host-call-channel.ts';
import type { TakenModule } from './program.ts';
import type { HostCallMessage, MemoryInput, MemoryOutput, Scalar } from './protocol.ts';

/** JavaScript functions for imports, by name. */
export type HostFunctions = ReadonlyMap<string, (...args: readonly Scalar[]) => unknown>;

/** @throws UsageError unless the module exports a function `name` */
export function requireExport(t: TakenModule, name: unknown): void {
  if (typeof name !== 'string' || !Object.hasOwn(t.module.exports, name)) throw new UsageError(`module ${t.module.name} exports no function ${JSON.stringify(show(name))}`, `It exports: ${Object.keys(t.module.exports).join(', ') || 'nothing'}.`);
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

/** The abort signal of an option, whatever library it is of. @throws UsageError */
export function signalOf(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const s = (typeof signal === 'object' && signal !== null ? signal : {}) as Partial<AbortSignal>;
  if (typeof s.aborted !== 'boolean' || typeof s.addEventListener !== 'function' || typeof s.removeEventListener !== 'function') throw new UsageError(`the option signal is ${show(signal)}, not an abort signal`, 'Pass for example AbortSignal.timeout(1000), or leave it out.');
  return s as AbortSignal;
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
  const { length } = args as readonly unknown[];
  if (length > MAX_ARITY) throw new UsageError(`${name} was given ${length} arguments, no function has more than ${MAX_ARITY}`, 'Pass more through `inputs`.');
  const plain: Scalar[] = [];
  for (let k = 0; k < length; k++) {
    const v: unknown = args[k];
    // A copy of a vector: the caller's may change, or go away, while the run waits.
    const own = typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean' ? v : copyLanes(v);
    if (own === undefined) throw new UsageError(`argument ${k} of ${name} is ${v === null ? 'null' : v === undefined ? 'missing' : `a ${typeof v}`}`, 'Arguments are numbers, bigints (64-bit integers), booleans and typed arrays of 16 or 32 bytes (vectors); pass other bytes through `inputs`.');
    plain.push(own);
  }
  return plain;
}

/** Where a global is. @throws UsageError */
export function globalOf(t: TakenModule, name: unknown): { readonly address: number; readonly size: number } {
  const g = t.globals.get(name as string);
  if (g === undefined) throw new UsageError(`module ${t.module.name} has no global "${show(name)}"`, `Its globals are: ${[...t.globals.keys()].join(', ') || 'none'}.`);
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

/** @throws UsageError */
export function inputsOf(t: TakenModule, inputs: Readonly<Record<string, Uint8Array>> = {}): readonly MemoryInput[] {
  if (typeof inputs !== 'object' || inputs === null) throw new UsageError(`the option inputs is ${show(inputs)}, not an object`, 'Pass bytes by the names of globals: { inputs: { text: bytes } }.');
  return Object.entries(inputs).map(([name, bytes]) => {
    const g = globalOf(t, name);
    const copy = copyBytes(bytes);
    if (copy === undefined) throw new UsageError(`the input for global "${name}" is not bytes`, 'Pass a Uint8Array.');
    if (copy.length > g.size) throw new UsageError(`the input for global "${name}" is ${copy.length} bytes, the global ${g.size}`, 'Make the global larger, or pass fewer bytes.');
    return { address: g.address, bytes: copy };
  });
}

/** @throws UsageError */
export function outputsOf(t: TakenModule, outputs: readonly string[] = []): readonly MemoryOutput[] {
  if (!Array.isArray(outputs)) throw new UsageError(`the option outputs is ${show(outputs)}, not a list`, 'Pass names of globals: { outputs: [\'text\'] }.');
  // Once each, however often a name is given.
  return [...new Set<string>(outputs)].map((name) => {
    const g = globalOf(t, name);
    return { name, address: g.address, length: g.size };
  });
}
