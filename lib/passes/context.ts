/**
 * What a pass is given besides the module: diagnostics, counters, facts about the target, and analyses that are
 * computed once per version of a function.
 */
import { buildCallGraph, type CallGraph } from '../analysis/call-graph.ts';
import { buildCfg, type Cfg } from '../analysis/cfg.ts';
import { computeDominators, type Dominators } from '../analysis/dominators.ts';
import { computeLoops, type Loops } from '../analysis/loops.ts';
import { summarise, type FunctionSummary, type Summaries } from '../analysis/function-summary.ts';
import { findDefinitions, type Definitions } from '../analysis/uses.ts';
import { globalSizes } from '../analysis/traps.ts';
import { layoutModule, type MemoryLayout } from '../mir/layout.ts';
import { functionIndex, type MirFunction, type Module, type SourceLocation } from '../mir/module.ts';

/** Facts about the machine that an optimisation may ask for. They guide profit, never correctness. */
export interface TargetFacts {
  readonly name: string;
  /** Allocatable general and floating-point registers. */
  readonly integerRegisters: number;
  readonly floatRegisters: number;
  /** The double-width product costs about as much as a product. */
  readonly fastWideMultiply: boolean;
  /** A conditional move of an integer costs about as much as an addition. */
  readonly conditionalMove: boolean;
}

/** A 64-bit machine of our time; what passes assume when nothing is said. */
export const DEFAULT_TARGET: TargetFacts = Object.freeze({
  name: 'generic', integerRegisters: 13, floatRegisters: 15, fastWideMultiply: true, conditionalMove: true,
});

/** Something a pass wants a person to know. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'remark';
  readonly message: string;
  readonly functionName?: string;
  readonly location?: SourceLocation;
  /** Name of the pass; filled in by the pipeline. */
  readonly pass?: string;
}

/** The environment of one run of one pass. */
export interface PassContext {
  readonly target: TargetFacts;
  /** Analyses of any function, cached by the function's identity. */
  readonly analyses: AnalysisManager;
  /** Adds a message to the result of the pipeline. */
  diagnose(d: Diagnostic): void;
  /** Adds to one of the pass's counters, shown in the statistics. */
  count(counter: string, by?: number): void;
}

/** What is known of one function. */
interface Facts {
  f: MirFunction;
  cfg: Cfg | undefined;
  dominators: Dominators | undefined;
  loops: Loops | undefined;
  definitions: Definitions | undefined;
  /** Passes with nothing left to do on it. */
  settled: readonly string[];
}

/** Functions whose facts are kept: those in work. */
const RECENT = 8;

/**
 * Analyses of functions, computed on demand. A function is immutable, so a result belongs to that very object for
 * ever: a changed function is another object and starts anew. {@link preserve} hands results on when a pass changed
 * instructions but no edge.
 *
 * Only the functions last asked for are remembered, which is all that working through one function at a time needs,
 * and keeps memory and garbage collection out of the cost.
 */
export class AnalysisManager {
  readonly #recent: Facts[] = [];
  #next = 0;
  // Maps, as weak ones cost the garbage collector dear; `startGroup` forgets what nobody will ask for.
  #settled = new Map<MirFunction, readonly string[]>();
  #settledSince = new Map<MirFunction, readonly string[]>();
  #summaries = new Map<MirFunction, FunctionSummary>();
  #callGraph: CallGraph | undefined;
  #index: ReadonlyMap<string, number> | undefined;
  #module: Module | undefined;
  #layout: MemoryLayout | undefined;
  #globals: ReadonlyMap<string, number> | undefined;

  /** Size and calls of each function, remembered between two runs of function passes. */
  readonly summaries: Summaries = (f) => {
    let summary = this.#summaries.get(f);
    if (summary === undefined) this.#summaries.set(f, summary = summarise(f));
    return summary;
  };
  /** Numbers of functions by name. */
  functionIndex(m: Module): ReadonlyMap<string, number> {
    this.#enter(m);
    return this.#index ??= functionIndex(m);
  }
  callGraph(m: Module): CallGraph {
    this.#enter(m);
    return this.#callGraph ??= buildCallGraph(m, this.summaries, this.functionIndex(m));
  }

