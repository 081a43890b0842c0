/**
 * Types as values: `i32`, `f64`, `ptr(T)`, `unit`. Aggregates that live in memory only are in `struct.ts` and
 * `array.ts`. A type value knows its MIR type and layout; its TypeScript type also knows the interface of its values,
 * what may stand for one (a literal, for example), its place in memory, and what it is in JavaScript.
 */
import { sizeOf as mirSizeOf, type Lanes, type MemoryModel, type SurfaceType, type Type } from '../lib/mir/index.ts';
import type { PointsTo, UsableAs } from './brand.ts';
import type { FieldPlace, IntegerPlace, NumberPlace } from './place-types.ts';
import { describe, usageError } from './usage.ts';
import type {
  Bool, BoolOrBoolean, F32, F32OrNumber, F64, F64OrNumber, I16, I16OrNumber, I32, I32OrNumber, I64, I64OrBigint,
  I8, I8OrNumber, Ptr, U16, U16OrNumber, U32, U32OrNumber, U64, U64OrBigint, U8, U8OrNumber,
} from './values.ts';

declare const value: unique symbol;
declare const operand: unique symbol;
declare const place: unique symbol;
declare const js: unique symbol;
declare const passed: unique symbol;

/** Anything that has a layout in memory: scalars, pointers, structs, arrays. */
export interface MemoryType<P = unknown> {
  /** For the type checker only: how it is passed to functions. */
  readonly [passed]: 'by value' | PassedByPointer;
  readonly kind: 'scalar' | 'vector' | 'pointer' | 'function' | 'struct' | 'array' | 'unit';
  /** The type's name as it appears in messages. */
  readonly name: string;
  /** For the type checker only. */
  readonly [place]: P;
  /** For the type checker only. */
  readonly [value]: unknown;
  /** For the type checker only. */
  readonly [operand]: unknown;
  /** For the type checker only. */
  readonly [js]: unknown;
}
/** What the checker says when a struct or array is used as a value. */
export type PassedByPointer = 'structs and arrays live in memory: use a pointer, ptr(T)';

/** Anything that lives in memory only: structs and arrays. */
export interface AggregateType<P = unknown> extends MemoryType<P> {
  readonly [passed]: PassedByPointer;
  readonly kind: 'struct' | 'array' | 'unit';
}

/** Anything a parameter, result or variable may be: scalars, vectors, pointers, function references. */
export interface ValueType<V = unknown, O = unknown, J = unknown, P = unknown> extends MemoryType<P> {
  readonly [passed]: 'by value';
  readonly kind: 'scalar' | 'vector' | 'pointer' | 'function';
  readonly [value]: V;
  readonly [operand]: O;
  readonly [js]: J;
}

interface Scalar<N extends SurfaceType, V, O, J, P> extends ValueType<V, O, J, P> {
  readonly kind: 'scalar';
  readonly name: N;
}

export interface BoolType extends Scalar<'bool', Bool, BoolOrBoolean, boolean, FieldPlace<BoolType>> {}
export interface I8Type extends Scalar<'i8', I8, I8OrNumber, number, IntegerPlace<I8Type, I8, I8OrNumber>> {}
export interface I16Type extends Scalar<'i16', I16, I16OrNumber, number, IntegerPlace<I16Type, I16, I16OrNumber>> {}
export interface I32Type extends Scalar<'i32', I32, I32OrNumber, number, IntegerPlace<I32Type, I32, I32OrNumber>> {}
export interface I64Type extends Scalar<'i64', I64, I64OrBigint, bigint, IntegerPlace<I64Type, I64, I64OrBigint>> {}
export interface U8Type extends Scalar<'u8', U8, U8OrNumber, number, IntegerPlace<U8Type, U8, U8OrNumber>> {}
export interface U16Type extends Scalar<'u16', U16, U16OrNumber, number, IntegerPlace<U16Type, U16, U16OrNumber>> {}
export interface U32Type extends Scalar<'u32', U32, U32OrNumber, number, IntegerPlace<U32Type, U32, U32OrNumber>> {}
export interface U64Type extends Scalar<'u64', U64, U64OrBigint, bigint, IntegerPlace<U64Type, U64, U64OrBigint>> {}
export interface F32Type extends Scalar<'f32', F32, F32OrNumber, number, NumberPlace<F32Type>> {}
export interface F64Type extends Scalar<'f64', F64, F64OrNumber, number, NumberPlace<F64Type>> {}

