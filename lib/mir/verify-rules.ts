/**
 * What the verifier's rules stand on: types as small numbers, what a rule may ask of the function and module around an
 * instruction, and the words its messages share.
 */
import type { Value } from './instruction.ts';
import type { MemoryModel, Signature, Type } from './types.ts';
import { TYPES } from './types.ts';
import type { VerifyRule } from './verify-errors.ts';

/** A type as its position in `TYPES`. */
export type TypeCode = number;
const CODES: ReadonlyMap<unknown, TypeCode> = new Map(TYPES.map((t, k) => [t, k]));
/** Stands for something that is no type; equal to no type's code. */
export const NO_TYPE: TypeCode = 255;
export function typeCode(type: unknown): TypeCode {
  switch (type) { // the frequent ones without a look-up
    case 'i32': return CODE_I32;
    case 'i64': return CODE_I64;
    case 'f64': return CODE_F64;
    case 'ptr': return CODE_PTR;
    default: return CODES.get(type) ?? NO_TYPE;
  }
}
const CODE_I32 = TYPES.indexOf('i32'), CODE_I64 = TYPES.indexOf('i64'), CODE_F64 = TYPES.indexOf('f64'), CODE_PTR = TYPES.indexOf('ptr');

export const I1 = typeCode('i1'), I8 = typeCode('i8'), I16 = typeCode('i16'), I32 = typeCode('i32'), I64 = typeCode('i64');
export const PTR = typeCode('ptr'), V128 = typeCode('v128'), V256 = typeCode('v256');

/** What the rules need to know of the function and module, and how they ask about values. */
export interface RuleContext {
  readonly model: MemoryModel;
  /** Results of the function being verified. */
  readonly results: readonly Type[];
  readonly blockCount: number;
  readonly slotCount: number;
  signatureOf(callee: string): Signature | undefined;
  hasGlobal(name: string): boolean;
  /** Parameters of a block, by its (valid) number. */
  paramsOf(block: number): readonly Value[];
  /** Type code of a value, {@link NO_TYPE} when it is not one. */
  typeOf(v: Value): TypeCode;
  /** Requires that `v` is defined here; and of this type, unless the code is {@link ANY}. */
  use(v: Value, type: TypeCode, role: string): void;
  /** Requires that the result `v` was declared with this type. */
  result(v: Value, type: TypeCode): void;
  report(rule: VerifyRule, what: string): void;
}
/** Asks for no type in particular. */
export const ANY: TypeCode = 254;

/** True for an integer in [0, end). */
export function isBelow(n: unknown, end: number): boolean {
  return typeof n === 'number' && Number.isInteger(n) && n >= 0 && n < end;
}

/** `1 value`, `2 values`. */
export function count(n: number, noun: string): string { return `${n} ${noun}${n === 1 ? '' : 's'}`; }

/** True for 1, 2, 4, ... `max`. */
export function isPowerOfTwo(n: unknown, max: number): boolean {
  return typeof n === 'number' && n >= 1 && n <= max && (n | 0) === n && (n & (n - 1)) === 0;
}

/** Types that an error spells out: lists may be of any length, and named by any number of errors. */
const SHOWN_TYPES = 16;

export function typeList(types: readonly Type[]): string {
  return types.length <= SHOWN_TYPES ? types.join(', ') : `${types.slice(0, SHOWN_TYPES).join(', ')}, ... (${types.length} in all)`;
}
export function signatureText(s: Signature): string { return `(${typeList(s.params)}) -> (${typeList(s.results)})`; }
