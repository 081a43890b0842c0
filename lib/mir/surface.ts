/**
 * What the source language knew about a function's boundary and MIR does not: whether an integer is unsigned or a
 * truth value. A side table keyed by the module object, so that the module itself stays plain data: a module without
 * an entry (parsed, or rewritten by a pass) is converted by its MIR types alone, that is signed.
 */
import type { Module } from './module.ts';
import type { Lanes } from './types.ts';

/** A vector type as the source language saw it: a division into lanes, `u` in place of `i` for unsigned ones. */
export type VectorSurface = Lanes | Unsigned<Lanes>;
type Unsigned<L extends Lanes> = L extends `i${infer Shape}` ? `u${Shape}` : never;
/** A type of values as the source language saw it. `fn` is a function reference, an `i32` in MIR. */
export type SurfaceType = 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64' | 'ptr' | 'fn' | VectorSurface;

export interface SurfaceSignature { readonly params: readonly SurfaceType[]; readonly results: readonly SurfaceType[] }

/** Signatures of functions and imports, by their MIR name (not by the name they are exported under). */
export type Surface = Readonly<Record<string, SurfaceSignature>>;

const surfaces = new WeakMap<Module, Surface>();

/** Remembers the surface of `m`. The DSL calls it; pass results may copy it with `setSurface(after, surfaceOf(before))`. */
export function setSurface(m: Module, surface: Surface | undefined): void {
  if (surface !== undefined) surfaces.set(m, surface);
}

/**
 * The surface of a module built by the DSL, or undefined.
 *
 * @example
 * surfaceOf(demo)?.['hash'] // => { params: ['ptr', 'u32'], results: ['u64'] }: convert results as unsigned
 */
export function surfaceOf(m: Module): Surface | undefined {
  return surfaces.get(m);
}

/** The signature of one function or import, whatever its name (`constructor` names no inherited property here). */
export function surfaceSignature(surface: Surface | undefined, name: string): SurfaceSignature | undefined {
  return surface !== undefined && Object.hasOwn(surface, name) ? surface[name] : undefined;
}
