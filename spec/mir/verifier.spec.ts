import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, VerificationError, assertValid, parseModule, verifyModule } from '../../lib/mir/index.ts';
import type { Import, Module, Type, VerifyRule } from '../../lib/mir/index.ts';
import { everyInstructionModule } from '../support/every-instruction.ts';

const test = suite('mir verifier');

/** The body of one function that takes one value of every type: v0 i1, v1 i8, v2 i16, v3 i32, v4 i64, v5 f32, v6 f64, v7 ptr, v8 v128. */
function body(text: string, results = ''): Module {
  return parseModule(`import js @host(i32) -> () capability none
global @g mutable size 8 align 8
table [@two]
func @two(i32) -> (i32, i64) {
b0(v0: i32):
  v1 = const.i64 0
  ret v0, v1
}
func @f(i1, i8, i16, i32, i64, f32, f64, ptr, v128) -> (${results}) {
  slot s0 size 8 align 8
b0(v0: i1, v1: i8, v2: i16, v3: i32, v4: i64, v5: f32, v6: f64, v7: ptr, v8: v128):
${text}
}`);
}

/** Each wrong program breaks one rule once: rule, message (without the instruction's text), place, and the body. */
const WRONG: readonly (readonly [VerifyRule, string, string, string])[] = [
  ['type', 'b v4 is i64, not i32', 'b0 #0', '  v9 = add.i32 v3, v4\n  ret'],
  ['type', 'a v5 is f32, not f64', 'b0 #0', '  v9 = fsqrt.f64 v5\n  ret'],
  ['type', 'c v5 is f32, not f64', 'b0 #0', '  v9 = fma.f64 v6, v6, v5\n  ret'],
  ['type', 'a v7 is ptr, not i32', 'b0 #0', '  v9 = ult.i32 v7, v3\n  ret'],
  ['type', 'result v9 is declared f64, but it is i32', 'b0 #0', '  v9: f64 = add.i32 v3, v3\n  ret'],
  ['type', 'result v9 is declared i32, but it is i1', 'b0 #0', '  v9: i32 = eq.i32 v3, v3\n  ret'],
  ['type', 'result v10 is declared i8, but it is i1', 'b0 #0', '  v9, v10: i8 = uadd_overflow.i8 v1, v1\n  ret'],
  ['type', 'result v10 is declared i1, but it is i8', 'b0 #0', '  v9, v10: i1 = umul_wide.i8 v1, v1\n  ret'],
  ['operation', 'add is not defined for f32 (only for i8 i16 i32 i64)', 'b0 #0', '  v9 = add.f32 v5, v5\n  ret'],
  ['operation', 'add is not defined for ptr (only for i8 i16 i32 i64)', 'b0 #0', '  v9 = add.ptr v7, v7\n  ret'],
  ['operation', 'bswap is not defined for i8 (only for i16 i32 i64)', 'b0 #0', '  v9 = bswap.i8 v1\n  ret'],
  ['operation', 'ult is not defined for i1 (only for i8 i16 i32 i64 ptr)', 'b0 #0', '  v9 = ult.i1 v0, v0\n  ret'],
  ['operation', 'sext goes to a wider type, not from i32 to i8', 'b0 #0', '  v9 = sext.i32.i8 v3\n  ret'],
  ['operation', 'zext goes to a wider type, not from i8 to i8', 'b0 #0', '  v9 = zext.i8.i8 v1\n  ret'],
  ['operation', 'trunc goes to a narrower type, not from i8 to i16', 'b0 #0', '  v9 = trunc.i8.i16 v1\n  ret'],
  ['operation', 'bitcast goes to another type of the same width, not from i32 to f64', 'b0 #0', '  v9 = bitcast.i32.f64 v3\n  ret'],
  ['operation', 'sitofp is not defined for i8 (only for i32 i64)', 'b0 #0', '  v9 = sitofp.i8.f32 v1\n  ret'],
  ['operation', 'fptosi does not give i8 (only i32 i64)', 'b0 #0', '  v9 = fptosi.f32.i8 v5\n  ret'],
  ['type', 'condition v3 is i32, not i1', 'b0 #0', '  v9 = select.f64 v3, v6, v6\n  ret'],
  ['constant', '300 is no constant of i8: i8 constants are integers from -128 to 127', 'b0 #0', '  v9 = const.i8 300\n  ret'],
  ['constant', '2 is no constant of i1: i1 constants are 0 or 1', 'b0 #0', '  v9 = const.i1 2\n  ret'],
  ['constant', '4294967295 is no constant of i32: i32 constants are integers from -2147483648 to 2147483647', 'b0 #0', '  v9 = const.i32 0xffffffff\n  ret'],
  ['constant', '9223372036854775808n is no constant of i64: i64 constants are bigints from -2^63 to 2^63-1', 'b0 #0', '  v9 = const.i64 0x8000000000000000\n  ret'],
  ['constant', '-1 is no constant of ptr: ptr constants are integers from 0 to 2^32-1', 'b0 #0', '  v9 = const.ptr -1\n  ret'],
  ['constant', '-1n is no constant of v128: v128 constants are bigints from 0 to 2^128-1', 'b0 #0', '  v9 = const.v128 -1\n  ret'],
  ['type', 'base v3 is i32, not ptr', 'b0 #0', '  v9 = load.i32 v3\n  ret'],
  ['type', 'index v4 is i64, not i32', 'b0 #0', '  v9 = load.i32 v7 + v4\n  ret'],
  ['address', 'scale is 1, 2, 4 or 8, not 3', 'b0 #0', '  v9 = load.i32 v7 + v3*3\n  ret'],
  ['address', 'offset is an integer from 0 to 2^31-1, not 2147483648', 'b0 #0', '  v9 = lea v7 + 2147483648\n  ret'],
  ['alignment', 'align is a power of two from 1 to 4096, not 3', 'b0 #0', '  store.i32 v3, v7 align 3\n  ret'],
  ['type', 'value v4 is i64, not i32', 'b0 #0', '  store.i32 v4, v7\n  ret'],
  ['type', 'i1 has no form in memory: extend to i8 before a store, compare with 0 after a load', 'b0 #0', '  store.i1 v0, v7\n  ret'],
  ['slot', 'there is no slot s1 (the function has 1)', 'b0 #0', '  v9 = slot_addr s1\n  ret'],
  ['global', 'there is no global @h', 'b0 #0', '  v9 = global_addr @h\n  ret'],
  ['type', 'size v4 is i64, not i32', 'b0 #0', '  memory_copy v7, v7, v4\n  ret'],
  ['type', 'value v1 is i8, not i32', 'b0 #0', '  memory_fill v7, v1, v3\n  ret'],
  ['type', 'pages v4 is i64, not i32', 'b0 #0', '  v9 = memory_grow v4\n  ret'],
  ['call', 'there is no function or import @nothing', 'b0 #0', '  call @nothing()\n  ret'],
  ['call', '0 arguments for 1 parameter (i32) -> ()', 'b0 #0', '  call @host()\n  ret'],
  ['type', 'argument v4 is i64, not i32', 'b0 #0', '  call @host(v4)\n  ret'],
  ['call', '1 result taken of a call that gives 0 (i32) -> ()', 'b0 #0', '  v9: i32 = call @host(v3)\n  ret'],
  ['type', 'result v9 is declared i64, but it is i32', 'b0 #0', '  v9: i64, v10: i64 = call @two(v3)\n  ret'],
  ['type', 'table index v4 is i64, not i32', 'b0 #0', '  call_indirect v4() : () -> ()\n  ret'],
  ['call', '1 argument for 0 parameters () -> ()', 'b0 #0', '  call_indirect v3(v3) : () -> ()\n  ret'],
  ['call', "a tail call's results are the caller's: (i32, i64) is not ()", 'b0 #0', '  tail_call @two(v3)'],
  ['call', "a tail call's results are the caller's: (i32) is not ()", 'b0 #0', '  tail_call_indirect v3() : () -> (i32)'],
  ['call', '2 arguments for 1 parameter (i32) -> ()', 'b0 #0', '  tail_call @host(v3, v3)'],
  ['atomic', 'atomics are defined for i8 i16 i32 i64, not f32', 'b0 #0', '  v9 = atomic_load.f32.seq_cst v7\n  ret'],
  ['atomic', 'atomics are defined for i8 i16 i32 i64, not ptr', 'b0 #0', '  v9 = atomic_rmw.xchg.ptr.seq_cst v7, v7\n  ret'],
  ['atomic', 'a load cannot be release', 'b0 #0', '  v9 = atomic_load.i32.release v7\n  ret'],
  ['atomic', 'a store cannot be acq_rel', 'b0 #0', '  atomic_store.i32.acq_rel v3, v7\n  ret'],
  ['atomic', 'a relaxed fence orders nothing', 'b0 #0', '  fence.relaxed\n  ret'],
  ['type', 'replacement v4 is i64, not i32', 'b0 #0', '  v9 = atomic_cmpxchg.i32.seq_cst v3, v4, v7\n  ret'],
  ['lane', 'vmul is not defined for i8x16 (only for i16x8 i32x4 i64x2 f32x4 f64x2 i16x16 i32x8 i64x4 f32x8 f64x4)', 'b0 #0', '  v9 = vmul.i8x16 v8, v8\n  ret'],
  ['operation', 'vadd takes 2 operands, not 3', 'b0 #0', '  v9 = vadd.i8x16 v8, v8, v8\n  ret'],
  ['type', 'operand v8 is v128, not i32', 'b0 #0', '  v9 = vshl.i8x16 v8, v8\n  ret'],
  ['type', 'a v3 is i32, not i8', 'b0 #0', '  v9 = splat.i8x16 v3\n  ret'],
  ['lane', 'lane is 0 to 3 for i32x4, not 4', 'b0 #0', '  v9 = extract_lane.i32x4 v8, 4\n  ret'],
  ['type', 'b v6 is f64, not f32', 'b0 #0', '  v9 = insert_lane.f32x4 v8, v6, 0\n  ret'],
  ['signature', '252 parameters, a v256 counted as two, at most 250 are possible', 'b0 #1', `  v9 = const.v256 0\n  tail_call_indirect v3(${Array.from({ length: 126 }, () => 'v9').join(', ')}) : (${Array.from({ length: 126 }, () => 'v256').join(', ')}) -> ()`],
  ['lane', 'vlow is not defined for i8x16 (only for i8x32)', 'b0 #0', '  v9: v128 = vlow.i8x16 v8\n  ret'],
  ['type', 'operand v8 is v128, not v256', 'b0 #0', '  v9 = vneg.i64x4 v8\n  ret'],
  ['type', 'operand v8 is v128, not v256', 'b0 #0', '  v9: v128 = vhigh.i8x32 v8\n  ret'],
  ['lane', 'lane is 0 to 7 for f32x8, not 8', 'b0 #1', '  v9 = const.v256 0\n  v10 = extract_lane.f32x8 v9, 8\n  ret'],
  ['constant', '-1n is no constant of v256: v256 constants are bigints from 0 to 2^256-1', 'b0 #0', '  v9 = const.v256 -1\n  ret'],
  ['shuffle', 'a shuffle mask is 16 integers from 0 to 31, or 32 from 0 to 63', 'b0 #0', '  v9 = shuffle v8, v8, [0, 1, 2]\n  ret'],
  ['shuffle', 'a shuffle mask is 16 integers from 0 to 31, or 32 from 0 to 63', 'b0 #0', '  v9 = shuffle v8, v8, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 32]\n  ret'],
  ['patch-point', 'a patch point leaves 1 to 4096 bytes, not 0', 'b0 #0', '  patch_point 1, 0, []\n  ret'],
  ['patch-point', 'id is an integer from 0 to 2^31-1, not 2147483648', 'b0 #0', '  stack_map 2147483648, []\n  ret'],
  ['dominance', 'live value v9 is used before its definition (#1 of this block)', 'b0 #0', '  stack_map 1, [v9]\n  v9 = const.i32 1\n  ret'],
  ['dominance', 'a v9 is used before its definition (#0 of this block)', 'b0 #0', '  v9 = add.i32 v9, v3\n  ret'],
  ['dominance', 'a v9 is never defined', 'b0 #0', '  v10 = add.i32 v9, v3\n  ret\nunused v9: i32'],
  ['dominance', 'returned value v9 is defined in b1, which does not dominate b2: pass it as a block parameter', 'b2 #0', '  br v0, b1, b2\nb1:\n  v9 = const.i32 1\n  jump b2\nb2:\n  ret v9'],
  ['single-definition', 'v3 is defined twice: already by b0 as a parameter', 'b0 #0', '  v3 = const.i32 1\n  ret'],
  ['single-definition', 'v9 is defined twice: already by b0 #0', 'b1 #0', '  v9 = const.i32 1\n  jump b1\nb1:\n  v9 = const.i32 1\n  ret'],
  ['edge', 'target: there is no block b7', 'b0 #0', '  jump b7'],
  ['edge', 'target: the entry block b0 cannot be the target of an edge', 'b0 #0', '  jump b0(v0, v1, v2, v3, v4, v5, v6, v7, v8)'],
  ['edge', 'then: 0 arguments for 1 parameter of b1', 'b0 #0', '  br v0, b1, b1(v3)\nb1(v9: i32):\n  ret'],
  ['type', 'edge argument v4 is i64, not i32', 'b0 #0', '  jump b1(v4)\nb1(v9: i32):\n  ret'],
  ['type', 'condition v3 is i32, not i1', 'b0 #0', '  br v3, b1, b1\nb1:\n  ret'],
  ['switch', 'a switch is on i8 i16 i32 i64, not i1', 'b0 #0', '  switch.i1 v0, else -> b1\nb1:\n  ret'],
  ['switch', 'case 1 occurs twice', 'b0 #0', '  switch.i32 v3, 1 -> b1, 1 -> b1, else -> b1\nb1:\n  ret'],
  ['switch', 'case 128: i8 constants are integers from -128 to 127', 'b0 #0', '  switch.i8 v1, 128 -> b1, else -> b1\nb1:\n  ret'],
  ['type', 'value v4 is i64, not i32', 'b0 #0', '  switch.i32 v4, else -> b1\nb1:\n  ret'],
  ['type', "returns 1 value, the function's results are ()", 'b0 #0', '  ret v3'],
  ['location', "loc is an index below 1 (the module's locations), not 5", 'b0 #0', '  safepoint !5\n  ret'],
];

