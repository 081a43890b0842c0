/**
 * The fluent surface: types, functions, control flow, memory, modules. `lamella` exports all of it.
 *
 * @example
 * const gcd = fn('gcd', [u32, u32], u32, (b, x, y) => {
 *   const p = b.var(u32, x), q = b.var(u32, y);
 *   b.while(() => q.get().ne(0), () => {
 *     const r = p.get().rem(q.get());
 *     p.set(q.get());
 *     q.set(r);
 *   });
 *   b.ret(p.get());
 * });
 * const m = module('m').export({ gcd }).build(); // frozen MIR; compile(m).gcd(48, 36) is 12
 */
export { bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, ptr, unit, sizeOf, alignOf } from './types.ts';
export type {
  MemoryType, ValueType, BoolType, I8Type, I16Type, I32Type, I64Type, U8Type, U16Type, U32Type, U64Type, F32Type, F64Type,
  PtrType, UnitType, ResultSpec, ValueOf, OperandOf, PlaceOf, JsOf, ValuesOf, OperandsOf, ResultValue, PtrOperand,
} from './types.ts';
export {
  i8x16, u8x16, i16x8, u16x8, i32x4, u32x4, i64x2, u64x2, f32x4, f64x2, i8x32, u8x32, i16x16, u16x16, i32x8, u32x8, i64x4, u64x4, f32x8, f64x4,
} from './vector-types.ts';
export type {
  VectorType, VectorTypeWith, I8x16Type, U8x16Type, I16x8Type, U16x8Type, I32x4Type, U32x4Type, I64x2Type, U64x2Type, F32x4Type, F64x2Type,
  I8x32Type, U8x32Type, I16x16Type, U16x16Type, I32x8Type, U32x8Type, I64x4Type, U64x4Type, F32x8Type, F64x4Type,
} from './vector-types.ts';
export type {
  Vector, IntegerVector, FloatVector, I8x16, U8x16, I16x8, U16x8, I32x4, U32x4, I64x2, U64x2, F32x4, F64x2,
  I8x32, U8x32, I16x16, U16x16, I32x8, U32x8, I64x4, U64x4, F32x8, F64x4,
} from './vector-values.ts';
export type { Atomic, ExchangeOrderings, FenceOrdering, LoadOrdering, StoreOrdering } from './atomic-types.ts';
export { struct, offsetOf, type StructType, type Fields } from './struct.ts';
export { array, type ArrayType } from './array.ts';
export { fn, type Fn, type FnBody, type Callable, type DeclaredFn } from './function.ts';
export { fnRef, type FnRef, type FnRefType } from './function-reference.ts';
export { host, type Host, type HostOptions } from './host.ts';
export { table, type Table } from './table.ts';
export { global, type GlobalOptions, type InitialValue } from './global.ts';
export { module, type ModuleBuilder, type ModuleOptions, type JsArgs, type JsResult, type JsFunctions, type JsImports } from './module.ts';
export type {
  Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, Ptr, Index, BoolOrBoolean, I8OrNumber, I16OrNumber, I32OrNumber,
  I64OrBigint, U8OrNumber, U16OrNumber, U32OrNumber, U64OrBigint, F32OrNumber, F64OrNumber,
} from './values.ts';
export type { AnyBody, Body, ConstantOf, Var, Loop, Label, Target, AnyInteger, AnyValue, Counter, MemoryOps } from './body-types.ts';
export type { FieldPlace, IntegerPlace, NumberPlace, StructPlace, ArrayPlace, AccessOptions } from './place-types.ts';
export type { TypedModule, ExportsOf, ImportsOf, ArgsOf, ResultOf } from '../lib/mir/index.ts';
