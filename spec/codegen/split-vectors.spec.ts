/** Legalisation of 256-bit vectors beyond what filetests say: what a trap leaves behind, where it is, and entry from the host. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasm } from '../../backends/wasm/index.ts';
import { splitUnsupported } from '../../lib/codegen/split-unsupported.ts';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import { FunctionBuilder, Interpreter, ModuleBuilder, TrapError, assertValid, parseModule, printModule, type Module, type Type } from '../../lib/mir/index.ts';
import { x86_64Stubs } from '../../backends/x86_64/stubs.ts';
import { instantiateWasm } from '../../lib/runtime/wasm-instance.ts';
import { machineLevels, nativeInstance } from '../support/native-executor.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('splitting of 256-bit vectors');
const native = skipUnlessNative('256-bit vectors as machine code');

/** A fresh instance's memory, and a call. */
interface Instance { readonly memory: () => Uint8Array; call(name: string, args: readonly (number | bigint)[]): unknown }

function executors(): (readonly [string, (m: Module) => Instance])[] {
  const interpreted = (m: Module): Instance => { const it = new Interpreter(m); return { memory: () => it.memory, call: (n, a) => it.call(n, a).values }; };
  const list: [string, (m: Module) => Instance][] = [
    ['interpreter', interpreted], ['split', (m) => interpreted(assertValid(splitVectors(m)))], ['split one by one', (m) => interpreted(assertValid(splitUnsupported(m, (i) => i.kind === 'vector')))],
    ['wasm', (m) => { const it = instantiateWasm(wasm.compile(m), { locations: m.locations }); return { memory: () => it.memory, call: (n, a) => it.call(n, a) }; }],
  ];
  if (native) {
    for (const features of machineLevels()) {
      list.push([features, (m) => {
        const it = nativeInstance(m, { features });
        return { memory: () => { const bytes = new Uint8Array(it.memory!.size); it.memory!.read(0, bytes); return bytes; }, call: (n, a) => it.call(n, a) };
      }]);
    }
  }
  return list;
}

test('a store that reaches past the end of memory writes nothing, and the trap is at its place', () => {
  const m = parseModule(`module @store linear
memory initial 1 maximum 1 stack 0
export "store" = @store
func @store(ptr, i64) -> () {
b0(v0: ptr, v1: i64):
  v2 = splat.i64x4 v1
  store.v256 v2, v0 + 5 !1
  ret
}
locations
  !1 = "kernel.ts":7:3
`);
  for (const [name, make] of executors()) {
    for (let at = 65536 - 5 - 33; at < 65536; at++) {
      const it = make(m), inside = at + 5 + 32 <= 65536;
      let trap: TrapError | undefined;
      try {
        it.call('store', [at, -1n]);
      } catch (error) {
        if (!(error instanceof TrapError)) throw error;
        trap = error;
      }
      assert.is(trap?.trap, inside ? undefined : 'memory-out-of-bounds', `${name} at ${at}`);
      if (trap !== undefined) assert.equal([trap.functionName, trap.location?.line], ['store', 7], name);
      const end = it.memory().subarray(65536 - 64);
      assert.is(end.filter((b) => b !== 0).length, inside ? 32 : 0, `${name} at ${at}`);
      if (name === 'split one by one' || name === 'interpreter') continue;
      // One instance costs a compilation: the other places are tried on what moves fastest.
      if (!inside) at += 4;
    }
  }
});

test('what is split is exactly what the target lacks', () => {
  const b = new FunctionBuilder('f', { params: ['v256', 'v256'], results: ['v256'] });
  const sum = b.vector('vadd', 'f32x8', b.params), reversed = b.shuffle(Array.from({ length: 32 }, (_, k) => 31 - k), sum, sum);
  b.ret([b.vector('vmul', 'f32x8', [reversed, sum])]);
  const m = new ModuleBuilder('m').addFunction(b.finish(), 'f').build();
  assert.is(splitUnsupported(m, () => true), m);
  const text = printModule(assertValid(splitUnsupported(m, (i) => i.kind !== 'shuffle')));
  assert.ok(text.includes('vadd.f32x8') && text.includes('vmul.f32x8') && text.includes('vconcat.i8x32'));
  assert.is(text.match(/shuffle/g)?.length, 2);
  assert.is(text.match(/vlow|vhigh/g)?.length, 2, 'each half is taken out once');
});

test('a module without 256-bit vectors is given back as it is', () => {
  const m = parseModule('module @m linear\nmemory initial 1 maximum 1 stack 0\nfunc @f(v128) -> (v128) {\nb0(v0: v128):\n  ret v0\n}\n');
  assert.is(splitVectors(m), m);
});