for (const [rule, what, place, text] of WRONG) {
  test(`${rule}: ${what.slice(0, 90)}`, () => {
    const results = text.includes('ret v9') ? 'i32' : '', errors = verifyModule(body(text, results));
    assert.equal(errors.map((e) => `${e.rule}: ${e.what}`), [`${rule}: ${what}`]);
    assert.ok(errors[0].message.startsWith(`@f ${place}: ${what}`), errors[0].message);
    assert.is(errors[0].function, 'f');
    assert.is(errors[0].functionIndex, 1);
    assert.is(`b${errors[0].block} #${errors[0].instruction}`, place);
  });
}

const NONE: Omit<Import, 'kind' | 'params' | 'results'> = { name: 'host', capability: 'none', loc: 0 };

/** Wrong parts of modules, most of which the text cannot say. */
const PARTS: readonly (readonly [VerifyRule, string, (m: Module) => Module])[] = [
  ['memory', 'initialPages is 1, but globals and the linear stack need 2 (131072 bytes)', (m) => ({ ...m, memory: { ...m.memory, initialPages: 1 } })],
  ['memory', 'initialPages 9 is more than maximumPages 8', (m) => ({ ...m, memory: { ...m.memory, initialPages: 9, maximumPages: 8 } })],
  ['memory', 'maximumPages is 0 to 65536, not 65537', (m) => ({ ...m, memory: { ...m.memory, maximumPages: 65537 } })],
  ['memory', 'initialPages is 0 to 65536, not NaN', (m) => ({ ...m, memory: { ...m.memory, initialPages: NaN } })],
  ['memory', 'stackSize is a multiple of 16 from 0 to 2^32-16, not 8', (m) => ({ ...m, memory: { ...m.memory, stackSize: 8 } })],
  ['memory-model', 'memoryModel is linear or native, not paged', (m) => ({ ...m, memoryModel: 'paged' as 'linear' })],
  ['name', 'the name @two is taken twice (a function)', (m) => ({ ...m, functions: [...m.functions, m.functions[0]] })],
  ['name', 'the name @host is taken twice (a function)', (m) => ({ ...m, functions: [...m.functions, { ...m.functions[0], name: 'host' }] })],
  ['name', 'the name @g is taken twice (a global)', (m) => ({ ...m, globals: [...m.globals, m.globals[0]] })],
  ['name', 'the name of a global is text and not empty', (m) => ({ ...m, globals: [...m.globals, { ...m.globals[0], name: '' }] })],
  ['export', 'export "x" names @nothing, which is no function of the module', (m) => ({ ...m, exports: { x: 'nothing' } })],
  ['export', 'export "x" names @host, which is no function of the module', (m) => ({ ...m, exports: { x: 'host' } })],
  ['export', '"" cannot be the name of an export', (m) => ({ ...m, exports: { '': 'two' } })],
  ['export', '"__proto__" cannot be the name of an export', (m) => ({ ...m, exports: JSON.parse('{"__proto__":"two"}') as Record<string, string> })],
  ['table', 'table entry 1 names @nothing, which is no function of the module (an import needs a function that calls it)', (m) => ({ ...m, table: [null, 'nothing'] })],
  ['global', 'global @h: size is 1 to 2^32-1 bytes, not 0', (m) => ({ ...m, globals: [...m.globals, { name: 'h', size: 0, align: 1, mutable: true }] })],
  ['global', 'global @h: align is a power of two from 1 to 4096, not 8192', (m) => ({ ...m, globals: [...m.globals, { name: 'h', size: 1, align: 8192, mutable: true }] })],
  ['global', 'global @h: 2 initial bytes do not fit in 1', (m) => ({ ...m, globals: [...m.globals, { name: 'h', size: 1, align: 1, mutable: true, bytes: new Uint8Array(2) }] })],
  ['location', 'location 0 is the unknown location (file "", line 0, column 0)', (m) => ({ ...m, locations: [{ file: 'a', line: 1, column: 1 }] })],
  ['location', 'location 1 is a file name with a line and a column from 0 to 2^31-1, not a:-1:1', (m) => ({ ...m, locations: [...m.locations, { file: 'a', line: -1, column: 1 }] })],
  ['import', 'kind is js or libc, not wasm', (m) => ({ ...m, imports: [{ ...NONE, kind: 'wasm' as 'js', params: ['i32'], results: [] }] })],
  ['import', 'there is no capability all (none syscall file-io network symbol)', (m) => ({ ...m, imports: [{ ...NONE, kind: 'js', params: ['i32'], results: [], capability: 'all' as 'none' }] })],
  ['import', 'a C function gives at most one result', (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['i32'], results: ['i32', 'i32'] }] })],
  ['import', 'v128 cannot be passed to a C function', (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['v128'], results: [] }] })],
  ['import', 'v256 cannot be passed to a host function: pass vectors through memory', (m) => ({ ...m, imports: [{ ...NONE, kind: 'js', params: ['i32'], results: ['v256'] }] })],
  ['import', 'buffers are declared for libc imports only', (m) => ({ ...m, imports: [{ ...NONE, kind: 'js', params: ['ptr', 'i32'], results: [], buffers: [{ pointer: 0, length: 1, access: 'read' }] }] })],
  ['import', "a buffer's pointer is the index of a ptr parameter, not 1", (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['ptr', 'i32'], results: [], buffers: [{ pointer: 1, length: 1, access: 'read' }] }] })],
  ['import', "a buffer's length is the index of an integer parameter or nul-terminated, not 0", (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['ptr', 'i32'], results: [], buffers: [{ pointer: 0, length: 0, access: 'read' }] }] })],
  ['import', 'a nul-terminated buffer can only be read: give a written one a length parameter', (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['ptr', 'i32'], results: [], buffers: [{ pointer: 0, length: 'nul-terminated', access: 'write' }] }] })],
  ['import', 'parameter 0 is declared as two buffers', (m) => ({ ...m, imports: [{ ...NONE, kind: 'libc', params: ['ptr', 'i32'], results: [], buffers: [{ pointer: 0, length: 1, access: 'read' }, { pointer: 0, length: 1, access: 'write' }] }] })],
  ['signature', '251 parameters, at most 250 are possible', (m) => ({ ...m, imports: [{ ...NONE, name: 'many', kind: 'js', params: new Array<'i32'>(251).fill('i32'), results: [] }] })],
  ['signature', 'result 0 has no type: there is no i33', (m) => ({ ...m, imports: [{ ...NONE, kind: 'js', params: ['i32'], results: ['i33' as 'i32'] }] })],
  ['slot', 'slot s0: size is 1 to 2^31-1 bytes, not 0', (m) => change(m, { slots: [{ size: 0, align: 8 }] })],
  ['slot', 'slot s0: align is 1, 2, 4, 8 or 16, not 32', (m) => change(m, { slots: [{ size: 8, align: 32 }] })],
  ['entry', 'the entry block has 9 parameters, the function 0', (m) => change(m, { params: [] })],
  ['entry', 'parameter 0 is i8, but v0 of the entry block is i1', (m) => change(m, { params: ['i8', ...m.functions[1].params.slice(1)] })],
  ['block', 'a function has at least one block', (m) => change(m, { blocks: [] })],
  ['value', 'v9 has no type: there is no i33', (m) => change(m, { valueTypes: [...m.functions[1].valueTypes, 'i33' as 'i32'] })],
  ['value', 'a name is given to v9, which is no value (there are 9)', (m) => change(m, { valueNames: { 9: 'x' } })],
  ['value', 'a is vNaN, which is no value (there are 9)', (m) => instruction(m, { kind: 'unary', op: 'clz', type: 'i32', a: NaN, result: 9, loc: 0 }, 'i32', 9)],
  ['operation', 'there is no such operation: constructor', (m) => instruction(m, { kind: 'unary', op: 'constructor' as 'clz', type: 'i32', a: 3, result: 9, loc: 0 }, 'i32')],
  ['operation', 'there is no instruction of kind goto', (m) => instruction(m, { kind: 'goto' as 'memory_size', result: 9, loc: 0 }, 'i32')],
  ['constant', '-0 is no constant of i32: i32 constants are integers from -2147483648 to 2147483647', (m) => instruction(m, { kind: 'const', type: 'i32', value: -0, result: 9, loc: 0 }, 'i32')],
  ['constant', '0.1 is no constant of f32: f32 constants are numbers already rounded by Math.fround', (m) => instruction(m, { kind: 'const', type: 'f32', value: 0.1, result: 9, loc: 0 }, 'f32')],
  ['constant', '1 is no constant of i64: i64 constants are bigints from -2^63 to 2^63-1', (m) => instruction(m, { kind: 'const', type: 'i64', value: 1, result: 9, loc: 0 }, 'i64')],
  ['constant', 'a huge bigint is no constant of i64: i64 constants are bigints from -2^63 to 2^63-1', (m) => instruction(m, { kind: 'const', type: 'i64', value: 1n << 100_000_000n, result: 9, loc: 0 }, 'i64')],
  ['trap', 'there is no trap code oops (unreachable integer-divide-by-zero integer-overflow invalid-conversion memory-out-of-bounds stack-overflow indirect-call-null indirect-call-type misaligned-atomic user)',
    (m) => change(m, { blocks: [{ ...m.functions[1].blocks[0], terminator: { kind: 'trap', code: 'oops' as 'user', loc: 0 } }] })],
];

