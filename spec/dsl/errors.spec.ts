import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { array, bool, f64, fn, fnRef, global, host, i32, i64, module, offsetOf, ptr, struct, table, u32, u8, unit } from '../../dsl/index.ts';
import { UsageError, type LamellaError } from '../../lib/mir/index.ts';
import type { AnyFn } from '../../dsl/module.ts';

const test = suite('dsl errors');

/** What JavaScript, which has no types, may pass. */
const untyped = (x: unknown): never => x as never;
const build = (f: AnyFn): unknown => module('m').export({ [f.fnName]: f }).build();

/** This file as lines, to name the line a call stands on rather than its number. */
const source = readFileSync('spec/dsl/errors.spec.ts', 'utf8').split('\n');

/** Checks the error's text, its remedy, and that it names the line in this file that holds `marker`. */
function fails(what: () => unknown, message: RegExp, marker?: string): void {
  let error: LamellaError | undefined;
  try { what(); } catch (e) { error = e as LamellaError; }
  assert.ok(error instanceof UsageError, `a UsageError, not ${String(error)}`);
  assert.match(error.message, message);
  assert.ok(error.remedy.length > 5, 'there is a remedy');
  if (marker === undefined) return;
  const lines = source.flatMap((l, i) => l.includes(`/* ${marker} */`) ? [i + 1] : []);
  const places = [...error.message.matchAll(/errors\.spec\.ts:(\d+):\d+/g)].map((m) => Number(m[1]));
  for (const line of lines) assert.ok(places.includes(line), `names line ${line}:\n${error.message}`);
}

test('a value used in another function', () => {
  let leaked: import('../../dsl/index.ts').I32 | undefined;
  const owner = fn('owner', [i32], i32, (b, n) => {
    leaked = n;
    b.ret(n);
  });
  const thief = fn('thief', [i32], i32, (b, n) => {
    const m = owner(n);
    b.ret(m.add(leaked!)); /* stolen argument */
  });
  const other = fn('other', [i32], i32, (b) => {
    b.ret(leaked!.add(1)); /* stolen receiver */
  });
  build(owner);
  fails(() => module('m').export({ owner, thief }).build(), /a value of function 'owner' is used in function 'thief'/, 'stolen argument');
  fails(() => module('m').export({ owner, other }).build(), /a value of function 'owner' is used in function 'other'/, 'stolen receiver');
  fails(() => leaked!.add(1), /used after the function's body has ended/);
});

test('a value used after the branch or loop that computed it', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    let x = n;
    b.if(n.gt(0), () => { /* the branch */
      x = n.add(1);
    });
    b.ret(x); /* used after */
  });
  fails(() => build(f), /a value computed inside b\.if \(spec.*\) is used after it/, 'used after');
  fails(() => build(f), /Carry the value out in a variable/, 'the branch');
});

test('a place used after the branch, or outside of the function, that computed its index', () => {
  const shared = global('shared', array(i32, 8));
  let leaked: ReturnType<typeof shared.at> | undefined;
  const f = fn('f', [i32], unit, (b, n) => b.if(n.gt(0), () => { leaked = shared.at(n.add(1)); }));
  const after = fn('after', [i32], i32, (b, n) => {
    let place = shared.at(0);
    b.if(n.gt(0), () => { place = shared.at(n); });
    b.ret(place.get()); /* place used after */
  });
  const thief = fn('thief', [], i32, (b) => b.ret(leaked!.get()));
  fails(() => build(after), /a place computed inside b\.if .* is used after it/, 'place used after');
  fails(() => module('m').export({ f, thief }).build(), /a place of function 'f' is used in function 'thief'/);
});

test('a variable read where it may have no value', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    let v = undefined as import('../../dsl/index.ts').Var<typeof i32> | undefined;
    b.if(n.gt(0), () => {
      v = b.var(i32, 1); /* made here */
    });
    b.ret(v!.get()); /* read here */
  });
  fails(() => build(f), /variable made by b\.var.* is read where it may have no value/, 'read here');
  fails(() => build(f), /./, 'made here');
});

test('wrong types of values', () => {
  fails(() => build(fn('f', [i32, i64], i32, (b, x, y) => b.ret(x.add(untyped(y))))), /i32\.add wants an i32, not an i64[^]*Convert it with \.toI32\(\)/);
  fails(() => build(fn('f', [i32, bool], i32, (b, x) => b.if(untyped(x), () => b.ret(1)))), /b\.if wants a bool, not an i32[^]*\.ne\(0\)/);
  fails(() => build(fn('f', [ptr(i32), ptr(f64)], bool, (b, x, y) => b.ret(x.eq(untyped(y))))), /wants a ptr\(i32\), not a ptr\(f64\)[^]*\.cast/);
  fails(() => build(fn('f', [i32], i32, (b) => b.ret(untyped('seven')))), /wants an i32, not "seven"/);
  fails(() => build(fn('f', [i32], i32, (b) => b.ret(untyped(undefined)))), /wants an i32, not undefined/);
  fails(() => build(fn('f', [i32], i32, (b) => b.ret(untyped(Promise.resolve(1))))), /synchronous/);
});

