/**
 * A pass: a pure function from module to module, or to a report, with a name.
 */
import type { MirFunction, Module } from '../mir/module.ts';
import { mapFunctions, type PassContext } from './context.ts';

/** The stages of the pipeline, in the order they come. */
export const STAGES = ['verify', 'policy', 'estimate', 'optimise', 'lower'] as const;
export type Stage = (typeof STAGES)[number];

/** What a pass found out, for passes that look and do not change. */
export interface PassReport { readonly report: unknown }

/** A pass. `run` must not change the module it is given (it is frozen). */
export interface Pass {
  /** Unique in a pipeline; how a pass is named in edits, statistics and errors. */
  readonly name: string;
  readonly description: string;
  readonly stage: Stage;
  run(module: Module, context: PassContext): Module | PassReport;
}

/** Wraps what a looking pass found. */
export function report(value: unknown): PassReport {
  return { report: value };
}

/** True when a pass result is a report. */
export function isReport(result: Module | PassReport): result is PassReport {
  return 'report' in result;
}

/** Passes of this project: verified in tests and on request, so not after every run as a plugin's are. */
const own = new WeakSet<Pass>();

/** True for a pass made by {@link ownPass} or {@link functionPass}. */
export function isOwnPass(pass: Pass): boolean {
  return own.has(pass);
}

/** Marks a pass as this project's own. */
export function ownPass(pass: Pass): Pass {
  own.add(pass);
  return Object.freeze(pass);
}

/** What a function pass may know about the module around the function. */
export interface FunctionPassContext extends PassContext {
  readonly module: Module;
}

/** A pass that changes one function at a time. */
export interface FunctionPass extends Pass {
  /** The function changed, or the same object when there was nothing to do. */
  runOnFunction(f: MirFunction, context: FunctionPassContext): MirFunction;
}

/**
 * Makes a pass from a function on functions. Functions that come back as the same object are shared with the module
 * before; when all do, the module itself comes back.
 *
 * @example
 * const noop = functionPass('noop', 'changes nothing', (f) => f);
 */
export function functionPass(name: string, description: string, change: (f: MirFunction, context: FunctionPassContext) => MirFunction, stage: Stage = 'optimise'): FunctionPass {
  const pass: FunctionPass = {
    name, description, stage,
    run: (module, context) => {
      const inner = inModule(module, context);
      return mapFunctions(module, (f) => change(f, inner));
    },
    runOnFunction: change,
  };
  return pass;
}

/** As {@link functionPass}, for passes of this project. */
export function ownFunctionPass(name: string, description: string, change: (f: MirFunction, context: FunctionPassContext) => MirFunction, stage: Stage = 'optimise'): FunctionPass {
  const pass = functionPass(name, description, (f, context) => context.analyses.once(name, f, (g) => change(g, context)), stage);
  ownPass(pass);
  return pass;
}

/** True for a pass of this project that works on one function at a time. */
export function isOwnFunctionPass(pass: Pass): pass is FunctionPass {
  return own.has(pass) && 'runOnFunction' in pass;
}

/** The context as a function pass sees it. */
export function inModule(module: Module, context: PassContext): FunctionPassContext {
  return {
    module, target: context.target, analyses: context.analyses,
    diagnose: (d) => context.diagnose(d),
    count: (counter, by) => context.count(counter, by),
  };
}

