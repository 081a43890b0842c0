/** Globals: static data of a module, read and written through places. */
import type { MemoryModel } from '../lib/mir/index.ts';
import { array, type ArrayType } from './array.ts';
import { literal } from './literals.ts';
import { Origin } from './location.ts';
import type { GlobalDefinition } from './module-context.ts';
import { makePlace } from './place.ts';
import type { StructType } from './struct.ts';
import { isMemoryType, layoutOf, u8, type JsOf, type MemoryType, type PlaceOf, type RuntimeMemoryType, type RuntimeType, type I8Type, type U8Type, type ValueType } from './types.ts';
import { describe, usageError } from './usage.ts';

type TypedArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

/**
 * What a global of type `T` may start as. Anything left out is zero. An array starts as a list of what its elements
 * start as, as a typed array of numbers, or, for bytes, as text; a `Uint8Array` for elements other than bytes is their
 * memory, byte by byte.
 */
export type InitialValue<T> =
  T extends { readonly kind: 'vector' } ? JsOf<T> | (JsOf<T> extends BigInt64Array | BigUint64Array ? readonly bigint[] | bigint : readonly number[] | number)
  : T extends { readonly kind: 'function' } ? null
  : T extends { readonly kind: 'pointer' } ? JsOf<T> | null
  : T extends ValueType ? JsOf<T>
  : T extends ArrayType<infer E> ? readonly InitialValue<E>[] | TypedArray | (E extends U8Type | I8Type ? string : never)
  : T extends StructType<string, infer F> ? { readonly [K in keyof F]?: InitialValue<F[K]> }
  : never;

/** How a global behaves. */
export interface GlobalOptions {
  /** False: it cannot be written. True unless said. */
  readonly mutable?: boolean;
}

/** See {@link global}. */
export interface GlobalFactory {
  <T extends MemoryType>(name: string, type: T, initial?: NoInfer<InitialValue<T>>, options?: GlobalOptions): PlaceOf<T>;
  /** Constant bytes: a string (as UTF-8, without a terminating NUL) or a `Uint8Array`. @example const hello = global.bytes('hello', 'hello\n') */
  bytes(name: string, contents: string | Uint8Array): PlaceOf<ArrayType<U8Type>>;
}

function create(name: string, type: MemoryType, initial: unknown, options: GlobalOptions): unknown {
  if (typeof name !== 'string' || name === '') throw usageError(`a global wants a name, not ${describe(name)}`, 'Write global(\'name\', type, initial).');
  if (!isMemoryType(type) || (type as RuntimeMemoryType).kind === 'unit') throw usageError(`global '${name}' wants a type, not ${describe(type)}`, 'Use i32, array(u8, 16), a struct, and so on.');
  const runtime = type as RuntimeMemoryType;
  // Written now: what the caller does with the initial value later is its own affair.
  const write = (model: MemoryModel): Uint8Array | undefined => {
    if (initial === undefined) return undefined;
    const data = new Uint8Array(layoutOf(runtime, model).size);
    writeInitial(runtime, initial, new DataView(data.buffer), 0, model, name);
    return data;
  };
  const native = write('native'), wide = hasPointer(runtime), linear = wide ? attempt(() => write('linear')) : { value: native };
  const bytes = (model: MemoryModel): Uint8Array | undefined => {
    if (model === 'native') return native?.slice();
    if ('error' in linear) throw linear.error;
    return linear.value?.slice();
  };
  const definition: GlobalDefinition = { name, type: runtime, mutable: options?.mutable ?? true, origin: new Origin(), bytes };
  return makePlace(runtime, { root: { kind: 'global', global: definition }, index: undefined, scale: 1, offset: 0 });
}

/**
 * Declares a global. It becomes part of the modules whose functions use it; its place is used in any body. From
 * JavaScript its bytes are reached by name: `native.instance.global(name)`, `sandbox.run(..., { inputs, outputs })`,
 * `job.global(name)`.
 *
 * @throws UsageError when `initial` does not fit the type
 * @example
 * const counter = global('counter', u32, 0);
 * const primes = global('primes', array(u16, 4), [2, 3, 5, 7], { mutable: false });
 * // in a body: counter.update(n => n.add(1)); primes.at(i).get()
 */
