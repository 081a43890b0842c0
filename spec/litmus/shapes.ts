/**
 * Litmus shapes: a few accesses by each of a few threads, and what the threads may find (Alglave, Maranget, Tautschnig,
 * "Herding cats", 2014; names as there). All locations hold 0 at first.
 *
 * An outcome that some interleaving of the accesses explains is always right. The others are *weak*: whether one may
 * appear is said per variant, by the C++ memory model (ISO C++20 [atomics.order], [intro.races]).
 */
import type { MemoryOrdering } from '../../lib/mir/index.ts';

/** `plain` is an ordinary access, not an atomic one. */
export type AccessOrdering = MemoryOrdering | 'plain';

export type Step =
  | { readonly kind: 'store'; readonly location: number; readonly value: number; readonly ordering: AccessOrdering }
  /** An exchange whose old value goes nowhere. */
  | { readonly kind: 'exchange'; readonly location: number; readonly value: number; readonly ordering: MemoryOrdering }
  | { readonly kind: 'load'; readonly location: number; readonly register: number; readonly ordering: AccessOrdering }
  | { readonly kind: 'fence'; readonly ordering: MemoryOrdering };

export interface Litmus {
  readonly name: string;
  readonly threads: readonly (readonly Step[])[];
  readonly locations: number;
  readonly registers: number;
  /** Whether weak outcomes are ruled out. Where they are not, they are counted. */
  readonly weak: 'forbidden' | 'allowed';
}

const X = 0, Y = 1;
const store = (location: number, ordering: AccessOrdering, value = 1): Step => ({ kind: 'store', location, value, ordering });
const load = (location: number, register: number, ordering: AccessOrdering): Step => ({ kind: 'load', location, register, ordering });
const exchange = (location: number, ordering: MemoryOrdering): Step => ({ kind: 'exchange', location, value: 1, ordering });
const fence = (ordering: MemoryOrdering): Step => ({ kind: 'fence', ordering });

function shape(name: string, weak: Litmus['weak'], registers: number, ...threads: readonly (readonly Step[])[]): Litmus {
  return { name, weak, registers, threads, locations: 2 };
}

/** Message passing: the flag is seen, the message not. */
const mp = (name: string, weak: Litmus['weak'], data: AccessOrdering, set: AccessOrdering, get: AccessOrdering, fences: readonly [Step[], Step[]] = [[], []]): Litmus =>
  shape(`MP ${name}`, weak, 2, [store(X, data), ...fences[0], store(Y, set)], [load(Y, 0, get), ...fences[1], load(X, 1, data)]);
/** Store buffering: neither sees the other's store. */
const sb = (name: string, weak: Litmus['weak'], set: AccessOrdering, get: AccessOrdering, between: readonly Step[] = []): Litmus =>
  shape(`SB ${name}`, weak, 2, [store(X, set), ...between, load(Y, 0, get)], [store(Y, set), ...between, load(X, 1, get)]);
/** Load buffering: each sees the other's later store. */
const lb = (name: string, weak: Litmus['weak'], set: AccessOrdering, get: AccessOrdering, between: readonly Step[] = []): Litmus =>
  shape(`LB ${name}`, weak, 2, [load(X, 0, get), ...between, store(Y, set)], [load(Y, 1, get), ...between, store(X, set)]);
/** Independent reads of independent writes: two readers see two stores in opposite orders. */
const iriw = (name: string, weak: Litmus['weak'], set: AccessOrdering, get: AccessOrdering, between: readonly Step[] = []): Litmus =>
  shape(`IRIW ${name}`, weak, 4, [store(X, set)], [store(Y, set)], [load(X, 0, get), ...between, load(Y, 1, get)], [load(Y, 2, get), ...between, load(X, 3, get)]);
/** Write to read causality: what a middleman has seen and passed on is not seen by the third. */
const wrc = (name: string, weak: Litmus['weak'], set: AccessOrdering, get: AccessOrdering): Litmus =>
  shape(`WRC ${name}`, weak, 3, [store(X, set)], [load(X, 0, get), store(Y, set)], [load(Y, 1, get), load(X, 2, get)]);
/** Coherence: two reads of one place see its stores backwards. */
const corr = (name: string, ordering: AccessOrdering): Litmus =>
  shape(`CoRR ${name}`, 'forbidden', 2, [store(X, ordering)], [load(X, 0, ordering), load(X, 1, ordering)]);

export const LITMUS: readonly Litmus[] = [
  mp('seq_cst', 'forbidden', 'seq_cst', 'seq_cst', 'seq_cst'),
  mp('release/acquire', 'forbidden', 'relaxed', 'release', 'acquire'),
  mp('release/acquire, plain message', 'forbidden', 'plain', 'release', 'acquire'),
  mp('fences', 'forbidden', 'relaxed', 'relaxed', 'relaxed', [[fence('release')], [fence('acquire')]]),
  mp('relaxed', 'allowed', 'relaxed', 'relaxed', 'relaxed'),
  sb('seq_cst', 'forbidden', 'seq_cst', 'seq_cst'),
  sb('seq_cst fences', 'forbidden', 'relaxed', 'relaxed', [fence('seq_cst')]),
  shape('SB exchange, seq_cst', 'forbidden', 2, [exchange(X, 'seq_cst'), load(Y, 0, 'seq_cst')], [exchange(Y, 'seq_cst'), load(X, 1, 'seq_cst')]),
  sb('release/acquire', 'allowed', 'release', 'acquire'),
  sb('acq_rel fences', 'allowed', 'relaxed', 'relaxed', [fence('acq_rel')]),
  sb('relaxed', 'allowed', 'relaxed', 'relaxed'),
  lb('seq_cst', 'forbidden', 'seq_cst', 'seq_cst'),
  lb('release/acquire', 'forbidden', 'release', 'acquire'),
  lb('fences', 'forbidden', 'relaxed', 'relaxed', [fence('acq_rel')]),
  lb('relaxed', 'allowed', 'relaxed', 'relaxed'),
  iriw('seq_cst', 'forbidden', 'seq_cst', 'seq_cst'),
  iriw('seq_cst fences', 'forbidden', 'relaxed', 'relaxed', [fence('seq_cst')]),
  iriw('release/acquire', 'allowed', 'release', 'acquire'),
  iriw('relaxed', 'allowed', 'relaxed', 'relaxed'),
  wrc('release/acquire', 'forbidden', 'release', 'acquire'),
  corr('relaxed', 'relaxed'),
];

/** The outcomes that interleavings explain, as numbers: bit `r` is register `r`. */
export function interleavings({ threads, locations, registers }: Litmus): ReadonlySet<number> {
  const found = new Set<number>();
  const go = (at: readonly number[], memory: readonly number[], regs: readonly number[]): void => {
    let ended = true;
    threads.forEach((steps, t) => {
      if (at[t] === steps.length) return;
      ended = false;
      const step = steps[at[t]], next = at.with(t, at[t] + 1);
      switch (step.kind) {
        case 'store': case 'exchange': go(next, memory.with(step.location, step.value), regs); return;
        case 'load': go(next, memory, regs.with(step.register, memory[step.location])); return;
        case 'fence': go(next, memory, regs); return;
        default: step satisfies never;
      }
    });
    if (ended) found.add(regs.reduce((n, r, k) => n | r << k, 0));
  };
  go(threads.map(() => 0), new Array<number>(locations).fill(0), new Array<number>(registers).fill(0));
  return found;
}
