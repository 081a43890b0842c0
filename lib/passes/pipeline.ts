/**
 * The pipeline: an immutable list of passes, and how a list is run.
 *
 * Order is the reader's: passes run exactly as listed. What the list must obey is only that stages do not go
 * backwards (verify → policy → estimate → optimise → lower).
 */
import { thawModule } from '../analysis/thaw.ts';
import { LamellaError } from '../mir/errors.ts';
import { freezeModule, type MirFunction, type Module } from '../mir/module.ts';
import { showThrown } from '../mir/show.ts';
import { VerificationError } from '../mir/verify-errors.ts';
import { verifyModule } from '../mir/verifier.ts';
import { AnalysisManager, CollectingContext, DEFAULT_TARGET, mapFunctions, type Diagnostic, type TargetFacts } from './context.ts';
import { PassError, PipelineError } from './errors.ts';
import { inModule, isOwnFunctionPass, isOwnPass, isReport, STAGES, type FunctionPass, type Pass, type PassReport } from './pass.ts';
import { standardPasses, type OptimisationLevel } from './standard.ts';

/** What one pass did. */
export interface PassStatistics {
  readonly pass: string;
  /** Wall time in milliseconds, verification not included. */
  readonly milliseconds: number;
  /** Functions that came back as another object. */
  readonly functionsChanged: number;
  /** Counters the pass kept, for example `{ folded: 12 }`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What a pass reported instead of a module. */
export interface NamedReport { readonly pass: string; readonly report: unknown }

/** Result of {@link Pipeline.run}. */
export interface PipelineResult {
  readonly module: Module;
  readonly reports: readonly NamedReport[];
  readonly diagnostics: readonly Diagnostic[];
  readonly statistics: readonly PassStatistics[];
  /** Optimising passes of the list, whatever the bisect limit; the upper end for a bisection. */
  readonly steps: number;
}

export interface PipelineOptions {
  /** Verifies the module after every pass, not only after plugins. */
  readonly verifyAfterEach?: boolean;
  /** Called before or after the passes named in `printOnly` (absent: all). */
  readonly printBefore?: (pass: string, module: Module) => void;
  readonly printAfter?: (pass: string, module: Module) => void;
  readonly printOnly?: readonly string[];
  /**
   * Runs only the first `bisectLimit` optimising passes of the list. Halving the limit until a program works finds
   * the pass that broke it; checks and lowering always run.
   */
  readonly bisectLimit?: number;
  readonly target?: TargetFacts;
  /** Freezes the result (default true). */
  readonly freeze?: boolean;
  /** Analyses to share with other work on the same functions. */
  readonly analyses?: AnalysisManager;
}

/**
 * An immutable list of passes.
 *
 * @example
 * const pipeline = Pipeline.standard('O2').insertBefore('inline', countCalls).without('if-convert');
 * const { module } = pipeline.run(demo);
 */
export class Pipeline {
  readonly passes: readonly Pass[];

  constructor(passes: readonly Pass[]) {
    this.passes = Object.freeze(checkList(passes));
    Object.freeze(this);
  }

  /** The pipeline of a level; `standard.ts` lists its passes. */
  static standard(level: OptimisationLevel): Pipeline { return new Pipeline(standardPasses(level)); }

  /** Names in order. A name may come several times. */
  get names(): readonly string[] { return this.passes.map((p) => p.name); }
  has(name: string): boolean { return this.passes.some((p) => p.name === name); }

