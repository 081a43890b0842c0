/**
 * How the type checker tells values apart, and what it says when they are mixed. Every value carries, for the checker
 * only, one property that holds for each type name either that name (it may be used as that type) or a sentence with
 * the remedy. A parameter asks for its own name there, so the sentence is what a person reads:
 * `"i64 is not i32: convert it with .toI32()"`. No generics are instantiated per call.
 */
declare const usedAs: unique symbol;
declare const pointee: unique symbol;

/** Names of the scalar types. */
export type ScalarName = 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64';
/** Names of the vector types of 128 bits. */
export type Vector128Name = 'i8x16' | 'u8x16' | 'i16x8' | 'u16x8' | 'i32x4' | 'u32x4' | 'i64x2' | 'u64x2' | 'f32x4' | 'f64x2';
/** Names of the vector types of 256 bits. */
export type Vector256Name = 'i8x32' | 'u8x32' | 'i16x16' | 'u16x16' | 'i32x8' | 'u32x8' | 'i64x4' | 'u64x4' | 'f32x8' | 'f64x4';
export type VectorName = Vector128Name | Vector256Name;
/** Names of everything that can be a value. */
export type TypeName = ScalarName | 'ptr' | 'fn' | VectorName;

/** Names of what several types may be used as: any integer, an integer beside a literal, a vector by its width. */
type ClassName = 'integer' | 'besideNumber' | 'besideBigint' | 'bits128' | 'bits256';

type IntegerName = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';
type FloatName = 'f32' | 'f64';

type Remedy<From extends TypeName, To extends TypeName> =
  From extends VectorName ? FromVector<From, To>
  : To extends VectorName ? `spread it over the lanes with ${To}.splat(x)`
  : To extends 'bool' ? (From extends IntegerName ? 'compare it, for example with .ne(0)' : From extends FloatName ? 'compare it, for example with .ne(0)' : From extends 'ptr' ? 'compare it, for example with .isNull().not()' : 'a condition comes from a comparison')
  : To extends 'ptr' ? (From extends 'i32' | 'u32' | 'i64' | 'u64' ? 'an address becomes a pointer with .toPtr(type)' : 'a pointer comes from ptr(T), b.slot or global')
  : To extends 'fn' ? 'a function reference comes from f.ref()'
  : From extends 'ptr' ? (To extends 'i32' | 'u32' | 'i64' | 'u64' ? `take the address with .to${Uppercase<To>}(), or read what it points to with .get()` : 'read what it points to with .get()')
  : From extends 'fn' ? 'call it with .call(...)'
  : From extends FloatName ? (To extends IntegerName ? `convert it with .to${Uppercase<To>}(), which traps out of range, or .to${Uppercase<To>}Sat()` : `convert it with .to${Uppercase<To>}()`)
  : `convert it with .to${Uppercase<To>}()`;

type FromVector<From extends VectorName, To extends TypeName> =
  To extends VectorName
    ? (From extends Vector128Name ? (To extends Vector128Name ? `the same bits are .as(${To})` : 'two vectors of 128 bits become one of 256 with .concat(high)')
      : To extends Vector256Name ? `the same bits are .as(${To})` : 'take a half of it with .low() or .high()')
  : To extends 'bool' ? 'a mask becomes a condition with .anyTrue() or .allTrue()'
  : To extends 'ptr' | 'fn' ? 'vectors hold numbers'
  : 'take one lane with .lane(0)';

/** What a value of type `Me` may be used as. */
export type Uses<Me extends TypeName> =
  { readonly [T in TypeName]: T extends Me ? T : `${Me} is not ${T}: ${Remedy<Me, T>}` }
  & { readonly integer: Me extends IntegerName ? 'integer' : `${Me} is not an integer: ${Me extends FloatName | 'bool' ? 'convert it, for example with .toI32()' : 'only integers count'}` }
  & { readonly besideNumber: Me extends 'i64' | 'u64' ? `a literal beside ${Me} is a bigint such as 0n` : Me extends IntegerName ? 'besideNumber' : `${Me} is not an integer` }
  & { readonly besideBigint: Me extends 'i64' | 'u64' ? 'besideBigint' : Me extends IntegerName ? `a literal beside ${Me} is a number such as 0` : `${Me} is not an integer` }
  & { readonly bits128: Me extends Vector128Name ? 'bits128' : `${Me} is not a vector of 128 bits` }
  & { readonly bits256: Me extends Vector256Name ? 'bits256' : `${Me} is not a vector of 256 bits` };

/** A value of the type named `N`, as the checker sees it. */
export interface Branded<N extends TypeName> { readonly [usedAs]: Uses<N> }

/** Anything that may be used as `N`. */
export interface UsableAs<N extends TypeName | ClassName> { readonly [usedAs]: { readonly [K in N]: N } }

/** What the checker says when the place or variable that holds a value stands where the value is wanted. */
export interface HoldsValue { readonly [usedAs]: { readonly [K in TypeName | ClassName]: K extends 'ptr' ? 'this holds a value: read it with .get(), or take the address of a place with .$ptr' : 'this holds a value: read it with .get()' } }
/** What the checker says when the place of a struct or array stands where a value is wanted. */
export interface HoldsParts { readonly [usedAs]: { readonly [K in TypeName | ClassName]: 'structs and arrays are read part by part; their address is place.$ptr' } }

/** A pointer's target, as the checker sees it. */
export interface PointsTo<T> { readonly [pointee]: T }