/** The type of pointers to `T`. */
export interface PtrType<T extends MemoryType> extends ValueType<Ptr<T>, PtrOperand<T>, number, FieldPlace<PtrType<T>>> {
  readonly kind: 'pointer';
  readonly pointee: T;
}
/** A pointer to `T`, or `null`. */
export type PtrOperand<T> = (UsableAs<'ptr'> & PointsTo<T>) | null;

/** No value: the result of a function that only acts, or the target of a pointer to something unknown. */
export interface UnitType extends AggregateType<OpaquePlace> {
  readonly kind: 'unit';
  readonly name: 'unit';
}
/** A place of unknown type: cast the pointer first. */
export interface OpaquePlace { readonly $ptr: Ptr<UnitType> }

/** What a function gives back: one value, several, or nothing. */
export type ResultSpec = ValueType | readonly ValueType[] | UnitType;

/** The value interface of a type: `ValueOf<I32Type>` is `I32`. */
export type ValueOf<T> = T extends { readonly [value]: infer V } ? V : never;
/** What may stand for a value of a type: `OperandOf<I32Type>` is `I32 | number`. */
export type OperandOf<T> = T extends { readonly [operand]: infer O } ? O : never;
/** The place of a type in memory. */
export type PlaceOf<T> = T extends { readonly [place]: infer P } ? P : never;
/** A type in JavaScript: `JsOf<I64Type>` is `bigint`. */
export type JsOf<T> = T extends { readonly [js]: infer J } ? J : never;
export type ValuesOf<P extends readonly ValueType[]> = { readonly [K in keyof P]: ValueOf<P[K]> };
export type OperandsOf<P extends readonly ValueType[]> = { readonly [K in keyof P]: OperandOf<P[K]> };
export type JsOfAll<P extends readonly ValueType[]> = { readonly [K in keyof P]: JsOf<P[K]> };

/** What a call of a function with result `R` gives: a value, a tuple of values, or nothing. */
export type ResultValue<R extends ResultSpec> = R extends readonly ValueType[] ? ValuesOf<R> : R extends ValueType ? ValueOf<R> : void;
/** What `b.ret` takes in a function with result `R`. */
export type ReturnArgs<R extends ResultSpec> = R extends readonly ValueType[] ? OperandsOf<R> : R extends ValueType ? readonly [value: OperandOf<R>] : readonly [];
/** A result in JavaScript. */
export type JsResultOf<R extends ResultSpec> = R extends readonly ValueType[] ? JsOfAll<R> : R extends ValueType ? JsOf<R> : void;

/** What a vector type is made of: `lanes` is MIR's division, which knows no signedness. */
export interface VectorShape { readonly lane: RuntimeType; readonly length: number; readonly lanes: Lanes; readonly laneBytes: number }
/** A type at run time: what the interfaces above describe, without the phantoms. */
export interface RuntimeType {
  readonly kind: MemoryType['kind'];
  readonly name: string;
  readonly mir: Type;
  readonly surface: SurfaceType;
  readonly signed: boolean;
  readonly pointee?: RuntimeMemoryType;
  readonly vector?: VectorShape;
  readonly signature?: { readonly params: readonly RuntimeType[]; readonly results: readonly RuntimeType[] };
}
/** A type value as its run-time description. */
export function runtimeType(t: ValueType): RuntimeType { return t as unknown as RuntimeType; }

