/**
 * What instruction selection makes of typical code. Registers are the allocator's business: they are written by class
 * (`r` 32 bits, `R` 64, `b` 8, `x` vector), and copies between them are left out.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/x86_64/index.ts';
import { FunctionBuilder, ModuleBuilder, parseModule } from '../../../lib/mir/index.ts';
import { binutilsMissing, disassemble } from '../../support/objdump.ts';

const test = suite('x86-64: selection');
const missing = binutilsMissing();
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);

function shape(text: string): string | undefined {
  const line = text.replace(/\br15\b/g, 'BASE').replace(/\bxmm\d+\b/g, 'x').replace(/\br(1[0-4]|[89])d\b|\be(ax|bx|cx|dx|si|di|bp)\b/g, 'r')
    .replace(/\br(1[0-4]|[89])b\b|\b([abcd]l|[sd]il|bpl)\b/g, 'b').replace(/\br(1[0-4]|[89]|ax|bx|cx|dx|si|di|bp)\b/g, 'R').replace(/ +#.*/, '').replace(/0x[0-9a-f]+$/, (n) => (/^j/.test(text) ? '..' : n));
  return /^(mov (R,R|r,r)|vmovaps x,x|nop.*)$/.test(line) ? undefined : line;
}

function selected(source: string): string[] {
  const c = x86_64.compile(parseModule(`module @m linear\nmemory initial 2 maximum 4 stack 65536\n${source}`), { checkAllocation: true });
  return disassemble(c.code.subarray(0, c.functions[0].size)).map((i) => shape(i.text)).filter((l) => l !== undefined);
}

