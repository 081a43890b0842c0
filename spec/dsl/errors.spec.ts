import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { array, bool, f64, fn, fnRef, global, host, i32, i32x4, i64, module, offsetOf, ptr, sizeOf, struct, table, u32, u8, unit } from '../../dsl/index.ts';
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
  fails(() => module('m').export({ ['__proto__']: a }), /exports a function as '__proto__'/);
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

test('a place or a variable where its value is wanted', () => {
  const P = struct('P', { x: i32 }), g = global('g', i32);
  const where = (x: (b: import('../../dsl/index.ts').Body<typeof i32>) => unknown) => () => build(fn('f', [i32], i32, (b, n) => b.ret(n.add(untyped(x(b))))));
  fails(where((b) => b.var(i32, 1)), /i32\.add wants an i32, not an i32 variable[^]*Read it with \.get\(\)/);
  fails(where(() => g), /not the place of an i32[^]*Read it with \.get\(\)/);
  fails(where((b) => b.slot(P)), /not the place of a P[^]*place\.field\.get\(\)/);
  fails(where((b) => b.array(i32, 3)), /not the place of an array\(i32, 3\)[^]*place\.at\(i\)\.get\(\)/);
  fails(where(() => (g as unknown as number) + 1), /JavaScript arithmetic or comparison on the place of an i32/);
  fails(where((b) => (b.var(i32, 1) as unknown as number) + 1), /JavaScript arithmetic or comparison on an i32 variable/);
  fails(() => build(fn('f', [ptr(i32)], i32, (b, p) => b.ret(p.at(untyped(b.var(i32, 1))).get()))), /at wants an index, not an i32 variable[^]*\.get\(\)/);
});

test('things that have no text of their own, or too much', () => {
  const add = (x: unknown) => () => build(fn('f', [i32], i32, (b, n) => b.ret(n.add(untyped(x)))));
  fails(add(Object.create(null)), /not an object/);
  fails(add({ toString() { throw new Error('no text'); } }), /not an object/);
  fails(add(new Uint8Array(1 << 20)), /not bytes or numbers \(Uint8Array\)/);
  fails(add(new Array(1 << 20).fill(1)), /not an array/);
  fails(add({ toString: () => 'x'.repeat(1 << 20) }), /not x{80}\.\.\./);
  fails(add(Symbol('s')), /not symbol/);
  fails(add(i32), /not the type i32/);
  fails(add({ kind: 'identifier', name: 'x' }), /not an object/);
});

test('an error that is caught in a body does not give half a function', () => {
  const caught = (write: (b: import('../../dsl/index.ts').Body<typeof i32>, n: import('../../dsl/index.ts').I32, fail: () => never) => void) => () => build(fn('f', [i32], i32, (b, n) => {
    try { write(b, n, () => { throw new RangeError('mine'); }); } catch { /* and goes on */ }
    b.ret(n);
  }));
  fails(caught((b, n, fail) => b.if(n.gt(0), fail)), /function 'f'.*goes on after an error inside of b\.if: mine/);
  fails(caught((b, n, fail) => b.if(n.gt(0), () => {}, fail)), /inside of b\.if: mine/);
  fails(caught((b, n, fail) => b.for(n, fail)), /inside of b\.for: mine/);
  fails(caught((b, n, fail) => b.while(() => n.gt(0), fail)), /inside of b\.while: mine/);
  fails(caught((b, _n, fail) => b.while(fail, () => {})), /inside of b\.while: mine/);
  fails(caught((b, n, fail) => b.doWhile(() => { n.add(1); }, fail)), /inside of b\.doWhile: mine/);
  fails(caught((b, _n, fail) => b.loop(fail)), /inside of b\.loop: mine/);
  fails(caught((b, n, fail) => b.switch(n, { 1: fail })), /inside of b\.switch: mine/);
  fails(caught((b, n, fail) => { b.choose(i32, n.gt(0), fail, () => 1); }), /inside of b\.choose: mine/);
  try { caught((b, n, fail) => b.if(n.gt(0), fail))(); } catch (e) { assert.is(((e as Error).cause as Error).message, 'mine'); }
});

test('a value of one raw block used in another that it does not always come before', () => {
  fails(() => build(fn('f', [i32], i32, (b, n) => {
    const left = b.block(), right = b.block(), join = b.block();
    b.br(n.gt(0), left, right);
    b.enter(left);
    const x = n.add(1);
    b.jump(join);
    b.enter(right);
    b.jump(join);
    b.enter(join);
    b.ret(x); /* not dominated */
  })), /a value of function 'f' is used where it may not have been computed[^]*parameter of the label/, 'not dominated');
  fails(() => build(fn('f', [i32], i32, (b, n) => {
    const next = b.block();
    b.jump(next);
    const never = n.add(1);
    b.enter(next);
    b.ret(never);
  })), /used where it may not have been computed/);
});