test('literals of the wrong kind or out of range', () => {
  const ret = (type: typeof i32, x: unknown) => () => build(fn('f', [], type, (b) => { b.ret(untyped(x)); /* the literal */ }));
  fails(ret(i32, 2147483648), /2147483648 is out of range for i32 \(-2147483648 to 2147483647\)/, 'the literal');
  fails(ret(i32, 1.5), /1\.5 is not an integer/);
  fails(ret(i32, 1n), /1n cannot be an i32[^]*Write a number: 1\./);
  fails(ret(i32, true), /true cannot be an i32/);
  fails(ret(untyped(i64), 1), /1 cannot be an i64[^]*Write a bigint: 1n\./);
  fails(ret(untyped(i64), 2n ** 63n), /out of range for i64/);
  fails(ret(untyped(u32), -1), /out of range for u32/);
  fails(ret(untyped(u8), 256), /out of range for u8/);
  fails(ret(untyped(f64), 1n), /Write a number: Number\(1n\)/);
  fails(ret(untyped(bool), 1), /1 cannot be a bool/);
  fails(ret(i32, NaN), /NaN is not an integer/);
});

test('JavaScript operators and conditions on values', () => {
  fails(() => build(fn('f', [i32], i32, (b, n) => b.ret(untyped((n as unknown as number) + 1)))), /JavaScript arithmetic or comparison[^]*a\.add\(b\)/);
  fails(() => build(fn('f', [i32], i32, (b, n) => { b.if(untyped((n as unknown as number) < 1), () => {}); })), /JavaScript arithmetic/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.while(untyped(n.lt(1)), () => {}))), /the condition of b\.while is a value/);
});

test('calls', () => {
  const f = fn('f', [i32, i32], i32, (b, x) => b.ret(x));
  fails(() => f(1, 2), /function 'f' is called outside of a function body[^]*compile/);
  fails(() => build(fn('g', [], i32, (b) => b.ret((f as unknown as (x: number) => never)(1)))), /function 'f' takes 2 arguments, not 1[^]*\(i32, i32\)/);
  fails(() => build(fn('g', [], unit, (b) => b.tailCall(untyped(f), ...untyped([1, 2])))), /b\.tailCall from function 'g' to one that is \(i32, i32\) -> i32/);
  fails(() => build(fn('g', [], unit, (b) => b.tailCall(untyped(5)))), /b\.tailCall wants a function, not 5/);
});

test('returning', () => {
  fails(() => build(fn('f', [i32], i32, (b, n) => b.if(n.gt(0), () => b.ret(1)))), /function 'f'.*may end without returning its result \(i32\)/);
  fails(() => build(fn('f', [], i32, (b) => (b.ret as () => void)())), /b\.ret in function 'f' takes 1 value, not 0/);
  fails(() => build(fn('f', [], [i32, i32], (b) => (b.ret as (x: number) => void)(1))), /takes 2 values, not 1/);
  fails(() => build(fn('f', [], unit, untyped(async () => {}))), /asynchronous/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.if(n.eq(0), untyped(async () => {})))), /the body of b\.if is asynchronous/);
});

test('control flow', () => {
  fails(() => build(fn('f', [], unit, (b) => b.break())), /b\.break is used outside of a loop/);
  fails(() => build(fn('f', [], unit, (b) => { b.if(true, () => b.continue()); })), /b\.continue is used outside of a loop/);
  fails(() => build(fn('f', [], unit, (b) => {
    let kept = undefined as import('../../dsl/index.ts').Loop | undefined;
    b.loop((l) => { kept = l; b.break(); });
    kept!.break();
  })), /loop\.break is used after its loop/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.switch(n, [[1, () => {}], [[2, 1], () => {}]]))), /two cases for 1/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.for([0, n, 0], () => {}))), /the step of b\.for is 0/);
  fails(() => build(fn('f', [f64], unit, (b, n) => b.for(untyped(n), () => {}))), /cannot count in f64/);
  fails(() => build(fn('f', [i32], unit, (b) => b.if(true, untyped(3)))), /the then part of b\.if is not a function but 3/);
  fails(() => build(fn('f', [], unit, (b) => { b.enter(b.block()); })), /b\.enter in the middle of code that goes on/);
  fails(() => build(fn('f', [], unit, (b) => { const l = b.block(); b.jump(l); b.enter(l); b.jump(l); b.enter(l); })), /entered twice/);
  fails(() => build(fn('f', [], unit, (b) => b.jump(b.block()))), /a label of function 'f' is jumped to but never entered/);
});

