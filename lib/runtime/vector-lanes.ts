/**
 * Vectors in JavaScript: what the source language declares as `f32x4` is a `Float32Array` of four numbers, and so on.
 * Nothing of the array but its own lanes is looked at: its kind and length are asked of the engine, not of properties
 * that a program may have replaced.
 */
import type { SurfaceType, VectorSurface } from '../mir/surface.ts';
import type { JsVector } from '../mir/typed-module.ts';

/** A vector as JavaScript sees it. */
export type LaneArray = JsVector;
type LaneArrayClass = { new (length: number): LaneArray; new (buffer: ArrayBufferLike, byteOffset: number, length: number): LaneArray; readonly name: string; readonly BYTES_PER_ELEMENT: number };

const CLASSES: Readonly<Record<string, LaneArrayClass>> = {
  i8: Int8Array, u8: Uint8Array, i16: Int16Array, u16: Uint16Array, i32: Int32Array, u32: Uint32Array, i64: BigInt64Array, u64: BigUint64Array, f32: Float32Array, f64: Float64Array,
};
/** In a fixed order; a class's position is its number on the wire. */
const CLASS_LIST = Object.values(CLASSES);

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get as (this: unknown) => string | undefined;
const lengthOf = Object.getOwnPropertyDescriptor(typedArray, 'length')!.get as (this: unknown) => number;

/** A vector's lanes in JavaScript. */
export interface LaneShape { readonly name: VectorSurface; readonly array: LaneArrayClass; readonly length: number; readonly bytes: 16 | 32 }

/** The shape of a declared vector type; undefined for every other type, and for a vector that is not declared. */
export function laneShapeOf(surface: SurfaceType | undefined): LaneShape | undefined {
  const m = surface === undefined ? null : /^([iuf]\d+)x(\d+)$/.exec(surface);
  if (m === null) return undefined;
  const array = CLASSES[m[1]], length = Number(m[2]);
  return { name: surface as VectorSurface, array, length, bytes: length * array.BYTES_PER_ELEMENT === 32 ? 32 : 16 };
}

/** True for a typed array of the shape's kind and length. */
export function hasShape(v: unknown, shape: LaneShape): v is LaneArray {
  return tagOf.call(v) === shape.array.name && lengthOf.call(v) === shape.length;
}

/** A copy of any vector value, or undefined when `v` is none. */
export function copyLanes(v: unknown): LaneArray | undefined {
  const tag = tagOf.call(v), array = tag === undefined ? undefined : CLASS_LIST.find((c) => c.name === tag);
  if (array === undefined) return undefined;
  const length = lengthOf.call(v), bytes = length * array.BYTES_PER_ELEMENT;
  if (bytes !== 16 && bytes !== 32) return undefined;
  const copy = new array(length);
  setLanes(copy, v as LaneArray);
  return copy;
}

/** Copies all lanes, to lane `at` and on; both are of one kind. */
export function setLanes(to: LaneArray, from: LaneArray, at = 0): void { (to as Uint8Array).set(from as Uint8Array, at); }

/** Number and bytes of a vector value, for a wire. */
export function laneClassNumber(v: LaneArray): number { return CLASS_LIST.findIndex((c) => v instanceof c); }
export function lanesOfClass(number: number, bytes: Uint8Array): LaneArray {
  const array = CLASS_LIST[number];
  // A copy in memory of its own: the bytes may be shared.
  return new array(Uint8Array.from(bytes).buffer, 0, bytes.length / array.BYTES_PER_ELEMENT);
}

/** The 64-bit words of a vector, lowest first. */
export function wordsOfLanes(v: LaneArray): BigInt64Array { return new BigInt64Array(v.buffer, v.byteOffset, v.byteLength / 8); }

/** What a value of the type looks like, for an error. */
export function laneHint(shape: LaneShape): string {
  return `Give a ${shape.array.name} of ${shape.length}, lane 0 first: ${shape.array.name}.of(${shape.array.name.startsWith('Big') ? '1n, 2n' : '1, 2'}${shape.length > 2 ? ', ...' : ''}).`;
}