function change(m: Module, fields: Partial<Module['functions'][0]>): Module {
  return { ...m, functions: [m.functions[0], { ...m.functions[1], ...fields }] };
}

/** Puts one instruction with result v9 in front of the body. */
function instruction(m: Module, i: Module['functions'][0]['blocks'][0]['instructions'][0], type: 'i32' | 'i64' | 'f32', values = 10): Module {
  const f = m.functions[1];
  const named = values === 9 ? { ...i, result: 8 } as typeof i : i;
  const params = values === 9 ? f.blocks[0].params.slice(0, 8) : f.blocks[0].params;
  return change(m, {
    ...(values === 9 ? { params: f.params.slice(0, 8) } : {}),
    valueTypes: values === 9 ? [...f.valueTypes.slice(0, 8), type] : [...f.valueTypes, type],
    blocks: [{ ...f.blocks[0], params, instructions: [named] }],
  });
}

for (const [rule, what, wrong] of PARTS) {
  test(`${rule}: ${what.slice(0, 90)}`, () => {
    const good = body('  call @host(v3)\n  v9 = global_addr @g\n  ret');
    const plain = change(good, { valueTypes: good.functions[1].valueTypes.slice(0, 9), blocks: [{ ...good.functions[1].blocks[0], instructions: [] }] });
    assert.equal(verifyModule(plain), []);
    assert.equal(verifyModule(wrong(plain)).map((e) => `${e.rule}: ${e.what}`), [`${rule}: ${what}`]);
  });
}