/** A struct or array at run time, in either memory model. */
export interface RuntimeMemoryType {
  readonly kind: MemoryType['kind'];
  readonly name: string;
  readonly fields?: Readonly<Record<string, RuntimeMemoryType>>;
  readonly element?: RuntimeMemoryType;
  readonly length?: number;
}

function scalar<T extends ValueType>(name: SurfaceType, mir: Type, signed: boolean): T {
  const type: RuntimeType = { kind: 'scalar', name, mir, surface: name, signed };
  return Object.freeze(type) as unknown as T;
}

/** Truth values; one byte in memory, `boolean` in JavaScript. */
export const bool: BoolType = scalar('bool', 'i1', false);
/** Signed 8-bit integers; `number` in JavaScript. */
export const i8: I8Type = scalar('i8', 'i8', true);
/** Signed 16-bit integers; `number` in JavaScript. */
export const i16: I16Type = scalar('i16', 'i16', true);
/** Signed 32-bit integers; `number` in JavaScript. */
export const i32: I32Type = scalar('i32', 'i32', true);
/** Signed 64-bit integers; `bigint` in JavaScript. */
export const i64: I64Type = scalar('i64', 'i64', true);
/** Unsigned 8-bit integers; `number` in JavaScript. */
export const u8: U8Type = scalar('u8', 'i8', false);
/** Unsigned 16-bit integers; `number` in JavaScript. */
export const u16: U16Type = scalar('u16', 'i16', false);
/** Unsigned 32-bit integers; `number` in JavaScript. */
export const u32: U32Type = scalar('u32', 'i32', false);
/** Unsigned 64-bit integers; `bigint` in JavaScript. */
export const u64: U64Type = scalar('u64', 'i64', false);
/** IEEE 754 single precision. */
export const f32: F32Type = scalar('f32', 'f32', true);
/** IEEE 754 double precision. */
export const f64: F64Type = scalar('f64', 'f64', true);
/** No value. `ptr(unit)` is a pointer to something unknown. */
export const unit: UnitType = Object.freeze({ kind: 'unit', name: 'unit' }) as unknown as UnitType;

/**
 * The type of pointers to `target`. Null is the address 0; reading through it reads address 0, which holds no object.
 *
 * @throws UsageError when `target` is no type
 * @example
 * const sum = fn('sum', [ptr(f64), i32], f64, (b, xs, n) => { ... xs.at(i).get() ... });
 */
export function ptr<T extends MemoryType>(target: T): PtrType<T> {
  if (!isMemoryType(target)) throw usageError(`ptr wants the type it points to, not ${describe(target)}`, 'Write ptr(i32), ptr(MyStruct), or ptr(unit) for something unknown.');
  const type: RuntimeType = { kind: 'pointer', name: `ptr(${target.name})`, mir: 'ptr', surface: 'ptr', signed: false, pointee: target as unknown as RuntimeMemoryType };
  return Object.freeze(type) as unknown as PtrType<T>;
}

/** True when two types are the same: scalars and vectors by name, pointers by target, structs by identity. */
export function sameType(a: RuntimeMemoryType | RuntimeType, b: RuntimeMemoryType | RuntimeType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  const x = a as RuntimeType & RuntimeMemoryType, y = b as RuntimeType & RuntimeMemoryType;
  switch (a.kind) {
    case 'scalar': case 'vector': case 'unit': return a.name === b.name;
    case 'pointer': return sameType(x.pointee!, y.pointee!);
    case 'array': return x.length === y.length && sameType(x.element!, y.element!);
    case 'struct': return false;
    case 'function': return sameTypes(x.signature!.params, y.signature!.params) && sameTypes(x.signature!.results, y.signature!.results);
    default: return a.kind satisfies never;
  }
}
/** True when two lists of types are the same. */
export function sameTypes(a: readonly RuntimeType[], b: readonly RuntimeType[]): boolean {
  return a.length === b.length && a.every((t, i) => sameType(t, b[i]));
}

