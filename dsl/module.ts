/** Modules: functions by exported name, built into frozen MIR whose TypeScript type knows them. */
import {
  freezeModule, layoutModule, ModuleBuilder as MirModuleBuilder, setSurface, UsageError, verifyModule,
  type MemoryModel, type MemorySpec, type Module, type SurfaceSignature, type TypedModule,
} from '../lib/mir/index.ts';
import { definitionOf, type Fn } from './function.ts';
import { hostDefinitionOf, type Host } from './host.ts';
import { formatPlace } from './location.ts';
import type { FunctionDefinition, HostDefinition } from './module-context.ts';
import { Tracer } from './tracer.ts';
import type { JsOfAll, JsResultOf, ResultSpec, ValueType } from './types.ts';
import { describe, usageError } from './usage.ts';

/** Pages of a whole 32-bit address space. */
const MAX_PAGES = 65536;

/** How a module is built. */
export interface ModuleOptions {
  /** `linear` (what the sandbox accepts) unless said. */
  readonly memoryModel?: MemoryModel;
  /** Limits of the linear memory, in pages of 64 KiB; raised to what globals and stack slots need. */
  readonly memory?: Partial<MemorySpec>;
  /** False: do not record source locations (saves about half of the build time). True unless said. */
  readonly locations?: boolean;
}

/** Any function made by `fn`. */
export type AnyFn = Pick<Fn<readonly ValueType[], ResultSpec>, 'kind' | 'fnName'>;
/** Any import made by `host`. */
export type AnyHost = Pick<Host<readonly ValueType[], ResultSpec, 'js' | 'libc'>, 'kind' | 'hostName'>;

/** The JavaScript function types of exported DSL functions. */
export type JsFunctions<E> = { readonly [K in keyof E]: E[K] extends Fn<infer P, infer R> ? (...args: MutableTuple<JsOfAll<P>>) => JsResultOf<R> : never };
/** The JavaScript functions that must be supplied for imports; libc symbols are granted, not supplied. */
export type JsImports<I> = { readonly [K in keyof I as I[K] extends { readonly source: 'js' } ? K : never]: I[K] extends Host<infer P, infer R, 'js'> ? (...args: MutableTuple<JsOfAll<P>>) => JsResultOf<R> : never };
type MutableTuple<T extends readonly unknown[]> = [...T];

/** Argument list of a DSL function in JavaScript: `JsArgs<typeof fib>` is `[bigint]`. */
export type JsArgs<F> = F extends Fn<infer P, infer _R> ? MutableTuple<JsOfAll<P>> : never;
/** Result of a DSL function in JavaScript: `JsResult<typeof fib>` is `bigint`. */
export type JsResult<F> = F extends Fn<infer _P, infer R> ? JsResultOf<R> : never;

/** A module being put together. Every method gives a new one. */
export interface ModuleBuilder<E, I> {
  /** Adds functions under the names they are called by from outside. */
  export<const F extends Readonly<Record<string, AnyFn>>>(functions: F): ModuleBuilder<E & F, I>;
  /** Adds what the host must supply. Every import that a function uses must be listed. */
  import<const H extends Readonly<Record<string, AnyHost>>>(hosts: H): ModuleBuilder<E, I & H>;
  /**
   * Traces the bodies and gives the frozen module.
   *
   * @throws UsageError, with the user's file and line, for everything that types cannot rule out
   */
  build(): TypedModule<JsFunctions<E>, JsImports<I>>;
}

/**
 * Starts a module.
 *
 * @example
 * const demo = module('demo').export({ fib }).build(); // TypedModule<{ fib: (n: bigint) => bigint }>
 */
export function module(name: string, options: ModuleOptions = {}): ModuleBuilder<{}, {}> {
  if (typeof name !== 'string' || name === '') throw usageError(`module wants a name, not ${describe(name)}`, 'Write module(\'name\').');
  requireOptions(name, options);
  return new ModuleDraft(name, options, new Map(), new Map()) as unknown as ModuleBuilder<{}, {}>;
}

/** Checks what types check already, for callers without them: a misspelt option would otherwise count for nothing. */
function requireOptions(name: string, options: ModuleOptions): void {
  if (typeof options !== 'object' || options === null) throw usageError(`the options of module '${name}' are ${describe(options)}`, 'Write module(name, { memoryModel, memory, locations }), or leave them out.');
  requireKeys(`module '${name}'`, options, ['memoryModel', 'memory', 'locations']);
  const { memoryModel = 'linear', memory = {}, locations = true } = options;
  if (memoryModel !== 'linear' && memoryModel !== 'native') throw usageError(`module '${name}' has the memory model ${describe(memoryModel)}`, 'Use \'linear\' or \'native\'.');
  if (typeof locations !== 'boolean') throw usageError(`locations of module '${name}' is ${describe(locations)}`, 'Use true or false.');
  if (typeof memory !== 'object' || memory === null) throw usageError(`memory of module '${name}' is ${describe(memory)}`, 'Write { initialPages, maximumPages, stackSize }.');
  requireKeys(`memory of module '${name}'`, memory, ['initialPages', 'maximumPages', 'stackSize']);
  for (const key of ['initialPages', 'maximumPages'] as const) {
    const pages = memory[key];
    if (pages !== undefined && !(Number.isInteger(pages) && pages >= 0 && pages <= MAX_PAGES)) throw usageError(`${key} of module '${name}' is ${describe(pages)}`, `Use a whole number from 0 to ${MAX_PAGES}, in pages of 64 KiB.`);
  }
  const { stackSize } = memory;
  if (stackSize !== undefined && !(Number.isInteger(stackSize) && stackSize >= 0 && stackSize < 2 ** 32 && stackSize % 16 === 0)) throw usageError(`stackSize of module '${name}' is ${describe(stackSize)}`, 'Use a number of bytes, a multiple of 16.');
}
function requireKeys(what: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) if (!known.includes(key)) throw usageError(`${what} has no option '${key}'`, `The options are ${known.join(', ')}.`);
}

