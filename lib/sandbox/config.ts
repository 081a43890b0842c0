/**
 * What a sandbox allows. Names, defaults and presets are those of the reference (lamina 0.0.10, `SandboxConfig`);
 * the fields from `grants` on are ours.
 */
import { produce } from 'immer';
import { UsageError } from '../mir/errors.ts';
import { show } from '../mir/show.ts';
import type { Policy } from '../passes/policy.ts';
import { classifySymbol } from './symbols.ts';

/**
 * How guest code is kept apart: `worker` is machine code on a thread of this process, stopped by a kernel timer;
 * `wasm` is WebAssembly on a thread that is ended with it, and works wherever Node does; `auto` is `worker` where native
 * code can run, else `wasm`. SECURITY.md says what each stops.
 */
export type Isolation = 'worker' | 'wasm' | 'auto';

/** Limits and grants of a {@link Sandbox}. Frozen; change it with {@link configure}. */
export interface SandboxConfig {
  /** Bytes of memory a run may use (code, stack and linear memory together), or null for no limit. */
  readonly maxMemory: number | null;
  /** Wall-clock milliseconds a run may take, or null for no limit. */
  readonly maxExecutionTime: number | null;
  readonly allowSyscalls: boolean;
  readonly allowFileIo: boolean;
  readonly allowNetwork: boolean;
  /** Symbols granted by name, whatever their class. */
  readonly grants: readonly string[];
  /** Bytes of guest stack: recursion past it is a `stack-overflow` trap. The tier `wasm` rounds up to whole MiB. */
  readonly stackSize: number;
  /**
   * Most worker threads that run guest code at the same time. Sandboxes share their threads: the largest number that any
   * of them was given holds for all. A guest that waits for a host function has its thread meanwhile, so a host function
   * that awaits another run needs a thread more.
   */
  readonly workers: number;
  readonly isolation: Isolation;
  /** Parts (blocks, instructions, operands, names, ...) a module may have, or null for no limit: `compile` above it. */
  readonly maxModuleItems: number | null;
  /** Bytes of compiled code (and its modules' data) kept for runs to come, least recently used given up first, or null for no limit. */
  readonly maxCachedCode: number | null;
}

const MIB = 1024 * 1024;

/** 64 MiB, 5,000 ms, nothing granted. */
export const DEFAULT_CONFIG: SandboxConfig = Object.freeze({
  maxMemory: 64 * MIB, maxExecutionTime: 5_000, allowSyscalls: false, allowFileIo: false, allowNetwork: false,
  grants: Object.freeze([]), stackSize: MIB, workers: 2, isolation: 'auto', maxModuleItems: 8 * MIB, maxCachedCode: 64 * MIB,
});

/** 16 MiB, 1,000 ms, modules of a million parts, nothing granted. */
export function restrictive(): SandboxConfig {
  return configure({ maxMemory: 16 * MIB, maxExecutionTime: 1_000, maxModuleItems: MIB });
}

/** No limits on guests, every class granted. A symbol on no list still needs its grant by name. */
export function permissive(): SandboxConfig {
  return configure({ maxMemory: null, maxExecutionTime: null, allowSyscalls: true, allowFileIo: true, allowNetwork: true, maxModuleItems: null });
}

/**
 * A checked, frozen configuration: `base` with `changes`.
 *
 * @throws UsageError naming the field and what it takes
 * @example
 * configure({ maxExecutionTime: 50 }).maxMemory // => 67108864
 */
export function configure(changes: Partial<SandboxConfig> = {}, base: SandboxConfig = DEFAULT_CONFIG): SandboxConfig {
  if (typeof changes !== 'object' || changes === null) throw new UsageError(`a sandbox configuration is an object, not ${show(changes)}`, 'Pass for example { maxExecutionTime: 50 }.');
  const next = produce(base, (draft) => {
    for (const key of Object.keys(changes) as (keyof SandboxConfig)[]) {
      if (!Object.hasOwn(DEFAULT_CONFIG, key)) throw new UsageError(`a sandbox configuration has no field "${key}"`, `Its fields are ${Object.keys(DEFAULT_CONFIG).join(', ')}.`);
      const value: unknown = changes[key];
      if (value === undefined) continue;
      checkField(key, value);
      (draft as Record<string, unknown>)[key] = Array.isArray(value) ? [...(value as string[])] : value;
    }
  });
  return next;
}

function checkField(key: keyof SandboxConfig, value: unknown): void {
  const refuse = (what: string): never => { throw new UsageError(`sandbox configuration: ${key} is ${what}, got ${show(value)}`, 'Correct the value; the presets restrictive() and permissive() are complete examples.'); };
  const positive = (v: unknown): boolean => typeof v === 'number' && Number.isFinite(v) && v > 0;
  switch (key) {
    case 'maxMemory': if (!(value === null || (positive(value) && Number.isSafeInteger(value)))) refuse('a positive number of bytes or null'); break;
    case 'maxExecutionTime': if (!(value === null || positive(value))) refuse('a positive number of milliseconds or null'); break;
    case 'allowSyscalls': case 'allowFileIo': case 'allowNetwork': if (typeof value !== 'boolean') refuse('true or false'); break;
    case 'grants': if (!Array.isArray(value) || value.some((s) => typeof s !== 'string')) refuse('a list of symbol names'); break;
    case 'stackSize': if (!positive(value) || !Number.isSafeInteger(value) || (value as number) < 65536 || (value as number) > 1 << 30) refuse('a number of bytes from 65536 to 1073741824'); break;
    case 'workers': if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > 256) refuse('a whole number from 1 to 256'); break;
    case 'isolation': if (value !== 'worker' && value !== 'wasm' && value !== 'auto') refuse('"worker", "wasm" or "auto"'); break;
    case 'maxModuleItems': if (!(value === null || (positive(value) && Number.isSafeInteger(value)))) refuse('a positive whole number or null'); break;
    case 'maxCachedCode': if (!(value === null || (Number.isSafeInteger(value) && (value as number) >= 0))) refuse('a number of bytes or null'); break;
    default: key satisfies never;
  }
}

/**
 * The configuration as a policy. `supplied` are the JavaScript imports the host hands over for this run: handing one
 * over is granting it by name.
 */
export function policyOf(config: SandboxConfig, supplied: Iterable<string> = []): Policy {
  const byName = new Set([...config.grants, ...supplied]);
  return {
    classify: classifySymbol,
    grantsCapability: (c) => {
      switch (c) {
        case 'syscall': return config.allowSyscalls;
        case 'file-io': return config.allowFileIo;
        case 'network': return config.allowNetwork;
        default: return c satisfies never;
      }
    },
    grantsSymbol: (s) => byName.has(s),
  };
}