const CASES: readonly (readonly [name: string, source: string, code: readonly string[]])[] = [
  ['a load is folded into its only user', `
func @fold(i32, ptr) -> (i32) {
b0(v0: i32, v1: ptr):
  v2 = load.i32 v1 + 8
  v3 = add.i32 v0, v2
  ret v3
}`, [
    'add r,DWORD PTR [BASE+R*1+0x8]',
    'ret',
  ]],
  ['a store between load and user keeps them apart', `
func @nofold(i32, ptr) -> (i32) {
b0(v0: i32, v1: ptr):
  v2 = load.i32 v1 + 8
  store.i32 v0, v1
  v3 = add.i32 v0, v2
  ret v3
}`, [
    'mov r,DWORD PTR [BASE+R*1+0x8]',
    'mov DWORD PTR [BASE+R*1],r',
    'add r,r',
    'ret',
  ]],
  ['load, add, store become arithmetic on memory', `
func @rmw(i32, ptr) -> () {
b0(v0: i32, v1: ptr):
  v2 = load.i32 v1 + 8
  v3 = add.i32 v2, v0
  store.i32 v3, v1 + 8
  ret
}`, [
    'add DWORD PTR [BASE+R*1+0x8],r',
    'ret',
  ]],
  ['a narrow load is extended by the load itself, at its own width', `
func @narrow(i32, ptr) -> (i32) {
b0(v0: i32, v1: ptr):
  v2 = load.i8 v1
  v3 = zext.i8.i32 v2
  v4 = add.i32 v3, v0
  ret v4
}`, [
    'movzx r,BYTE PTR [BASE+R*1]',
    'add r,r',
    'ret',
  ]],
  ['base and index are added in 32 bits; only the offset is part of the address', `
func @index(ptr, i32) -> (i64) {
b0(v0: ptr, v1: i32):
  v2 = load.i64 v0 + v1 * 8 + 16
  ret v2
}`, [
    'lea r,[R+R*8]',
    'mov R,QWORD PTR [BASE+R*1+0x10]',
    'ret',
  ]],
  ['a masked compare is a test, a select a conditional move', `
func @testbit(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 4
  v2 = and.i32 v0, v1
  v3 = const.i32 0
  v4 = ne.i32 v2, v3
  v5 = const.i32 7
  v6 = select.i32 v4, v5, v0
  ret v6
}`, [
    'mov r,0x7',
    'test b,0x4',
    'cmovne r,r',
    'ret',
  ]],
  ['a float select of the lesser is the processor minimum', `
func @minmax(f64, f64) -> (f64) {
b0(v0: f64, v1: f64):
  v2 = flt.f64 v0, v1
  v3 = select.f64 v2, v0, v1
  ret v3
}`, [
    'vminsd x,x,x',
    'ret',
  ]],
  ['a flag value needs no extension', `
func @setcc(i64, i64) -> (i32) {
b0(v0: i64, v1: i64):
  v2 = ult.i64 v0, v1
  v3 = zext.i1.i32 v2
  ret v3
}`, [
    'xor r,r',
    'cmp R,R',
    'setb b',
    'ret',
  ]],
  ['flags of the subtraction are the loop condition; the loop is one block', `
func @down(i32) -> (i32) {
b0(v0: i32):
  v1 = const.i32 0
  jump b1(v0, v1)
b1(v2: i32, v3: i32):
  v4 = add.i32 v3, v2
  v5 = const.i32 1
  v6 = sub.i32 v2, v5
  v7 = const.i32 0
  v8 = ne.i32 v6, v7
  br v8, b1(v6, v4), b2
b2:
  ret v4
}`, [
    'xor r,r',
    'add r,r',
    'add r,0xffffffff',
    'jne ..',
    'ret',
  ]],
  ['shift and add, product by five: address arithmetic', `
func @lea(i64, i64) -> (i64) {
b0(v0: i64, v1: i64):
  v2 = const.i64 3
  v3 = shl.i64 v1, v2
  v4 = add.i64 v0, v3
  v5 = const.i64 5
  v6 = mul.i64 v4, v5
  ret v6
}`, [
    'lea R,[R+R*8]',
    'lea R,[R+R*4]',
    'ret',
  ]],
  ['variable shifts take any register, rotates are immediate', `
func @shifts(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = shl.i32 v0, v1
  v3 = lshr.i32 v2, v1
  v4 = const.i32 7
  v5 = rotl.i32 v3, v4
  ret v5
}`, [
    'shlx r,r,r',
    'shrx r,r,r',
    'ror r,0x19',
    'ret',
  ]],
  ['a float select is a short branch', `
func @fselect(i32, f64, f64) -> (f64) {
b0(v0: i32, v1: f64, v2: f64):
  v3 = const.i32 3
  v4 = sgt.i32 v0, v3
  v5 = select.f64 v4, v1, v2
  ret v5
}`, [
    'cmp r,0x3',
    'jle ..',
    'ret',
  ]],
  ['and not', `
func @andn(i64, i64) -> (i64) {
b0(v0: i64, v1: i64):
  v2 = const.i64 -1
  v3 = xor.i64 v0, v2
  v4 = and.i64 v1, v3
  ret v4
}`, [
    'andn R,R,R',
    'ret',
  ]],
  ['one division for both results', `
func @divrem(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = sdiv.i32 v0, v1
  v3 = srem.i32 v0, v1
  v4 = add.i32 v2, v3
  ret v4
}`, [
    'cdq',
    'idiv r',
    'add r,r',
    'ret',
  ]],
  ['division by a constant is a product', `
func @div(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = sdiv.i32 v0, v1
  v3 = const.i32 10
  v4 = udiv.i32 v2, v3
  ret v4
}`, [
    'cdq',
    'idiv r',
    'mov r,0xcccccccd',
    'imul R,R',
    'shr R,0x23',
    'ret',
  ]],
];

test('a branch on very many negations, one of another', () => {
  const n = 50_001, f = new FunctionBuilder('f', { params: ['i32'], results: ['i32'] });
  const [v] = f.params, yes = f.createBlock(), no = f.createBlock(), one = f.const('i1', 1), five = f.const('i32', 5);
  let c = f.compare('eq', v, five), kept = c;
  for (let k = 0; k < n; k++) c = f.binary('xor', c, one);
  for (let k = 0; k < n; k++) kept = f.binary('xor', kept, one);
  f.br(c, yes, no);
  f.switchTo(yes);
  f.ret([v]);
  f.switchTo(no);
  f.ret([f.convert('zext', kept, 'i32')]);
  const m = new ModuleBuilder('m').addFunction(f.finish(), 'f').build();
  assert.ok(x86_64.compile(m).functions[0].size > 0);
});

for (const [name, source, code] of CASES) {
  (missing === undefined ? test : test.skip)(name, () => assert.equal(selected(source), code));
}

test.run();
