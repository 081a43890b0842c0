/**
 * What the DSL's types infer, and what they refuse, checked by compiling this file: an `@ts-expect-error` that is not
 * needed is an error itself. The messages are in `wrong/expected.txt`.
 */
import {
  array, bool, f32, f32x4, f32x8, f64, fn, fnRef, host, i32, i64, i64x2, i8x16, module, ptr, struct, u16x16, u32, u64, u8, u8x16, unit,
  type AnyBody, type Bool, type ExportsOf, type F32, type F32x4, type F32x8, type F64, type Fn, type I16x8, type I32, type I32x4, type I64, type ImportsOf, type JsArgs, type JsResult, type Ptr, type PtrType, type StructType, type U16x16, type U32, type U64, type U8, type U8x32,
} from '../../dsl/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
/** Compiles only when `T` is `true`. */
const check = <T extends true>(): T => true as T;

const Point = struct('Point', { x: f64, y: f64, tags: array(u8, 4) });
type PointType = typeof Point;

const pair = fn('pair', [i32, ptr(Point)], [i64, bool], (b, n, p) => {
  check<Same<typeof n, I32>>();
  check<Same<typeof p, Ptr<PointType>>>();
  const x = p.at(n).x.get(), tag = p.at().tags.at(2).get(), address = p.at(1).$ptr;
  check<Same<typeof x, F64>>();
  check<Same<typeof tag, U8>>();
  check<Same<typeof address, Ptr<StructType<'Point', typeof Point.fields>>>>();
  const [sum, carry] = n.addOverflow(1), chosen = b.select(carry, n, 5), wide = n.toI64(), lazy = b.choose(u32, true, () => 1, () => 2);
  check<Same<typeof sum, I32>>();
  check<Same<typeof carry, Bool>>();
  check<Same<typeof chosen, I32>>();
  check<Same<typeof lazy, U32>>();
  b.for(n, (i) => check<Same<typeof i, I32>>());
  b.for(10, (i) => check<Same<typeof i, I32>>());
  b.for(10n, (i) => check<Same<typeof i, I64>>());
  b.for([0, n.toU32()], (i) => check<Same<typeof i, U32>>());
  b.for([wide, 10n, 2n], (i) => check<Same<typeof i, I64>>());
  b.ret(wide, carry);
  // @ts-expect-error: a result is missing
  b.ret(wide);
  // @ts-expect-error: results in the wrong order
  b.ret(carry, wide);
  // @ts-expect-error: the step is of another type than the counter
  b.for([wide, 10n, 2], () => {});
  // @ts-expect-error: a number stands where only a pointer may
  b.memory.copy(1024, p, 8);
  // @ts-expect-error: bool has no arithmetic
  carry.add(1);
  // @ts-expect-error: one byte has no byte order
  tag.bswap();
  // @ts-expect-error: i64 bits are not an f32
  wide.bitcastF32();
  // @ts-expect-error: a struct's place is not a value
  b.select(true, p.at(), p.at());
  // @ts-expect-error: a variable of a struct; structs live in memory
  b.var(Point, 0);
  const done = b.block(), again = b.block(i32);
  b.br(true, done, again.with(1));
  // @ts-expect-error: a label with parameters does not stand for itself
  b.br(true, done, again);
  // @ts-expect-error: null is no i32
  b.const(i32, null);
  b.const(ptr(Point), null);
  // @ts-expect-error: a variable is not its value
  n.add(b.var(i32, 1));
  // @ts-expect-error: a place is not its value
  p.at().x.set(p.at(1).x);
  // @ts-expect-error: a literal beside an i64 is a bigint
  b.for([0, wide], () => {});
  // @ts-expect-error: literals of two kinds
  b.for([0, 10n], () => {});
  // @ts-expect-error: a case without a label
  b.switch(n, [[() => {}]]);
});
// A helper that does not return from the function takes the body of any.
const positive = (b: AnyBody, x: I32): I32 => b.choose(i32, x.lt(0), () => 0, () => x);
fn('helped', [i32], [i64, bool], (b, n) => b.ret(positive(b, n).toI64(), positive(b, n).eq(0)));
fn('helpedToo', [i32], unit, (b, n) => { positive(b, n); });

check<Same<typeof pair, Fn<readonly [typeof i32, PtrType<PointType>], readonly [typeof i64, typeof bool]>>>();
check<Same<JsArgs<typeof pair>, [number, number]>>();
check<Same<JsResult<typeof pair>, readonly [bigint, boolean]>>();

