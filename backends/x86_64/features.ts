/**
 * Processor features as data. Code is made for a set of them; nothing above SSE2 (which every x86-64 has) is used
 * unless its feature is in the set. A set is closed: a feature comes with those it builds on.
 *
 * The machine's own set is found by running the code of `cpuid-probe.ts`; only a host does that (see
 * `lib/host-target.ts`). To make code for another machine, name a level.
 */
import { UsageError } from '../../lib/mir/errors.ts';

/** What is there besides SSE2. */
export interface X86Features {
  readonly sse3: boolean;
  readonly ssse3: boolean;
  readonly sse4_1: boolean;
  readonly sse4_2: boolean;
  readonly popcnt: boolean;
  readonly lzcnt: boolean;
  readonly bmi1: boolean;
  readonly bmi2: boolean;
  /** Three-operand forms; the system saves the upper halves of vector registers. */
  readonly avx: boolean;
  readonly avx2: boolean;
  readonly fma: boolean;
}
export type X86Feature = keyof X86Features;

/** Every feature, each after those it builds on. */
export const X86_FEATURES = ['sse3', 'ssse3', 'sse4_1', 'sse4_2', 'popcnt', 'lzcnt', 'bmi1', 'bmi2', 'avx', 'avx2', 'fma'] as const satisfies readonly X86Feature[];

const BUILDS_ON: Partial<Record<X86Feature, X86Feature>> = { ssse3: 'sse3', sse4_1: 'ssse3', sse4_2: 'sse4_1', avx: 'sse4_2', avx2: 'avx', fma: 'avx' };

/** Named sets, each containing the one before: what processors of an age have. */
export type X86Level = 'sse2' | 'ssse3' | 'sse4.1' | 'sse4.2' | 'avx' | 'avx2';
export const X86_LEVEL_NAMES = ['sse2', 'ssse3', 'sse4.1', 'sse4.2', 'avx', 'avx2'] as const satisfies readonly X86Level[];
const ADDED: Readonly<Record<X86Level, readonly X86Feature[]>> = {
  sse2: [], ssse3: ['sse3', 'ssse3'], 'sse4.1': ['sse4_1'], 'sse4.2': ['sse4_2', 'popcnt'], avx: ['avx'], avx2: ['avx2', 'fma', 'bmi1', 'bmi2', 'lzcnt'],
};

/**
 * The set with these features that are complete with what they build on.
 *
 * @example
 * featureSet(['sse3', 'ssse3', 'avx']).avx // => false: it needs sse4_2
 */
export function featureSet(names: Iterable<string>): X86Features {
  const has = new Set(names), set = {} as Record<X86Feature, boolean>;
  for (const f of X86_FEATURES) {
    const below = BUILDS_ON[f];
    set[f] = has.has(f) && (below === undefined || set[below]);
  }
  return Object.freeze(set);
}

/**
 * A set given by a user, less what in it lacks what it builds on.
 *
 * @throws UsageError for what is no set
 */
export function completeSet(given: X86Features): X86Features {
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) {
    throw new UsageError('x86-64 features are a level or an object with a boolean for each feature', `Use one of the levels ${X86_LEVEL_NAMES.join(', ')}, or featureSet([...]) for a list of names.`);
  }
  return featureSet(featureNames(given));
}

/**
 * A level's set.
 *
 * @throws UsageError for an unknown name
 * @example
 * featuresOfLevel('sse4.1').ssse3 // => true
 */
export function featuresOfLevel(level: X86Level): X86Features {
  const at = X86_LEVEL_NAMES.indexOf(level);
  if (at < 0) throw new UsageError(`there is no x86-64 feature level ${String(level)}`, `Use one of ${X86_LEVEL_NAMES.join(', ')}.`);
  return featureSet(X86_LEVEL_NAMES.slice(0, at + 1).flatMap((l) => ADDED[l]));
}

/** Names of the features in a set, in the order of {@link X86_FEATURES}. */
export function featureNames(set: X86Features): readonly X86Feature[] { return X86_FEATURES.filter((f) => set[f]); }

/** The highest level whose features are all in the set. */
export function levelOf(set: X86Features): X86Level {
  let best: X86Level = 'sse2';
  for (const level of X86_LEVEL_NAMES) {
    if (ADDED[level].some((f) => !set[f])) break;
    best = level;
  }
  return best;
}
