/** Imports: functions the host supplies. */
import type { BufferParameter, Capability } from '../lib/mir/index.ts';
import { currentContext } from './context.ts';
import type { Callable } from './function.ts';
import { Origin } from './location.ts';
import type { HostDefinition } from './module-context.ts';
import { giveResults, isTuple, readArguments, readSignature } from './signature.ts';
import type { ResultSpec, ValueType } from './types.ts';
import { describe, usageError, withArticle } from './usage.ts';

/** What an import is and what it needs. */
export interface HostOptions {
  /** What must be granted before it can be called; `none` unless said. */
  readonly capability?: Capability;
  /** True: the C library's symbol of this name, really called when granted. Otherwise a JavaScript function. */
  readonly libc?: boolean;
  /** For libc: which pointers are buffers, and how long. Checked against the memory before each call. */
  readonly buffers?: readonly BufferParameter[];
}

/** An import: call it inside bodies. `K` says who supplies it. */
export interface Host<P extends readonly ValueType[], R extends ResultSpec, K extends 'js' | 'libc'> extends Callable<P, R> {
  readonly kind: 'host';
  readonly hostName: string;
  /** Who supplies it: a JavaScript function given at run time, or the C library. */
  readonly source: K;
}

const definitions = new WeakMap<object, HostDefinition>();
/** The definition behind an import, or undefined for anything else. */
export function hostDefinitionOf(x: unknown): HostDefinition | undefined {
  return typeof x === 'function' ? definitions.get(x) : undefined;
}

const CAPABILITIES: readonly Capability[] = ['none', 'syscall', 'file-io', 'network', 'symbol'];

/**
 * Declares an import. A module lists what it imports, so that its type knows what `run` must grant.
 *
 * @throws UsageError for unknown capabilities or buffers that name no parameter
 * @example
 * const log = host('log', [i32], unit);
 * const write = host('write', [i32, ptr(u8), u32], i32, { libc: true, capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
 */
export function host<const P extends readonly ValueType[], const R extends ResultSpec>(name: string, params: P, result: R, options: HostOptions & { readonly libc: true }): Host<P, R, 'libc'>;
export function host<const P extends readonly ValueType[], const R extends ResultSpec>(name: string, params: P, result: R, options?: HostOptions & { readonly libc?: false; readonly buffers?: never }): Host<P, R, 'js'>;
export function host(name: string, params: readonly ValueType[], result: ResultSpec, options: HostOptions = {}): unknown {
  const signature = readSignature('host', name, params, result);
  if (typeof options !== 'object' || options === null) throw usageError(`the options of host '${name}' are ${describe(options)}`, 'Write { capability, libc, buffers }, or leave them out.');
  const wide = [...signature.params, ...signature.results].find((t) => t.mir === 'v256');
  if (wide !== undefined) throw usageError(`host '${name}' takes or gives ${withArticle(wide.name)}, and 256 bits do not cross to the host`, 'Give halves, .low() and .high(), or pass it through memory: ptr(T).');
  const vector = options.libc === true ? [...signature.params, ...signature.results].find((t) => t.kind === 'vector') : undefined;
  if (vector !== undefined) throw usageError(`host '${name}' of the C library takes or gives ${withArticle(vector.name)}, which has no C type here`, 'Pass it through memory: ptr(T).');
  const capability = options.capability ?? 'none';
  if (!CAPABILITIES.includes(capability)) throw usageError(`host '${name}' asks for the unknown capability ${describe(capability)}`, `Use one of ${CAPABILITIES.join(', ')}.`);
  if (options.buffers !== undefined && options.libc !== true) throw usageError(`host '${name}' declares buffers, but is no function of the C library`, 'Add libc: true, or leave them out: a JavaScript function gets addresses.');
  for (const b of options.buffers ?? []) {
    if (b.access !== 'read' && b.access !== 'write') throw usageError(`host '${name}' declares a buffer with access ${describe(b.access)}`, 'Use \'read\' or \'write\', as seen from the C function.');
    if (signature.params[b.pointer]?.kind !== 'pointer') throw usageError(`host '${name}' declares a buffer at parameter ${b.pointer}, which is not a pointer`, 'Give the number of a ptr parameter, counting from 0.');
    if (b.length !== 'nul-terminated' && !['i32', 'i64'].includes(signature.params[b.length]?.mir)) throw usageError(`host '${name}' declares a buffer whose length is parameter ${String(b.length)}, which is not a 32- or 64-bit integer`, 'Give the number of the parameter with the length in bytes, or \'nul-terminated\'.');
  }
  const tuple = isTuple(result);
  const definition: HostDefinition = { name, ...signature, origin: new Origin(), kind: options.libc === true ? 'libc' : 'js', capability, buffers: options.buffers ?? [] };
  const call = (...args: readonly unknown[]): unknown => {
    const c = currentContext(`host function '${name}' is called`).begin('a call');
    const ids = readArguments(c, `host function '${name}'`, signature.params, args);
    c.module.useHost(definition, c.name);
    return giveResults(c, signature.results, tuple, c.fb.call(name, ids, signature.results.map((r) => r.mir)));
  };
  const self = Object.assign(call, { kind: 'host', hostName: name, source: definition.kind, params, result });
  Object.defineProperty(self, 'name', { value: name });
  definitions.set(self, definition);
  return self;
}
