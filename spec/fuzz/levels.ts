/**
 * The modules of the optimisation levels, made once for all executors that run them.
 *
 * A pipeline does not depend on the target, and its passes are functions: a level's module can be shared by every
 * backend, work on the passes that O2 and O3 have in common can be done once, and of two levels with equal modules
 * only one need be compiled. A thorough program is taken through every whole pipeline instead, verified after each pass.
 */
import type { Module } from '../../lib/mir/index.ts';
import { Pipeline, type Pass } from '../../lib/passes/index.ts';

export type FuzzLevel = 'O1' | 'O2' | 'O3';

const WHOLE: Readonly<Record<FuzzLevel, Pipeline>> = { O1: Pipeline.standard('O1'), O2: Pipeline.standard('O2'), O3: Pipeline.standard('O3') };

/** O2 and O3 cut where they differ: in the passes from `from` to `to`. */
const SPLIT = ((): { readonly common: Pipeline; readonly own: Readonly<Record<'O2' | 'O3', Pipeline>>; readonly rest: Pipeline } | undefined => {
  const a = WHOLE.O2.passes, b = WHOLE.O3.passes, differs = (p: Pass, k: number): boolean => p !== b[k];
  const from = a.findIndex(differs), to = a.findLastIndex(differs) + 1;
  if (a.length !== b.length || from < 0) return undefined;
  // The verifier has run for O1.
  return { common: new Pipeline(a.slice(0, from).filter((p) => p.stage !== 'verify')), own: { O2: new Pipeline(a.slice(from, to)), O3: new Pipeline(b.slice(from, to)) }, rest: new Pipeline(a.slice(to)) };
})();

type Made = Partial<Record<FuzzLevel, Module>>;
const made = new WeakMap<Module, Made>(), thoroughlyMade = new WeakMap<Module, Made>();

/** The module after a level's pipeline; the very object of a lower level, or the module itself, when it is equal. */
export function moduleAt(module: Module, level: FuzzLevel, thorough: boolean): Module {
  const all = thorough ? thoroughlyMade : made;
  let known = all.get(module);
  if (known === undefined) all.set(module, known = {});
  return known[level] ??= thorough ? WHOLE[level].run(module, { verifyAfterEach: true }).module : make(module, level, known);
}

function make(module: Module, level: FuzzLevel, known: Made): Module {
  const options = { freeze: false } as const;
  if (level === 'O1') return canonical(WHOLE.O1.run(module, options).module, [module]);
  if (SPLIT === undefined) return canonical(WHOLE[level].run(module, options).module, [module, known.O1, known.O2, known.O3]);
  const start = SPLIT.common.run(module, options).module;
  const two = SPLIT.own.O2.run(start, options).module, three = SPLIT.own.O3.run(start, options).module;
  known.O2 = canonical(SPLIT.rest.run(two, options).module, [module, known.O1]);
  known.O3 = sameModule(two, three) ? known.O2 : canonical(SPLIT.rest.run(three, options).module, [known.O2, known.O1, module]);
  return known[level]!;
}

function canonical(module: Module, others: readonly (Module | undefined)[]): Module {
  return others.find((o) => o !== undefined && sameModule(module, o)) ?? module;
}

/** Equal in all that code can depend on. */
export function sameModule(a: Module, b: Module): boolean {
  if (a === b) return true;
  // The most likely difference first.
  return a.functions.length === b.functions.length && a.functions.every((f, k) => f.blocks.length === b.functions[k].blocks.length && f.valueTypes.length === b.functions[k].valueTypes.length) && same(a, b);
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let k = 0; k < a.length; k++) if (!same(a[k], b[k])) return false;
    return true;
  }
  if (ArrayBuffer.isView(a)) return false; // never made anew by a pass: the same object, or not the same
  const x = a as Readonly<Record<string, unknown>>, y = b as Readonly<Record<string, unknown>>;
  let n = 0;
  for (const k in x) { n++; if (!same(x[k], y[k])) return false; }
  for (const _ in y) n--;
  return n === 0;
}
