import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deepStrictEqual } from 'node:assert';
import { FunctionBuilder, ModuleBuilder, ParseError, formatConstant, formatInstruction, parseConstant, parseModule, printFunction, printModule, verifyModule } from '../../lib/mir/index.ts';
import type { InstructionKind, Module, TerminatorKind } from '../../lib/mir/index.ts';
import { AWKWARD_CONSTANTS, everyInstructionModule } from '../support/every-instruction.ts';

const test = suite('mir text');

/** `deepStrictEqual` tells −0 from 0 and compares NaN, prototypes and bytes. */
function roundTrip(m: Module): void {
  const text = printModule(m), again = parseModule(text);
  deepStrictEqual(again, m);
  assert.is(printModule(again), text);
}

test('every instruction kind occurs in the sample module, and it is valid', () => {
  const kinds: Record<InstructionKind | TerminatorKind, true> = {
    const: true, binary: true, unary: true, ternary: true, compare: true, pair: true, convert: true, select: true, load: true, store: true, lea: true,
    slot_addr: true, global_addr: true, memory_copy: true, memory_fill: true, memory_size: true, memory_grow: true, call: true, call_indirect: true,
    atomic_load: true, atomic_store: true, atomic_rmw: true, atomic_cmpxchg: true, fence: true, vector: true, splat: true, extract_lane: true,
    insert_lane: true, shuffle: true, safepoint: true, stack_map: true, patch_point: true,
    jump: true, br: true, switch: true, ret: true, tail_call: true, tail_call_indirect: true, trap: true,
  };
  const m = everyInstructionModule(), seen = new Set<string>();
  for (const f of m.functions) for (const b of f.blocks) { for (const i of b.instructions) seen.add(i.kind); seen.add(b.terminator.kind); }
  assert.equal([...seen].sort(), Object.keys(kinds).sort());
  assert.equal(verifyModule(m), []);
});

test('a module with every instruction survives the round trip exactly', () => roundTrip(everyInstructionModule()));

test('a native module, an empty module and one with default memory survive it', () => {
  const b = new FunctionBuilder('f', { params: ['ptr', 'i64'], results: ['f64'] });
  const big = b.const('ptr', Number.MAX_SAFE_INTEGER);
  b.store({ base: big, index: b.params[1], scale: 8 }, b.params[1]);
  b.ret([b.load('f64', { base: b.params[0], index: b.params[1], scale: 2 })]);
  roundTrip(new ModuleBuilder('native', { memoryModel: 'native' }).addFunction(b.finish()).build());
  roundTrip(new ModuleBuilder('').build());
  assert.equal(parseModule('').memory, { initialPages: 2, maximumPages: 1024, stackSize: 65536 });
  assert.is(parseModule('global @big mutable size 1000000 align 1').memory.initialPages, 16);
});

test('awkward constants read back to the same bits', () => {
  for (const type of ['i1', 'i8', 'i16', 'i32', 'i64', 'f32', 'f64', 'ptr', 'v128', 'v256'] as const) {
    for (const value of AWKWARD_CONSTANTS[type]) assert.ok(Object.is(parseConstant(type, formatConstant(type, value)), value), `${type} ${String(value)}`);
  }
  assert.is(formatConstant('f32', Math.fround(0.1)), '0.1');
  assert.is(formatConstant('f64', -0), '-0');
  assert.is(parseConstant('i32', '0x1f'), 31);
  assert.is(parseConstant('i64', '-0x8000000000000000'), -(2n ** 63n));
  assert.is(parseConstant('f64', '1e999x'), undefined);
  assert.is(parseConstant('i32', '1.5'), undefined);
});

test('random floats print to text that reads back exactly', () => {
  const view = new DataView(new ArrayBuffer(8));
  let seed = 12345;
  const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0);
  for (let k = 0; k < 20_000; k++) {
    view.setUint32(0, next());
    view.setUint32(4, next());
    const single = view.getFloat32(0), double = view.getFloat64(0);
    if (!Object.is(parseConstant('f32', formatConstant('f32', single)), single)) assert.unreachable(`f32 ${single}`);
    if (!Object.is(parseConstant('f64', formatConstant('f64', double)), double)) assert.unreachable(`f64 ${double}`);
  }
});

test('the form is readable', () => {
  const b = new FunctionBuilder('double', { params: ['i32'], results: ['i32'] });
  b.nameValue(b.params[0], 'x');
  b.ret([b.binary('add', b.params[0], b.params[0])]);
  const f = b.finish();
  assert.is(printFunction(f), 'func @double(i32) -> (i32) {\nb0 "entry"(v0 "x": i32):\n  v1 = add.i32 v0, v0\n  ret v1\n}\n');
  assert.is(formatInstruction({ kind: 'load', type: 'i32', base: 0, index: 1, scale: 4, offset: 16, align: 4, volatile: false, result: 2, loc: 12 }), 'load.i32 v0 + v1*4 + 16 align 4 !12');
});

