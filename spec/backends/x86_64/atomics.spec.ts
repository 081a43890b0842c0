/** The cheapest correct form of each atomic and ordering on x86-64 (Intel SDM vol. 3A, 9.2): what is emitted, exactly. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../../backends/x86_64/index.ts';
import { parseModule, RMW_OPS } from '../../../lib/mir/index.ts';
import { binutilsMissing, disassemble } from '../../support/objdump.ts';

const test = suite('x86-64: atomics');
const missing = binutilsMissing();
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);

/** The code of one function without its `ret`, copies between registers and traps; registers by class. */
function code(body: string): string[] {
  const source = `module @m linear\nmemory initial 2 maximum 4 stack 65536\nglobal @cell mutable size 8 align 8\nfunc @f(i32, ptr, i64) -> (i32) {\nb0(v0: i32, v1: ptr, v2: i64):\n${body}\n  ret v0\n}`;
  const c = x86_64.compile(parseModule(source), { checkAllocation: true });
  const lines = disassemble(c.code.subarray(0, c.functions[0].size)).map((i) => i.text);
  return lines.slice(0, lines.indexOf('ret')).map((l) => l.replace(/\br15\b/g, 'BASE').replace(/\be(ax|bx|cx|dx|si|di|bp)\b|\br\d+d\b/g, 'r').replace(/\br(\d+|ax|bx|cx|dx|si|di|bp)\b/g, 'R').replace(/^j(\w+) .*/, 'j$1 ..'))
    .filter((l) => !/^mov (R,R|r,r)$/.test(l));
}

if (missing === undefined) {
  test('a load is a load, whatever its ordering', () => {
    for (const o of ['relaxed', 'acquire', 'seq_cst'] as const) {
      assert.equal(code(`  v3 = global_addr @cell\n  v4 = atomic_load.i32.${o} v3\n  store.i32 v4, v1`).slice(0, 1), ['mov r,DWORD PTR [BASE+0x400]'], o);
    }
  });

  test('a store is a store, but an exchange when it is sequentially consistent', () => {
    for (const o of ['relaxed', 'release'] as const) {
      assert.equal(code(`  v3 = global_addr @cell\n  atomic_store.i32.${o} v0, v3`), ['mov DWORD PTR [BASE+0x400],r'], o);
      assert.equal(code(`  v3 = global_addr @cell\n  v4 = const.i32 5\n  atomic_store.i32.${o} v4, v3`), ['mov DWORD PTR [BASE+0x400],0x5'], o);
    }
    assert.equal(code('  v3 = global_addr @cell\n  atomic_store.i32.seq_cst v0, v3'), ['xchg DWORD PTR [BASE+0x400],r']);
  });

  test('only a sequentially consistent fence is code', () => {
    for (const o of ['acquire', 'release', 'acq_rel'] as const) assert.equal(code(`  fence.${o}`), [], o);
    assert.equal(code('  fence.seq_cst'), ['lock or DWORD PTR [rsp],0x0']);
  });

  test('a read-modify-write nobody asks for the old value is one locked instruction, with a constant if it is one', () => {
    for (const op of RMW_OPS) for (const o of ['relaxed', 'seq_cst'] as const) {
      const both = code(`  v3 = global_addr @cell\n  v4 = atomic_rmw.${op}.i32.${o} v0, v3\n  v5 = const.i32 3\n  v6 = atomic_rmw.${op}.i32.${o} v5, v3`);
      if (op === 'xchg') assert.is(both[0], 'xchg DWORD PTR [BASE+0x400],r');
      else assert.equal(both, [`lock ${op} DWORD PTR [BASE+0x400],r`, `lock ${op} DWORD PTR [BASE+0x400],0x3`], `${op} ${o}`);
    }
  });

  test('with the old value: xadd and xchg, or a loop of cmpxchg', () => {
    const of = (op: string): string[] => code(`  v3 = global_addr @cell\n  v4 = atomic_rmw.${op}.i64.seq_cst v2, v3\n  store.i64 v4, v1`).slice(0, -1);
    assert.equal(of('add'), ['lock xadd QWORD PTR [BASE+0x400],R']);
    assert.equal(of('sub'), ['neg R', 'lock xadd QWORD PTR [BASE+0x400],R']);
    assert.equal(of('xchg'), ['xchg QWORD PTR [BASE+0x400],R']);
    assert.equal(of('or'), ['mov R,QWORD PTR [BASE+0x400]', 'or R,R', 'lock cmpxchg QWORD PTR [BASE+0x400],R', 'jne ..']);
  });

  test('alignment is tested where it is not known, never of bytes', () => {
    assert.equal(code('  v3 = atomic_rmw.add.i32.seq_cst v0, v1'), ['lea R,[BASE+R*1]', 'test r11b,0x3', 'jne ..', 'lock add DWORD PTR [BASE+R*1],r']);
    assert.equal(code('  v3 = const.i8 1\n  v4 = atomic_rmw.add.i8.seq_cst v3, v1'), ['lock add BYTE PTR [BASE+R*1],0x1']);
    assert.equal(code('  v3 = global_addr @cell\n  atomic_store.i32.relaxed v0, v3 + 2').length, 4);
  });
}

test.run();