const lanes = fn('lanes', [f32x4, i64x2, ptr(f32x4), ptr(f32), ptr(u64)], [f32x4, u8x16], (b, v, w, p, xs, counters) => {
  check<Same<typeof v, F32x4>>();
  const mask = v.lt(0), lane = v.lane(2), chosen = mask.select(v, 0), bits = mask.bitmask(), doubled = v.concat(p.get()), some = mask.anyTrue();
  check<Same<typeof mask, I32x4>>();
  check<Same<typeof lane, F32>>();
  check<Same<typeof chosen, F32x4>>();
  check<Same<typeof bits, U32>>();
  check<Same<typeof some, Bool>>();
  check<Same<typeof doubled, F32x8>>();
  const wide = xs.at(3).vector(f32x8).get(), bytes = w.as(i8x16), halves = bytes.extendHigh(), packed = b.const(u16x16, new Uint16Array(16)), narrow = packed.narrow(packed);
  check<Same<typeof wide, F32x8>>();
  check<Same<typeof halves, I16x8>>();
  check<Same<typeof packed, U16x16>>();
  check<Same<typeof narrow, U8x32>>();
  const before = counters.at(1).atomic.add(1n), [previous, exchanged] = counters.at().atomic.compareExchange(0n, before, { failure: 'relaxed' });
  check<Same<typeof previous, U64>>();
  check<Same<typeof exchanged, Bool>>();
  const total = b.var(f32x4, 0);
  total.update((t) => t.fma(2, v));
  b.ret(total.get(), u8x16.splat(3));
  v.shuffle(v.permute((k) => 3 - k), (k) => 2 * k);
  // @ts-expect-error: a lane is chosen by its number
  v.permute((k) => `${k}`);
  // @ts-expect-error: lanes of 64 bits take bigints
  w.add(1);
  // @ts-expect-error: bytes have no products
  bytes.mul(bytes);
  // @ts-expect-error: unsigned lanes have no absolute value
  packed.abs();
  // @ts-expect-error: floats have no bits of their own to combine
  v.and(v);
  // @ts-expect-error: 32 lanes of 8 bits are not 16 lanes of 16 bits
  packed.add(narrow);
  // @ts-expect-error: a list of four lane numbers, not five
  v.permute([0, 1, 2, 3, 3]);
  // @ts-expect-error: a vector has no vectors after it
  p.at().vector(f32x4);
  // @ts-expect-error: a compare-exchange that fails has stored nothing to release
  counters.at().atomic.compareExchange(0n, 1n, { failure: 'release' });
  // @ts-expect-error: pointers are not atomic
  b.slot(ptr(u8)).atomic.load();
  // @ts-expect-error: a vector is no counter
  b.for(w, () => {});
  // @ts-expect-error: lanes are numbers, not a vector
  f32x4.of(v);
});
check<Same<JsArgs<typeof lanes>, [Float32Array, BigInt64Array, number, number, number]>>();
check<Same<JsResult<typeof lanes>, readonly [Float32Array, Uint8Array]>>();

const caller = fn('caller', [fnRef([i32], i64)], unit, (b, callback) => {
  const [first, second] = pair(1, null), called = callback.call(5);
  check<Same<typeof first, I64>>();
  check<Same<typeof second, Bool>>();
  check<Same<typeof called, I64>>();
  b.tailCall(caller, callback);
  // @ts-expect-error: there are two results, not three
  const [, , third] = pair(1, null);
  // @ts-expect-error: the function's result is not this function's
  b.tailCall(pair, 1, null);
  void third;
});
check<Same<JsResult<typeof caller>, void>>();

const now = host('now', [], f64), write = host('write', [i32, ptr(u8), u32], i32, { libc: true, capability: 'file-io' });
const built = module('m').import({ now, write }).export({ pair, caller }).build();
check<Same<keyof ExportsOf<typeof built>, 'pair' | 'caller'>>();
check<Same<ExportsOf<typeof built>['pair'], (...args: [number, number]) => readonly [bigint, boolean]>>();
check<Same<ImportsOf<typeof built>, { readonly now: (...args: []) => number }>>(); // libc symbols are granted, not supplied
const alone = module('m').export({ pair }).build();
check<Same<ImportsOf<typeof alone>, {}>>();
// @ts-expect-error: parameters are types, not values
fn('f', [1], unit, () => {});
// @ts-expect-error: a libc import's buffers have an access
host('read', [ptr(u8), u32], i32, { libc: true, buffers: [{ pointer: 0, length: 1 }] });
