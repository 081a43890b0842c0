/** What instruction selection makes of vector code, at the highest level of features and without any. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64, type X86Level } from '../../../backends/x86_64/index.ts';
import { parseModule } from '../../../lib/mir/index.ts';
import { binutilsMissing, disassemble } from '../../support/objdump.ts';

const test = suite('x86-64: selection of vectors');
const missing = binutilsMissing();
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);

/** Mnemonics with their operands, registers by class; returns and plain copies are left out. */
function selected(source: string, level: X86Level): string[] {
  const c = x86_64.with(level).compile(parseModule(`module @m linear\nmemory initial 2 maximum 4 stack 65536\n${source}`), { checkAllocation: true });
  return disassemble(c.code.subarray(0, c.functions[0].size)).map((i) => i.text.replace(/\br15\b/g, 'BASE').replace(/\b([xy])mm\d+\b/g, '$1').replace(/\br(1[0-4]|[89]|ax|bx|cx|dx|si|di|bp)\b/g, 'R')
    .replace(/\be(ax|bx|cx|dx|si|di|bp)\b/g, 'r').replace(/XMMWORD PTR |DWORD PTR |QWORD PTR |YMMWORD PTR /g, '').replace(/\[rip\+.*\].*/, '[POOL]').trim()).filter((l) => !/^(ret|nop.*|v?movaps x,x)$/.test(l));
}

const CASES: readonly (readonly [name: string, level: X86Level, source: string, code: readonly string[]])[] = [
  ['a fused multiply-add over the addend, with a factor in memory', 'avx2', `
func @f(v128, v128, ptr) -> (v128) {
b0(v0: v128, v1: v128, v2: ptr):
  v3 = load.v128 v2 + 16
  v4 = vfma.f32x4 v0, v3, v1
  ret v4
}`, ['vfmadd231ps x,x,[BASE+R*1+0x10]']],
  ['a splat of what is in memory', 'avx2', `
func @f(ptr) -> (v128) {
b0(v0: ptr):
  v1 = load.f32 v0
  v2 = splat.f32x4 v1
  ret v2
}`, ['vbroadcastss x,[BASE+R*1]']],
  ['a splat with SSE2', 'sse2', `
func @f(i16) -> (v128) {
b0(v0: i16):
  v1 = splat.i16x8 v0
  ret v1
}`, ['movd x,r', 'pshuflw x,x,0x0', 'pshufd x,x,0x0']],
  ['a shuffle with a source in memory', 'avx2', `
func @f(v128, ptr) -> (v128) {
b0(v0: v128, v1: ptr):
  v2 = load.v128 v1
  v3 = shuffle v0, v2, [0,1,2,3,16,17,18,19,4,5,6,7,20,21,22,23]
  ret v3
}`, ['vpunpckldq x,x,[BASE+R*1]']],
  ['vectors in memory may lie anywhere: without AVX they are loaded apart', 'sse2', `
func @f(v128, ptr) -> (v128) {
b0(v0: v128, v1: ptr):
  v2 = load.v128 v1
  v3 = vadd.f32x4 v0, v2
  ret v3
}`, ['movups x,[BASE+R*1]', 'addps x,x']],
  ['sixteen bytes are loaded where an instruction would read fewer', 'avx2', `
func @f(v128, ptr) -> (v128) {
b0(v0: v128, v1: ptr):
  v2 = load.v128 v1
  v3 = shuffle v0, v2, [0,1,2,3,4,5,6,7,16,17,18,19,12,13,14,15]
  ret v3
}`, ['vmovups x,[BASE+R*1]', 'vinsertps x,x,x,0x20']],
  ['a lane to memory', 'avx2', `
func @f(v128, ptr) -> () {
b0(v0: v128, v1: ptr):
  v2 = extract_lane.f32x4 v0, 2
  store.f32 v2, v1
  v3 = extract_lane.f64x2 v0, 1
  store.f64 v3, v1 + 8
  ret
}`, ['vextractps [BASE+R*1],x,0x2', 'vmovhps [BASE+R*1+0x8],x']],
  ['a lane from memory', 'avx2', `
func @f(v128, ptr) -> (v128) {
b0(v0: v128, v1: ptr):
  v2 = load.f64 v1
  v3 = insert_lane.f64x2 v0, v2, 1
  ret v3
}`, ['vmovhps x,x,[BASE+R*1]']],
  ['a minimum with a constant', 'avx2', `
func @f(v128) -> (v128) {
b0(v0: v128):
  v1 = const.f32 1
  v2 = splat.f32x4 v1
  v3 = vfmin.f32x4 v0, v2
  ret v3
}`, ['vmovups x,[POOL]', 'vminps x,x,x']],
  ['all ones and zero need no memory', 'avx2', `
func @f() -> (v128, v128) {
b0:
  v0 = const.v128 340282366920938463463374607431768211455
  v1 = const.v128 0
  ret v0, v1
}`, ['vpcmpeqd x,x,x', 'vxorps x,x,x']],
  ['rounding with SSE4.1', 'sse4.1', `
func @f(v128) -> (v128) {
b0(v0: v128):
  v1 = vfloor.f64x2 v0
  ret v1
}`, ['roundpd x,x,0x9']],
  ['greater than, the operands exchanged', 'sse2', `
func @f(v128, v128) -> (v128) {
b0(v0: v128, v1: v128):
  v2 = vfgt.f32x4 v0, v1
  ret v2
}`, ['cmpltps x,x']],
];

for (const [name, level, source, code] of CASES) {
  (missing === undefined ? test : test.skip)(`${name} (${level})`, () => { assert.equal(selected(source, level), code); });
}

test.run();
