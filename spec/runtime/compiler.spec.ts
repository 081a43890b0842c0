/** `compile`, the runtime compiler and its cache, and what is said where native code cannot run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bool, compile, createCompiler, f64, fn, host, i32, i64, module, ptr, TrapError, u32, u64, u8, VerificationError, type Module,
} from '../../lib/index.ts';
import { ModuleBuilder } from '../../lib/mir/module-builder.ts';
import { NativeUnavailableError, UnsupportedMachineError } from '../../lib/runtime/native/errors.ts';
import { createKoffiBridge } from '../../lib/runtime/native/koffi-bridge.ts';
import { requireMachine } from '../../lib/runtime/native/load.ts';
import { footprint } from './hand-code.ts';
import { NATIVE } from './native.ts';

const compiler = suite('compiler');

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const demo = () => module('demo').export({ fib }).build();

if (NATIVE) {
  compiler('compiles at every level to typed functions', () => {
    for (const level of ['O0', 'O1', 'O2', 'O3'] as const) {
      using native = compile(demo(), { level });
      const result: bigint = native.fib(20n);
      assert.is(result, 6765n);
      assert.is(native.memory.length % 65536, 0);
    }
  });

  compiler('unsigned and truth values cross as the source declares them', () => {
    const same32 = fn('same32', [u32], u32, (b, x) => b.ret(x));
    const same64 = fn('same64', [u64], u64, (b, x) => b.ret(x));
    const same8 = fn('same8', [u8], u8, (b, x) => b.ret(x));
    const not = fn('not', [bool], bool, (b, x) => b.ret(x.not()));
    const signed = fn('signed', [i32], i32, (b, x) => b.ret(x));
    using n = compile(module('m').export({ same32, same64, same8, not, signed }).build());
    assert.is(n.same32(0xffffffff), 0xffffffff);
    assert.is(n.same64(2n ** 64n - 1n), 2n ** 64n - 1n);
    assert.is(n.same8(255), 255);
    assert.is(n.not(true), false);
    assert.is(n.signed(-1), -1);
    assert.throws(() => n.same32(-1), /not a value of type u32\n  Give an integer from 0 to 4294967295/);
    assert.throws(() => n.same64(-1n), /from 0n to 18446744073709551615n/);
    assert.throws(() => n.signed(2 ** 31), /type i32\n  Give an integer from -2147483648 to 2147483647/);
    assert.throws(() => n.same8(256), /type u8/);
  });

  compiler('imports are typed and called', () => {
    const now = host('now', [], f64), log = host('log', [i32, ptr(u8)], i32);
    const f = fn('f', [i32, ptr(u8)], f64, (b, x, p) => { log(x, p); b.ret(now().add(1)); });
    const m = module('hosts').import({ now, log }).export({ f }).build();
    const seen: unknown[] = [];
    using n = compile(m, { imports: { now: () => 41.5, log: (a, p) => { seen.push(a, p); return 0; } } });
    assert.is(n.f(3, 16), 42.5);
    assert.equal(seen, [3, 16]);
  });

  compiler('a trap names the line of the source', () => {
    const div = fn('div', [i32, i32], i32, (b, x, y) => b.ret(x.div(y)));
    const outer = fn('outer', [i32], i32, (b, x) => b.ret(div(x, 0).add(1)));
    using n = compile(module('m').export({ outer, div }).build(), { level: 'O0' });
    try {
      n.outer(1);
      assert.unreachable();
    } catch (e) {
      assert.instance(e, TrapError);
      const t = e as TrapError;
      assert.is(t.trap, 'integer-divide-by-zero');
      assert.is(t.functionName, 'div');
      assert.match(t.message, /in div \(.*compiler\.spec\.(ts|js):\d+:\d+\)/);
      assert.equal(t.frames.map((x) => x.functionName), ['div', 'outer']);
    }
  });

  compiler('the cache is by content; instances are apart; invalidate and clear free code', async () => {
    using c = createCompiler();
    const a = c.compile(demo()), b = c.compile(demo());
    assert.equal(c.statistics, { cached: 1, hits: 1, misses: 1 });
    assert.is(a.fib(10n), 55n);
    a.memory[0] = 1;
    assert.is(b.memory[0], 0);
    assert.is(c.invalidate(demo()), true);
    assert.is(c.invalidate(demo()), false);
    assert.is(a.fib(11n), 89n, 'instances go on');
    a[Symbol.dispose]();
    c.compile(demo());
    c.clear();
    assert.is(c.statistics.cached, 0);
    assert.is(b.fib(12n), 144n);
    c.dispose();
    assert.throws(() => b.fib(1n), /disposed/);
    assert.throws(() => c.compile(demo()), /disposed/);
    const once = (): void => {
      using again = createCompiler();
      for (let k = 0; k < 20; k++) again.compile(demo())[Symbol.dispose]();
    };
    for (let k = 0; k < 10; k++) once();
    const before = await footprint();
    for (let k = 0; k < 10; k++) once();
    assert.ok((await footprint()).maps <= before.maps + 5);
  });

  compiler('a compiler is not disposed under running code', () => {
    const c = createCompiler(), f = host('f', [], i32);
    const g = fn('g', [], i32, (b) => b.ret(f()));
    const n = c.compile(module('m').import({ f }).export({ g }).build(), { imports: { f: () => { assert.throws(() => c.dispose(), /while code it compiled runs/); return 5; } } });
    assert.is(n.g(), 5);
    c.dispose();
  });

  compiler('exports whose names are taken by members are still reachable', () => {
    const memory = fn('memory', [], i32, (b) => b.ret(1)), call = fn('call', [], i32, (b) => b.ret(2));
    const n = compile(module('m').export({ memory, call }).build()) as unknown as { memory: () => number; call: () => number; instance: { call(name: string): unknown; dispose(): void } };
    assert.is(n.memory(), 1);
    assert.is(n.call(), 2);
    assert.is(n.instance.call('memory'), 1);
    n.instance.dispose();
  });

  compiler('instances that are dropped, not disposed, are given back when collected', async () => {
    const gc = (globalThis as { gc?: () => void }).gc;
    if (gc === undefined) return;
    const m = demo();
    const drop = (n: number): void => { for (let k = 0; k < n; k++) { const native = compile(m, { level: 'O0' }); native.fib(1n); if (k % 3 === 0) native.memory[0] = 1; } };
    const settle = async (): Promise<number> => {
      for (let k = 0; k < 5; k++) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
      return (await footprint()).maps;
    };
    drop(100);
    const before = await settle();
    drop(200);
    const after = await settle();
    assert.ok(after <= before + 30, `${before} -> ${after} maps`);
  });

  compiler('what cannot be compiled says why', () => {
    const untyped: Module = new ModuleBuilder('m').build();
    using empty = compile(untyped);
    assert.throws(() => empty.instance.call('x'), /has no function "x"\n  It exports: nothing/);
    const valid = demo();
    const broken = { ...valid, exports: { fib: 'nobody' } } as typeof valid;
    assert.throws(() => compile(broken), (e: unknown) => e instanceof VerificationError);
  });
}

compiler('another machine is named, with what would work', () => {
  const message = (platform: string, arch: string, hwcap2: number | undefined): string => {
    try { requireMachine({ platform, arch, hwcap2 }); } catch (e) { assert.instance(e, UnsupportedMachineError); return (e as Error).message; }
    return '';
  };
  assert.match(message('darwin', 'arm64', undefined), /native code cannot run here: this is darwin on arm64\n.*What works everywhere: the sandbox/);
  assert.match(message('linux', 'x64', 0), /FSGSBASE is off/);
  assert.is(message('linux', 'x64', 2), '');
  assert.is(message('linux', 'x64', undefined), '');
});

compiler('a missing koffi is named, with what would work', () => {
  try {
    createKoffiBridge(() => { throw new Error('Cannot find module \'koffi\'\nRequire stack: ...'); });
    assert.unreachable();
  } catch (e) {
    assert.instance(e, NativeUnavailableError);
    assert.match((e as Error).message, /the package koffi could not be loaded \(Cannot find module 'koffi'\)\n  Install it with `npm install koffi`/);
  }
});

compiler('everything but running loads without koffi, and the interpreter runs', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lamella-'));
  try {
    const hide = join(dir, 'hide.cjs'), lib = fileURLToPath(new URL('../../lib/index.js', import.meta.url));
    writeFileSync(hide, 'const M = require("node:module"); const r = M._resolveFilename; M._resolveFilename = function (n, ...a) { if (n === "koffi") throw new Error("Cannot find module \'koffi\'"); return r.call(this, n, ...a); };');
    writeFileSync(join(dir, 'main.mjs'), `
      import { compile, fn, i32, Interpreter, module, nativeAvailable } from ${JSON.stringify(lib)};
      const m = module('m').export({ f: fn('f', [i32], i32, (b, x) => b.ret(x.add(1))) }).build();
      console.log(new Interpreter(m).call('f', [41]).values, nativeAvailable());
      try { compile(m); } catch (e) { console.log(e.name); }`);
    const r = spawnSync(process.execPath, ['--require', hide, join(dir, 'main.mjs')], { encoding: 'utf8' });
    assert.is(r.stdout, `[ 42 ] false\n${NATIVE ? 'NativeUnavailableError' : 'UnsupportedMachineError'}\n`, r.stderr);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

compiler.run();
