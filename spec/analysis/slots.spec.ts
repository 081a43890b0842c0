import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escapingSlots } from '../../lib/analysis/index.ts';
import { FunctionBuilder, type MirFunction } from '../../lib/mir/index.ts';

const test = suite('stack slots');

/** Two slots; the first one's address goes through a chain of `lea`s whose blocks stand in reverse. */
function chain(length: number, passed: boolean): MirFunction {
  const b = new FunctionBuilder('f', { params: ['ptr'], results: ['ptr'] }), slot = b.addSlot(64), other = b.addSlot(8);
  const blocks = Array.from({ length }, () => b.createBlock());
  let at = b.slotAddr(slot);
  b.store({ base: b.slotAddr(other) }, b.const('i32', 1));
  for (let k = length - 1; k >= 0; k--) {
    b.jump(blocks[k]);
    b.switchTo(blocks[k]);
    at = b.lea({ base: at, offset: 1 });
  }
  b.load('i32', { base: at });
  b.ret([passed ? at : b.params[0]]);
  return b.finish();
}

test('a slot escapes with any pointer derived from it, in whatever order the blocks stand', () => {
  assert.equal([...escapingSlots(chain(5, true))], [1, 0]);
  assert.equal([...escapingSlots(chain(5, false))], [0, 0]);
});

test('a chain of 50,000 addresses in reverse takes linear time', () => {
  const f = chain(50_000, true), started = process.cpuUsage().user;
  assert.equal([...escapingSlots(f)], [1, 0]);
  assert.ok(process.cpuUsage().user - started < 5_000_000);
});

test('a ring of addresses in code that is never reached ends', () => {
  const b = new FunctionBuilder('f', { params: ['ptr'], results: [] });
  b.addSlot(8);
  b.ret();
  const f = b.finish(), address = { index: -1, scale: 1, offset: 0, loc: 0 };
  const ring = { params: [], instructions: [{ kind: 'lea' as const, base: 2, result: 1, ...address }, { kind: 'lea' as const, base: 1, result: 2, ...address }], terminator: f.blocks[0].terminator };
  assert.equal([...escapingSlots({ ...f, valueTypes: ['ptr', 'ptr', 'ptr'], blocks: [...f.blocks, ring] })], [0]);
});

test.run();
