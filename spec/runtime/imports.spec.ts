/** JavaScript and C imports: values of every type, exceptions, nested runs, buffers, blocking calls. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { x86_64 } from '../../backends/x86_64/index.ts';
import { hostTarget } from '../../lib/host-target.ts';
import { FunctionBuilder } from '../../lib/mir/builder.ts';
import { ModuleBuilder } from '../../lib/mir/module-builder.ts';
import { TrapError, UsageError } from '../../lib/mir/errors.ts';
import type { Import, Module } from '../../lib/mir/module.ts';
import type { Signature, Type } from '../../lib/mir/types.ts';
import { compileOnce, type CompileOptions } from '../../lib/runtime/runtime-compiler.ts';
import type { NativeModule } from '../../lib/runtime/native-module.ts';
import { ImportError, RunInterruptedError } from '../../lib/runtime/run-errors.ts';
import { nativeBridge } from '../../lib/runtime/native/load.ts';
import { NATIVE } from './native.ts';

const imports = suite('imports');

type Fields = Partial<Pick<Import, 'kind' | 'buffers'>>;

/** A module with a function `forward` that passes its arguments to the import and gives back its results. */
function forwarding(name: string, signature: Signature, fields: Fields = {}): Module {
  const f = new FunctionBuilder('forward', signature);
  f.ret(f.call(name, f.params, signature.results));
  return new ModuleBuilder('forwarding').addImport({ name, kind: 'js', capability: 'none', ...signature, ...fields }).addFunction(f.finish(), 'forward').build();
}
function load(m: Module, options: CompileOptions = {}): NativeModule<Module> {
  return compileOnce(m, { target: { backend: x86_64, stubs: hostTarget().stubs }, ...options });
}
function forward(name: string, params: readonly Type[], results: readonly Type[], options: CompileOptions, fields: Fields = {}): NativeModule<Module> {
  return load(forwarding(name, { params, results }, fields), options);
}
const libc = (name: string, params: readonly Type[], results: readonly Type[], buffers?: Import['buffers']): NativeModule<Module> =>
  forward(name, params, results, { grants: '*' }, { kind: 'libc', ...(buffers === undefined ? {} : { buffers }) });
const text = (n: NativeModule<Module>, at: number, s: string): number => { n.memory.set(new TextEncoder().encode(`${s}\0`), at); return at; };

