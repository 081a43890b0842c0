/** The pipelines of the optimisation levels, in full. */
import { verify } from './checks.ts';
import { compact } from './compact.ts';
import { deadCode } from './dce.ts';
import { globalValueNumbering, simplify } from './numbering-passes.ts';
import type { Pass } from './pass.ts';
import { copyPropagation, simplifyControlFlow } from './simplify-cfg.ts';

/** `O0` checks only; `O1` is cheap clean-up; `O2` is the default for speed; `O3` spends code size too. */
export type OptimisationLevel = 'O0' | 'O1' | 'O2' | 'O3';

/** The passes of a level, in order. */
export function standardPasses(level: OptimisationLevel): readonly Pass[] {
  switch (level) {
    case 'O0': return [verify];
    case 'O1': return [verify, simplify, copyPropagation, simplifyControlFlow, globalValueNumbering, deadCode, simplifyControlFlow, compact];
    case 'O2': case 'O3': return [verify, simplify, copyPropagation, simplifyControlFlow, globalValueNumbering, deadCode, simplifyControlFlow, compact];
    default: return level satisfies never;
  }
}