test('memory', () => {
  const P = struct('P', { x: i32 });
  fails(() => struct('E', {}), /struct 'E' has no fields/);
  fails(() => struct('E', { a: untyped(3) }), /field 'a' of struct 'E' is not a type/);
  fails(() => struct('E', { $a: i32 }), /starts with \$/);
  fails(() => array(i32, 0), /0 is not an array length/);
  fails(() => offsetOf(P, untyped('y')), /struct 'P' has no field 'y'[^]*fields are x/);
  fails(() => fn('f', [untyped(P)], unit, () => {}), /parameter 0 of fn 'f' is not a type of values[^]*ptr\(T\)/);
  fails(() => build(fn('f', [ptr(P)], i32, (b, p) => b.ret(untyped((p.get as unknown as () => unknown)())))), /ptr\(P\) has no operation 'get'/);
  fails(() => build(fn('f', [ptr(i32), i64], i32, (b, p, i) => b.ret(p.at(untyped(i)).get()))), /at wants an i32 or u32 index, not i64/);
  fails(() => build(fn('f', [], u8, (b) => b.ret(b.array(u8, 4).at(4).get()))), /index 4 is outside of array\(u8, 4\)/);
  fails(() => build(fn('f', [], unit, () => global('k', i32, 1, { mutable: false }).set(2))), /global 'k' is constant/);
  fails(() => global('g', array(u8, 2), 'abc'), /3 values do not fit array\(u8, 2\)/);
  fails(() => global('g', P, untyped({ y: 1 })), /struct P has no field 'y'/);
  fails(() => global('g', i32, untyped('a')), /"a" cannot be an i32/);
});

test('modules', () => {
  const log = host('log', [i32], unit);
  fails(() => build(fn('f', [], unit, () => { log(1); /* not imported */ })), /function 'f' calls host function 'log', which module 'm' does not import[^]*\.import\(\{ log \}\)/, 'not imported');
  const a = fn('same', [], unit, () => {}), c = fn('same', [i32], unit, () => {}); /* two definitions */
  fails(() => module('m').export({ a, c }).build(), /two functions called 'same'/, 'two definitions');
  fails(() => module('m').export({ f: untyped(() => {}) }), /export 'f' of module 'm' is function 'f', not a function|export 'f'/);
  fails(() => module('m').import({ other: log }), /import 'other' of module 'm' is called 'log'/);
  fails(() => build(fn.declare('later', [], unit)), /function 'later' is declared.* but has no body/);
  fails(() => host('h', [i32], unit, { capability: untyped('root') }), /unknown capability "root"/);
  fails(() => host('h', [i32], unit, { libc: true, buffers: [{ pointer: 0, length: 0, access: 'read' }] }), /parameter 0, which is not a pointer/);
  fails(() => table('t', untyped([])), /has no entries/);
  const g = fn('g', [f64], f64, (b, x) => b.ret(x)), h = fn('h', [i32], i32, (b, x) => b.ret(x));
  fails(() => table('t', untyped([g, h])), /entry 1 of table 't', function 'h', is \(i32\) -> i32, not \(f64\) -> f64/);
  fails(() => fn('', [], unit, () => {}), /fn wants a name/);
  fails(() => fn('f', untyped(i32), unit, () => {}), /wants a list of parameter types/);
  fails(() => fn('f', [], untyped(undefined), () => {}), /Write unit when there is no result/);
  fails(() => fn('f', [], unit, untyped(undefined)), /is not a function but undefined/);
  fails(() => fn('f', new Array<typeof i32>(251).fill(i32), unit, () => {}), /251 parameters/);
  fails(() => module(untyped(3)), /module wants a name/);
  assert.ok(fnRef([i32], unit));
});

test('values and places print as what they are', () => {
  const P = struct('P', { x: i32 });
  const f = fn('f', [i32, ptr(P)], unit, (_, n, p) => {
    assert.is(`${n as unknown as string}`, "i32 value of function 'f'");
    assert.is(inspect(n), "<i32 value of function 'f'>");
    assert.is(inspect(p.at()), '<place of a P>');
    assert.is(inspect(p.at().x), '<place of an i32>');
    assert.is(JSON.stringify({ n }), '{"n":"i32 value of function \'f\'"}');
  });
  build(f);
});

test('a failed build leaves nothing behind', () => {
  const bad = fn('bad', [i32], i32, () => { throw new RangeError('mine'); }), good = fn('good', [i32], i32, (b, n) => b.ret(n));
  assert.throws(() => build(bad), (e: unknown) => e instanceof RangeError && e.message === 'mine');
  fails(() => good(1), /outside of a function body/);
  assert.ok(build(good));
});

test('a module may be built while another function is written', () => {
  const inner = fn('inner', [i32], i32, (b, n) => b.ret(n.add(1)));
  const outer = fn('outer', [i32], i32, (b, n) => {
    const m = n.mul(2);
    build(inner);
    b.ret(m.add(n));
  });
  assert.ok(build(outer));
});

test('operations that a type does not have', () => {
  fails(() => build(fn('f', [u32], u32, (b, x) => b.ret(untyped((x as unknown as { abs(): unknown }).abs())))), /u32 has no operation 'abs'/);
  fails(() => build(fn('f', [u8], u8, (b, x) => b.ret(untyped((x as unknown as { bswap(): unknown }).bswap())))), /u8 has no operation 'bswap'/);
  fails(() => build(fn('f', [f64], f64, (b, x) => b.ret(untyped((x as unknown as { shl(n: number): unknown }).shl(1))))), /f64 has no operation 'shl'/);
  fails(() => build(fn('f', [bool], bool, (b, x) => b.ret(untyped((x as unknown as { add(n: number): unknown }).add(1))))), /bool has no operation 'add'/);
});

test.run();
