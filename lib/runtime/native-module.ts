/** An instance as the object users hold: its exports as methods, typed by what the module's type knows. */
import type { Module } from '../mir/module.ts';
import type { ExportsOf } from '../mir/typed-module.ts';
import type { CallOptions, Instance } from './instance.ts';
import type { CallResult } from './typed-call.ts';

/**
 * Exported functions, directly callable, and the instance behind them. An export called `memory`, `instance` or
 * `call` takes that name's place; `instance` reaches everything still.
 */
export type NativeModule<M> = ExportsOf<M> & NativeModuleMembers;

export interface NativeModuleMembers {
  /** Linear memory as it is now (empty in the native memory model). Ask again after it has grown. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly instance: Instance;
  /** Calls by name, with options. @throws UsageError, TrapError, RunInterruptedError */
  call(name: string, args?: readonly unknown[], options?: CallOptions): CallResult;
  /** Frees memory and code. @throws UsageError during a run */
  [Symbol.dispose](): void;
}

/**
 * Wraps an instance.
 *
 * @example
 * nativeModule<typeof demo>(instance).fib(30n) // => 832040n
 */
export function nativeModule<M extends Module>(instance: Instance): NativeModule<M> {
  const object = {} as Record<PropertyKey, unknown>;
  Object.defineProperties(object, {
    memory: { get: () => instance.memory?.bytes() ?? new Uint8Array(0), configurable: true },
    instance: { value: instance, configurable: true },
    call: { value: (name: string, args?: readonly unknown[], options?: CallOptions) => instance.call(name, args, options), configurable: true },
    [Symbol.dispose]: { value: () => { instance.dispose(); } },
  });
  for (const [name, f] of Object.entries(instance.exports)) Object.defineProperty(object, name, { value: f, enumerable: true });
  return Object.freeze(object) as unknown as NativeModule<M>;
}
