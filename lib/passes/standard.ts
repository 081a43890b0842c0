/** The pipelines of the optimisation levels, in full. */
import { verify } from './checks.ts';
import { compact } from './compact.ts';
import { deadCode } from './dce.ts';
import { deadFunctions } from './dead-functions.ts';
import { divideByConstant } from './divide-by-constant.ts';
import { ifConvert } from './if-convert.ts';
import { inlinePass, INLINE_O2, INLINE_O3, type InlineLimits } from './inline.ts';
import { hoistInvariants } from './licm.ts';
import { forwardMemory } from './memory-forward.ts';
import { memoryToRegisters } from './mem2reg.ts';
import { globalValueNumbering } from './numbering-passes.ts';
import type { Pass } from './pass.ts';
import { rotateLoops } from './rotate-loops.ts';
import { copyPropagation, simplifyControlFlow } from './simplify-cfg.ts';
import { tailRecursion } from './tail-recursion.ts';

/** `O0` checks only; `O1` is cheap clean-up; `O2` is the default for speed; `O3` spends code size too. */
export type OptimisationLevel = 'O0' | 'O1' | 'O2' | 'O3';

/** The passes of a level, in order. */
export function standardPasses(level: OptimisationLevel): readonly Pass[] {
  switch (level) {
    case 'O0': return [verify];
    case 'O1': return [
      verify,
      simplifyControlFlow, copyPropagation, memoryToRegisters,
      globalValueNumbering, deadCode, simplifyControlFlow,
      compact,
    ];
    case 'O2': return optimising(INLINE_O2);
    case 'O3': return optimising(INLINE_O3);
    default: return level satisfies never;
  }
}

function optimising(limits: InlineLimits): readonly Pass[] {
  return [
    verify,
    // Each function in SSA form before it is copied anywhere.
    simplifyControlFlow, memoryToRegisters, tailRecursion, inlinePass(limits), deadFunctions,
    // What the copies reveal: straight lines, slots that are private now, constant arguments.
    simplifyControlFlow, memoryToRegisters, globalValueNumbering, copyPropagation, simplifyControlFlow,
    // Loops, then everything that profits from their shape.
    rotateLoops, simplifyControlFlow, forwardMemory, ifConvert, divideByConstant, hoistInvariants,
    globalValueNumbering, deadCode, simplifyControlFlow,
    compact,
  ];
}
