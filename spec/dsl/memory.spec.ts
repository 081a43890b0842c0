import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { alignOf, array, bool, f32, f64, fn, global, i16, i32, i64, i8, module, offsetOf, ptr, sizeOf, struct, u16, u32, u64, u8, unit } from '../../dsl/index.ts';
import { layoutModule, printFunction, UsageError, verifyModule } from '../../lib/mir/index.ts';
import { load, run, type Scalar } from './run.ts';

const test = suite('dsl memory');

test('structs are laid out as in C, in both memory models', () => {
  const Inner = struct('Inner', { a: u8, b: u16 });
  const S = struct('S', { flag: bool, x: f64, in1: Inner, p: ptr(i32), list: array(Inner, 3), last: i8 });
  assert.equal([sizeOf(Inner), alignOf(Inner), offsetOf(Inner, 'b')], [4, 2, 2]);
  assert.equal([sizeOf(S), alignOf(S)], [40, 8]);
  assert.equal((['flag', 'x', 'in1', 'p', 'list', 'last'] as const).map((f) => offsetOf(S, f)), [0, 8, 16, 20, 24, 36]);
  assert.equal([sizeOf(S, 'native'), offsetOf(S, 'p', 'native'), offsetOf(S, 'last', 'native')], [48, 24, 44]);
});

test('every scalar type is loaded and stored at its width', () => {
  const types = [['bool', bool, 1, true], ['i8', i8, 1, -5], ['u8', u8, 1, 250], ['i16', i16, 2, -300], ['u16', u16, 2, 65000], ['i32', i32, 4, -70000], ['u32', u32, 4, 4e9],
    ['i64', i64, 8, -(2n ** 60n)], ['u64', u64, 8, 2n ** 63n + 5n], ['f32', f32, 4, 1.5], ['f64', f64, 8, -0.1]] as const;
  for (const [name, type, size, value] of types) {
    const t = type as typeof i32;
    const f = fn('f', [ptr(t), t], t, (b, p, v) => {
      p.at(1).set(v);
      b.ret(p.get());
    });
    const r = load({ f });
    const address = 70000;
    r.machine.memory.fill(0xee, address - 16, address + 32);
    const expected = new DataView(new ArrayBuffer(32));
    const write = (d: DataView, at: number): void => {
      if (size === 8 && typeof value === 'bigint') d.setBigInt64(at, value, true);
      else if (name === 'f32') d.setFloat32(at, value as number, true);
      else if (name === 'f64') d.setFloat64(at, value as number, true);
      else if (size === 1) d.setInt8(at, Number(value)); else if (size === 2) d.setInt16(at, Number(value), true); else d.setInt32(at, Number(value), true);
    };
    write(r.view, address);
    new Uint8Array(expected.buffer).fill(0xee);
    write(expected, 8);
    write(expected, 8 + size);
    assert.is(r.call('f', address, value as Scalar), value, name);
    assert.equal([...r.machine.memory.subarray(address - 8, address + 24)], [...new Uint8Array(expected.buffer)], `${name} writes exactly ${size} bytes`);
  }
});

test('a bool reads as true from any non-zero byte', () => {
  const r = load({ f: fn('f', [ptr(bool)], i32, (b, p) => b.ret(p.get().toI32())) });
  r.machine.memory[70000] = 0x80;
  assert.equal([r.call('f', 70000), r.call('f', 70001)], [1, 0]);
});

test('places reach through structs, arrays and pointers', () => {
  const Node = struct('Node', { value: i32, tag: array(u8, 3), next: ptr(unit) });
  const build = fn('build', [ptr(Node)], i32, (b, nodes) => {
    b.for([0, 3], (i) => {
      const n = nodes.at(i);
      n.value.set(i.mul(10));
      b.for([0, 3], (j) => n.tag.at(j).set(i.mul(3).add(j).toU8()));
      n.next.set(b.select(i.lt(2), nodes.add(i.add(1)).cast(unit), b.null(unit)));
    });
    const sum = b.var(i32, 0), at = b.var(ptr(Node), nodes);
    b.while(() => at.get().isNull().not(), () => {
      const n = at.get().at();
      sum.update((s) => s.add(n.value.get()).add(n.tag.at(2).get().toI32()));
      at.set(n.next.get().cast(Node));
    });
    b.ret(sum.get());
  });
  assert.is(load({ build }).call('build', 70000), 30 + 2 + 5 + 8);
});

