/**
 * Functions that nothing can call any more: not exported, not in the table, not called from one that is. Globals
 * stay: their addresses are part of the layout that hosts and programs rely on.
 */
import { reachableFunctions } from '../analysis/call-graph.ts';
import { ownPass, type Pass } from './pass.ts';

/** The pass `dead-functions`. */
export const deadFunctions: Pass = ownPass({
  name: 'dead-functions', description: 'removes functions that nothing can call', stage: 'optimise',
  run: (module, context) => {
    const seen = reachableFunctions(context.analyses.callGraph(module));
    if (!seen.includes(0)) return module;
    const functions = module.functions.filter((_, f) => seen[f] !== 0);
    context.count('removed', module.functions.length - functions.length);
    return { ...module, functions };
  },
});
