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
/** Names of everything that can be a value. */
export type TypeName = ScalarName | 'ptr' | 'fn';

type IntegerName = 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64';
type FloatName = 'f32' | 'f64';

type Remedy<From extends TypeName, To extends TypeName> =
  To extends 'bool' ? (From extends IntegerName ? 'compare it, for example with .ne(0)' : From extends FloatName ? 'compare it, for example with .ne(0)' : From extends 'ptr' ? 'compare it, for example with .isNull().not()' : 'a condition comes from a comparison')
  : To extends 'ptr' ? (From extends 'i32' | 'u32' | 'i64' | 'u64' ? 'an address becomes a pointer with .toPtr(type)' : 'a pointer comes from ptr(T), b.slot or global')
  : To extends 'fn' ? 'a function reference comes from f.ref()'
  : From extends 'ptr' ? (To extends 'i32' | 'u32' | 'i64' | 'u64' ? `take the address with .to${Uppercase<To>}(), or read what it points to with .get()` : 'read what it points to with .get()')
  : From extends 'fn' ? 'call it with .call(...)'
  : From extends FloatName ? (To extends IntegerName ? `convert it with .to${Uppercase<To>}(), which traps out of range, or .to${Uppercase<To>}Sat()` : `convert it with .to${Uppercase<To>}()`)
  : `convert it with .to${Uppercase<To>}()`;

/** What a value of type `Me` may be used as. */
export type Uses<Me extends TypeName> =
  { readonly [T in TypeName]: T extends Me ? T : `${Me} is not ${T}: ${Remedy<Me, T>}` }
  & { readonly integer: Me extends IntegerName ? 'integer' : `${Me} is not an integer: ${Me extends FloatName | 'bool' ? 'convert it, for example with .toI32()' : 'only integers count'}` };

/** A value of the type named `N`, as the checker sees it. */
export interface Branded<N extends TypeName> { readonly [usedAs]: Uses<N> }

/** Anything that may be used as `N`. */
export interface UsableAs<N extends TypeName | 'integer'> { readonly [usedAs]: { readonly [K in N]: N } }

/** A pointer's target, as the checker sees it. */
export interface PointsTo<T> { readonly [pointee]: T }
