/**
 * What a pass is given besides the module: diagnostics, counters, facts about the target, and analyses that are
 * computed once per version of a function.
 */
import { buildCfg, type Cfg } from '../analysis/cfg.ts';
import { computeDominators, type Dominators } from '../analysis/dominators.ts';
import { computeLoops, type Loops } from '../analysis/loops.ts';
import { findDefinitions, type Definitions } from '../analysis/uses.ts';
import type { MirFunction, Module, SourceLocation } from '../mir/module.ts';

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

interface Facts { cfg?: Cfg; dominators?: Dominators; loops?: Loops }


/**
 * Analyses of functions, computed on demand. A function is immutable, so a result belongs to that very object for
 * ever: a changed function is another object and starts anew. {@link preserve} hands results on when a pass changed
 * instructions but no edge.
 */
export class AnalysisManager {
  readonly #facts = new WeakMap<MirFunction, Facts>();
  readonly #definitions = new WeakMap<MirFunction, Definitions>();
  readonly #settled = new WeakMap<MirFunction, string[]>();

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
    let d = this.#definitions.get(f);
    if (d === undefined) this.#definitions.set(f, d = findDefinitions(f));
    return d;
  }
  /**
   * Runs `change` unless the pass is known to have nothing left to do on this very object: it gave it back unchanged
   * before, or made it (passes reach their own fixed point in one run, or near enough).
   */
  once(pass: string, f: MirFunction, change: (f: MirFunction) => MirFunction): MirFunction {
    const settled = this.#settled.get(f);
    if (settled?.includes(pass) === true) return f;
    const after = change(f);
    const list = this.#settled.get(after);
    if (list === undefined) this.#settled.set(after, [pass]); else list.push(pass);
    return after;
  }
  /** `to` has the blocks and edges of `from`: its control-flow facts are the same. */
  preserve(from: MirFunction, to: MirFunction): void {
    const facts = this.#facts.get(from);
    if (facts !== undefined && from !== to) this.#facts.set(to, facts);
  }
  #of(f: MirFunction): Facts {
    let facts = this.#facts.get(f);
    if (facts === undefined) this.#facts.set(f, facts = {});
    return facts;
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
