/** Modules larger than engines take, or than a careless compiler could take: what fits is made to fit, the rest is refused by name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatWat, wasm, WasmLimitError } from '../../../backends/wasm/index.ts';
import { MAX_TABLE_LABELS, requireAtMost, requireCompilable } from '../../../backends/wasm/limits.ts';
import { FunctionBuilder, Interpreter, ModuleBuilder, type Module, type Type } from '../../../lib/mir/index.ts';
import { wasmInstance } from '../../support/wasm-executor.ts';
import { trapOf } from '../../support/trap-of.ts';

const test = suite('wasm: limits');

function single(name: string, params: readonly Type[], results: readonly Type[], body: (b: FunctionBuilder) => void, m = new ModuleBuilder('m')): Module {
  const b = new FunctionBuilder(name, { params, results });
  body(b);
  return m.addFunction(b.finish(), name).build();
}
function refused(m: Module, why: RegExp): void {
  assert.throws(() => wasm.compile(m), (e: unknown) => e instanceof WasmLimitError && e.code === 'wasm-limit' && why.test(e.message) && e.remedy !== '');
}

/** `f` gives 1 for odd cases, 2 for even ones, 3 for others. */
function switched(values: readonly number[]): Module {
  return single('f', ['i32'], ['i32'], (b) => {
    const odd = b.createBlock(), even = b.createBlock(), other = b.createBlock();
    b.switch(b.params[0], values.map((value, k) => ({ value, block: k % 2 === 0 ? even : odd })), other);
    [odd, even, other].forEach((block, k) => { b.switchTo(block); b.ret([b.const('i32', k + 1)]); });
  });
}

test('a switch with more cases than a table may have labels is several tables', () => {
  for (const n of [MAX_TABLE_LABELS, MAX_TABLE_LABELS + 1]) {
    const it = wasmInstance(switched(Array.from({ length: n }, (_, k) => k - 5)));
    for (const [x, y] of [[-6, 3], [-5, 2], [-4, 1], [MAX_TABLE_LABELS - 6, 1], [MAX_TABLE_LABELS - 5, n === MAX_TABLE_LABELS ? 3 : 2], [MAX_TABLE_LABELS - 4, 3]]) assert.is(it.call('f', [x]), y, `${n} ${x}`);
  }
});

test('runs of cases are cut where they stop being dense, in hardly more time than there are cases', () => {
  // Dense, sparse, dense again, far away; a hole that later cases make up for.
  const values = [0, 1, 2, 3, 10, 20, 30, 40, 41, 42, 44, 45, 1_000_000, 1_000_001, 1_000_002, -2147483648, 2147483647, 50, 51, 52, 53, 60, 61, 62, 63, 64, 65, 66].sort((x, y) => x - y);
  const m = switched(values), it = wasmInstance(m), reference = new Interpreter(m);
  for (const v of values) for (const x of [v - 1 | 0, v, v + 1 | 0]) assert.equal([it.call('f', [x])], reference.call('f', [x]).values, `${x}`);
  // Every third value: looking for the end of each run anew would take minutes.
  const started = performance.now();
  wasm.compile(switched(Array.from({ length: 20_000 }, (_, k) => 3 * k)));
  assert.ok(performance.now() - started < 15_000, `${performance.now() - started} ms`);
});

