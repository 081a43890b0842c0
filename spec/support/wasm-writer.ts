/**
 * Writes the smallest useful WebAssembly modules, so that specs can ask the engine of the host what an operation
 * computes: an oracle that shares no code with Lamella. Binary format: WebAssembly Core Specification, chapter 5.
 */

export type WasmType = 'i32' | 'i64' | 'f32' | 'f64';
const TYPE_BYTE: Readonly<Record<WasmType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

export interface WasmFunction {
  readonly name: string;
  readonly params: readonly WasmType[];
  readonly results: readonly WasmType[];
  /** Instructions, without the final `end`. */
  readonly body: readonly number[];
}

/** Unsigned LEB128. */
export function leb(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function vector(items: readonly (readonly number[])[]): number[] { return [...leb(items.length), ...items.flat()]; }
function section(id: number, content: readonly number[]): number[] { return [id, ...leb(content.length), ...content]; }
function name(text: string): number[] { const bytes = new TextEncoder().encode(text); return [...leb(bytes.length), ...bytes]; }

/** A module that exports every function by name, and one page of memory as `memory` when asked. */
export function wasmModule(functions: readonly WasmFunction[], options: { readonly memory?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [0x60, ...vector(f.params.map((t) => [TYPE_BYTE[t]])), ...vector(f.results.map((t) => [TYPE_BYTE[t]]))]);
  const exports = functions.map((f, k) => [...name(f.name), 0x00, ...leb(k)]);
  if (options.memory === true) exports.push([...name('memory'), 0x02, 0x00]);
  const code = functions.map((f) => { const body = [0x00, ...f.body, 0x0b]; return [...leb(body.length), ...body]; });
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, k) => leb(k)))),
    ...(options.memory === true ? section(5, vector([[0x00, 0x01]])) : []),
    ...section(7, vector(exports)),
    ...section(10, vector(code)),
  ]);
}

/** `local.get` of each parameter, then the opcode bytes. */
export function apply(params: number, opcode: readonly number[]): number[] {
  const bytes: number[] = [];
  for (let k = 0; k < params; k++) bytes.push(0x20, k);
  return [...bytes, ...opcode];
}

/** What the compiler's library leaves out because it belongs to the browser. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly RuntimeError: new () => Error;
}
const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;

/** Instantiates a module and gives its exports. */
export function instantiate(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return new engine.Instance(new engine.Module(bytes)).exports;
}

/** True for the error that a WebAssembly trap throws. */
export function isWasmTrap(error: unknown): boolean { return error instanceof engine.RuntimeError; }