  /** Inserts before the first pass called `name`. @throws PipelineError when there is none */
  insertBefore(name: string, ...added: readonly Pass[]): Pipeline { return this.#spliced(this.#find(name), 0, added); }
  /** Inserts after the last pass called `name`. @throws PipelineError when there is none */
  insertAfter(name: string, ...added: readonly Pass[]): Pipeline { return this.#spliced(this.#findLast(name) + 1, 0, added); }
  /** Replaces every pass called `name`. @throws PipelineError when there is none */
  replace(name: string, by: Pass): Pipeline {
    this.#find(name);
    return new Pipeline(this.passes.map((p) => (p.name === name ? by : p)));
  }
  /** Leaves out every pass called by one of these names. @throws PipelineError when one is not there */
  without(...names: readonly string[]): Pipeline {
    for (const name of names) this.#find(name);
    return new Pipeline(this.passes.filter((p) => !names.includes(p.name)));
  }
  /** Adds passes, each at the end of its stage. */
  append(...added: readonly Pass[]): Pipeline {
    const passes = [...this.passes];
    for (const pass of added) {
      checkPass(pass);
      let at = passes.length;
      while (at > 0 && STAGES.indexOf(passes[at - 1].stage) > STAGES.indexOf(pass.stage)) at--;
      passes.splice(at, 0, pass);
    }
    return new Pipeline(passes);
  }

  /**
   * Runs the passes in order.
   *
   * @throws PassError when a pass throws, returns no module, or (a plugin, or any pass with `verifyAfterEach`)
   *   returns a module that breaks MIR's rules. Refusals (verification, policy, memory budget) are thrown as they are.
   */
  run(module: Module, options: PipelineOptions = {}): PipelineResult {
    const analyses = options.analyses ?? new AnalysisManager();
    const reports: NamedReport[] = [], diagnostics: Diagnostic[] = [], statistics: PassStatistics[] = [];
    const limit = options.bisectLimit ?? Infinity;
    const steps = this.passes.filter((p) => p.stage === 'optimise').length;
    let step = 0;
    const active = this.passes.filter((p) => p.stage !== 'optimise' || ++step <= limit);
    const working = new WorkingCopy(options.freeze !== false);
    const watched = options.verifyAfterEach === true || options.printBefore !== undefined || options.printAfter !== undefined;
    for (let k = 0; k < active.length;) {
      const group: FunctionPass[] = [];
      if (!watched) for (let pass = active[k]; pass !== undefined && isOwnFunctionPass(pass); pass = active[k + group.length]) group.push(pass);
      if (group.length > 1) {
        module = working.thaw(module);
        const contexts = group.map((p) => new CollectingContext(p.name, options.target ?? DEFAULT_TARGET, analyses));
        const result = runGroup(group, module, contexts, analyses);
        module = result.module;
        for (let g = 0; g < group.length; g++) {
          diagnostics.push(...contexts[g].diagnostics);
          statistics.push({ pass: group[g].name, milliseconds: result.milliseconds[g], functionsChanged: result.changed[g], counters: contexts[g].counters });
        }
        k += group.length;
        continue;
      }
      const pass = active[k++];
      module = !isOwnPass(pass) ? freezeModule(working.restore(module)) : pass.stage === 'optimise' || pass.stage === 'lower' ? working.thaw(module) : module;
      const shown = options.printOnly === undefined || options.printOnly.includes(pass.name);
      if (shown) options.printBefore?.(pass.name, module);
      const context = new CollectingContext(pass.name, options.target ?? DEFAULT_TARGET, analyses);
      const started = performance.now();
      const result = runPass(pass, module, context);
      const milliseconds = performance.now() - started;
      let functionsChanged = 0;
      if (isReport(result)) {
        reports.push({ pass: pass.name, report: result.report });
      } else if (result !== module) {
        if (options.verifyAfterEach === true || !isOwnPass(pass)) requireValid(pass, result);
        for (let f = 0; f < result.functions.length; f++) if (result.functions[f] !== module.functions[f]) functionsChanged++;
        module = isOwnPass(pass) ? result : freezeModule(result);
      }
      diagnostics.push(...context.diagnostics);
      statistics.push({ pass: pass.name, milliseconds, functionsChanged, counters: context.counters });
      if (shown) options.printAfter?.(pass.name, module);
    }
    return { module: options.freeze === false ? module : freezeModule(working.restore(module)), reports, diagnostics, statistics, steps };
  }

  #find(name: string): number {
    const at = this.passes.findIndex((p) => p.name === name);
    if (at < 0) throw new PipelineError(`the pipeline has no pass "${name}"`, `Its passes are: ${[...new Set(this.names)].join(', ')}.`);
    return at;
  }
  #findLast(name: string): number {
    this.#find(name);
    return this.passes.findLastIndex((p) => p.name === name);
  }
  #spliced(at: number, remove: number, added: readonly Pass[]): Pipeline {
    return new Pipeline(this.passes.toSpliced(at, remove, ...added));
  }
}

/** The frozen module as it was given, while our own passes work on a copy that is faster to read. */
class WorkingCopy {
  readonly #keeps: boolean;
  #frozen: Module | undefined;
  #thawed: Module | undefined;

