/** Our own SHA-256 against Node's. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { contentHash } from '../../lib/runtime/content-hash.ts';
import { Sha256 } from '../../lib/runtime/sha256.ts';
import { fn, i64, module } from '../../dsl/index.ts';

const test = suite('sha256');
const nodes = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');

test('the examples of the standard', () => {
  assert.is(new Sha256().digest(), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.is(new Sha256().update(new TextEncoder().encode('abc')).digest(), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test("Node's answer for every length around the block size, in any number of steps", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, k) => k * 167 + (k >> 3));
  for (let n = 0; n <= bytes.length; n++) {
    const part = bytes.subarray(0, n), hash = new Sha256();
    for (let at = 0, step = 1; at < n; at += step++) hash.update(part.subarray(at, Math.min(n, at + step)));
    assert.is(hash.digest(), nodes(part), `${n} bytes`);
  }
  const long = new Uint8Array(1 << 20).fill(0xa5);
  assert.is(new Sha256().update(long).digest(), nodes(long));
});

test('a module has the same hash by either', () => {
  const f = fn('f', [i64], i64, (b, n) => b.ret(n.add(1n))), m = module('m').export({ f }).build();
  assert.is(contentHash(m, undefined, new Sha256()), contentHash(m));
});

test.run();