test('memory_size and a 32-bit index are wrong in the native model, a 64-bit one is right', () => {
  const f = (text: string): Module => parseModule(`module @m native\nfunc @f(ptr, i32, i64) -> () {\nb0(v0: ptr, v1: i32, v2: i64):\n${text}\n  ret\n}`);
  assert.equal(verifyModule(f('  v3 = memory_size')).map((e) => e.rule), ['memory-model']);
  assert.equal(verifyModule(f('  v3 = lea v0 + v1')).map((e) => e.what), ['index v1 is i32, not i64']);
  assert.equal(verifyModule(f('  v3 = lea v0 + v2*8\n  memory_fill v0, v1, v2')), []);
});

test('all errors are reported, in order, each with the user\'s location', () => {
  const m = parseModule(`export "a" = @nothing
func @f(i32) -> (i64) !1 {
b0(v0: i32):
  v1 = add.i64 v0, v0 !2
  v2: i32 = call @missing(v1)
  ret v0
}
locations
  !1 = "src/f.ts":3:1
  !2 = "src/f.ts":4:9`);
  assert.equal(verifyModule(m).map((e) => e.message), [
    'export "a" names @nothing, which is no function of the module',
    '@f b0 #0: a v0 is i32, not i64, in `add.i64 v0, v0 !2` (src/f.ts:4:9)',
    '@f b0 #0: b v0 is i32, not i64, in `add.i64 v0, v0 !2` (src/f.ts:4:9)',
    '@f b0 #1: there is no function or import @missing, in `call @missing(v1)` (src/f.ts:3:1)',
    '@f b0 #2: returned value v0 is i32, not i64, in `ret v0` (src/f.ts:3:1)',
  ]);
  try { assertValid(m); assert.unreachable(); } catch (e) {
    assert.instance(e, VerificationError);
    const error = e as VerificationError;
    assert.is(error.errors.length, 5);
    assert.is(error.code, 'verification');
    assert.ok(error.message.startsWith('module "" breaks 5 rules of MIR:\n  - export "a"'));
    assert.equal(error.errors[1].location, { file: 'src/f.ts', line: 4, column: 9 });
  }
  const good = everyInstructionModule();
  assert.is(assertValid(good), good);
});

