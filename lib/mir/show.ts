const HUGE = 2n ** 256n;
const MAX = 80;
/** How a bigint too large to print is shown. */
export const HUGE_BIGINT = 'a huge bigint';

/**
 * Any value as a short text for messages; never throws and never runs foreign code, whatever it is given.
 *
 * @example
 * show({ toString() { throw 1 } }) // => 'an object'
 */
export function show(x: unknown): string {
  switch (typeof x) {
    case 'string': return x.length > MAX ? `${x.slice(0, MAX)}...` : x;
    case 'bigint': return x > HUGE || x < -HUGE ? HUGE_BIGINT : `${x}n`;
    case 'number': return Object.is(x, -0) ? '-0' : String(x);
    case 'boolean': case 'undefined': return String(x);
    case 'object': return x === null ? 'null' : 'an object';
    case 'function': return 'a function';
    default: return 'a symbol';
  }
}

/** What was thrown, as text; it may be anything at all, even a Proxy that throws when it is looked at. */
export function showThrown(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.message === 'string') return error.message.slice(0, 200);
  } catch { /* Said below. */ }
  return `${show(error)} was thrown`;
}
