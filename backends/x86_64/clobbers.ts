/** Clobber sets of calls: what a call destroys, less the registers it defines. */
import type { PReg } from '../../lib/codegen/machine-function.ts';
import { CALL_CLOBBERS, INT_RESULTS, VECTOR_RESULTS } from './convention.ts';

const VECTORS = VECTOR_RESULTS.length + 1;

/** Number of the set for a call with that many results in integer and vector registers. */
export function clobbersFor(ints: number, vectors: number): number { return 1 + ints * VECTORS + vectors; }

/** Set 0 is empty, then one per number of results. */
export const CLOBBER_SETS: readonly (readonly PReg[])[] = [[], ...sets()];

function sets(): PReg[][] {
  const list: PReg[][] = [];
  for (let i = 0; i <= INT_RESULTS.length; i++) {
    for (let v = 0; v < VECTORS; v++) {
      const defined = new Set([...INT_RESULTS.slice(0, i), ...VECTOR_RESULTS.slice(0, v)]);
      list.push(CALL_CLOBBERS.filter((r) => !defined.has(r)));
    }
  }
  return list;
}
