/** Traces all functions that a module needs, and collects what they use. */
import { UsageError, type Global, type Import, type MemoryModel, type MirFunction, type PendingConst, type SourceLocation, type Value } from '../lib/mir/index.ts';
import { BodyImpl } from './body.ts';
import { FunctionContext, notRun, withContext } from './context.ts';
import { wrapValue } from './factory.ts';
import { FunctionTable } from './function-table.ts';
import { LocationRecorder } from './location.ts';
import type { FunctionDefinition, GlobalDefinition, HostDefinition, ModuleContext, TableDefinition } from './module-context.ts';
import { tidy } from './tidy.ts';
import { layoutOf } from './types.ts';
import { usageError } from './usage.ts';

export class Tracer implements ModuleContext {
  readonly name: string;
  readonly memoryModel: MemoryModel;
  readonly locations: LocationRecorder;
  readonly globals: Global[] = [];
  readonly #declaredHosts: ReadonlySet<HostDefinition>;
  readonly #names = new Map<string, FunctionDefinition | HostDefinition>();
  readonly #functions: FunctionDefinition[] = [];
  readonly #contexts: FunctionContext[] = [];
  readonly #hosts = new Set<HostDefinition>();
  readonly #globalNames = new Map<string, GlobalDefinition>();
  readonly #table = new FunctionTable();
  readonly #heapBases: PendingConst[] = [];

  constructor(name: string, memoryModel: MemoryModel, locations: boolean, hosts: ReadonlySet<HostDefinition>) {
    this.name = name;
    this.memoryModel = memoryModel;
    this.locations = new LocationRecorder(locations);
    this.#declaredHosts = hosts;
  }