test('values of unreachable blocks: another block\'s definition will do, the own block\'s order counts', () => {
  const f = (text: string): Module => parseModule(`func @f() -> (i32) {\nb0:\n  v0 = const.i32 1\n  ret v0\n${text}\n}`);
  assert.equal(verifyModule(f('b1:\n  ret v1\nb2:\n  v1 = const.i32 2\n  ret v1')), []);
  assert.equal(verifyModule(f('b1:\n  v1 = add.i32 v1, v0\n  ret v1')).map((e) => e.rule), ['dominance']);
});

test('loops, irreducible graphs and a definition in a loop are judged by dominance', () => {
  const irreducible = (use: string): Module => parseModule(`func @f(i1) -> (i32) {
b0(v0: i1):
  v1 = const.i32 1
  br v0, b1, b2
b1:
  v2 = const.i32 2
  br v0, b2, b3
b2:
  v3 = const.i32 3
  br v0, b1, b3
b3:
  ret ${use}
}`);
  assert.equal(verifyModule(irreducible('v1')), []);
  assert.equal(verifyModule(irreducible('v2')).map((e) => e.rule), ['dominance']);
  assert.equal(verifyModule(irreducible('v3')).map((e) => e.rule), ['dominance']);
});

test('a report has a limit and says how much is missing', () => {
  const m = body(`${Array.from({ length: 50 }, (_, k) => `  v${9 + k} = add.i32 v4, v4`).join('\n')}\n  ret`);
  const errors = verifyModule(m, { limit: 10 });
  assert.is(errors.length, 11);
  assert.equal([errors[10].rule, errors[10].what], ['too-many', '90 more errors left out (raise the limit to see them)']);
  assert.is(verifyModule(m).length, 100);
});

