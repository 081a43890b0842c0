/** Every optimisation of this project, for tools and tests that go through all of them. */
import { compact } from './compact.ts';
import { deadCode } from './dce.ts';
import { deadFunctions } from './dead-functions.ts';
import { divideByConstant } from './divide-by-constant.ts';
import { ifConvert } from './if-convert.ts';
import { inlinePass, INLINE_O2 } from './inline.ts';
import { hoistInvariants } from './licm.ts';
import { forwardMemory } from './memory-forward.ts';
import { memoryToRegisters } from './mem2reg.ts';
import { globalValueNumbering, simplify } from './numbering-passes.ts';
import type { Pass } from './pass.ts';
import { rotateLoops } from './rotate-loops.ts';
import { copyPropagation, simplifyControlFlow } from './simplify-cfg.ts';
import { tailRecursion } from './tail-recursion.ts';

/** `inline` has the limits of `O2`. */
export const ALL_PASSES: readonly Pass[] = Object.freeze([
  simplify, copyPropagation, simplifyControlFlow, memoryToRegisters, tailRecursion, inlinePass(INLINE_O2), deadFunctions,
  globalValueNumbering, forwardMemory, rotateLoops, hoistInvariants, ifConvert, divideByConstant, deadCode, compact,
]);