test('an index inside an index, odd sizes, negative and constant indices', () => {
  const Row = struct('Row', { pad: u8, cells: array(i32, 5) });
  assert.is(sizeOf(Row), 24);
  const r = load({
    f: fn('f', [ptr(Row), i32, u32], i32, (b, rows, i, j) => b.ret(rows.at(i).cells.at(j).get())),
    g: fn('g', [ptr(i32), i32], [i32, i32, i32], (b, p, i) => b.ret(p.at(-1).get(), p.at(i).get(), p.at(2).get())),
    h: fn('h', [ptr(Row)], i32, (b, rows) => b.ret(rows.at(-1).cells.at(4).get())),
  });
  for (let k = 0; k < 60; k++) r.view.setInt32(70000 + 4 * k, k, true);
  assert.is(r.call('f', 70000, 2, 3), 2 * 6 + 1 + 3);
  assert.is(r.call('f', 70000 + 48, -1, 0), 7);
  assert.equal(r.all('g', 70040, -3), [9, 7, 12]);
  assert.is(r.call('h', 70048), 11);
});

test('constant indices and fields become the offset of one access', () => {
  const P = struct('P', { x: f64, y: f64 });
  const f = fn('f', [ptr(P), i32], f64, (b, p, i) => b.ret(p.at(2).y.get().add(p.cast(f64).at(i).get())));
  const text = printFunction(module('m', { locations: false }).export({ f }).build().functions[0]);
  assert.match(text, /load\.f64 v0 \+ 40 align 8/);
  assert.match(text, /load\.f64 v0 \+ v1 ?\* ?8 align 8/);
});

test('pointer arithmetic, comparison and conversion', () => {
  const P = struct('P', { a: i32, b: i32, c: i32 });
  const f = fn('f', [ptr(P), i32, u32], [u32, u32, u32, u32, u32, i32, bool, bool, bool, u64, u32], (b, p, i, j) => {
    const q = p.add(i);
    b.ret(q.toU32(), p.sub(i).toU32(), p.add(2).toU32(), p.sub(j).toU32(), p.offset(7).toU32(), q.distanceFrom(p), q.gt(p), q.eq(p), p.eq(null), q.toU64(), q.toI32().toPtr(P).add(-1).toU32());
  });
  assert.equal(load({ f }).all('f', 1200, 5, 3), [1260, 1140, 1224, 1164, 1207, 5, true, false, false, 1260n, 1248]);
  assert.equal(load({ f }).all('f', 1200, -5, 0).slice(0, 6), [1140, 1260, 1224, 1200, 1207, -5]);
});

test('stack slots: scalars, structs, arrays; separate per activation', () => {
  const P = struct('P', { x: i32, list: array(i64, 4) });
  const f: import('../../dsl/index.ts').Fn<readonly [typeof i32], typeof i32> = fn('f', [i32], i32, (b, n) => {
    const s = b.slot(i32), p = b.slot(P), a = b.array(u8, 10);
    s.set(n);
    p.x.set(n.mul(2));
    b.for([0, 4], (i) => p.list.at(i).set(i.toI64()));
    b.for([0, 10], (i) => a.at(i).set(i.toU8()));
    b.if(n.gt(0), () => s.update((x) => x.add(f(n.sub(1)))));
    b.ret(s.get().add(p.x.get()).add(p.list.at(3).get().toI32()).add(a.at(9).get().toI32()));
  });
  const expected = (n: number): number => n + (n > 0 ? expected(n - 1) : 0) + 2 * n + 3 + 9;
  assert.is(load({ f }).call('f', 5), expected(5));
});