/** True when `x` can be the type of a parameter, result or variable. */
export function isValueType(x: unknown): x is RuntimeType {
  return typeof x === 'object' && x !== null && 'mir' in x && 'surface' in x && 'kind' in x;
}
/** True when `x` has a layout in memory. */
export function isMemoryType(x: unknown): x is RuntimeMemoryType {
  return isValueType(x) || (typeof x === 'object' && x !== null && 'kind' in x && (x.kind === 'struct' || x.kind === 'array' || x.kind === 'unit'));
}

/** Size and alignment of a type in bytes under a memory model, as C lays it out. */
export interface TypeLayout { readonly size: number; readonly align: number; readonly offsets?: Readonly<Record<string, number>> }

const layouts = { linear: new WeakMap<object, TypeLayout>(), native: new WeakMap<object, TypeLayout>() };

/** Larger types would have parts that no address can reach: an offset in MIR is below 2^31. */
const MAX_SIZE = 0x7fffffff;

/** The layout of a type; a pointer is 4 bytes in the linear model and 8 in the native one. @throws UsageError when it is too large */
export function layoutOf(type: RuntimeMemoryType | RuntimeType, model: MemoryModel): TypeLayout {
  const cached = layouts[model].get(type);
  if (cached !== undefined) return cached;
  const computed = computeLayout(type as RuntimeMemoryType & RuntimeType, model);
  if (computed.size > MAX_SIZE) throw usageError(`the type ${type.name} takes ${computed.size} bytes`, `A type has at most ${MAX_SIZE}: keep the parts apart, behind pointers.`);
  layouts[model].set(type, computed);
  return computed;
}

/** Lays a type out in both models: where it is declared is where it must be said that it is too large. */
export function requireLayout(type: RuntimeMemoryType): void {
  layoutOf(type, 'linear');
  layoutOf(type, 'native');
}

function computeLayout(type: RuntimeMemoryType & RuntimeType, model: MemoryModel): TypeLayout {
  switch (type.kind) {
    case 'scalar': case 'vector': case 'pointer': case 'function': {
      const size = mirSizeOf(type.mir, model);
      return { size, align: size };
    }
    case 'unit': return { size: 1, align: 1 };
    case 'array': {
      const element = layoutOf(type.element!, model);
      return { size: element.size * type.length!, align: element.align };
    }
    case 'struct': {
      let at = 0, align = 1;
      const offsets = Object.create(null) as Record<string, number>;
      for (const [name, field] of Object.entries(type.fields!)) {
        const l = layoutOf(field, model);
        at = Math.ceil(at / l.align) * l.align;
        offsets[name] = at;
        at += l.size;
        align = Math.max(align, l.align);
      }
      return { size: Math.ceil(at / align) * align, align, offsets: Object.freeze(offsets) };
    }
    default: return type.kind satisfies never;
  }
}

/**
 * Bytes that a `T` takes in memory, padding included.
 *
 * @example
 * sizeOf(struct('P', { flag: bool, x: f64 })) // => 16
 */
export function sizeOf(type: MemoryType, model: MemoryModel = 'linear'): number {
  return readLayout(type, model, 'sizeOf').size;
}
/** Alignment of a `T` in bytes. */
export function alignOf(type: MemoryType, model: MemoryModel = 'linear'): number {
  return readLayout(type, model, 'alignOf').align;
}

function readLayout(type: MemoryType, model: MemoryModel, what: string): TypeLayout {
  if (!isMemoryType(type)) throw usageError(`${what} wants a type, not ${describe(type)}`, `Write ${what}(i32), ${what}(MyStruct) and so on.`);
  if (model !== 'linear' && model !== 'native') throw usageError(`${describe(model)} is no memory model`, 'Use \'linear\' or \'native\'.');
  return layoutOf(type, model);
}
