/**
 * WebAssembly has no form of `v128` for JavaScript: a function with one in its signature cannot be called from there,
 * nor be given by it. An adapter is a module of one function between the two, which has two `i64` for every `v128`, low
 * word first. A `v256` is two `v128`, as everywhere in the compiled code. Its binary is written here; it imports `"" "f"`, exports `"f"`, and does nothing but convert and call.
 */
import { isVector, type Type } from '../mir/types.ts';
import type { WasmEngine } from './wasm-engine.ts';

/** The engine's form of a value type. */
function valueType(t: Type): number {
  switch (t) {
    case 'i64': return 0x7e;
    case 'f32': return 0x7d;
    case 'f64': return 0x7c;
    case 'v128': return 0x7b;
    default: return 0x7f;
  }
}
const I64 = 0x7e, V128 = 0x7b, LOCAL_GET = 0x20, LOCAL_SET = 0x21, CALL = 0x10, END = 0x0b;

function leb(n: number): number[] {
  const out: number[] = [];
  for (let x = n; ; x >>>= 7) {
    if (x < 128) { out.push(x); return out; }
    out.push(x & 127 | 128);
  }
}
function list(items: readonly (readonly number[])[]): number[] { return [...leb(items.length), ...items.flat()]; }
function section(id: number, body: readonly number[]): number[] { return [id, ...leb(body.length), ...body]; }
function functionType(params: readonly number[], results: readonly number[]): number[] { return [0x60, ...leb(params.length), ...params, ...leb(results.length), ...results]; }
const simd = (op: number, ...rest: readonly number[]): number[] => [0xfd, ...leb(op), ...rest];
const JOIN_LOW = simd(18), JOIN_HIGH = simd(30, 1); // i64x2.splat, i64x2.replace_lane 1
const WORD = (k: number): number[] => simd(29, k);  // i64x2.extract_lane

/** Types with every `v256` as two `v128`. */
function halves(types: readonly Type[]): Type[] { return types.flatMap((t): Type[] => (t === 'v256' ? ['v128', 'v128'] : [t])); }
/** Wasm types with every `v128` as two `i64`. */
function flat(types: readonly number[]): number[] { return types.flatMap((t) => (t === V128 ? [I64, I64] : [t])); }

/** Puts locals from `first` on on the stack: each two words as a vector. */
function join(types: readonly number[], first: number): number[] {
  let local = first;
  return types.flatMap((t) => (t === V128 ? [LOCAL_GET, ...leb(local++), ...JOIN_LOW, LOCAL_GET, ...leb(local++), ...JOIN_HIGH] : [LOCAL_GET, ...leb(local++)]));
}
/** Puts locals from `first` on on the stack: each vector as two words. */
function split(types: readonly number[], first: number): number[] {
  return types.flatMap((t, k) => {
    const get = [LOCAL_GET, ...leb(first + k)];
    return t === V128 ? [...get, ...WORD(0), ...get, ...WORD(1)] : get;
  });
}

/**
 * The adapter's binary. `towards: 'guest'`: called from JavaScript with words, it calls a function with vectors;
 * `'host'`: called by the guest with vectors, it calls JavaScript with words.
 */
export function vectorAdapter(params: readonly Type[], results: readonly Type[], towards: 'guest' | 'host'): Uint8Array {
  const p = halves(params).map(valueType), r = halves(results).map(valueType), vectors = functionType(p, r), words = functionType(flat(p), flat(r));
  const outerParams = towards === 'guest' ? flat(p) : p, innerResults = towards === 'guest' ? r : flat(r), first = outerParams.length;
  const pass = towards === 'guest' ? join(p, 0) : split(p, 0);
  const keep = innerResults.map((_, k) => [LOCAL_SET, ...leb(first + innerResults.length - 1 - k)]).flat();
  const give = towards === 'guest' ? split(r, first) : join(r, first);
  const body = [...list(innerResults.map((t) => [1, t])), ...pass, CALL, 0, ...keep, ...give, END];
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, list([vectors, words])),
    ...section(2, list([[0, 1, 0x66, 0, towards === 'guest' ? 0 : 1]])),
    ...section(3, list([[towards === 'guest' ? 1 : 0]])),
    ...section(7, list([[1, 0x66, 0, 1]])),
    ...section(10, list([[...leb(body.length), ...body]])),
  ]);
}

/** True when a signature has a vector and so needs an adapter. */
export function needsAdapter(params: readonly Type[], results: readonly Type[]): boolean { return params.some(isVector) || results.some(isVector); }

/** `f` on the other side of an adapter. */
export function adapt(engine: WasmEngine, f: unknown, params: readonly Type[], results: readonly Type[], towards: 'guest' | 'host'): (...args: (number | bigint)[]) => unknown {
  return new engine.Instance(new engine.Module(vectorAdapter(params, results, towards)), { '': { f } }).exports['f'] as (...args: (number | bigint)[]) => unknown;
}
