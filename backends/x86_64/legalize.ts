/**
 * A module made ready for selection at a feature level: operations that the level lacks become others.
 *
 * With AVX2 a `v256` lives in one register. What has no short sequence across the halves of a register (many
 * shuffles, insertion of a lane, constants with unlike halves) is done on halves; functions with `v256` in their
 * signature are entered by the host through one of halves. Without AVX2 there are only halves.
 */
import { splitUnsupported } from '../../lib/codegen/split-unsupported.ts';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import { addBoundaries } from '../../lib/codegen/vector-boundary.ts';
import type { Instruction } from '../../lib/mir/instruction.ts';
import type { Module } from '../../lib/mir/module.ts';
import type { X86Features } from './features.ts';
import { legalizeFma } from './legalize-fma.ts';
import { planWideShuffle } from './wide-shuffle.ts';

/** A legal module. Functions keep their numbers; new ones come last. */
export interface LegalModule {
  readonly module: Module;
  /** Numbers of functions that only call on for the host: traps in what they call are not theirs. */
  readonly boundaries: ReadonlySet<number>;
}

export function legalize(m: Module, features: X86Features): LegalModule {
  const fused = (x: Module): Module => (features.fma ? x : legalizeFma(x));
  if (!features.avx2) return { module: fused(splitVectors(m)), boundaries: NONE };
  const { module, entered } = addBoundaries(m);
  return { module: fused(splitUnsupported(module, (i) => isNative(i, features))), boundaries: entered };
}

const NONE: ReadonlySet<number> = new Set();

/** True when selection has an instruction or a short sequence for an instruction on `v256`. */
function isNative(i: Instruction, features: X86Features): boolean {
  switch (i.kind) {
    // A constant is broadcast from one half.
    case 'const': return BigInt(i.value) >> 128n === BigInt.asUintN(128, BigInt(i.value));
    case 'vector': return i.op !== 'vfma' || features.fma;
    case 'shuffle': return planWideShuffle(i.mask, i.a === i.b) !== undefined;
    case 'insert_lane': return false;
    default: return true;
  }
}