  get definitions(): readonly FunctionDefinition[] { return this.#functions; }

  // --- what functions ask for ---

  useFunction(f: FunctionDefinition): void {
    const known = this.#names.get(f.name);
    if (known === f) return;
    if (known !== undefined) throw this.#clash(f, known);
    this.#names.set(f.name, f);
    this.#functions.push(f);
  }
  declareHost(h: HostDefinition): void {
    const known = this.#names.get(h.name);
    if (known !== undefined && known !== h) throw this.#clash(h, known);
    this.#names.set(h.name, h);
    this.#hosts.add(h);
  }
  useHost(h: HostDefinition, by: string): void {
    if (this.#declaredHosts.has(h)) return;
    throw usageError(`function '${by}' calls host function '${h.name}', which module '${this.name}' does not import`, `Add .import({ ${h.name} }) to the module, so that its type tells what must be granted.`);
  }
  #clash(a: FunctionDefinition | HostDefinition, b: FunctionDefinition | HostDefinition): UsageError {
    return new UsageError(`module '${this.name}' uses two functions called '${a.name}'${b.origin.toString()} and${a.origin.toString()}`, 'Give one of them another name.');
  }
  useGlobal(g: GlobalDefinition): void {
    const known = this.#globalNames.get(g.name);
    if (known === g) return;
    if (known !== undefined) throw new UsageError(`module '${this.name}' uses two globals called '${g.name}'${known.origin.toString()} and${g.origin.toString()}`, 'Give one of them another name.');
    this.#globalNames.set(g.name, g);
    const { size, align } = layoutOf(g.type, this.memoryModel);
    const bytes = g.bytes(this.memoryModel);
    this.globals.push(bytes === undefined ? { name: g.name, size, align, mutable: g.mutable } : { name: g.name, size, align, mutable: g.mutable, bytes });
  }
  tableBase(context: FunctionContext, t: TableDefinition): Value {
    if (!this.#table.has(t)) for (const e of t.entries) if (e !== null) this.useFunction(e);
    return this.#table.base(context.fb, t);
  }
  functionIndex(context: FunctionContext, f: FunctionDefinition): Value {
    this.useFunction(f);
    return this.#table.index(context.fb, f);
  }
  useReferences(): void { this.#table.hasReferences = true; }
  heapBase(context: FunctionContext): Value {
    if (this.memoryModel !== 'linear') throw usageError(`b.heapBase is used in module '${this.name}', whose memory is native`, 'Only linear memory has a heap base: use { memoryModel: \'linear\' }, or pass a pointer in.');
    const constant = context.fb.pendingConst('ptr');
    this.#heapBases.push(constant);
    return constant.value;
  }

  // --- tracing ---

  /** Traces every function, including those found on the way. */
  traceAll(): void {
    for (let k = 0; k < this.#functions.length; k++) this.#contexts.push(this.#trace(this.#functions[k]));
  }

  #trace(f: FunctionDefinition): FunctionContext {
    if (f.body === undefined) throw new UsageError(`function '${f.name}' is declared${f.origin.toString()} but has no body`, 'Give it one with define((b, ...params) => { ... }).');
    const { body } = f;
    const loc = this.locations.add(f.origin.location);
    const c = new FunctionContext(f.name, f.params, f.results, this, wrapValue, loc);
    nameParameters(c, body);
    withContext(c, () => {
      const given = body(new BodyImpl(c), ...c.fb.params.map((id, i) => c.wrap(f.params[i], id)));
      const problem = notRun(given);
      if (problem !== undefined) throw new UsageError(`the body of function '${f.name}'${f.origin.toString()} ${problem.what}`, problem.remedy);
      if (c.failure !== undefined) throw unfinished(f, c.failure);
      if (c.isLive) {
        if (f.results.length > 0) throw new UsageError(`function '${f.name}'${f.origin.toString()} may end without returning its result (${f.results.map((r) => r.name).join(', ')})`, 'End every path with b.ret(...), or with b.unreachable() where the end cannot be reached.');
        c.fb.loc = loc;
        c.ret([]);
      }
      const dangling = c.labels.find((l) => l.isDangling);
      if (dangling !== undefined) throw new UsageError(`a label of function '${f.name}' is jumped to but never entered${dangling.origin.toString()}`, 'Write its code after b.enter(label).');
      c.ssa.sealAll();
    });
    c.scope.open = false;
    return c;
  }

  // --- results ---

  /** True when a function has raw blocks. */
  get usesLabels(): boolean { return this.#contexts.some((c) => c.labels.length > 0); }
  get usesHeapBase(): boolean { return this.#heapBases.length > 0; }
  /** The functions as traced, good for their slots only. */
  unfinished(): readonly MirFunction[] { return this.#contexts.map((c) => c.fb.finish()); }
  patchHeapBase(address: number): void {
    for (const h of this.#heapBases) h.set(address);
  }
  finish(): { readonly functions: readonly MirFunction[]; readonly table: readonly (string | null)[]; readonly locations: readonly SourceLocation[]; readonly imports: readonly Import[] } {
    const hostLocs = [...this.#hosts].map((h) => this.locations.add(h.origin.location));
    const { locations, final } = this.locations.resolve();
    const imports = [...this.#hosts].map((h, i): Import => {
      const base = { name: h.name, kind: h.kind, capability: h.capability, params: h.params.map((p) => p.mir), results: h.results.map((r) => r.mir), loc: final[hostLocs[i]] };
      return h.buffers.length === 0 ? base : { ...base, buffers: h.buffers.map((b) => ({ ...b })) };
    });
    const table = this.#table.finish();
    return { table, functions: this.#contexts.map((c) => tidy(c.fb.finish(), c.order, final)), locations, imports };
  }
}

/** The error for a body that caught an error of a control construct and went on: its code is not what was meant. */
function unfinished(f: FunctionDefinition, { what, error }: { readonly what: string; readonly error: unknown }): UsageError {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  const result = new UsageError(`the body of function '${f.name}'${f.origin.toString()} goes on after an error inside of ${what}: ${message}`, 'Do not catch errors in a body: what was being written is unfinished.');
  result.cause = error;
  return result;
}

/** Names the parameters as the body's source names them, for printed MIR. */
function nameParameters(c: FunctionContext, body: (...args: never[]) => unknown): void {
  const match = /^(?:async\s*)?(?:function\b[^(]*)?\(([^()]*)\)/.exec(Function.prototype.toString.call(body));
  if (match === null) return;
  const names = match[1].split(',').map((s) => s.trim());
  c.fb.params.forEach((v, i) => {
    const name = names[i + 1];
    if (name !== undefined && /^[A-Za-z_]\w*$/.test(name)) c.fb.nameValue(v, name);
  });
}
