/** Just enough of the WebAssembly binary format to write a kernel by hand. */

export const I32 = 0x7f, I64 = 0x7e;

/** Signed LEB128. */
export function sleb(v: number): number[] {
  const out: number[] = [];
  for (;;) {
    const byte = v & 0x7f;
    v >>= 7;
    if ((v === 0 && (byte & 0x40) === 0) || (v === -1 && (byte & 0x40) !== 0)) return [...out, byte];
    out.push(byte | 0x80);
  }
}

function uleb(v: number): number[] {
  const out: number[] = [];
  do {
    const byte = v & 0x7f;
    v >>>= 7;
    out.push(v === 0 ? byte : byte | 0x80);
  } while (v !== 0);
  return out;
}

const section = (id: number, body: readonly number[]): number[] => [id, ...uleb(body.length), ...body];
const text = (s: string): number[] => [s.length, ...Array.from(s, (c) => c.charCodeAt(0))];

/** A module with one exported function; with `pages`, it imports that much memory as `m.memory`. */
export function wasmModule(name: string, params: readonly number[], result: number, locals: readonly number[], body: readonly number[], pages = 0): Uint8Array<ArrayBuffer> {
  const code = [...uleb(locals.length), ...locals.flatMap((type) => [1, type]), ...body, 0x0b];
  return new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, params.length, ...params, 1, result]),
    ...(pages > 0 ? section(2, [1, ...text('m'), ...text('memory'), 2, 0, ...uleb(pages)]) : []),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text(name), 0, 0]),
    ...section(10, [1, ...uleb(code.length), ...code]),
  ]);
}

/** The part of the host's WebAssembly engine used here (Node's types do not declare it). */
interface Engine {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, (...args: readonly (number | bigint)[]) => number | bigint>> };
}
export const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