  cfg(f: MirFunction): Cfg {
    const facts = this.#of(f);
    return facts.cfg ??= buildCfg(f);
  }
  dominators(f: MirFunction): Dominators {
    const facts = this.#of(f);
    return facts.dominators ??= computeDominators(facts.cfg ??= buildCfg(f));
  }
  loops(f: MirFunction): Loops {
    const facts = this.#of(f);
    return facts.loops ??= computeLoops(this.cfg(f), this.dominators(f));
  }
  definitions(f: MirFunction): Definitions {
    const facts = this.#of(f);
    return facts.definitions ??= findDefinitions(f);
  }
  /** Layout of the linear memory; undefined in the native model. */
  layout(m: Module): MemoryLayout | undefined {
    this.#enter(m);
    return m.memoryModel === 'linear' ? this.#layout ??= layoutModule(m) : undefined;
  }
  /** Bytes of each global by name. */
  globals(m: Module): ReadonlyMap<string, number> {
    this.#enter(m);
    return this.#globals ??= globalSizes(m);
  }
  /**
   * Runs `change` unless the pass is known to have nothing left to do on this very object: it gave it back unchanged
   * before, or made it (passes reach their own fixed point in one run, or near enough).
   */
  once(pass: string, f: MirFunction, change: (f: MirFunction) => MirFunction): MirFunction {
    if (this.#of(f).settled.includes(pass)) return f;
    const after = change(f), facts = this.#of(after);
    if (!facts.settled.includes(pass)) facts.settled = [...facts.settled, pass];
    return after;
  }
  /** A run of function passes begins. */
  startGroup(): void {
    this.#settled = this.#settledSince;
    this.#settledSince = new Map();
    this.#summaries = new Map();
  }
  /** Remembers what {@link once} knows of `f`, up to the end of the next run of function passes. */
  remember(f: MirFunction): void {
    const { settled } = this.#of(f);
    if (settled.length > 0) this.#settledSince.set(f, settled);
  }
  /** Takes the control-flow graph of `f` from one who knows it. */
  provideCfg(f: MirFunction, cfg: Cfg): void { this.#of(f).cfg ??= cfg; }
  /** `to` has the blocks and edges of `from`: its control-flow facts are the same. */
  preserve(from: MirFunction, to: MirFunction): void {
    if (from === to) return;
    const known = this.#of(from), facts = this.#of(to);
    facts.cfg = known.cfg;
    facts.dominators = known.dominators;
    facts.loops = known.loops;
  }
  #of(f: MirFunction): Facts {
    const list = this.#recent;
    for (let k = 0; k < list.length; k++) if (list[k].f === f) return list[k];
    const facts: Facts = { f, cfg: undefined, dominators: undefined, loops: undefined, definitions: undefined, settled: this.#settled.get(f) ?? [] };
    list[this.#next] = facts;
    this.#next = (this.#next + 1) % RECENT;
    return facts;
  }
  #enter(m: Module): void {
    if (this.#module === m) return;
    this.#module = m;
    this.#layout = undefined;
    this.#globals = undefined;
    this.#callGraph = undefined;
    this.#index = undefined;
  }
}

/** A context with nothing behind it but counters, for running one pass alone. */
export class CollectingContext implements PassContext {
  readonly target: TargetFacts;
  readonly analyses: AnalysisManager;
  readonly diagnostics: Diagnostic[] = [];
  readonly counters: Record<string, number> = {};
  readonly #pass: string;

  constructor(pass: string, target: TargetFacts = DEFAULT_TARGET, analyses: AnalysisManager = new AnalysisManager()) {
    this.#pass = pass;
    this.target = target;
    this.analyses = analyses;
  }
  diagnose(d: Diagnostic): void { this.diagnostics.push({ ...d, pass: this.#pass }); }
  count(counter: string, by = 1): void { this.counters[counter] = (this.counters[counter] ?? 0) + by; }
}

/** Runs one function of a module through `change`; the same module when nothing changed. */
export function mapFunctions(module: Module, change: (f: MirFunction) => MirFunction): Module {
  let functions: MirFunction[] | undefined;
  for (let k = 0; k < module.functions.length; k++) {
    const before = module.functions[k], after = change(before);
    if (after !== before) (functions ??= module.functions.slice())[k] = after;
  }
  return functions === undefined ? module : { ...module, functions };
}