test('a cycle with hundreds of entries, each with parameters of its own', () => {
  const n = 300, m = single('f', ['i32', 'i64'], ['i32', 'i64'], (b) => {
    const heads = Array.from({ length: n }, () => b.createBlock()), end = b.createBlock(), x = b.addBlockParam(end, 'i32'), y = b.addBlockParam(end, 'i64');
    // One has two parameters of a type, one has none of the other.
    const params = heads.map((h, k) => [b.addBlockParam(h, 'i32'), ...(k % 3 === 0 ? [b.addBlockParam(h, 'i32')] : []), b.addBlockParam(h, 'i64')]);
    const pass = (to: number, v: number, w: number): number[] => (to % 3 === 0 ? [v, b.const('i32', to), w] : [v, w]);
    b.switch(b.params[0], heads.map((block, k) => ({ value: k, block, args: pass(k, b.params[0], b.params[1]) })), end, b.params);
    heads.forEach((h, k) => {
      b.switchTo(h);
      const [v] = params[k], w = b.binary('add', params[k][params[k].length - 1], k % 3 === 0 ? b.convert('zext', params[k][1], 'i64') : b.const('i64', 1n)), next = (k + 7) % n;
      b.br(b.compare('ult', w, b.const('i64', 5000n)), heads[next], end, pass(next, b.binary('mul', v, b.const('i32', 3)), w), [v, w]);
    });
    b.switchTo(end);
    b.ret([x, y]);
  });
  const it = wasmInstance(m), reference = new Interpreter(m);
  for (const k of [0, 1, 150, 299, 300]) assert.equal(it.call('f', [k, 3n]), reference.call('f', [k, 3n]).values);
  assert.ok(it.compiled.bytes.length < 40_000, `${it.compiled.bytes.length} bytes`);
});

test('a table of more entries than a switch may have labels is checked by signature all the same', () => {
  const m = new ModuleBuilder('m');
  for (const [name, type] of [['good', 'i32'], ['pointer', 'ptr']] as const) {
    const b = new FunctionBuilder(name, { params: [type], results: ['i32'] });
    b.ret([b.const('i32', 9)]);
    m.addFunction(b.finish());
  }
  for (let k = 0; k < 66_000; k++) m.table.push(k === 3 ? null : k % 2 === 0 ? 'good' : 'pointer');
  const it = wasmInstance(single('f', ['i32'], ['i32'], (b) => b.ret(b.callIndirect({ params: ['i32'], results: ['i32'] }, b.params[0], [b.params[0]])), m));
  assert.is(it.call('f', [65_998]), 9);
  assert.is(trapOf(() => it.call('f', [65_999])).trap, 'indirect-call-type');
  assert.is(trapOf(() => it.call('f', [3])).trap, 'indirect-call-null');
});

test('stack slots of more bytes than there are addresses: a trap, not a wrap', () => {
  for (const sizes of [[2 ** 31 - 16, 2 ** 31 - 16, 64], [2 ** 31 - 16, 2 ** 31 - 16], [65536 + 16], [65536]]) {
    const m = single('f', ['i32'], ['i32'], (b) => {
      const slots = sizes.map((size) => b.addSlot(size)), p = b.slotAddr(slots[slots.length - 1]);
      b.store({ base: p }, b.params[0]);
      b.ret([b.load('i32', { base: p })]);
    });
    if (sizes[0] === 65536) assert.is(wasmInstance(m).call('f', [7]), 7);
    else for (const run of [() => wasmInstance(m).call('f', [7]), () => new Interpreter(m).call('f', [7])]) assert.is(trapOf(run).trap, 'stack-overflow', sizes.join());
  }
});

test('a linear stack that begins at the end of all addresses', () => {
  const m = new ModuleBuilder('m', { memory: { initialPages: 65536, maximumPages: 65536, stackSize: 65536 } });
  m.addGlobal({ name: 'g', size: 2 ** 32 - 1024 - 65536, align: 1, mutable: true });
  const it = wasmInstance(single('f', ['i32'], ['i32'], (b) => {
    const p = b.slotAddr(b.addSlot(40_000)), more = b.createBlock(), end = b.createBlock();
    b.store({ base: p }, b.params[0]);
    b.br(b.compare('eq', b.params[0], b.const('i32', 0)), end, more);
    b.switchTo(more);
    b.ret(b.call('f', [b.binary('sub', b.params[0], b.const('i32', 1))], ['i32']));
    b.switchTo(end);
    b.ret([b.convert('ptrtoint', p, 'i32')]);
  }, m));
  assert.is(it.call('f', [0]), -40_000);
  assert.is(trapOf(() => it.call('f', [1])).trap, 'stack-overflow');
  assert.is(it.call('f', [0]), -40_000);
});