test('the address of a slot can be passed on', () => {
  const out = fn('out', [ptr(i32), i32], unit, (_, p, v) => p.set(v));
  const f = run(fn('f', [i32], i32, (b, n) => {
    const s = b.slot(i32), a = b.array(i32, 3);
    out(s.$ptr, n);
    out(a.$ptr.add(1), n.mul(2));
    out(a.at(2).$ptr, 100);
    b.ret(s.get().add(a.at(1).get()).add(a.at(2).get()));
  }));
  assert.is(f(7), 121);
});

test('globals: every kind of initial value', () => {
  const P = struct('P', { a: u8, b: f64, list: array(i16, 2) });
  const counter = global('counter', u32, 5), flag = global('flag', bool, true), big = global('big', i64, -3n);
  const table = global('table', array(u16, 4), [2, 3, 5]), floats = global('floats', array(f64, 2), new Float64Array([0.5, -2]));
  const text = global('text', array(u8, 8), 'häh'), point = global('point', P, { b: 1.5, list: [7, -8] }), raw = global('raw', array(u32, 2), new Uint8Array([1, 0, 0, 0, 2]));
  const grid = global('grid', array(P, 2), [{ a: 1 }, { a: 2, list: [1] }]), zero = global('zero', f64), hello = global.bytes('hello', 'hello\n');
  const bump = fn('bump', [], u32, (b) => {
    counter.update((c) => c.add(1));
    b.ret(counter.get());
  });
  const read = fn('read', [u32], [bool, i64, u16, u16, f64, u8, u8, f64, i16, u32, u8, i16, f64, u8], (b, i) =>
    b.ret(flag.get(), big.get(), table.at(i).get(), table.at(3).get(), floats.at(1).get(), text.at(1).get(), text.at(5).get(), point.b.get(), point.list.at(1).get(), raw.at(1).get(), grid.at(1).a.get(), grid.at(1).list.at(0).get(), zero.get(), hello.at(5).get()));
  const r = load({ bump, read });
  assert.equal([r.call('bump'), r.call('bump')], [6, 7]);
  assert.equal(r.all('read', 2), [true, -3n, 5, 0, -2, 0xc3, 0, 1.5, -8, 2, 2, 1, 0, 10]);
  assert.equal(r.module.globals.map((g) => [g.name, g.size, g.align, g.mutable]).slice(0, 3), [['counter', 4, 4, true], ['flag', 1, 1, true], ['big', 8, 8, true]]);
  assert.is(r.module.globals.find((g) => g.name === 'hello')!.mutable, false);
  assert.is(r.module.globals.find((g) => g.name === 'zero')!.bytes, undefined);
});

test('memory: size, grow, copy, fill, heap base', () => {
  const seed = global('seed', array(u8, 4), [1, 2, 3, 4]);
  const f = fn('f', [u32], [i32, i32, i32, u8, u8, u32], (b, n) => {
    const heap = b.heapBase.cast(u8), s = b.slot(i32);
    s.set(1);
    b.memory.fill(heap, 0xab, n);
    b.memory.copy(heap.add(1), seed.$ptr, 4);
    b.memory.copy(heap.add(2), heap.add(1), 4);
    const before = b.memory.grow(1);
    b.ret(before, b.memory.size(), b.memory.grow(100000), heap.at(5).get(), heap.at(6).get(), heap.toU32());
  });
  const r = load({ f });
  assert.equal(r.all('f', 100), [2, 3, -1, 4, 0xab, layoutModule(r.module).heapBase]);
  assert.is(layoutModule(r.module).heapBase, 1024 + 16 + 65536);
  assert.is(r.outcome('f', 0xffffffff), 'memory-out-of-bounds');
});

