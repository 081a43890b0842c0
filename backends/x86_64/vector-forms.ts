/** Numbers of instruction forms, small enough for a machine instruction's data word. */
import { X, type Form } from './forms.ts';

const FORMS: readonly number[] = [...new Set<number>(Object.values(X))];
const NUMBERS: ReadonlyMap<number, number> = new Map(FORMS.map((f, k) => [f, k]));

/** The number of a form of the table. */
export function formNumber(f: Form): number { return NUMBERS.get(f)!; }
/** The form with a number; which shapes it has is the caller's affair. */
export function formOfNumber(n: number): number { return FORMS[n]; }
