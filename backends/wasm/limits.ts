/**
 * What WebAssembly engines refuse although it is valid. Source: WebAssembly JavaScript Interface, "Limits"; what is
 * marked V8 is that engine's own, and the others have no smaller one.
 *
 * A module that passes one is refused when it is compiled, with its function and what to do, rather than by the
 * engine later.
 */
import { LamellaError } from '../../lib/mir/errors.ts';

export const MAX_TYPES = 1_000_000, MAX_FUNCTIONS = 1_000_000, MAX_IMPORTS = 100_000, MAX_EXPORTS = 100_000, MAX_DATA_SEGMENTS = 100_000;
export const MAX_TABLE_ENTRIES = 10_000_000, MAX_MODULE_BYTES = 1_073_741_824, MAX_BODY_BYTES = 7_654_321, MAX_LOCALS = 50_000;
/** Labels of a `br_table` besides its default (V8). */
export const MAX_TABLE_LABELS = 65_520;
/**
 * Locals times the depth of open constructs: V8's quick compiler keeps the state of all locals for each, about 26 bytes
 * a local, and ends the process when memory runs out.
 */
export const MAX_NESTED_LOCALS = 1 << 24;

/** The module is valid, but larger in some way than WebAssembly engines take. */
export class WasmLimitError extends LamellaError {
  /** The function that is too large, if it is one. */
  readonly functionName: string | undefined;
  constructor(what: string, remedy: string, functionName?: string) {
    super('wasm-limit', `beyond what WebAssembly engines take: ${functionName === undefined ? '' : `function ${functionName} `}${what}`, remedy);
    this.functionName = functionName;
  }
}

/** @throws WasmLimitError when a module has more of something than engines take */
export function requireAtMost(count: number, most: number, what: string): void {
  if (count > most) throw new WasmLimitError(`the module has ${count} ${what}, engines take ${most}`, 'Part it into several modules.');
}

const SPLIT = 'Part the function into smaller ones.';

/**
 * @param bytes - size of the body
 * @param locals - parameters and other locals
 * @param depth - most constructs open at a time
 * @throws WasmLimitError when a function is larger than engines take
 */
export function requireCompilable(functionName: string, bytes: number, locals: number, depth: number): void {
  if (bytes > MAX_BODY_BYTES) throw new WasmLimitError(`takes ${bytes} bytes of code, engines take ${MAX_BODY_BYTES}`, SPLIT, functionName);
  if (locals > MAX_LOCALS) throw new WasmLimitError(`needs ${locals} local variables, engines take ${MAX_LOCALS}`, SPLIT, functionName);
  if (locals * depth > MAX_NESTED_LOCALS) throw new WasmLimitError(`nests ${depth} deep with ${locals} local variables, and engines need memory for each pair: ${MAX_NESTED_LOCALS} are taken`, SPLIT, functionName);
}

/** Names in a binary module are UTF-8, which has no lone surrogates. @throws WasmLimitError */
export function requireEncodable(what: string, name: string): void {
  if (!/\p{Surrogate}/u.test(name)) return;
  throw new WasmLimitError(`the name ${JSON.stringify(name)} of ${what}, which is no well-formed text`, 'Give it a name without half a surrogate pair.');
}
