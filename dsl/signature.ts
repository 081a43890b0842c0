/** Signatures: the parts that functions, imports, tables and function references share. */
import { MAX_ARITY, type Value } from '../lib/mir/index.ts';
import type { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import { isValueType, type ResultSpec, type RuntimeType } from './types.ts';
import { describe, usageError } from './usage.ts';

/** Parameter and result types at run time. */
export interface RuntimeSignature { readonly params: readonly RuntimeType[]; readonly results: readonly RuntimeType[] }

/** Checks what a user gave as name, parameters and result. */
export function readSignature(what: string, name: unknown, params: unknown, result: unknown): RuntimeSignature {
  if (typeof name !== 'string' || name === '') throw usageError(`${what} wants a name, not ${describe(name)}`, `Write ${what}('name', [parameter types], result type, ...).`);
  if (!Array.isArray(params)) throw usageError(`${what} '${name}' wants a list of parameter types, not ${describe(params)}`, `Write ${what}('${name}', [i32, f64], ...), or [] for none.`);
  params.forEach((p, i) => {
    if (!isValueType(p)) throw usageError(`parameter ${i} of ${what} '${name}' is not a type of values (${describe(p)})`, memoryHint(p));
  });
  // Copies: the lists are the user's, and may change before the body is traced.
  const signature = { params: [...params as RuntimeType[]], results: [...readResult(what, name, result)] };
  if (Math.max(signature.params.length, signature.results.length) > MAX_ARITY) throw usageError(`${what} '${name}' has ${signature.params.length} parameters and ${signature.results.length} results`, `At most ${MAX_ARITY} of each: pass a pointer to a struct.`);
  return signature;
}
function readResult(what: string, name: string, result: unknown): readonly RuntimeType[] {
  if (typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'unit') return [];
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  list.forEach((r) => {
    if (!isValueType(r)) throw usageError(`the result of ${what} '${name}' is not a type of values (${describe(r)})`, r === undefined ? 'Write unit when there is no result.' : memoryHint(r));
  });
  return list as RuntimeType[];
}
function memoryHint(x: unknown): string {
  const kind = typeof x === 'object' && x !== null && 'kind' in x ? x.kind : undefined;
  return kind === 'struct' || kind === 'array' ? 'Structs and arrays live in memory: pass a pointer, ptr(T).' : 'Use bool, i8 to i64, u8 to u64, f32, f64, ptr(T) or fnRef(params, result).';
}

/** Turns the arguments of a call into values. */
export function readArguments(c: FunctionContext, what: string, params: readonly RuntimeType[], args: readonly unknown[]): Value[] {
  if (args.length !== params.length) {
    throw usageError(`${what} takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${args.length}`, `Its parameters are (${params.map((p) => p.name).join(', ')}).`);
  }
  return params.map((p, i) => c.operand(p, args[i], `argument ${i + 1} of ${what}`));
}

/** Turns the results of a call into what the call gives back: nothing, a value, or a tuple. */
export function giveResults(c: FunctionContext, results: readonly RuntimeType[], tuple: boolean, ids: readonly Value[]): BaseValue | readonly BaseValue[] | undefined {
  const values = ids.map((id, i) => c.wrap(results[i], id));
  return tuple ? values : values[0];
}

/** True when calls give a tuple: the result was written as a list. */
export function isTuple(result: ResultSpec): boolean { return Array.isArray(result); }

/** `(i32, f64) -> bool` */
export function formatTypes(s: RuntimeSignature): string {
  return `(${s.params.map((p) => p.name).join(', ')}) -> ${s.results.length === 1 ? s.results[0].name : `(${s.results.map((p) => p.name).join(', ')})`}`;
}
