/** The checking stages as passes: verify, policy, memory estimate. Each refuses by throwing its own error. */
import { VerificationError } from '../mir/verify-errors.ts';
import { verifyModule } from '../mir/verifier.ts';
import { enforceMemoryBudget } from './memory-estimate.ts';
import { ownPass, report, type Pass } from './pass.ts';
import { enforcePolicy, type Policy } from './policy.ts';

/** Ends the pipeline with a `VerificationError` when the module breaks MIR's rules. */
export const verify: Pass = ownPass({
  name: 'verify', description: 'every rule of MIR holds', stage: 'verify',
  run: (module) => {
    const errors = verifyModule(module);
    if (errors.length > 0) throw new VerificationError(module.name, errors);
    return module;
  },
});

/** Ends the pipeline with a `PolicyError` when the module reaches a symbol it was not granted. */
export function policyPass(policy: Policy): Pass {
  return ownPass({
    name: 'policy', description: 'every outside symbol is granted', stage: 'policy',
    run: (module) => { enforcePolicy(module, policy); return module; },
  });
}

/**
 * Reports the `MemoryEstimate`; ends the pipeline with a `MemoryBudgetError` when it passes `limit` bytes (null: none).
 *
 * @param stackLimit bytes of guest stack a run is given
 */
export function memoryEstimatePass(limit: number | null, stackLimit: number): Pass {
  return ownPass({
    name: 'memory-estimate', description: 'code, data, memory and stack fit the budget', stage: 'estimate',
    run: (module) => report(enforceMemoryBudget(module, limit, stackLimit)),
  });
}
