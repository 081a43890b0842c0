/** Errors of use, with the place in the user's source that made them. */
import { UsageError } from '../lib/mir/index.ts';
import { Origin } from './location.ts';

/** A {@link UsageError} whose text ends its first line with the user's `file:line:column`. */
export function usageError(what: string, remedy: string): UsageError {
  return new UsageError(`${what}${new Origin().toString()}`, remedy);
}

/** A type's name with its article: `an i32`, `a u8`. */
export function withArticle(name: string): string { return `${/^([if]\d|fnRef|array)/.test(name) ? 'an' : 'a'} ${name}`; }

/** Under this key things that are mistaken for values (variables, places) keep what to do instead. */
export const REMEDY = Symbol('remedy');
/** The remedy that `x` carries, or `otherwise`. */
export function remedyFor(x: unknown, otherwise: string): string {
  const own: unknown = typeof x === 'object' && x !== null && REMEDY in x ? x[REMEDY] : undefined;
  return typeof own === 'string' ? own : otherwise;
}

/** A short description of any JavaScript value, for messages. */
export function describe(x: unknown): string {
  if (x === null) return 'null';
  switch (typeof x) {
    case 'string': return JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}...` : x);
    case 'bigint': return `${x}n`;
    case 'number': return Object.is(x, -0) ? '-0' : String(x);
    case 'boolean': case 'undefined': return String(x);
    case 'function': return 'name' in x && x.name !== '' ? `function '${x.name}'` : 'a function';
    case 'object': return describeObject(x);
    default: return typeof x;
  }
}

/** Objects that say what they are do so; the text of others may be endless, or throw. */
function describeObject(x: object): string {
  if (Array.isArray(x)) return 'an array';
  if (ArrayBuffer.isView(x)) return `bytes or numbers (${Object.prototype.toString.call(x).slice(8, -1)})`;
  // A syntax tree's nodes have kinds and names too, but no layout.
  if ('kind' in x && 'name' in x && typeof x.name === 'string' && ('surface' in x || (Object.isFrozen(x) && (x.kind === 'struct' || x.kind === 'array' || x.kind === 'unit')))) return `the type ${x.name}`;
  try {
    const text = String(x);
    return text.startsWith('[object') ? 'an object' : text.length > 80 ? `${text.slice(0, 80)}...` : text;
  } catch {
    return 'an object';
  }
}