  /** @param keeps - false: nothing will be restored, so the copy need not stay in memory */
  constructor(keeps: boolean) { this.#keeps = keeps; }

  thaw(m: Module): Module {
    if (!Object.isFrozen(m)) return m;
    if (m === this.#frozen && this.#thawed !== undefined) return this.#thawed;
    const thawed = thawModule(m);
    if (this.#keeps) {
      this.#frozen = m;
      this.#thawed = thawed;
    }
    return thawed;
  }

  /** The module with its frozen functions back in the places of copies that nothing changed. */
  restore(m: Module): Module {
    const frozen = this.#frozen, thawed = this.#thawed;
    if (frozen === undefined || thawed === undefined) return m;
    if (m === thawed) return frozen;
    const original = new Map<MirFunction, MirFunction>();
    for (let k = 0; k < thawed.functions.length; k++) original.set(thawed.functions[k], frozen.functions[k]);
    return { ...m, functions: m.functions.map((f) => original.get(f) ?? f) };
  }
}

/**
 * Takes each function through a run of function passes before the next one: what the passes make in between dies
 * young, and is still in the caches when the next pass reads it.
 */
function runGroup(group: readonly FunctionPass[], module: Module, contexts: readonly CollectingContext[], analyses: AnalysisManager): { module: Module; milliseconds: number[]; changed: number[] } {
  analyses.startGroup();
  const inner = contexts.map((c) => inModule(module, c));
  const milliseconds = group.map(() => 0), changed = group.map(() => 0);
  const after = mapFunctions(module, (start) => {
    let f = start, from = performance.now();
    for (let g = 0; g < group.length; g++) {
      const before = f;
      try {
        f = group[g].runOnFunction(before, inner[g]);
      } catch (error) {
        throw asPassError(group[g], error);
      }
      const now = performance.now();
      milliseconds[g] += now - from;
      from = now;
      if (f !== before) changed[g]++;
    }
    analyses.remember(f);
    return f;
  });
  return { module: after, milliseconds, changed };
}

function runPass(pass: Pass, module: Module, context: CollectingContext): Module | PassReport {
  let result: unknown;
  try {
    result = pass.run(module, context);
  } catch (error) {
    throw asPassError(pass, error);
  }
  const problem = resultProblem(result);
  if (problem !== undefined) throw new PassError(pass.name, pass.stage, 'bad-result', `returned ${problem}`);
  return result as Module | PassReport;
}

/** What to throw for an error that came out of a pass: refusals of our own passes as they are. */
function asPassError(pass: Pass, error: unknown): unknown {
  if (isOwnPass(pass) && error instanceof LamellaError) return error;
  const text = error instanceof Error ? error.message : showThrown(error);
  if (error instanceof TypeError && /read only|not extensible|Cannot assign|Cannot add|Cannot delete|Cannot define/i.test(text)) {
    return new PassError(pass.name, pass.stage, 'changed-input', `tried to change the module it was given: ${text}`, error);
  }
  return new PassError(pass.name, pass.stage, 'threw', `threw: ${text}`, error);
}

/** What is wrong with the outer shape of a pass's result, if anything; the verifier looks at the inside. */
function resultProblem(result: unknown): string | undefined {
  if (result === undefined) return 'nothing';
  if (typeof result !== 'object' || result === null) return `a ${result === null ? 'null' : typeof result}`;
  if ('then' in result) return 'a Promise';
  if ('report' in result) return undefined;
  const m = result as Partial<Record<keyof Module, unknown>>;
  for (const key of ['functions', 'imports', 'globals', 'table', 'locations'] as const) {
    if (!Array.isArray(m[key])) return `an object whose "${key}" is not an array, so not a Module`;
  }
  for (const key of ['memory', 'exports'] as const) {
    if (typeof m[key] !== 'object' || m[key] === null) return `an object without "${key}", so not a Module`;
  }
  return undefined;
}

function requireValid(pass: Pass, module: Module): void {
  const errors = verifyModule(module);
  if (errors.length === 0) return;
  const cause = new VerificationError(module.name, errors);
  throw new PassError(pass.name, pass.stage, 'invalid-module', `returned a module that breaks ${errors.length === 1 ? 'a rule' : `${errors.length} rules`} of MIR:\n  ${errors.slice(0, 5).map((e) => e.message).join('\n  ')}`, cause);
}

function checkPass(pass: unknown): asserts pass is Pass {
  const p = pass as Partial<Pass> | null | undefined;
  if (typeof p !== 'object' || p === null || typeof p.name !== 'string' || p.name === '' || typeof p.run !== 'function') {
    throw new PipelineError('what was given as a pass is none: it needs a name and a run function', 'Make one with functionPass(name, description, change), or give { name, description, stage, run }.');
  }
  if (!STAGES.includes(p.stage as (typeof STAGES)[number])) {
    throw new PipelineError(`pass "${p.name}" has no known stage: ${String(p.stage)}`, `Give it one of: ${STAGES.join(', ')}.`);
  }
}

function checkList(passes: readonly Pass[]): Pass[] {
  let at = 0;
  for (const pass of passes) {
    checkPass(pass);
    const stage = STAGES.indexOf(pass.stage);
    if (stage < at) throw new PipelineError(`pass "${pass.name}" of stage ${pass.stage} comes after stage ${STAGES[at]}`, `Stages come in this order: ${STAGES.join(', ')}.`);
    at = stage;
  }
  return [...passes];
}
