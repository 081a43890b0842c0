/** Errors of use, with the place in the user's source that made them. */
import { UsageError } from '../lib/mir/index.ts';
import { Origin } from './location.ts';

/** A {@link UsageError} whose text ends its first line with the user's `file:line:column`. */
export function usageError(what: string, remedy: string): UsageError {
  return new UsageError(`${what}${new Origin().toString()}`, remedy);
}

/** A type's name with its article: `an i32`, `a u8`. */
export function withArticle(name: string): string { return `${/^[if]/.test(name) ? 'an' : 'a'} ${name}`; }

/** A short description of any JavaScript value, for messages. */
export function describe(x: unknown): string {
  if (x === null) return 'null';
  switch (typeof x) {
    case 'string': return JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}...` : x);
    case 'bigint': return `${x}n`;
    case 'number': return Object.is(x, -0) ? '-0' : String(x);
    case 'boolean': case 'undefined': return String(x);
    case 'function': return 'name' in x && x.name !== '' ? `function '${x.name}'` : 'a function';
    case 'object': return String(x) === '[object Object]' ? 'an object' : Array.isArray(x) ? 'an array' : String(x);
    default: return typeof x;
  }
}
