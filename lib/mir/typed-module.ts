/**
 * What TypeScript knows about a module beyond its data: the JavaScript signatures of its exports and imports. At run
 * time a {@link TypedModule} is a plain {@link Module}; the second part exists for the compiler only. It is declared
 * here, below the DSL, so that the runtime and the sandbox can infer from it without knowing the DSL.
 */
import type { Module } from './module.ts';

declare const shape: unique symbol;

/** A scalar as it crosses the boundary: 64-bit integers are `bigint`, all other numbers `number`, `i1` is `boolean`. */
export type JsScalar = number | bigint | boolean;
/** A vector as it crosses the boundary: a typed array with one element per lane. */
export type JsVector = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array;
/** What a call gives back: one value, nothing, or a tuple of several results. */
export type JsOutcome = JsScalar | JsVector | void | readonly (JsScalar | JsVector)[];
/** The JavaScript view of a compiled function or of an import. */
export type JsFunction = (...args: never[]) => unknown;

/**
 * A module whose type knows its exports and imports by name, as JavaScript function types.
 *
 * @example
 * const demo = module('demo').export({ fib }).build(); // TypedModule<{ fib: (a: bigint) => bigint }, {}>
 */
export interface TypedModule<Exports, Imports = {}> extends Module {
  /** For the type checker only; there is no such property at run time. */
  readonly [shape]: { readonly exports: Exports; readonly imports: Imports };
}

/** The exports of a module as JavaScript function types; any function at all for an untyped {@link Module}. */
export type ExportsOf<M> = M extends { readonly [shape]: { readonly exports: infer E } } ? E : Readonly<Record<string, (...args: (JsScalar | JsVector)[]) => JsOutcome>>;

/** The JavaScript functions a module needs from its host, by import name; anything goes for an untyped {@link Module}. */
export type ImportsOf<M> = M extends { readonly [shape]: { readonly imports: infer I } } ? I : Readonly<Record<string, (...args: never[]) => JsOutcome>>;

/** Argument list of export `Name` of module `M`. */
export type ArgsOf<M, Name extends keyof ExportsOf<M>> = ExportsOf<M>[Name] extends (...args: infer A) => unknown ? A : never;
/** Result of export `Name` of module `M`. */
export type ResultOf<M, Name extends keyof ExportsOf<M>> = ExportsOf<M>[Name] extends (...args: never[]) => infer R ? R : never;