test('types that are too large, or none', () => {
  fails(() => array(array(u8, 2 ** 31 - 1), 2), /the type array\(array\(u8, 2147483647\), 2\) takes 4294967294 bytes/);
  fails(() => struct('S', { a: array(u8, 2 ** 31 - 1), b: i32 }), /the type S takes 2147483652 bytes/);
  fails(() => array(ptr(i32), 2 ** 28), /takes 2147483648 bytes/);
  const Half = struct('Half', { low: array(u8, 2 ** 30), last: u8 });
  fails(() => build(fn('f', [ptr(Half)], u8, (b, p) => b.ret(p.at(1).$ptr.at(0).last.get().add(p.at(1).last.get())))), /field 'last' of struct Half lies 2147483649 bytes from the base/);
  let deep: import('../../dsl/index.ts').MemoryType = struct('S0', { x: i32 });
  for (let k = 1; k < 20_000; k++) deep = struct(`S${k}`, { x: deep });
  assert.is(sizeOf(deep), 4);
  fails(() => ptr(untyped(undefined)), /ptr wants the type it points to, not undefined/);
  fails(() => sizeOf(untyped(undefined)), /sizeOf wants a type, not undefined/);
  fails(() => sizeOf(i32, untyped('x')), /"x" is no memory model/);
  fails(() => struct(untyped(''), { a: i32 }), /struct wants a name/);
  fails(() => struct('S', untyped(null)), /struct 'S' wants fields, not null/);
  fails(() => offsetOf(struct('S', { a: i32 }), untyped('toString')), /struct 'S' has no field 'toString'/);
  assert.is(offsetOf(struct('S', { a: i64, ['__proto__']: i32 }), untyped('__proto__')), 8);
});

test('types that are bypassed meet the same errors', () => {
  const Unary = fnRef([i32], i32), unary = fn('unary', [i32], i32, (b, n) => b.ret(n)), unsigned = fn('unsigned', [], u32, (b) => b.ret(1));
  const ops = table('ops', [unary]);
  fails(() => build(fn('f', [], i32, (b) => b.tailCall(untyped(unsigned)))), /b\.tailCall from function 'f' to one that is \(\) -> u32[^]*\(i32\)/);
  fails(() => build(fn('f', [Unary], i32, (b, r) => b.ret(b.callIndirect(ops, untyped(r), 1)))), /the index of b\.callIndirect wants a u32, not an fnRef/);
  fails(() => build(fn('f', [Unary, i32x4], i32x4, (b, r, v) => b.ret(v.shl(untyped(r))))), /the count of i32x4\.shl wants a u32, not an fnRef/);
  fails(() => build(fn('f', [Unary, ptr(i32)], ptr(i32), (b, r, p) => b.ret(p.sub(untyped(r))))), /sub wants an i32 or u32 count/);
  fails(() => build(fn('f', [Unary, ptr(i32)], unit, (b, r, p) => b.memory.copy(p, p, untyped(r)))), /wants a u32, not an fnRef/);
  const other = fnRef([i32], f64);
  fails(() => build(fn('f', [other], unit, (b, r) => b.var(Unary, untyped(r)))), /wants an fnRef\(\(i32\) -> i32\), not an fnRef\(\(i32\) -> f64\)/);
  const g = fn('g', [Unary], unit, () => {}), h = fn('h', [other], unit, () => {});
  fails(() => table('t', untyped([g, h])), /entry 1 of table 't'/);
  fails(() => build(fn('f', [i64], unit, (b, n) => b.switch(n, untyped({ a: () => {} })))), /"a" is no label of b\.switch/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.switch(n, untyped([5])))), /a case of b\.switch is 5/);
  fails(() => build(fn('f', [i32], unit, (b, n) => b.for([0, n, untyped(null)], () => {}))), /null cannot be an i32/);
  fails(() => build(fn('f', [], unit, (b) => { b.pointer(i32, 2 ** 32); })), /4294967296 is no address of linear memory/);
  fails(() => build(fn('f', [bool], unit, (b, c) => b.if(c, untyped(function* () { b.trap(); })))), /the body of b\.if is a generator/);
  fails(() => build(fn('f', [], unit, untyped(function* () { /* nothing */ }))), /the body of function 'f'.*is a generator/);
});

test('options', () => {
  fails(() => module('m', untyped(null)), /the options of module 'm' are null/);
  fails(() => module('m', untyped({ memorymodel: 'native' })), /module 'm' has no option 'memorymodel'[^]*memoryModel/);
  fails(() => module('m', { memoryModel: untyped('Native') }), /memory model "Native"/);
  fails(() => module('m', { memory: untyped({ initial: 5 }) }), /no option 'initial'[^]*initialPages/);
  fails(() => module('m', { memory: { initialPages: -1 } }), /initialPages of module 'm' is -1/);
  fails(() => module('m', { memory: { maximumPages: 65537 } }), /maximumPages of module 'm' is 65537/);
  fails(() => module('m', { memory: { stackSize: 100 } }), /stackSize of module 'm' is 100[^]*16/);
  const [a, c, d] = [1, 2, 3].map((k) => global(`g${k}`, array(u8, 2 ** 31 - 1)));
  fails(() => build(fn('f', [], u8, (b) => b.ret(a.at(0).get().add(c.at(0).get()).add(d.at(0).get())))), /module 'm' needs \d+ pages[^]*65536/);
  fails(() => host('h', [], unit, untyped(null)), /the options of host 'h' are null/);
  fails(() => host('h', [ptr(u8), i32], unit, untyped({ buffers: [{ pointer: 0, length: 1, access: 'read' }] })), /declares buffers, but is no function of the C library/);
  fails(() => host('h', [ptr(u8), i32], unit, { libc: true, buffers: [{ pointer: 0, length: 1, access: untyped('rd') }] }), /access "rd"/);
  fails(() => build(fn('f', [], unit, () => { global('g', u32).atomic.compareExchange(0, 1, untyped(null)); })), /the orderings of an atomic compare-exchange are null/);
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
