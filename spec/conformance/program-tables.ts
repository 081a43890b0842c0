/**
 * Edge cases of memory, control flow and calls, as cases like the scalar ones: hand-written expectations, one small
 * module per subject. Several are other people's accidents: phi copies done one after another, an i8 store that
 * writes 8 bytes, neighbouring odd-sized slots, a 32-bit shift folded into an address, a load sunk into a wider use.
 */
import { FunctionBuilder, ModuleBuilder, PAGE_SIZE, type AddressInput, type MemorySpec, type Signature, type TrapCode, type Type, type Value } from '../../lib/mir/index.ts';
import type { ConformanceCase, Outcome } from './run-table.ts';
import type { Scalar } from './values.ts';

const ok = (...values: Scalar[]): Outcome => ({ values });
const trap = (code: TrapCode): Outcome => ({ trap: code });

class Programs {
  readonly module: ModuleBuilder;
  readonly #rows: (readonly [string, string, readonly Scalar[], Outcome])[] = [];
  constructor(name: string, memory: Partial<MemorySpec> = { initialPages: 1, maximumPages: 2 }) { this.module = new ModuleBuilder(name, { memory }); }

  fn(name: string, params: readonly Type[], results: readonly Type[], body: (b: FunctionBuilder, p: readonly Value[]) => void): string {
    const b = new FunctionBuilder(name, { params, results });
    body(b, b.params);
    this.module.addFunction(b.finish(), name);
    return name;
  }
  row(fn: string, args: readonly Scalar[], expected: Outcome, name = fn): void { this.#rows.push([name, fn, args, expected]); }
  cases(): ConformanceCase[] {
    const module = this.module.build();
    return this.#rows.map(([name, fn, args, expected]) => ({ name: `${module.name}: ${name}`, module, fn, args, expected }));
  }
}

function addresses(): ConformanceCase[] {
  const t = new Programs('addresses', { initialPages: 1, maximumPages: 1 });
  const END = PAGE_SIZE;
  const sizes: readonly (readonly [Type, number])[] = [['i8', 1], ['i16', 2], ['i32', 4], ['i64', 8], ['f32', 4], ['f64', 8], ['ptr', 4]];
  for (const [type, size] of sizes) {
    const zero: Scalar = type === 'i64' ? 0n : 0;
    const load = t.fn(`load ${type}`, ['ptr'], [type], (b, [p]) => b.ret([b.load(type, { base: p })]));
    const store = t.fn(`store ${type}`, ['ptr', type], [], (b, [p, v]) => { b.store({ base: p }, v); b.ret(); });
    for (const [at, fine] of [[END - size, true], [END - size + 1, false], [END - 1, size === 1], [END, false], [4294967295, false], [4294967296 - size, false], [2147483648, false]] as const) {
      t.row(load, [at], fine ? ok(zero) : trap('memory-out-of-bounds'));
      t.row(store, [at, zero], fine ? ok() : trap('memory-out-of-bounds'));
    }
  }
  // base + index * scale wraps at 32 bits; the offset does not.
  const at = (b: FunctionBuilder, a: AddressInput): void => { b.store({ base: b.const('ptr', 4096) }, b.const('i32', 77)); b.ret([b.load('i32', a)]); };
  for (const scale of [1, 2, 4, 8]) {
    const fn = t.fn(`index scale ${scale}`, ['ptr', 'i32'], ['i32'], (b, [p, i]) => at(b, { base: p, index: i, scale }));
    t.row(fn, [4096 - 8 * scale, 8], ok(77));
    t.row(fn, [4096 + 8 * scale, -8], ok(77), `${fn} negative`);
    t.row(fn, [Number(BigInt.asUintN(32, 4096n - 0x40000000n * BigInt(scale))), 0x40000000], ok(77), `${fn} wraps`);
    t.row(fn, [4294967295, 1], ok(0), `${fn} to the bottom`);
    t.row(fn, [0, -1], trap('memory-out-of-bounds'), `${fn} to the top`);
  }
  const offset = t.fn('offset', ['ptr'], ['i32'], (b, [p]) => at(b, { base: p, offset: 4092 }));
  t.row(offset, [4], ok(77));
  t.row(offset, [4294967295], trap('memory-out-of-bounds'), 'offset does not wrap');
  t.row(offset, [4294967292], trap('memory-out-of-bounds'), 'offset does not wrap');
  const huge = t.fn('huge offset', ['ptr', 'i32'], ['i32'], (b, [p, i]) => at(b, { base: p, index: i, scale: 8, offset: 2147483647 }));
  t.row(huge, [0, 0], trap('memory-out-of-bounds'));
  t.row(huge, [2147483649, 0], trap('memory-out-of-bounds'), 'huge offset does not wrap to 0');
  t.row(huge, [4294967295, -1], trap('memory-out-of-bounds'));
  const lea = t.fn('lea', ['ptr', 'i32'], ['ptr'], (b, [p, i]) => b.ret([b.lea({ base: p, index: i, scale: 4, offset: 16 })]));
  t.row(lea, [100, 5], ok(136));
  t.row(lea, [4294967295, 0], ok(15), 'lea wraps, offset included');
  t.row(lea, [0, -5], ok(4294967292));
  t.row(lea, [0, 0x40000000], ok(16));
  // CVE-2023-26489: the shift happens at 32 bits, before the value becomes an address.
  const shifted = t.fn('shifted index', ['i32'], ['i32'], (b, [x]) => at(b, { base: b.const('ptr', 4096), index: b.binary('shl', x, b.const('i32', 3)) }));
  t.row(shifted, [0x20000000], ok(77));
  t.row(shifted, [0], ok(77));
  const wide = t.fn('wrapped sum as address', ['i32', 'i32'], ['i32'], (b, [x, y]) => at(b, { base: b.convert('inttoptr', b.binary('add', x, y), 'ptr') }));
  t.row(wide, [-1, 4097], ok(77));
  t.row(wide, [-2147483648, -2147479552], ok(77));
  const truncated = t.fn('i64 as address', ['i64'], ['i32'], (b, [x]) => at(b, { base: b.convert('inttoptr', x, 'ptr') }));
  t.row(truncated, [0x100001000n], ok(77), 'inttoptr drops the high half');
  return t.cases();
}

function widths(): ConformanceCase[] {
  const t = new Programs('widths');
  const P = 8192;
  for (const [type, size] of [['i8', 1], ['i16', 2], ['i32', 4], ['i64', 8], ['f32', 4], ['f64', 8]] as const) {
    // A store writes its own bytes only.
    const fn = t.fn(`store ${type} leaves neighbours`, [type], ['i64', 'i64'], (b, [v]) => {
      const p = b.const('ptr', P);
      for (const o of [0, 8]) b.store({ base: p, offset: o }, b.const('i64', -1n));
      b.store({ base: p, offset: 4 }, v);
      b.ret([b.load('i64', { base: p }), b.load('i64', { base: p, offset: 8 })]);
    });
    const zero: Scalar = type === 'i64' ? 0n : 0, gone = (1n << BigInt(8 * size)) - 1n, all = (1n << 128n) - 1n ^ gone << 32n;
    t.row(fn, [zero], ok(BigInt.asIntN(64, all), BigInt.asIntN(64, all >> 64n)));
  }
  for (const [type, bytes] of [['i8', 1], ['i16', 2], ['i32', 4]] as const) {
    for (const op of ['sext', 'zext'] as const) {
      const fn = t.fn(`load ${type} ${op} i64`, ['i64'], ['i64'], (b, [v]) => {
        const p = b.const('ptr', P);
        b.store({ base: p }, v);
        b.ret([b.convert(op, b.load(type, { base: p }), 'i64')]);
      });
      for (const v of [0x8182838485868788n, 0x0102030405060708n, -1n]) {
        const n = BigInt.asIntN(64, v);
        t.row(fn, [n], ok(op === 'sext' ? BigInt.asIntN(8 * bytes, n) : BigInt.asUintN(8 * bytes, n)));
      }
    }
  }
  // The bits above a narrow value are nobody's: they must not reach a compare, a shift, a division, an index.
  const narrow = t.fn('narrow sum compared', ['i8', 'i8'], ['i1', 'i8', 'i8', 'i32'], (b, [x, y]) => {
    const s = b.binary('add', x, y);
    b.ret([b.compare('ult', s, b.const('i8', 10)), b.binary('lshr', s, b.const('i8', 1)), b.binary('udiv', s, b.const('i8', 3)), b.convert('zext', s, 'i32')]);
  });
  t.row(narrow, [127, -127], ok(1, 0, 0, 0));
  t.row(narrow, [-1, 2], ok(1, 0, 0, 1));
  t.row(narrow, [100, 100], ok(0, 100, 66, 200));
  const narrow16 = t.fn('narrow product compared', ['i16', 'i16'], ['i1', 'i16', 'i64'], (b, [x, y]) => {
    const s = b.binary('mul', x, y);
    b.ret([b.compare('slt', s, b.const('i16', 0)), b.binary('ashr', s, b.const('i16', 4)), b.convert('sext', s, 'i64')]);
  });
  t.row(narrow16, [256, 128], ok(1, -2048, -32768n));
  t.row(narrow16, [256, 256], ok(0, 0, 0n));
  t.row(narrow16, [-1, 1], ok(1, -1, -1n));
  // A narrow load used wide after the memory changed: the load may not sink.
  const sunk = t.fn('load before store', ['i8'], ['i32', 'i8'], (b, [v]) => {
    const p = b.const('ptr', P), before = b.load('i8', { base: p });
    b.store({ base: p }, v);
    b.ret([b.convert('zext', before, 'i32'), b.load('i8', { base: p })]);
  });
  t.row(sunk, [-1], ok(0, -1));
  return t.cases();
}

function bulk(): ConformanceCase[] {
  const t = new Programs('bulk memory', { initialPages: 1, maximumPages: 1 });
  const P = 16384;
  const copy = t.fn('copy', ['ptr', 'ptr', 'i32'], ['i64', 'i64'], (b, [d, s, n]) => {
    const p = b.const('ptr', P);
    b.store({ base: p }, b.const('i64', 0x0706050403020100n));
    b.store({ base: p, offset: 8 }, b.const('i64', 0x0f0e0d0c0b0a0908n));
    b.memoryCopy(d, s, n);
    b.ret([b.load('i64', { base: p }), b.load('i64', { base: p, offset: 8 })]);
  });
  t.row(copy, [P + 2, P, 6], ok(0x0504030201000100n, 0x0f0e0d0c0b0a0908n), 'overlapping upwards');
  t.row(copy, [P, P + 2, 6], ok(0x0706070605040302n, 0x0f0e0d0c0b0a0908n), 'overlapping downwards');
  t.row(copy, [P + 1, P, 15], ok(0x0605040302010000n, 0x0e0d0c0b0a090807n), 'overlapping by one');
  t.row(copy, [P, P, 16], ok(0x0706050403020100n, 0x0f0e0d0c0b0a0908n), 'onto itself');
  t.row(copy, [P + 8, P, 0], ok(0x0706050403020100n, 0x0f0e0d0c0b0a0908n), 'nothing');
  t.row(copy, [PAGE_SIZE, P, 0], ok(0x0706050403020100n, 0x0f0e0d0c0b0a0908n), 'nothing, at the end');
  t.row(copy, [PAGE_SIZE + 1, P, 0], trap('memory-out-of-bounds'), 'nothing, past the end');
  t.row(copy, [PAGE_SIZE - 3, P, 4], trap('memory-out-of-bounds'));
  t.row(copy, [P, PAGE_SIZE - 3, 4], trap('memory-out-of-bounds'));
  t.row(copy, [P, 0, -1], trap('memory-out-of-bounds'));
  t.row(copy, [4294967295, P, 1], trap('memory-out-of-bounds'));
  const fill = t.fn('fill', ['ptr', 'i32', 'i32'], ['i64'], (b, [p, v, n]) => { b.memoryFill(p, v, n); b.ret([b.load('i64', { base: b.const('ptr', P) })]); });
  t.row(fill, [P + 1, 0x1ab, 3], ok(0xababab00n));
  t.row(fill, [P, -1, 8], ok(-1n));
  t.row(fill, [PAGE_SIZE, 1, 0], ok(0n));
  t.row(fill, [PAGE_SIZE - 1, 1, 2], trap('memory-out-of-bounds'));
  t.row(fill, [P, 1, -1], trap('memory-out-of-bounds'));
  return t.cases();
}

function growth(): ConformanceCase[] {
  const t = new Programs('growth', { initialPages: 2, maximumPages: 4 });
  const fn = t.fn('grow', ['i32', 'i32'], ['i32', 'i32', 'i32'], (b, [x, y]) => b.ret([b.memoryGrow(x), b.memoryGrow(y), b.memorySize()]));
  t.row(fn, [1, 1], ok(2, 3, 4));
  t.row(fn, [0, 0], ok(2, 2, 2));
  t.row(fn, [3, 2], ok(-1, 2, 4));
  t.row(fn, [-1, 1], ok(-1, 2, 3));
  t.row(fn, [65536, 65535], ok(-1, -1, 2));
  const touch = t.fn('grow and touch', ['i32', 'ptr'], ['i32'], (b, [n, p]) => { b.memoryGrow(n); b.store({ base: p }, b.const('i32', 5)); b.ret([b.load('i32', { base: p })]); });
  t.row(touch, [1, 3 * PAGE_SIZE - 4], ok(5));
  t.row(touch, [1, 3 * PAGE_SIZE - 3], trap('memory-out-of-bounds'));
  t.row(touch, [0, 2 * PAGE_SIZE], trap('memory-out-of-bounds'));
  return t.cases();
}

function slotsAndGlobals(): ConformanceCase[] {
  const t = new Programs('slots and globals');
  t.module.addGlobal({ name: 'one', size: 1, align: 1, mutable: true, bytes: Uint8Array.of(9) });
  t.module.addGlobal({ name: 'data', size: 16, align: 16, mutable: false, bytes: Uint8Array.of(1, 2, 3, 4, 5) });
  t.module.addGlobal({ name: 'zero', size: 8, align: 8, mutable: true });
  t.row(t.fn('globals', [], ['i8', 'i64', 'i64', 'i64'], (b) => b.ret([
    b.load('i8', { base: b.globalAddr('one') }), b.load('i64', { base: b.globalAddr('data') }), b.load('i64', { base: b.globalAddr('data'), offset: 8 }), b.load('i64', { base: b.globalAddr('zero') }),
  ])), [], ok(9, 0x0504030201n, 0n, 0n));
  // Slots of odd sizes next to each other do not overlap.
  t.row(t.fn('odd slots', [], ['i8', 'i64', 'i16', 'i8', 'i16', 'i64'], (b) => {
    const sizes = [1, 10, 3].map((n) => b.addSlot(n, n === 3 ? 2 : 1)), [one, ten, three] = sizes.map((s) => b.slotAddr(s));
    b.store({ base: ten }, b.const('i64', -1n)); b.store({ base: ten, offset: 8 }, b.const('i16', -1));
    b.store({ base: one }, b.const('i8', 5));
    b.store({ base: three }, b.const('i16', 0x1234)); b.store({ base: three, offset: 2 }, b.const('i8', 0x56));
    b.ret([b.load('i8', { base: one }), b.load('i64', { base: ten }), b.load('i16', { base: ten, offset: 8 }), b.load('i8', { base: three, offset: 2 }), b.load('i16', { base: three }), b.load('i64', { base: ten, offset: 2 })]);
  }), [], ok(5, -1n, -1, 0x56, 0x1234, -1n));
  t.row(t.fn('slot alignment', [], ['i32', 'i32'], (b) => {
    b.addSlot(1, 1);
    const p = b.convert('ptrtoint', b.slotAddr(b.addSlot(16, 16)), 'i32'), q = b.convert('ptrtoint', b.slotAddr(b.addSlot(2, 8)), 'i32');
    b.ret([b.binary('and', p, b.const('i32', 15)), b.binary('and', q, b.const('i32', 7))]);
  }), [], ok(0, 0));
  // Each activation has its own slot.
  const rec = t.fn('slots of a recursion', ['i32'], ['i32'], (b, [n]) => {
    const p = b.slotAddr(b.addSlot(4, 4)), go = b.createBlock(), end = b.createBlock(), zero = b.const('i32', 0);
    b.store({ base: p }, n);
    b.br(b.compare('eq', n, zero), end, go);
    b.switchTo(go);
    const [r] = b.call('slots of a recursion', [b.binary('sub', n, b.const('i32', 1))], ['i32']);
    b.ret([b.binary('add', b.binary('mul', r, b.const('i32', 3)), b.load('i32', { base: p }))]);
    b.switchTo(end);
    b.ret([b.load('i32', { base: p })]);
  });
  t.row(rec, [5], ok(179));
  t.fn('callee writes', ['ptr'], [], (b, [p]) => { b.store({ base: p }, b.const('i32', 41)); b.ret(); });
  t.row(t.fn('slot address escapes', [], ['i32'], (b) => {
    const p = b.slotAddr(b.addSlot(4, 4));
    b.store({ base: p }, b.const('i32', 1));
    b.call('callee writes', [p], []);
    b.ret([b.load('i32', { base: p })]);
  }), [], ok(41));
  // The address leaves through a table, so that no optimiser can do without the slot.
  t.module.table.push('callee writes');
  const deep = t.fn('slots overflow the linear stack', ['i32', 'i32'], ['i32'], (b, [n, index]) => {
    const p = b.slotAddr(b.addSlot(4096, 16)), go = b.createBlock(), end = b.createBlock();
    b.callIndirect({ params: ['ptr'], results: [] }, index, [p]);
    b.br(b.compare('eq', n, b.const('i32', 0)), end, go);
    b.switchTo(go);
    const [r] = b.call('slots overflow the linear stack', [b.binary('sub', n, b.const('i32', 1)), index], ['i32']);
    b.ret([b.binary('add', r, b.load('i32', { base: p }))]);
    b.switchTo(end); b.ret([n]);
  });
  t.row(deep, [10, 0], ok(410));
  t.row(deep, [1000, 0], trap('stack-overflow'));
  const tail = t.fn('a tail call gives its slots back', ['i32'], ['i32'], (b, [n]) => {
    const p = b.slotAddr(b.addSlot(4096, 16)), go = b.createBlock(), end = b.createBlock();
    b.store({ base: p }, n);
    b.br(b.compare('eq', n, b.const('i32', 0)), end, go);
    b.switchTo(go); b.tailCall('a tail call gives its slots back', [b.binary('sub', n, b.const('i32', 1))]);
    b.switchTo(end); b.ret([b.const('i32', 7)]);
  });
  t.row(tail, [100000], ok(7));
  return t.cases();
}

function control(): ConformanceCase[] {
  const t = new Programs('control flow');
  // Parallel assignment of block parameters: swaps, rotations, duplicates.
  const swap = t.fn('swap', ['i32', 'i32', 'i32'], ['i32', 'i32'], (b, [n, x, y]) => {
    const h = b.createBlock(), exit = b.createBlock(), one = b.const('i32', 1), zero = b.const('i32', 0);
    const [i, p, q] = ['i32', 'i32', 'i32'].map((ty) => b.addBlockParam(h, ty as Type));
    b.jump(h, [n, x, y]);
    b.switchTo(h);
    b.br(b.compare('eq', i, zero), exit, h, [], [b.binary('sub', i, one), q, p]);
    b.switchTo(exit); b.ret([p, q]);
  });
  t.row(swap, [0, 1, 2], ok(1, 2)); t.row(swap, [1, 1, 2], ok(2, 1)); t.row(swap, [7, 1, 2], ok(2, 1));
  const rotate = t.fn('rotate', ['i32', 'i64', 'i64', 'i64', 'f64', 'f64'], ['i64', 'i64', 'i64', 'f64', 'f64'], (b, [n, x, y, z, f, g]) => {
    const h = b.createBlock(), exit = b.createBlock(), types: readonly Type[] = ['i32', 'i64', 'i64', 'i64', 'f64', 'f64'];
    const [i, p, q, r, u, v] = types.map((ty) => b.addBlockParam(h, ty));
    b.jump(h, [n, x, y, z, f, g]);
    b.switchTo(h);
    b.br(b.compare('eq', i, b.const('i32', 0)), exit, h, [], [b.binary('sub', i, b.const('i32', 1)), q, r, p, v, u]);
    b.switchTo(exit); b.ret([p, q, r, u, v]);
  });
  t.row(rotate, [1, 1n, 2n, 3n, 0.5, -0.5], ok(2n, 3n, 1n, -0.5, 0.5)); t.row(rotate, [3, 1n, 2n, 3n, 0.5, -0.5], ok(1n, 2n, 3n, -0.5, 0.5)); t.row(rotate, [5, 1n, 2n, 3n, 1, 2], ok(3n, 1n, 2n, 2, 1));
  const shift = t.fn('shift register', ['i32'], ['i32', 'i32', 'i32'], (b, [n]) => {
    const h = b.createBlock(), exit = b.createBlock(), [i, p, q, r] = [0, 1, 2, 3].map(() => b.addBlockParam(h, 'i32'));
    b.jump(h, [n, b.const('i32', 1), b.const('i32', 2), b.const('i32', 3)]);
    b.switchTo(h);
    b.br(b.compare('eq', i, b.const('i32', 0)), exit, h, [], [b.binary('sub', i, b.const('i32', 1)), i, p, q]);
    b.switchTo(exit); b.ret([p, q, r]);
  });
  t.row(shift, [0], ok(1, 2, 3)); t.row(shift, [1], ok(1, 1, 2)); t.row(shift, [5], ok(1, 2, 3)); t.row(shift, [9], ok(1, 2, 3));
  const both = t.fn('both edges to one block', ['i1'], ['i32', 'f64'], (b, [c]) => {
    const next = b.createBlock(), x = b.addBlockParam(next, 'i32'), f = b.addBlockParam(next, 'f64');
    b.br(c, next, next, [b.const('i32', 1), b.const('f64', 1.5)], [b.const('i32', 2), b.const('f64', 2.5)]);
    b.switchTo(next); b.ret([x, f]);
  });
  t.row(both, [1], ok(1, 1.5)); t.row(both, [0], ok(2, 2.5));

  const switches: readonly (readonly [string, Type, readonly Scalar[], readonly Scalar[]])[] = [
    ['dense', 'i32', [0, 1, 2, 3, 4, 5, 6, 7], [-1, 0, 3, 7, 8, -2147483648, 2147483647]],
    ['dense around zero', 'i32', [-3, -2, -1, 0, 1, 2], [-4, -3, 0, 2, 3]],
    ['sparse', 'i32', [-2147483648, -1000, 0, 77, 65536, 2147483647], [-2147483648, -1000, 77, 78, 2147483647, 1]],
    ['at the low end', 'i32', [-2147483648, -2147483647, -2147483646, -2147483645, -2147483644], [-2147483648, -2147483644, -2147483643, 0, 2147483647]],
    ['bytes', 'i8', [-128, -127, -1, 0, 1, 126, 127], [-128, -127, -2, -1, 0, 127, 2]],
    ['halves', 'i16', [-32768, 255, 256, -1, 32767], [-32768, 255, 256, 257, -1, 32767, 0]],
    ['wide', 'i64', [0n, 1n, 2n, 3n, 4n, 0x100000000n, 0x100000001n, -1n, -0x8000000000000000n], [0n, 4n, 5n, 0x100000000n, 0x100000002n, -1n, -0x8000000000000000n, 0x7fffffffffffffffn, 0xffffffffn]],
    ['no case', 'i32', [], [0, 5]],
    ['one case', 'i64', [7n], [7n, 8n, 0x100000007n]],
  ];
  for (const [name, type, cases, tried] of switches) {
    const fn = t.fn(`switch ${name}`, [type], ['i32'], (b, [x]) => {
      const blocks = cases.map(() => b.createBlock()), fallback = b.createBlock();
      b.switch(x, cases.map((value, k) => ({ value, block: blocks[k] })), fallback);
      blocks.forEach((block, k) => { b.switchTo(block); b.ret([b.const('i32', 100 + k)]); });
      b.switchTo(fallback); b.ret([b.const('i32', -1)]);
    });
    for (const x of tried) t.row(fn, [x], ok(cases.includes(x) ? 100 + cases.indexOf(x) : -1));
  }
  const shared = t.fn('switch to one block with different values', ['i32'], ['i32'], (b, [x]) => {
    const next = b.createBlock(), v = b.addBlockParam(next, 'i32');
    b.switch(x, [0, 1, 2, 3].map((k) => ({ value: k, block: next, args: [b.const('i32', 10 * k)] })), next, [b.const('i32', -5)]);
    b.switchTo(next); b.ret([v]);
  });
  for (const k of [0, 1, 2, 3]) t.row(shared, [k], ok(10 * k));
  t.row(shared, [4], ok(-5)); t.row(shared, [-1], ok(-5));
  for (const code of ['unreachable', 'user', 'integer-overflow', 'invalid-conversion', 'stack-overflow', 'misaligned-atomic'] as const) t.row(t.fn(`trap ${code}`, [], [], (b) => b.trap(code)), [], trap(code));
  // Irreducible: two entries into a cycle.
  const irreducible = t.fn('irreducible', ['i1', 'i32'], ['i32'], (b, [c, n]) => {
    const l = b.createBlock(), r = b.createBlock(), exit = b.createBlock();
    const [li, ls] = [b.addBlockParam(l, 'i32'), b.addBlockParam(l, 'i32')], [ri, rs] = [b.addBlockParam(r, 'i32'), b.addBlockParam(r, 'i32')], res = b.addBlockParam(exit, 'i32');
    const zero = b.const('i32', 0), one = b.const('i32', 1);
    b.br(c, l, r, [n, zero], [n, one]);
    b.switchTo(l); { const s = b.binary('add', b.binary('mul', ls, b.const('i32', 2)), one), i = b.binary('sub', li, one); b.br(b.compare('eq', i, zero), exit, r, [s], [i, s]); }
    b.switchTo(r); { const s = b.binary('add', b.binary('mul', rs, b.const('i32', 3)), b.const('i32', 5)), i = b.binary('sub', ri, one); b.br(b.compare('eq', i, zero), exit, l, [s], [i, s]); }
    b.switchTo(exit); b.ret([res]);
  });
  t.row(irreducible, [1, 1], ok(1)); t.row(irreducible, [0, 1], ok(8)); t.row(irreducible, [1, 3], ok(17)); t.row(irreducible, [0, 4], ok(113));
  return t.cases();
}

function calls(): ConformanceCase[] {
  const t = new Programs('calls');
  const mixed: readonly Type[] = Array.from({ length: 30 }, (_, k) => (['i32', 'f64', 'i8', 'f32', 'i64', 'i16', 'i1', 'ptr'] as const)[k % 8]);
  const values = mixed.map((ty, k): Scalar => ty === 'i64' ? BigInt(-k) : ty === 'i1' ? k >> 3 & 1 : ty === 'f32' || ty === 'f64' ? k + 0.5 : ty === 'ptr' ? k : ty === 'i8' ? -k : k * 1000);
  t.fn('reverse', mixed, [...mixed].reverse(), (b, p) => b.ret([...p].reverse()));
  t.row('reverse', values, ok(...[...values].reverse()), '30 mixed parameters and results');
  t.row(t.fn('reverse twice', mixed, mixed, (b, p) => {
    const back = [...mixed].reverse(), once = [...b.call('reverse', p, back)].reverse();
    b.ret([...b.call('reverse', once, back)].reverse());
  }), values, ok(...[...values].reverse().map((_, k) => values[k])));
  const narrow: Signature = { params: ['i8', 'i16', 'i1'], results: ['i8', 'i16', 'i1'] };
  t.fn('narrow', narrow.params, narrow.results, (b, [x, y, z]) => b.ret([b.binary('add', x, b.const('i8', 1)), b.binary('mul', y, b.const('i16', 3)), b.binary('xor', z, b.const('i1', 1))]));
  t.row('narrow', [127, 20000, 1], ok(-128, -5536, 0)); t.row('narrow', [-1, -1, 0], ok(0, -3, 1));
  t.row(t.fn('narrow extended', ['i8'], ['i32', 'i32'], (b, [x]) => { const [r] = b.call('narrow', [x, b.const('i16', 0), b.const('i1', 0)], narrow.results); b.ret([b.convert('zext', r, 'i32'), b.convert('sext', r, 'i32')]); }), [127], ok(128, -128));
  const binary: Signature = { params: ['i32', 'i32'], results: ['i32'] };
  t.fn('plus', binary.params, binary.results, (b, [x, y]) => b.ret([b.binary('add', x, y)]));
  t.fn('minus', binary.params, binary.results, (b, [x, y]) => b.ret([b.binary('sub', x, y)]));
  t.fn('unit', [], [], (b) => b.ret());
  t.module.table.push('plus', 'minus', null, 'unit');
  for (const [name, tail] of [['call_indirect', false], ['tail_call_indirect', true]] as const) {
    const fn = t.fn(name, ['i32', 'i32', 'i32'], ['i32'], (b, [i, x, y]) => { if (tail) b.tailCallIndirect(binary, i, [x, y]); else b.ret(b.callIndirect(binary, i, [x, y])); });
    t.row(fn, [0, 5, 3], ok(8)); t.row(fn, [1, 5, 3], ok(2)); t.row(fn, [2, 5, 3], trap('indirect-call-null')); t.row(fn, [3, 5, 3], trap('indirect-call-type'));
    t.row(fn, [4, 5, 3], trap('indirect-call-null')); t.row(fn, [-1, 5, 3], trap('indirect-call-null')); t.row(fn, [-2147483648, 5, 3], trap('indirect-call-null'));
  }
  const fib = t.fn('fib', ['i64'], ['i64'], (b, [n]) => {
    const small = b.createBlock(), big = b.createBlock(), two = b.const('i64', 2n);
    b.br(b.compare('slt', n, two), small, big);
    b.switchTo(small); b.ret([n]);
    b.switchTo(big); b.ret([b.binary('add', ...b.call('fib', [b.binary('sub', n, b.const('i64', 1n))], ['i64']) as [Value], ...b.call('fib', [b.binary('sub', n, two)], ['i64']) as [Value])]);
  });
  t.row(fib, [15n], ok(610n));
  t.row(t.fn('endless recursion', ['i32'], ['i32'], (b, [x]) => b.ret([b.binary('add', ...b.call('endless recursion', [x], ['i32']) as [Value], x)])), [1], trap('stack-overflow'));
  // Even and odd call each other in tail position: a million activations in constant space.
  for (const [name, other, result] of [['even', 'odd', 1], ['odd', 'even', 0]] as const) {
    t.fn(name, ['i32'], ['i1'], (b, [n]) => {
      const done = b.createBlock(), more = b.createBlock();
      b.br(b.compare('eq', n, b.const('i32', 0)), done, more);
      b.switchTo(done); b.ret([b.const('i1', result)]);
      b.switchTo(more); b.tailCall(other, [b.binary('sub', n, b.const('i32', 1))]);
    });
  }
  t.row('even', [1_000_000], ok(1)); t.row('even', [999_999], ok(0));
  // A tail call with more arguments than its caller has, permuted, then one with fewer.
  t.fn('tail wide', mixed, [...mixed].reverse(), (b, p) => b.tailCall('reverse', p));
  t.row('tail wide', values, ok(...[...values].reverse()));
  t.fn('many to one', [...Array<Type>(20).fill('i64'), 'i32'], ['i64'], (b, p) => {
    const done = b.createBlock(), more = b.createBlock();
    b.br(b.compare('eq', p[20], b.const('i32', 0)), done, more);
    b.switchTo(done); b.ret([p[0]]);
    b.switchTo(more); b.tailCall('many to one', [...p.slice(1, 20), p[0], b.binary('sub', p[20], b.const('i32', 1))]);
  });
  const twenty = Array.from({ length: 20 }, (_, k) => BigInt(k));
  t.row('many to one', [...twenty, 0], ok(0n)); t.row('many to one', [...twenty, 7], ok(7n)); t.row('many to one', [...twenty, 100003], ok(3n));
  const grow: readonly Type[] = Array<Type>(12).fill('f64');
  t.fn('sum of twelve', grow, ['f64'], (b, p) => b.ret([p.reduce((x, y) => b.binary('fadd', b.binary('fmul', x, b.const('f64', 2)), y))]));
  t.row(t.fn('tail call from few to many', ['f64'], ['f64'], (b, [x]) => b.tailCall('sum of twelve', grow.map((_, k) => k === 5 ? x : b.const('f64', k)))), [100], ok(10163));
  return t.cases();
}

/** Memory effects before a trap stay; those after it do not happen. */
function order(): ConformanceCase[] {
  const t = new Programs('order of effects');
  const fn = t.fn('first trap wins', ['i32', 'ptr'], ['i32'], (b, [d, p]) => {
    const q = b.binary('udiv', b.const('i32', 100), d);
    b.store({ base: p }, q);
    b.ret([b.binary('urem', q, b.load('i32', { base: p }))]);
  });
  t.row(fn, [0, 4294967295], trap('integer-divide-by-zero'));
  t.row(fn, [7, 4294967295], trap('memory-out-of-bounds'));
  t.row(fn, [101, 4096], trap('integer-divide-by-zero'));
  t.row(fn, [7, 4096], ok(0));
  const unused = t.fn('an unused trap still happens', ['i32', 'f64', 'ptr'], [], (b, [d, f, p]) => { b.load('i64', { base: p }); b.binary('sdiv', b.const('i32', -2147483648), d); b.convert('fptosi', f, 'i32'); b.ret(); });
  t.row(unused, [0, 0, 4096], trap('integer-divide-by-zero')); t.row(unused, [-1, 0, 4096], trap('integer-overflow')); t.row(unused, [1, NaN, 4096], trap('invalid-conversion'));
  t.row(unused, [1, 3e9, 4096], trap('integer-overflow')); t.row(unused, [1, 0, 4294967295], trap('memory-out-of-bounds')); t.row(unused, [1, 0, 4096], ok());
  return t.cases();
}

let built: readonly ConformanceCase[] | undefined;

/** Every hand-written case; each needs a fresh instance. */
export function programCases(): readonly ConformanceCase[] {
  return built ??= [...addresses(), ...widths(), ...bulk(), ...growth(), ...slotsAndGlobals(), ...control(), ...calls(), ...order()];
}