/** Scopes say where a value may be used in structured code; with raw blocks only the finished function tells. */
function requireDominance(m: Module): void {
  const wrong = verifyModule(m).find((e) => e.rule === 'dominance' || e.rule === 'value');
  if (wrong === undefined) return;
  throw new UsageError(
    `a value of function '${wrong.function}' is used where it may not have been computed${wrong.location === undefined ? '' : formatPlace(wrong.location)}`,
    'A raw block sees only values of blocks that always come before it: pass the value as a parameter of the label, or keep it in a variable: const v = b.var(type, initial).',
  );
}

class ModuleDraft {
  readonly #name: string;
  readonly #options: ModuleOptions;
  readonly #exports: ReadonlyMap<string, FunctionDefinition>;
  readonly #imports: ReadonlyMap<string, HostDefinition>;

  constructor(name: string, options: ModuleOptions, exports: ReadonlyMap<string, FunctionDefinition>, imports: ReadonlyMap<string, HostDefinition>) {
    this.#name = name;
    this.#options = options;
    this.#exports = exports;
    this.#imports = imports;
  }

  export(functions: Readonly<Record<string, unknown>>): ModuleDraft {
    const next = new Map(this.#exports);
    for (const [name, f] of Object.entries(functions)) {
      const definition = definitionOf(f);
      if (definition === undefined) throw usageError(`export '${name}' of module '${this.#name}' is ${describe(f)}, not a function`, 'Export functions made by fn(...).');
      if (name === '__proto__') throw usageError(`module '${this.#name}' exports a function as '__proto__', which no object can hold`, 'Choose another name.');
      const known = next.get(name);
      if (known !== undefined && known !== definition) throw usageError(`module '${this.#name}' exports '${name}' twice`, 'Choose another name: export({ other: f }).');
      next.set(name, definition);
    }
    return new ModuleDraft(this.#name, this.#options, next, this.#imports);
  }

  import(hosts: Readonly<Record<string, unknown>>): ModuleDraft {
    const next = new Map(this.#imports);
    for (const [key, h] of Object.entries(hosts)) {
      const definition = hostDefinitionOf(h);
      if (definition === undefined) throw usageError(`import '${key}' of module '${this.#name}' is ${describe(h)}, not a host function`, 'Import functions made by host(...).');
      if (key !== definition.name) throw usageError(`import '${key}' of module '${this.#name}' is called '${definition.name}'`, `Import it under its own name: import({ ${definition.name}: ... }).`);
      const known = next.get(key);
      if (known !== undefined && known !== definition) throw usageError(`module '${this.#name}' imports two host functions called '${key}'`, 'Declare it once.');
      next.set(key, definition);
    }
    return new ModuleDraft(this.#name, this.#options, this.#exports, next);
  }

  build(): TypedModule<unknown, unknown> {
    const options = this.#options;
    const memoryModel = options.memoryModel ?? 'linear';
    const tracer = new Tracer(this.#name, memoryModel, options.locations ?? true, new Set(this.#imports.values()));
    for (const definition of this.#exports.values()) tracer.useFunction(definition);
    for (const definition of this.#imports.values()) tracer.declareHost(definition);
    tracer.traceAll();

    const draft = new MirModuleBuilder(this.#name, { memoryModel, memory: options.memory ?? {} });
    for (const g of tracer.globals) draft.addGlobal(g);
    if (tracer.usesHeapBase) {
      const layout = layoutModule({ ...draft, functions: tracer.unfinished(), locations: [] });
      tracer.patchHeapBase(layout.heapBase);
    }
    const { functions, table, locations, imports } = tracer.finish();
    for (const l of locations) draft.addLocation(l);
    for (const f of functions) draft.addFunction(f);
    for (const i of imports) draft.addImport(i);
    for (const entry of table) draft.table.push(entry);
    for (const [name, definition] of this.#exports) draft.exports[name] = definition.name;
    const built = freezeModule(draft.build());
    const surface: Record<string, SurfaceSignature> = Object.create(null) as Record<string, SurfaceSignature>;
    for (const d of [...tracer.definitions, ...this.#imports.values()]) {
      surface[d.name] = { params: d.params.map((p) => p.surface), results: d.results.map((r) => r.surface) };
    }
    setSurface(built, Object.freeze(surface));
    if (memoryModel === 'linear' && built.memory.initialPages > MAX_PAGES) throw usageError(`module '${this.#name}' needs ${built.memory.initialPages} pages of 64 KiB for its globals and its stack`, `Linear memory has at most ${MAX_PAGES} (4 GiB): make the globals smaller.`);
    if (tracer.usesLabels) requireDominance(built);
    return built as TypedModule<unknown, unknown>;
  }
}
