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
export type { Body, Var, Loop, Label, Target, AnyInteger, AnyValue, Counter, MemoryOps } from './body-types.ts';
export type { FieldPlace, StructPlace, ArrayPlace, AccessOptions } from './place-types.ts';
export type { TypedModule, ExportsOf, ImportsOf, ArgsOf, ResultOf } from '../lib/mir/index.ts';