test('huge and deep functions verify without recursion, in linear time', () => {
  const build = (blocks: number, perBlock: number): Module => {
    const b = new FunctionBuilder('big', { params: ['i32'], results: ['i32'] });
    let x = b.params[0];
    for (let k = 0; k < blocks; k++) {
      for (let j = 1; j < perBlock; j++) x = b.binary('add', x, b.params[0]);
      const next = b.createBlock();
      b.jump(next);
      b.switchTo(next);
    }
    b.ret([x]);
    return new ModuleBuilder('m').addFunction(b.finish()).build();
  };
  assert.equal(verifyModule(build(150_000, 1)), []);
  assert.equal(verifyModule(build(100, 1000)), []);
  // One block with an edge from everywhere, and a switch with many cases: still linear.
  const b = new FunctionBuilder('fan', { params: ['i32'], results: [] });
  const last = b.createBlock();
  b.switch(b.params[0], Array.from({ length: 100_000 }, (_, k) => ({ value: k, block: last })), last);
  b.switchTo(last);
  b.ret();
  assert.equal(verifyModule(new ModuleBuilder('m').addFunction(b.finish()).build()), []);
});

test('lists with holes are no valid lists', () => {
  const b = new FunctionBuilder('f', { params: ['v128'], results: ['v128'] });
  b.ret([b.shuffle(new Array<number>(16), b.params[0], b.params[0])]);
  const f = b.finish(), m = new ModuleBuilder('m').addFunction(f).build();
  assert.is(verifyModule(m)[0]?.rule, 'shuffle');
  assert.is(verifyModule({ ...m, functions: [], table: new Array<string | null>(3) })[0]?.rule, 'table');
  assert.ok(verifyModule({ ...m, functions: [{ ...f, slots: new Array<{ size: number; align: number }>(2) }] }).length > 0);
});

