/** Tables of functions of one signature, called by index. */
import { Origin } from './location.ts';
import { definitionOf, type Fn } from './function.ts';
import type { TableDefinition } from './module-context.ts';
import { formatTypes, isTuple } from './signature.ts';
import { sameTypes, type ResultSpec, type ValueType } from './types.ts';
import { describe, usageError } from './usage.ts';

/** A table of functions of one signature. Call an entry with `b.callIndirect(table, index, ...args)`. */
export interface Table<P extends readonly ValueType[], R extends ResultSpec> {
  readonly kind: 'table';
  readonly name: string;
  readonly length: number;
  readonly params: P;
  readonly result: R;
}

const definitions = new WeakMap<object, TableDefinition & { readonly tuple: boolean }>();
/** The definition behind a table, or undefined for anything else. */
export function tableDefinitionOf(x: unknown): (TableDefinition & { readonly tuple: boolean }) | undefined {
  return typeof x === 'object' && x !== null ? definitions.get(x) : undefined;
}

/**
 * Makes a table of functions. All have the signature of the first; `null` leaves an entry empty, and calling it traps
 * `indirect-call-null`.
 *
 * @throws UsageError for an empty table, an entry that is no function, or signatures that differ
 * @example
 * const handlers = table('handlers', [onAdd, onSub, null, onStop]);
 * // in a body: b.callIndirect(handlers, opcode, stack);
 */
export function table<const P extends readonly ValueType[], const R extends ResultSpec>(name: string, entries: readonly [Fn<P, R>, ...(NoInfer<Fn<P, R>> | null)[]] | readonly (Fn<P, R> | null)[]): Table<P, R> {
  if (!Array.isArray(entries) || entries.length === 0) throw usageError(`table '${name}' has no entries`, 'Give it at least one function: table(name, [f, g]).');
  const list = (entries as readonly (Fn<P, R> | null)[]).map((e, i) => {
    if (e === null) return null;
    const d = definitionOf(e);
    if (d === undefined) throw usageError(`entry ${i} of table '${name}' is ${describe(e)}, not a function`, 'Use functions made by fn, or null.');
    return d;
  });
  const at = list.findIndex((d) => d !== null);
  if (at === -1) throw usageError(`table '${name}' has no function`, 'At least one entry must be a function: it gives the signature.');
  const first = list[at]!;
  list.forEach((d, i) => {
    if (d !== null && !(sameTypes(d.params, first.params) && sameTypes(d.results, first.results))) throw usageError(`entry ${i} of table '${name}', function '${d.name}', is ${formatTypes(d)}, not ${formatTypes(first)} like '${first.name}'`, 'Functions of one table have one signature.');
  });
  const sample = (entries as readonly (Fn<P, R> | null)[])[at]!;
  const self: Table<P, R> = Object.freeze({ kind: 'table', name, length: list.length, params: sample.params, result: sample.result });
  definitions.set(self, { name, params: first.params, results: first.results, entries: list, origin: new Origin(), tuple: isTuple(sample.result) });
  return self;
}