test('hundreds of signatures that become one stay apart in the table', () => {
  const lists: Type[][] = [];
  const tile = (left: number, list: Type[]): void => {
    if (left === 0) { lists.push(list); return; }
    tile(left - 1, [...list, 'v128']);
    if (left > 1) tile(left - 2, [...list, 'v256']);
  };
  tile(13, []);
  assert.is(lists.length, 377);
  const builder = new ModuleBuilder('m');
  lists.forEach((params, k) => {
    const f = new FunctionBuilder(`f${k}`, { params, results: ['i32'] });
    f.ret([f.const('i32', k)]);
    builder.addFunction(f.finish());
    builder.table.push(`f${k}`);
    const call = new FunctionBuilder(`call${k}`, { params: ['i32'], results: ['i32'] });
    call.ret(call.callIndirect({ params, results: ['i32'] }, call.params[0], params.map((t) => call.const(t, 0n))));
    builder.addFunction(call.finish(), `call${k}`);
  });
  const split = assertValid(splitVectors(builder.build())), it = new Interpreter(split);
  lists.forEach((_, k) => {
    assert.equal(it.call(`call${k}`, [k]).values, [k]);
    assert.throws(() => it.call(`call${k}`, [(k + 1) % lists.length]), (e: unknown) => e instanceof TrapError && e.trap === 'indirect-call-type');
  });
  assert.ok(Math.max(...split.functions.map((f) => f.params.length)) <= 13 + 8);
});

test('many blocks and values: linear, and without recursion', () => {
  const time = (n: number): number => {
    const b = new FunctionBuilder('f', { params: ['v256'], results: ['v256'] });
    let v = b.params[0];
    for (let k = 0; k < n; k++) {
      const next = b.createBlock();
      // A chain of known halves as long as the function.
      v = b.vector('vconcat', 'i8x32', [b.vector('vhigh', 'i8x32', [v]), b.vector('vlow', 'i8x32', [v])]);
      b.jump(next);
      b.switchTo(next);
    }
    b.ret([v]);
    const m = new ModuleBuilder('m').addFunction(b.finish(), 'f').build(), started = performance.now();
    const f = splitVectors(m).functions[0];
    const took = performance.now() - started;
    const [low, high] = f.blocks[0].params;
    assert.equal(f.blocks[n].terminator, { kind: 'ret', args: n % 2 === 0 ? [low, high] : [high, low], loc: 0 });
    return took;
  };
  time(1000);
  const small = Math.min(time(20000), time(20000)), large = Math.min(time(80000), time(80000));
  assert.ok(large < small * 12 + 50, `${small.toFixed(1)} ms for 20,000 blocks, ${large.toFixed(1)} ms for 80,000`);
});

if (native) {
  test('the host enters functions with v256 in their signature on every level, exported or by name; traces are theirs', () => {
    const m = parseModule(`module @entry linear
memory initial 1 maximum 1 stack 0
export "outside" = @inner
func @inner(i32, v256, ptr) -> (v256, i32) {
b0(v0: i32, v1: v256, v2: ptr):
  v3 = splat.i32x8 v0
  v4 = vadd.i32x8 v1, v3
  v5 = load.v256 v2 !1
  v6 = vxor.i8x32 v4, v5
  ret v6, v0
}
func @outer(v256, ptr) -> (i32) {
b0(v0: v256, v1: ptr):
  v2 = const.i32 3
  v3: v256, v4: i32 = call @inner(v2, v0, v1) !2
  v5 = vbitmask.i8x32 v3
  ret v5
}
locations
  !1 = "a.ts":1:1
  !2 = "a.ts":2:1
`);
    const v = (1n << 255n) | 5n, it = new Interpreter(m);
    for (const features of machineLevels()) {
      const run = nativeInstance(m, { features });
      for (const name of ['outside', 'inner']) assert.equal(run.call(name, [7, v, 64]), it.call(name, [7, v, 64]).values, `${features} ${name}`);
      assert.is(run.call('outer', [v, 64]), it.call('outer', [v, 64]).values[0]);
      assert.throws(() => run.call('outer', [-1n, 64]), (e: Error) => e.message.includes('argument 0 of outer is -1n, which is not a value of type v256'));
      assert.throws(() => run.call('outer', [1n << 256n, 64]), (e: Error) => e.message.includes('2n**256n - 1n'));
      try {
        run.call('outer', [v, 65535]);
        assert.unreachable();
      } catch (e) {
        assert.instance(e, TrapError);
        assert.equal((e as TrapError).frames.map((f) => [f.functionName, f.location?.line]), [['inner', 1], ['outer', 2]], features);
      }
      run.dispose();
    }
  });
}

test('stubs for machines with AVX clear the upper halves where a run is cut off; the others never name them', () => {
  const count = (bytes: Uint8Array): number => Buffer.from(bytes).toString('latin1').split('\xc5\xf8\x77').length - 1;
  assert.equal([count(x86_64Stubs(true).code), count(x86_64Stubs().code)], [1, 0]);
});

test.run();
