/** Ten thousand timeouts and ten thousand traps in one process: nothing grows, and the worker still answers. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { fn, hostTarget, i32, i64, module, unit } from '../../lib/index.ts';
import { Sandbox } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('sandbox soak');
const COUNT = 10_000, WARM_UP = 6_000;

const forever = fn('forever', [], unit, (b) => b.loop(() => {}));
const trap = fn('trap', [i32, i32], i32, (b, kind, zero) => {
  b.switch(kind, {
    0: () => b.ret(kind.div(zero)),
    1: () => b.ret(b.const(i32, -16).toPtr(i32).get()),
    2: () => b.unreachable(),
  }, () => b.ret(trap(kind, zero).add(1)));
});
const answer = fn('answer', [], i64, (b) => b.ret(42n));
const m = module('soak').export({ forever, trap, answer }).build();

function resources(): { readonly maps: number; readonly fds: number; readonly threads: number } {
  (globalThis as { gc?: () => void }).gc?.();
  return {
    maps: readFileSync('/proc/self/maps', 'utf8').split('\n').length,
    fds: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  };
}

/** Looks at the last runs this often: what the engine's heaps have mapped goes up and down, what has leaked stays. */
const LOOKS = 5, BETWEEN_LOOKS = 500;

async function soak(run: (k: number) => Promise<void>): Promise<void> {
  // The JavaScript heaps of the host and the worker grow to their working size first (it levels off within 9,000 runs).
  for (let k = 0; k < WARM_UP; k++) await run(k);
  const before = resources(), maps: number[] = [];
  let after = before;
  for (let k = 1; k <= COUNT; k++) {
    await run(k);
    if (k % BETWEEN_LOOKS === 0 && k > COUNT - LOOKS * BETWEEN_LOOKS) maps.push((after = resources()).maps);
  }
  // A leak of one mapping in a hundred runs would be 80 at the first of these looks.
  assert.ok(Math.min(...maps) - before.maps < 40, `memory maps grew from ${before.maps} to ${maps.join(', ')}`);
  assert.is(after.fds, before.fds, 'file descriptors grew');
  assert.is(after.threads, before.threads, 'threads grew');
}

if (skipUnlessNative('soak')) {
  test(`${COUNT} timeouts in a row`, async () => {
    await using sandbox = new Sandbox(hostTarget(), { workers: 1 });
    await soak(async (k) => {
      const o = await sandbox.run(m, 'forever', [], { maxExecutionTime: 0.02 + (k % 20) / 100 });
      assert.is(o.status, 'timeout');
    });
    assert.is(await sandbox.runInt64(m, 'answer', []), 42n);
  });

  test(`${COUNT} traps in a row`, async () => {
    await using sandbox = new Sandbox(hostTarget(), { workers: 1 });
    const expected = ['integer-divide-by-zero', 'memory-out-of-bounds', 'unreachable', 'stack-overflow'];
    await soak(async (k) => {
      const o = await sandbox.run(m, 'trap', [k % 4, 0]);
      assert.is(o.status === 'trap' ? o.error.trap : o.status, expected[k % 4]);
    });
    assert.is(await sandbox.runInt64(m, 'answer', []), 42n);
  });
}

test.run();
