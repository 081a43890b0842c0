/** A module made ready for selection at a feature level: operations that the level lacks as a whole become others. */
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import type { Module } from '../../lib/mir/module.ts';
import type { X86Features } from './features.ts';
import { legalizeFma } from './legalize-fma.ts';

/** Functions keep their numbers; new ones come last. */
export function legalize(m: Module, features: X86Features): Module {
  const narrow = splitVectors(m);
  return features.fma ? narrow : legalizeFma(narrow);
}
