/** Code arenas and linear memories by themselves. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../lib/mir/errors.ts';
import { CodeArena, CODE_SEGMENT_SIZE } from '../../lib/runtime/code-memory.ts';
import { LinearMemory } from '../../lib/runtime/linear-memory.ts';
import { nativeBridge } from '../../lib/runtime/native/load.ts';
import { footprint } from './hand-code.ts';
import { NATIVE } from './native.ts';

const memory = suite('memory');

/** Rights of the mapping at an address, for example `r-xs`. */
function rightsAt(address: number): string | undefined {
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [, from, to, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
    if (from !== undefined && Number.parseInt(from, 16) <= address && address < Number.parseInt(to, 16)) return rights;
  }
  return undefined;
}

if (NATIVE) {
  const bridge = nativeBridge();

  memory('published code is executable, never writable at the same address, and there', () => {
    using arena = new CodeArena(bridge);
    const code = Uint8Array.from({ length: 10_000 }, (_, k) => k & 255);
    const block = arena.publish(code);
    assert.is(block.address % 64, 0);
    assert.is(rightsAt(block.address), 'r-xs');
    const back = new Uint8Array(new ArrayBuffer(code.length));
    bridge.read(block.address, back);
    assert.equal(back, code);
    for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) if (line.includes('lamella')) assert.not.match(line, / .wx/);
    block.release();
  });

  memory('room is used again only after the last holder has let go, and is overwritten', () => {
    using arena = new CodeArena(bridge);
    const first = arena.publish(new Uint8Array(1000).fill(0xc3));
    const at = first.address;
    first.retain();
    first.release();
    const second = arena.publish(new Uint8Array(1000).fill(0xc3));
    assert.ok(second.address !== at);
    first.release();
    const old = new Uint8Array(new ArrayBuffer(1000));
    bridge.read(at, old);
    assert.ok(old.every((b) => b === 0xcc));
    const third = arena.publish(new Uint8Array(900).fill(0xc3));
    assert.is(third.address, at);
    assert.throws(() => first.release(), (e: unknown) => e instanceof UsageError);
    assert.throws(() => first.retain(), (e: unknown) => e instanceof UsageError);
    second.release();
    third.release();
    assert.is(arena.statistics.used, 0);
  });

  memory('many blocks of all sizes, freed in any order, leave nothing', () => {
    using arena = new CodeArena(bridge);
    let seed = 12345;
    const random = (n: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % n; };
    const held: { block: ReturnType<CodeArena['publish']>; tag: number }[] = [];
    const check = new Uint8Array(new ArrayBuffer(1));
    for (let k = 0; k < 3000; k++) {
      if (held.length > 60 || (held.length > 0 && random(3) === 0)) {
        const [{ block, tag }] = held.splice(random(held.length), 1);
        bridge.read(block.address, check);
        assert.is(check[0], tag, 'nobody else wrote here');
        bridge.read(block.address + block.size - 1, check);
        assert.is(check[0], tag);
        block.release();
      } else {
        const tag = k & 127, size = 1 + random(random(20) === 0 ? 600_000 : 5000);
        held.push({ block: arena.publish(new Uint8Array(size).fill(tag)), tag });
      }
    }
    for (const h of held) h.block.release();
    assert.is(arena.statistics.used, 0);
  });

  memory('code larger than a segment has one of its own, which goes back', () => {
    using arena = new CodeArena(bridge);
    const big = arena.publish(new Uint8Array(CODE_SEGMENT_SIZE + 5));
    assert.is(arena.statistics.segments, 1);
    big.release();
    assert.is(arena.statistics.segments, 0);
  });

  memory('an arena disposed while code is held goes away with the last holder', async () => {
    const before = await footprint();
    const arena = new CodeArena(bridge), block = arena.publish(Uint8Array.of(0xc3));
    arena.dispose();
    assert.is(rightsAt(block.address), 'r-xs');
    assert.throws(() => arena.publish(Uint8Array.of(0xc3)), /disposed/);
    block.release();
    assert.is(rightsAt(block.address)?.includes('x') ?? false, false);
    assert.is((await footprint()).fds, before.fds);
  });

  memory('a linear memory opens exactly its pages', () => {
    using m = new LinearMemory(bridge, { initialPages: 1, maximumPages: 3 });
    assert.is(rightsAt(m.base), 'rw-p');
    assert.is(rightsAt(m.base + 65535), 'rw-p');
    assert.is(rightsAt(m.base + 65536), '---p');
    assert.is(rightsAt(m.base - 1), '---p');
    assert.is(rightsAt(m.base + 6 * 2 ** 30), '---p');
    assert.is(m.grow(1), 1);
    assert.is(rightsAt(m.base + 131071), 'rw-p');
    assert.is(rightsAt(m.base + 131072), '---p');
    assert.is(m.grow(2), -1);
    assert.is(m.grow(0.5), -1);
    assert.is(m.grow(-1), -1);
    assert.is(m.peakPages, 2);
    m.reset();
    assert.is(rightsAt(m.base + 65536), '---p');
    assert.is(m.pages, 1);
  });

  memory('reset leaves zeros and the first rights, whatever was written and whichever way memory is cleared', () => {
    for (const initialPages of [1, 2, 40]) {
      using m = new LinearMemory(bridge, { initialPages, maximumPages: 64 });
      for (let round = 0; round < 3; round++) {
        m.grow(5);
        m.write(0, new Uint8Array(m.size).fill(0xee));
        m.reset();
        const all = new Uint8Array(m.size).fill(1);
        m.read(0, all);
        assert.ok(all.every((b) => b === 0));
        assert.is(rightsAt(m.base + m.size), '---p');
        m.grow(5);
        const grown = new Uint8Array(new ArrayBuffer(5 * 65536)).fill(1);
        m.read(initialPages * 65536, grown);
        assert.ok(grown.every((b) => b === 0), 'pages that are opened again are zero');
        m.reset();
      }
    }
  });

  memory('views stay valid through growth, reset and dispose', () => {
    const m = new LinearMemory(bridge, { initialPages: 1, maximumPages: 8 });
    const one = m.bytes();
    assert.is(m.bytes(), one);
    one[7] = 7;
    m.grow(3);
    const four = m.bytes();
    assert.is(four.length, 4 * 65536);
    assert.is(four[7], 7);
    four[200_000] = 1;
    one[8] = 8;
    assert.is(four[8], 8);
    m.reset();
    const fresh = m.bytes();
    assert.is(fresh.length, 65536);
    assert.is(fresh[7], 0);
    four[200_000] = 2; // whoever kept the old view reads and writes memory that is nobody else's
    assert.is(fresh[7], 0);
    m.dispose();
    m.dispose();
    one[0] = 1;
    assert.is(four[200_001], 0);
    assert.throws(() => m.bytes(), /disposed/);
    assert.throws(() => m.write(0, Uint8Array.of(1)), /disposed/);
    assert.is(m.grow(1), -1);
  });

  memory('address space is given back: at once, or when the last view has been collected', async () => {
    const make = (views: boolean, n: number): void => {
      for (let k = 0; k < n; k++) {
        const m = new LinearMemory(bridge, { initialPages: 1, maximumPages: 2 });
        if (views) m.bytes()[0] = 1;
        m.dispose();
      }
    };
    make(false, 10);
    const before = await footprint();
    make(false, 500);
    assert.ok((await footprint()).maps <= before.maps + 10);
    make(true, 500);
    const gc = (globalThis as { gc?: () => void }).gc;
    if (gc === undefined) return;
    for (let k = 0; k < 20 && (await footprint()).maps > before.maps + 100; k++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok((await footprint()).maps <= before.maps + 100, `${before.maps} -> ${(await footprint()).maps} maps`);
  });

  memory('four GiB are possible, more is not', () => {
    using m = new LinearMemory(bridge, { initialPages: 65536, maximumPages: 65536 });
    assert.is(m.size, 2 ** 32);
    const bytes = m.bytes();
    assert.is(bytes.length, 2 ** 32);
    bytes[2 ** 32 - 1] = 5;
    const last = new Uint8Array(new ArrayBuffer(1));
    m.read(2 ** 32 - 1, last);
    assert.is(last[0], 5);
    for (const bad of [{ initialPages: 2, maximumPages: 1 }, { initialPages: 0, maximumPages: 65537 }, { initialPages: -1, maximumPages: 1 }, { initialPages: 0.5, maximumPages: 1 }]) {
      assert.throws(() => new LinearMemory(bridge, bad), /is impossible/);
    }
  });

  memory('reads and writes outside are refused', () => {
    using m = new LinearMemory(bridge, { initialPages: 1, maximumPages: 1 });
    assert.throws(() => m.write(65533, new Uint8Array(4)), /4 bytes at address 65533 are not inside the memory of 65536 bytes/);
    assert.throws(() => m.read(-1, new Uint8Array(1)), (e: unknown) => e instanceof UsageError);
    assert.throws(() => m.read(NaN, new Uint8Array(1)), (e: unknown) => e instanceof UsageError);
    m.write(65532, Uint8Array.of(1, 2, 3, 4));
    using empty = new LinearMemory(bridge, { initialPages: 0, maximumPages: 1 });
    assert.is(empty.bytes().length, 0);
    assert.is(empty.grow(1), 0);
    assert.is(empty.bytes().length, 65536);
  });
} else memory.skip('native code', () => {});

memory.run();
