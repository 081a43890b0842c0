/** The passes `simplify` (rules and block-local numbering) and `gvn` (the same over the dominator tree). */
import type { MirFunction } from '../mir/module.ts';
import { ownFunctionPass, type FunctionPassContext } from './pass.ts';
import { inOrder } from './simplify-cfg.ts';
import { numberValues, type Scope } from './value-numbering.ts';

/** The pass `simplify`. */
export const simplify = ownFunctionPass('simplify', 'constant folding, algebraic rules, strength reduction, block-local value numbering',
  (f, context) => numbered(f, context, 'block'));

/** The pass `gvn`. */
export const globalValueNumbering = ownFunctionPass('gvn', 'the rules of simplify, and one computation for equal expressions along the dominator tree',
  (f, context) => numbered(f, context, 'dominator'));

function numbered(f: MirFunction, context: FunctionPassContext, scope: Scope): MirFunction {
  const { analyses } = context, g = inOrder(f, analyses);
  const { after, sameEdges } = numberValues(g, analyses.cfg(g), analyses.dominators(g), context.module.memoryModel, scope);
  if (sameEdges) analyses.preserve(g, after);
  return after;
}