test('errors stay small, whatever they are about', () => {
  const WIDE = 50_000, many: Type[] = new Array<Type>(WIDE).fill('i32'), long = 'x'.repeat(60_000);
  const b = new FunctionBuilder(long, { params: ['i32'], results: many });
  for (let k = 0; k < 2000; k++) b.call('wide', [b.params[0]], []);
  for (let k = 0; k < 2000; k++) b.call(`${long}${k}`, [b.params[0]], []);
  for (let k = 0; k < 2000; k++) b.globalAddr(`${long}${k}`);
  b.stackMap(-1, new Array<number>(WIDE).fill(0));
  b.callIndirect({ params: many, results: [] }, 99_999, []);
  b.ret();
  const m = new ModuleBuilder('m').addFunction(b.finish()).addImport({ name: 'wide', kind: 'js', capability: 'none', params: many, results: many }).build();
  for (const e of verifyModule(m)) assert.ok(e.message.length < 1000, e.message.slice(0, 200));
});

test('tail calls with result lists far too long do not compare them each time', () => {
  const many: Type[] = new Array<Type>(200_000).fill('i32'), b = new FunctionBuilder('f', { params: ['i32'], results: many });
  const blocks = Array.from({ length: 20_000 }, () => b.createBlock());
  b.switch(b.params[0], blocks.map((block, value) => ({ value, block })), blocks[0]);
  for (const block of blocks) { b.switchTo(block); b.tailCall('wide', []); }
  const m = new ModuleBuilder('m').addFunction(b.finish()).addImport({ name: 'wide', kind: 'js', capability: 'none', params: [], results: [...many] }).build();
  const started = performance.now();
  assert.equal(verifyModule(m).map((e) => e.rule), ['signature', 'signature']);
  assert.ok(performance.now() - started < 20_000);
});

test.run();