if (NATIVE) {
  imports('values of every type, more than there are registers, both ways', () => {
    const types: Type[] = ['i1', 'i8', 'i16', 'i32', 'i64', 'f32', 'f64', 'ptr'];
    const params = [0, 1, 2, 3].flatMap(() => types);
    const values = [
      1, -128, -32768, -2147483648, -(2n ** 63n), Math.fround(0.1), -0, 0xffffffff,
      0, 127, 32767, 2147483647, 2n ** 63n - 1n, Infinity, NaN, 0,
      1, -1, -1, -1, -1n, -Infinity, Number.MIN_VALUE, 1,
      1, 5, 6, 7, 8n, 9.5, 10.25, 11,
    ];
    let seen: readonly unknown[] = [];
    using n = forward('echo', params, params, { imports: { echo: (...a: unknown[]) => { seen = a; return a; } } });
    const result = n.call('forward', values) as readonly unknown[];
    values.forEach((v, k) => {
      assert.ok(Object.is(seen[k], v), `argument ${k}: ${String(seen[k])}`);
      assert.ok(Object.is(result[k], v), `result ${k}: ${String(result[k])}`);
    });
  });

  imports('what a host function gives is checked', () => {
    const given = (value: unknown, results: readonly Type[] = ['i32']): string => {
      using n = forward('give', [], results, { imports: { give: () => value } });
      try { n.call('forward'); } catch (e) { assert.instance(e, UsageError); return (e as Error).message; }
      throw new Error('was accepted');
    };
    assert.match(given('7'), /result of host function give is "7", which is not a value of type i32\n  Give an integer from/);
    assert.match(given(1.5), /1\.5/);
    assert.match(given(undefined), /undefined/);
    assert.match(given(Promise.resolve(1)), /a promise \(host functions must answer at once\)/);
    assert.match(given(1, ['i64']), /type i64\n  Give a bigint/);
    assert.match(given([1], ['i32', 'i32']), /gave 1 values\n  Return an array of 2 values/);
    assert.match(given([1, 2n], ['i32', 'i32']), /result 1 of host function/);
    using nothing = forward('give', [], [], { imports: { give: () => 'ignored' } });
    assert.is(nothing.call('forward'), undefined);
  });

  imports('a missing, ungranted or wrong import is refused before anything runs', () => {
    const refused = (make: () => unknown): string => {
      try { make(); } catch (e) { assert.instance(e, ImportError); return (e as Error).message; }
      throw new Error('was accepted');
    };
    assert.match(refused(() => forward('f', ['i32'], ['i32'], {})), /import f has no implementation\n  Pass a function of type \(i32\) -> \(i32\)/);
    assert.match(refused(() => forward('f', [], [], { imports: { f: 5 as unknown as () => void } })), /import f is 5, not a function/);
    assert.match(refused(() => forward('getpid', [], ['i32'], {}, { kind: 'libc' })), /getpid is not granted\n  Grant it by name/);
    assert.match(refused(() => forward('getpid', [], ['i32'], { grants: ['getuid'] }, { kind: 'libc' })), /not granted/);
    assert.match(refused(() => libc('no_such_function', [], [])), /the C library has no function no_such_function/);
    assert.match(refused(() => libc('write', ['i32', 'i64', 'i64'], ['i64'])), /import write is declared \(i32, i64, i64\) -> \(i64\), but the C function is/);
    assert.match(refused(() => libc('read', ['i32', 'ptr'], ['i64'])), /but the C function is/);
    assert.match(refused(() => libc('malloc', ['i64'], ['ptr'])), /works on addresses of the host's own memory/);
    assert.match(refused(() => libc('memchr', ['ptr', 'i32', 'i64'], ['i64'])), /parameter 0 of import memchr is a pointer, but not declared as a buffer/);
    assert.match(refused(() => libc('strstr', ['ptr', 'ptr'], ['ptr'], [{ pointer: 0, length: 'nul-terminated', access: 'read' }, { pointer: 1, length: 'nul-terminated', access: 'read' }])), /gives a pointer/);
    assert.is(forward('getpid', [], ['i32'], { imports: { getpid: () => 7 } }, { kind: 'libc' }).call('forward'), 7);
  });

  imports('an exception of a host function ends the run and is the caller\'s, unchanged', () => {
    const mine = { not: 'even an error' };
    let rude = true;
    using n = forward('f', ['i32'], ['i32'], { imports: { f: (x: number) => { if (rude) throw mine; return x; } } });
    for (let k = 0; k < 1000; k++) {
      try { n.call('forward', [1]); assert.unreachable(); } catch (e) { assert.is(e, mine); }
    }
    rude = false;
    assert.is(n.call('forward', [5]), 5);
    rude = true;
    using undef = forward('f', [], [], { imports: { f: () => { throw undefined; } } });
    let caught: unknown = 1;
    try { undef.call('forward'); } catch (e) { caught = e; }
    assert.is(caught, undefined);
  });

  imports('a host function may call compiled code: the same instance, another one, and deep', () => {
    let n: NativeModule<Module> | undefined;
    const other = forward('g', ['i32'], ['i32'], { imports: { g: (x: number) => x * 2 } });
    const down = (x: number): number => {
      if (x === 0) return 0;
      assert.is(other.call('forward', [x]), 2 * x);
      return 1 + (n?.call('forward', [x - 1]) as number);
    };
    n = forward('f', ['i32'], ['i32'], { imports: { f: down } });
    assert.is(n.call('forward', [50]), 50);
    assert.is(n.call('forward', [3]), 3);
    assert.throws(() => n?.call('forward', [100_000]), (e: unknown) => (e instanceof TrapError && e.trap === 'stack-overflow') || e instanceof RangeError);
    assert.is(n.call('forward', [4]), 4);
    n[Symbol.dispose]();
    other[Symbol.dispose]();
  });

  imports('a trap in a nested run is the host function\'s to catch; the outer run goes on', () => {
    const t = new FunctionBuilder('trap', { params: [], results: [] });
    t.trap('user');
    using bad = load(new ModuleBuilder('bad').addFunction(t.finish(), 'trap').build());
    using n = forward('f', ['i32', 'f64'], ['f64'], { imports: { f: (x: number, y: number) => { try { bad.call('trap'); } catch (e) { assert.instance(e, TrapError); } return x + y; } } });
    for (let k = 0; k < 100; k++) assert.is(n.call('forward', [k, 0.5]), k + 0.5);
  });

  imports('disposing what runs is refused', () => {
    let n: NativeModule<Module> | undefined;
    n = forward('f', [], [], { imports: { f: () => { n?.[Symbol.dispose](); } } });
    assert.throws(() => n?.call('forward'), /cannot be disposed while it runs/);
    n[Symbol.dispose]();
    assert.throws(() => n?.call('forward'), /disposed/);
  });

  imports('memory that grows during a host call, or a nested run, is seen after it', () => {
    const g = new FunctionBuilder('grow', { params: ['i32'], results: ['i32'] });
    g.ret([g.memoryGrow(g.params[0])]);
    const f = new FunctionBuilder('outer', { params: ['ptr'], results: ['i32', 'i32'] });
    f.call('grower', [], []);
    f.ret([f.load('i32', { base: f.params[0] }), f.memorySize()]);
    const m = new ModuleBuilder('growing', { memory: { initialPages: 1, maximumPages: 8 } }).addImport({ name: 'grower', kind: 'js', capability: 'none', params: [], results: [] })
      .addFunction(g.finish(), 'grow').addFunction(f.finish(), 'outer').build();
    let n: NativeModule<Module> | undefined;
    n = load(m, { imports: { grower: () => { n?.call('grow', [2]); n?.instance.memory?.grow(1); n?.memory.set([1, 2, 3, 4], 200_000); } } });
    assert.equal(n.call('outer', [200_000]), [0x04030201, 4]);
    n[Symbol.dispose]();
  });

  imports('a deadline passes while the host function runs, or while a nested run does', () => {
    const spin = new FunctionBuilder('spin', { params: [], results: [] });
    const l = spin.createBlock();
    spin.jump(l);
    spin.switchTo(l);
    spin.jump(l);
    using endless = load(new ModuleBuilder('endless').addFunction(spin.finish(), 'spin').build());
    const late = (f: () => unknown): number => {
      const before = performance.now();
      try { f(); assert.unreachable(); } catch (e) { assert.instance(e, RunInterruptedError); assert.is((e as RunInterruptedError).reason, 'deadline'); }
      return performance.now() - before;
    };
    using busy = forward('f', [], [], { imports: { f: () => { const until = performance.now() + 30; while (performance.now() < until); } } });
    assert.ok(late(() => busy.call('forward', [], { deadline: 5 })) >= 29, 'host code is not torn apart');
    assert.is(busy.call('forward', [], { deadline: 5000 }), undefined);
    // The nested run has no deadline of its own; the host function even swallows the error, but the outer run ends too.
    using swallowing = forward('f', [], [], { imports: { f: () => { try { endless.call('spin'); } catch { /* swallowed */ } } } });
    assert.ok(late(() => swallowing.call('forward', [], { deadline: 10 })) < 1000);
    // A nested run with a shorter deadline of its own ends alone.
    let inner = 0;
    using limited = forward('f', [], ['i32'], { imports: { f: () => { try { endless.call('spin', [], { deadline: 5 }); } catch (e) { assert.instance(e, RunInterruptedError); inner++; } return 7; } } });
    assert.is(limited.call('forward', []), 7);
    assert.is(limited.call('forward', [], { deadline: 5000 }), 7);
    assert.is(inner, 2);
    // ... and the outer deadline is back in force after it.
    using twice = forward('f', [], [], { imports: { f: () => { try { endless.call('spin', [], { deadline: 2 }); } catch { /* expected */ } endless.call('spin'); } } });
    assert.ok(late(() => twice.call('forward', [], { deadline: 30 })) < 1000);
  });

  imports('C functions are really called: files', () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamella-'));
    try {
      const path = join(dir, 'out.txt');
      using open = libc('open', ['ptr', 'i32', 'i32'], ['i32']);
      const fd = open.call('forward', [text(open, 4096, path), 0o101, 0o644]) as number;
      assert.ok(fd > 2);
      using write = libc('write', ['i32', 'ptr', 'i32'], ['i32']);
      text(write, 100, 'hello, ');
      assert.is(write.call('forward', [fd, 100, 7]), 7);
      using wide = libc('write', ['i32', 'ptr', 'i64'], ['i64'], [{ pointer: 1, length: 2, access: 'read' }]);
      text(wide, 100, 'world');
      assert.is(wide.call('forward', [fd, 100, 5n]), 5n);
      using close = libc('close', ['i32'], ['i32']);
      assert.is(close.call('forward', [fd]), 0);
      assert.is(close.call('forward', [fd]), -1);
      assert.is(readFileSync(path, 'utf8'), 'hello, world');

      const real = openSync(path, 'r');
      using read = libc('read', ['i32', 'ptr', 'i32'], ['i64']);
      assert.is(read.call('forward', [real, 65536 - 5, 5]), 5n);
      assert.is(new TextDecoder().decode(read.memory.subarray(65531, 65536)), 'hello');
      closeSync(real);

      using stat = libc('stat', ['ptr', 'ptr'], ['i32']);
      assert.is(stat.call('forward', [text(stat, 0, path), 8192]), 0);
      assert.is(Number(new DataView(stat.memory.buffer).getBigInt64(8192 + 48, true)), 12);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  imports('C functions are really called: handles of the C library are numbers', () => {
    const dir = mkdtempSync(join(tmpdir(), 'lamella-'));
    try {
      const path = join(dir, 'f.bin');
      const b = new ModuleBuilder('stdio');
      const add = (name: string, params: readonly Type[], results: readonly Type[]): void => {
        const f = new FunctionBuilder(`_${name}`, { params, results });
        f.ret(f.call(name, f.params, results));
        b.addImport({ name, kind: 'libc', capability: 'file-io', params, results }).addFunction(f.finish(), name);
      };
      add('fopen', ['ptr', 'ptr'], ['i32']);
      add('fwrite', ['ptr', 'i32', 'i32', 'i32'], ['i32']);
      add('ftell', ['i32'], ['i64']);
      add('fclose', ['i32'], ['i32']);
      using n = load(b.build(), { grants: ['fopen', 'fwrite', 'ftell', 'fclose'] });
      text(n, 0, path);
      text(n, 500, 'w');
      const h = n.call('fopen', [0, 500]) as number;
      assert.is(h, 1);
      n.memory.fill(0x41, 1000, 1100);
      assert.is(n.call('fwrite', [1000, 10, 10, h]), 10);
      assert.throws(() => n.call('fwrite', [65536 * 2 - 99, 10, 10, h]), (e: unknown) => e instanceof TrapError && e.trap === 'memory-out-of-bounds');
      assert.is(n.call('ftell', [h]), 100n);
      assert.is(n.call('fclose', [h]), 0);
      assert.throws(() => n.call('fclose', [h]), /handle 1, which is not open/);
      assert.throws(() => n.call('ftell', [0x7fff0000]), /not open/);
      assert.is(readFileSync(path, 'latin1'), 'A'.repeat(100));
      text(n, 0, join(dir, 'missing', 'x'));
      assert.is(n.call('fopen', [0, 500]), 0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  imports('buffers are checked before the call', () => {
    const trapped = (f: () => unknown): TrapError => {
      try { f(); } catch (e) { assert.instance(e, TrapError); assert.is((e as TrapError).trap, 'memory-out-of-bounds'); return e as TrapError; }
      throw new Error('was accepted');
    };
    using write = libc('write', ['i32', 'ptr', 'i32'], ['i32']);
    const size = write.memory.length;
    assert.is(trapped(() => write.call('forward', [1, size - 3, 4])).functionName, 'forward');
    assert.is(trapped(() => write.call('forward', [1, size, 1])).address, size);
    trapped(() => write.call('forward', [1, 0xffffffff, 1]));
    trapped(() => write.call('forward', [1, 0, -1]));
    trapped(() => write.call('forward', [1, 16, 0xffffffff]));
    using length = libc('strlen', ['ptr'], ['i32']);
    assert.is(length.call('forward', [text(length, 1000, 'a'.repeat(700))]), 700);
    length.memory.fill(0x61);
    trapped(() => length.call('forward', [0]));
    trapped(() => length.call('forward', [size + 5]));
    length.memory[size - 1] = 0;
    assert.is(length.call('forward', [size - 4]), 3);
    using memory = libc('bcmp', ['ptr', 'ptr', 'i32'], ['i32'], [{ pointer: 0, length: 2, access: 'read' }, { pointer: 1, length: 2, access: 'read' }]);
    assert.is(memory.call('forward', [0, 100, 50]), 0);
    trapped(() => memory.call('forward', [0, size - 10, 50]));
  });

  imports('C functions with floats, and ones outside libc proper', () => {
    using pow = libc('pow', ['f64', 'f64'], ['f64']);
    assert.is(pow.call('forward', [2, 0.5]), Math.SQRT2);
    using sqrtf = libc('sqrtf', ['f32'], ['f32']);
    assert.is(sqrtf.call('forward', [2]), Math.fround(Math.SQRT2));
    using pid = libc('getpid', [], ['i32']);
    assert.is(pid.call('forward'), process.pid);
    using labs = libc('labs', ['i64'], ['i64']);
    assert.is(labs.call('forward', [-(2n ** 40n)]), 2n ** 40n);
  });

  imports('a blocking C call past the deadline ends as a timeout', () => {
    const bridge = nativeBridge(), pair = new Int32Array(new ArrayBuffer(8));
    const pipe = bridge.libraryFunction('pipe', 'int32', ['pointer']);
    assert.is(pipe?.(bridge.addressOf(new Uint8Array(pair.buffer))), 0);
    using read = libc('read', ['i32', 'ptr', 'i32'], ['i32']);
    for (let k = 0; k < 20; k++) {
      const before = performance.now();
      try { read.call('forward', [pair[0], 0, 10], { deadline: 3 }); assert.unreachable(); } catch (e) { assert.instance(e, RunInterruptedError); }
      assert.ok(performance.now() - before < 500);
    }
    using write = libc('write', ['i32', 'ptr', 'i32'], ['i32']);
    assert.is(write.call('forward', [pair[1], 0, 3]), 3);
    assert.is(read.call('forward', [pair[0], 0, 10], { deadline: 1000 }), 3);
    bridge.close(pair[0]);
    bridge.close(pair[1]);
  });

  imports('a host call costs no memory', () => {
    using n = forward('f', ['i32', 'f64'], ['f64'], { imports: { f: (x: number, y: number) => x + y } });
    for (let k = 0; k < 50_000; k++) n.call('forward', [k, 0.5]);
  });
} else imports.skip('native code', () => {});

imports.run();