test('hand-written text is forgiving about space, comments, hexadecimal, order and forward references', () => {
  const m = parseModule(`; a comment
    export "f" = @f   ; forward
    func @f(i32)->(i32){ b0(v9:i32):   ; block
      jump b2
    b1:
      v1 = const.i32 0x10
      v3=add.i32 v0,v1   ; v0 comes from b2
      ret v3
    b2:
      v0 = add.i32 v9, v9
      v2:i32,v4:i64 = call @g(v0)
      v5 = load.i32 v6+v0*4+16 align 4
      v6 = const.ptr 0
      br v7, b1, b1
    unused v7: i1, v8 "gone": f64
    }
    func @g(i32) -> (i32, i64) {
    b0(v0: i32):
      v1 = const.i64 -0x1
      ret v0, v1 }
    global @d constant size 4 align 4 bytes "a\\00\\fF\\22"`);
  assert.is(m.functions.length, 2);
  assert.equal(m.functions[0].valueTypes, ['i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'ptr', 'i1', 'f64', 'i32']);
  assert.equal(m.functions[0].valueNames, { 8: 'gone' });
  assert.equal([...m.globals[0].bytes ?? []], [97, 0, 255, 34]);
  assert.ok(Object.isFrozen(m) && Object.isFrozen(m.functions[0].blocks[0].terminator));
  roundTrip(m);
});

test('a wrong program prints and parses too, types that its instructions do not imply included', () => {
  const f = { name: 'f', params: [], results: [], slots: [], loc: 0, valueNames: {}, valueTypes: ['i32', 'f64'] as const,
    blocks: [{ params: [], instructions: [{ kind: 'binary', op: 'add', type: 'i32', a: 0, b: 0, result: 1, loc: 0 }, { kind: 'const', type: 'i8', value: 300, result: 0, loc: 3 }], terminator: { kind: 'jump', target: { block: 7, args: [1] }, loc: 0 } }] } as const;
  const m = new ModuleBuilder('m').addFunction(f).build();
  assert.ok(printModule(m).includes('v1: f64 = add.i32 v0, v0'));
  roundTrip(m);
});

/** Text, the message without its snippet, and the column the caret stands under. */
const ERRORS: readonly (readonly [string, string, string, number, number])[] = [
  ['an unknown part', 'fnc @f() -> () {}', 'expected import, global, table, export, func or locations, found `fnc`', 1, 1],
  ['an unknown instruction', 'func @f() -> () {\nb0:\n  v0 = ad.i32 v1, v2\n  ret\n}', 'there is no instruction `ad`: did you mean `add`?', 3, 8],
  ['a swapped letter', 'func @f() -> () {\nb0:\n  ert\n}', 'there is no instruction `ert`: did you mean `ret`?', 3, 3],
  ['nothing near', 'func @f() -> () {\nb0:\n  frobnicate v0\n}', 'there is no instruction `frobnicate`', 3, 3],
  ['a missing type', 'func @f() -> () {\nb0:\n  v0 = add v1, v2\n  ret\n}', '`add` is not complete or names no type: it is written add.TYPE', 3, 8],
  ['an unknown type', 'func @f(i33) -> () {}', 'expected a type (i1, i8, i16, i32, i64, f32, f64, ptr, v128, v256), found `i33`', 1, 9],
  ['a missing result', 'func @f() -> () {\nb0:\n  const.i32 1\n  ret\n}', '`const` gives 1 result, here are 0 (write `v2 = ...`)', 3, 3],
  ['a result of nothing', 'func @f() -> () {\nb0:\n  v0 = safepoint\n  ret\n}', '`safepoint` gives no result', 3, 3],
  ['a result of a terminator', 'func @f() -> () {\nb0:\n  v0 = ret\n}', '`ret` gives no result', 3, 3],
  ['a call without types', 'func @f() -> () {\nb0:\n  v0 = call @g()\n  ret\n}', 'v0 needs its type here: `v0: i32`', 3, 3],
  ['a float for an integer', 'func @f() -> () {\nb0:\n  v0 = const.i32 1.5\n  ret\n}', 'expected a constant of type i32, found `1.5`', 3, 18],
  ['a missing comma', 'func @f() -> () {\nb0:\n  v0 = add.i32 v1 v2\n  ret\n}', 'expected `,`, found `v2`', 3, 19],
  ['something after a statement', 'func @f() -> () {\nb0:\n  ret v0 v1\n}', 'expected the end of the line, found `v1`', 3, 10],
  ['a block out of order', 'func @f() -> () {\nb1:\n  ret\n}', 'expected `b0` (blocks are numbered in order), found `b1`', 2, 1],
  ['a block without end', 'func @f() -> () {\nb0:\n  safepoint\n}', 'expected an instruction (a block ends with jump, br, switch, ret, tail_call, tail_call_indirect or trap), found `}`', 4, 1],
  ['an undefined value', 'func @f() -> () {\nb0:\n  ret v0\n}', 'v0 is used but never defined', 3, 7],
  ['a gap in the numbers', 'func @f() -> () {\nb0:\n  v1 = const.i32 1\n  ret\n}', 'v0 is missing from this function: values are numbered without gaps (write `unused v0: i32` before the `}` to keep one)', 1, 1],
  ['a huge number', 'func @f() -> () {\nb0:\n  v4000000000 = const.i32 1\n  ret\n}', 'this number is too large (values, blocks and slots are numbered below 2^31-1)', 3, 3],
  ['a hole of two billion', 'func @f() -> () {\nb0:\n  v2000000000 = const.i32 1\n  ret\n}', 'v0 is missing from this function: values are numbered without gaps (write `unused v0: i32` before the `}` to keep one)', 1, 1],
  ['a trap code', 'func @f() -> () {\nb0:\n  trap oops\n}', 'expected a trap code (unreachable, integer-divide-by-zero, integer-overflow, invalid-conversion, memory-out-of-bounds, stack-overflow, indirect-call-null, indirect-call-type, misaligned-atomic, user), found `oops`', 3, 8],
  ['an open string', 'export "f = @f', 'this text is not closed: a `"` is missing before the end of the line', 1, 8],
  ['an escape', 'export "\\q" = @f', 'this text has an escape that does not exist (they are those of JSON: \\" \\\\ \\n \\t \\u00e9 ...)', 1, 8],
  ['bytes', 'global @g mutable size 4 align 4 bytes "\\zz"', 'in bytes, a backslash is followed by two hexadecimal digits', 1, 41],
  ['two exports', 'export "f" = @f\nexport "f" = @f', '`f` is exported twice', 2, 8],
  ['__proto__', 'export "__proto__" = @f', '`__proto__` cannot be the name of an export', 1, 8],
  ['two tables', 'table []\ntable []', 'a module has one table', 2, 1],
  ['two offsets', 'func @f() -> () {\nb0:\n  v0 = lea v1 + 4 + 8\n  ret\n}', 'an address has one offset', 3, 21],
  ['a location out of order', 'locations\n  !2 = "a":1:1', 'expected `!1` (locations are numbered in order, from 1), found `!2`', 2, 3],
  ['an early end', 'func @f(', 'expected a type (i1, i8, i16, i32, i64, f32, f64, ptr, v128, v256), found the end of the text', 1, 9],
  ['a strange character', 'module @m linear\n  \u{1f600}', 'expected import, global, table, export, func or locations, found `\ud83d`', 2, 3],
];

for (const [name, text, what, line, column] of ERRORS) {
  test(`parse error: ${name}`, () => {
    let error: unknown;
    try { parseModule(text); } catch (e) { error = e; }
    if (!(error instanceof ParseError)) return assert.unreachable(`no ParseError but ${String(error)}`);
    assert.is(error.what, what);
    assert.equal([error.line, error.column], [line, column]);
    assert.is(error.message, `${line}:${column}: ${what}\n${error.snippet}`);
    const [source, caret] = error.snippet.split('\n');
    assert.is(caret.indexOf('^') - caret.indexOf('|'), column + 1);
    assert.ok(source.includes(text.split('\n')[line - 1]));
  });
}

test('a very long line is shown around the caret only', () => {
  try { parseModule(`table [${'@f, '.repeat(10_000)} oops]`); assert.unreachable(); } catch (e) {
    assert.instance(e, ParseError);
    assert.ok((e as ParseError).message.length < 500);
  }
});

test('cut anywhere, the text gives an error or a module, never anything else', () => {
  const text = printModule(everyInstructionModule());
  for (let at = 0; at < text.length; at += 997) {
    try { parseModule(text.slice(0, at)); } catch (e) { if (!(e instanceof ParseError)) throw e; }
    try { parseModule(text.slice(0, at) + text.slice(at + 3)); } catch (e) { if (!(e instanceof ParseError)) throw e; }
  }
});

test.run();