test('initial data of neighbours is one stretch, with the zeros between', () => {
  const m = new ModuleBuilder('m');
  for (let k = 0; k < 100; k++) m.addGlobal({ name: `near${k}`, size: 4, align: 8, mutable: true, bytes: Uint8Array.of(0, k, 0) });
  m.addGlobal({ name: 'gap', size: 200, align: 1, mutable: true }).addGlobal({ name: 'far', size: 4, align: 4, mutable: true, bytes: Uint8Array.of(7) });
  const it = wasmInstance(single('f', [], ['ptr'], (b) => { b.store({ base: b.globalAddr('near5') }, b.const('i32', -1)); b.ret([b.globalAddr('far')]); }, m));
  assert.equal(it.compiled.data.map((d) => [d.address, d.bytes.length]), [[1024 + 8 + 1, 98 * 8 + 1], [it.call('f'), 1]]);
  for (const again of [false, true]) {
    if (again) assert.ok(it.reset());
    assert.equal([...it.memory.slice(1024, 1024 + 800)].filter((_, k) => again || k >> 3 !== 5), Array.from({ length: 800 }, (_, k) => (k % 8 === 1 ? k >> 3 : 0)).filter((_, k) => again || k >> 3 !== 5));
    assert.is(it.memory[it.call('f') as number], 7);
    it.reset();
  }
});

test('what engines would refuse is refused when it is compiled', () => {
  const many = single('many', ['ptr'], [], (b) => {
    const values = Array.from({ length: 50_001 }, (_, k) => b.load('i32', { base: b.params[0], offset: 4 * k }));
    for (const v of values) b.store({ base: b.params[0] }, v);
    b.ret();
  });
  refused(many, /function many needs 50002 local variables, engines take 50000/);
  const deep = single('deep', ['ptr'], ['i32'], (b) => {
    const values = Array.from({ length: 8_000 }, (_, k) => b.load('i32', { base: b.params[0], offset: 4 * k }));
    for (let k = 0; k < 2_200; k++) {
      const out = b.createBlock(), on = b.createBlock();
      b.br(b.compare('eq', values[k], b.const('i32', 0)), on, out);
      b.switchTo(out);
      b.ret([values[k + 1]]);
      b.switchTo(on);
    }
    b.ret([values.reduce((x, y) => b.binary('xor', x, y))]);
  });
  refused(deep, /function deep nests 2200 deep with 8000 local variables/);
  assert.throws(() => requireCompilable('f', 7_654_322, 1, 1), /function f takes 7654322 bytes of code, engines take 7654321/);
  assert.throws(() => requireAtMost(100_001, 100_000, 'exports'), /the module has 100001 exports, engines take 100000/);
});

test('names that are no text cannot be names of imports and exports, and may be those of functions', () => {
  const f = (name: string, as: string): Module => {
    const b = new FunctionBuilder(name, { params: [], results: ['i32'] });
    b.ret([b.const('i32', 4)]);
    return new ModuleBuilder(`m${name}`).addFunction(b.finish(), as).build();
  };
  assert.is(wasmInstance(f('half \ud83d', 'whole \u{1f600}')).call('whole \u{1f600}'), 4);
  refused(f('f', 'half \ud83d'), /the name "half \\ud83d" of an export, which is no well-formed text/);
  const m = new ModuleBuilder('m').addImport({ name: '\udc00', kind: 'js', capability: 'none', params: [], results: [] });
  refused(single('f', [], [], (b) => b.ret(), m), /of an import, which is no well-formed text/);
});

test('the text form: vectors of 256 bits are two, odd names stay in their line', () => {
  const m = single('wide\n) (func "', ['v256', 'i32'], ['v256'], (b) => { b.loc = 1; b.ret([b.vector('vadd', 'i32x8', [b.params[0], b.params[0]])]); }, new ModuleBuilder('m\u2028'));
  const text = formatWat({ ...m, locations: [m.locations[0], { file: 'a\nb.ts', line: 1, column: 2 }] });
  assert.match(text, /^\(module \$"m\\u\{2028\}"\n/);
  assert.match(text, / {2}\(func \$"wide\\u\{a\}\) \(func \\""\ \(export "wide\\u\{a\}\) \(func \\""\) \(param v128 v128 i32\) \(result v128 v128\)\n/);
  assert.match(text, / {2};; a b\.ts:1:2\n/);
});

test.run();