export const global: GlobalFactory = Object.assign(
  (name: string, type: MemoryType, initial?: unknown, options: GlobalOptions = {}): unknown => create(name, type, initial, options),
  {
    bytes(name: string, contents: string | Uint8Array): unknown {
      const data = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
      if (!(data instanceof Uint8Array) || data.length === 0) throw usageError(`global.bytes '${name}' wants text or bytes, at least one, not ${describe(contents)}`, 'Write global.bytes(\'name\', \'text\').');
      return create(name, array(u8, data.length), data.slice(), { mutable: false });
    },
  },
) as GlobalFactory;

/** True when the layout depends on the memory model. */
function hasPointer(type: RuntimeMemoryType): boolean {
  switch (type.kind) {
    case 'pointer': return true;
    case 'array': return hasPointer(type.element!);
    case 'struct': return Object.values(type.fields!).some(hasPointer);
    default: return false;
  }
}
/** What `f` gives, or the error it throws, for later. */
function attempt<T>(f: () => T): { readonly value: T } | { readonly error: unknown } {
  try { return { value: f() }; } catch (error) { return { error }; }
}

function writeInitial(type: RuntimeMemoryType, x: unknown, view: DataView, at: number, model: MemoryModel, name: string): void {
  switch (type.kind) {
    case 'scalar': case 'vector': case 'pointer': case 'function': writeScalar(type as RuntimeType, x, view, at, model, name); return;
    case 'array': {
      const element = type.element!, size = layoutOf(element, model).size;
      if (typeof x === 'string') {
        if (element.name !== 'u8' && element.name !== 'i8') throw usageError(`global '${name}' starts as text, but its elements are ${element.name}`, 'Text is for array(u8, n) or array(i8, n).');
        writeInitial(type, new TextEncoder().encode(x), view, at, model, name);
        return;
      }
      if (x instanceof Uint8Array && element.name !== 'u8') { // Raw bytes for elements of any type.
        if (x.length > size * type.length!) throw usageError(`${x.length} bytes do not fit global '${name}' of ${size * type.length!} bytes`, 'Make the array longer.');
        new Uint8Array(view.buffer).set(x, at);
        return;
      }
      if (!Array.isArray(x) && (!ArrayBuffer.isView(x) || x instanceof DataView)) throw usageError(`${describe(x)} cannot start ${type.name}`, 'Give a list, a typed array or, for bytes, text.');
      const list = x as ArrayLike<unknown>;
      if (list.length > type.length!) throw usageError(`${list.length} values do not fit ${type.name}`, 'Make the array longer.');
      for (let i = 0; i < list.length; i++) writeInitial(element, list[i], view, at + i * size, model, name);
      return;
    }
    case 'struct': {
      if (typeof x !== 'object' || x === null) throw usageError(`${describe(x)} cannot start struct ${type.name}`, 'Give an object with a value per field.');
      const { offsets } = layoutOf(type, model);
      for (const [field, value] of Object.entries(x)) {
        if (!Object.hasOwn(type.fields!, field)) throw usageError(`struct ${type.name} has no field '${field}'`, `Its fields are ${Object.keys(type.fields!).join(', ')}.`);
        if (value !== undefined) writeInitial(type.fields![field], value, view, at + offsets![field], model, name);
      }
      return;
    }
    case 'unit': return;
    default: type.kind satisfies never;
  }
}

function writeScalar(type: RuntimeType, x: unknown, view: DataView, at: number, model: MemoryModel, name: string): void {
  const constant = literal(type, x);
  switch (type.mir) {
    case 'i1': case 'i8': view.setInt8(at, Number(constant)); return;
    case 'i16': view.setInt16(at, Number(constant), true); return;
    case 'i32': view.setInt32(at, Number(constant), true); return;
    case 'i64': view.setBigInt64(at, BigInt(constant), true); return;
    case 'f32': view.setFloat32(at, Number(constant), true); return;
    case 'f64': view.setFloat64(at, Number(constant), true); return;
    case 'ptr':
      if (model === 'linear') {
        if (constant > 0xffffffff) throw usageError(`global '${name}' starts with the pointer ${constant}, which is no address of linear memory`, 'Addresses there have 32 bits: use one below 2^32, or a module of native memory.');
        view.setUint32(at, Number(constant), true);
      } else view.setBigUint64(at, BigInt(constant), true);
      return;
    case 'v128': case 'v256':
      for (let k = 0; k < type.vector!.length * type.vector!.laneBytes; k += 8) view.setBigUint64(at + k, BigInt.asUintN(64, BigInt(constant) >> BigInt(8 * k)), true);
      return;
    default: type.mir satisfies never;
  }
}
