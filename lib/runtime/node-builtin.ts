/**
 * Node's built-in modules, asked for only when needed, so that everything that merely imports the runtime still loads
 * where there is no Node (a browser, another engine).
 */
import { UnsupportedMachineError } from './native/errors.ts';

interface Builtins {
  'node:module': typeof import('node:module');
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
}

/**
 * The built-in module `name`.
 *
 * @throws UnsupportedMachineError outside Node
 */
export function nodeBuiltin<N extends keyof Builtins>(name: N): Builtins[N] {
  const host = (globalThis as { process?: { getBuiltinModule?: (n: string) => unknown } }).process;
  const found = host?.getBuiltinModule?.(name);
  if (found === undefined) throw new UnsupportedMachineError(`this JavaScript engine has no ${name}`);
  return found as Builtins[N];
}

/** True in Node. */
export function hasNode(): boolean {
  return typeof (globalThis as { process?: { getBuiltinModule?: unknown } }).process?.getBuiltinModule === 'function';
}