test('volatile accesses stay volatile', () => {
  const f = fn('f', [ptr(i32)], unit, (_, p) => {
    p.at(0).set(1, { volatile: true });
    p.at(0).get({ volatile: true });
  });
  const instructions = module('m').export({ f }).build().functions[0].blocks[0].instructions;
  assert.equal(instructions.filter((i) => i.kind === 'load' || i.kind === 'store').map((i) => i.volatile), [true, true]);
});

test('the native memory model: 8-byte pointers and 64-bit indices', () => {
  const P = struct('P', { x: i32, p: ptr(i32) });
  const f = fn('f', [ptr(P), i32, u32], i64, (b, p, i, j) => {
    p.at(i).p.get().at(j).set(3);
    b.memory.fill(p, 1, 8);
    b.ret(p.sub(i).add(j).toI64().add(p.distanceFrom(null).toI64()));
  });
  const m = module('m', { memoryModel: 'native' }).export({ f }).build();
  assert.equal(verifyModule(m), []);
  assert.match(printFunction(m.functions[0]), /sext\.i32\.i64|sext/);
  const g = fn('g', [], i32, (b) => b.ret(b.memory.size()));
  assert.throws(() => module('m', { memoryModel: 'native' }).export({ g }).build(), (e: unknown) => e instanceof UsageError && /native/.test(e.message));
});

test('a global starts as what was given, whatever becomes of it', () => {
  const list = [1, 2, 3], bytes = Uint8Array.of(1, 2, 3, 4);
  const a = global('a', array(i32, 3), list), c = global('c', array(u8, 4), bytes);
  list[0] = 99;
  bytes.fill(9);
  const f = fn('f', [], i32, (b) => b.ret(a.at(0).get().add(c.at(3).get().toI32())));
  const first = module('first').export({ f }).build();
  first.globals[0].bytes!.fill(7);
  assert.is(load({ f }).call('f'), 5);
});

test('pointers in globals: as wide as the memory model has them', () => {
  const P = struct('P', { at: ptr(i32), tag: u8 }), near = global('near', array(P, 2), [{}, { at: 4096, tag: 7 }]), far = global('far', ptr(i32), 2 ** 40);
  const f = fn('f', [], u8, (b) => { b.ret(near.at(1).tag.get().add(near.at(1).at.get().toU64().shr(12).toU8())); });
  const g = fn('g', [], i64, (b) => b.ret(far.get().toI64()));
  assert.is(load({ f }).call('f'), 8);
  assert.is(module('n', { memoryModel: 'native' }).export({ f }).build().globals[0].bytes!.length, 32);
  assert.is(module('n', { memoryModel: 'native' }).export({ g }).build().globals[0].bytes![5], 1);
  assert.throws(() => module('l').export({ g }).build(), (e: unknown) => e instanceof UsageError && /global 'far' starts with the pointer 1099511627776, which is no address of linear memory/.test(e.message));
});

test('a global starts from text or bytes where its elements are bytes, and from raw bytes elsewhere', () => {
  const words = global('words', array(u32, 2), Uint8Array.of(1, 2, 0, 0, 5)), signed = global('signed', array(i8, 2), Uint8Array.of(255));
  const f = fn('f', [], u32, (b) => b.ret(words.at(0).get().add(words.at(1).get()).add(signed.at(0).get().toU32())));
  assert.is(load({ f }).call('f'), 0x201 + 5 - 1);
  const refused = (what: () => unknown, message: RegExp): void => { assert.throws(what, (e: unknown) => e instanceof UsageError && message.test(e.message)); };
  refused(() => global('g', array(bool, 3), 'abc' as never), /starts as text, but its elements are bool/);
  refused(() => global('g', array(f64, 3), 'abc' as never), /starts as text, but its elements are f64/);
  refused(() => global('g', array(u8, 3), new DataView(new ArrayBuffer(3)) as never), /cannot start array\(u8, 3\)/);
  refused(() => global('g', struct('S', { a: i64 }), { constructor: 5 } as never), /struct S has no field 'constructor'/);
});

test.run();
