/** The operand constraints x86-64's rules use. */
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo, type PReg,
} from '../../lib/codegen/machine-function.ts';

export const USE_REG = operandInfo(ROLE_USE, CONSTRAINT_REG);
export const USE_ANY = operandInfo(ROLE_USE, CONSTRAINT_ANY);
export const LATE_REG = operandInfo(ROLE_LATE_USE, CONSTRAINT_REG);
export const DEF_REG = operandInfo(ROLE_DEF, CONSTRAINT_REG);
export const EARLY_DEF_REG = operandInfo(ROLE_EARLY_DEF, CONSTRAINT_REG);
export function useFixed(r: PReg): number { return operandInfo(ROLE_USE, CONSTRAINT_FIXED, r); }
export function defFixed(r: PReg): number { return operandInfo(ROLE_DEF, CONSTRAINT_FIXED, r); }
/** A definition in the register of operand number `k`. */
export function defReuse(k: number): number { return operandInfo(ROLE_DEF, CONSTRAINT_REUSE, k); }
