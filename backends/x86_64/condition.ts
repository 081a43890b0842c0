/** The flags' source and a condition on them, as selection passes it to whoever tests it. */
import type { VReg } from '../../lib/codegen/machine-function.ts';

/** One exists in all; it is filled and consumed at once. */
export interface Condition {
  /** A `COMPARE_*`. */
  kind: number;
  bytes: number;
  cc: number;
  /** First register operand, −1 when the flexible operand is compared with an immediate. */
  a: VReg;
  immediate: boolean;
  value: number;
}

const condition: Condition = { kind: 0, bytes: 0, cc: 0, a: -1, immediate: false, value: 0 };

/** Fills the condition; the flexible operand is set up already. */
export function setCondition(kind: number, bytes: number, cc: number, a: VReg, immediate: boolean, value: number): Condition {
  condition.kind = kind;
  condition.bytes = bytes;
  condition.cc = cc;
  condition.a = a;
  condition.immediate = immediate;
  condition.value = value;
  return condition;
}
