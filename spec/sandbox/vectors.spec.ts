/** Vectors as arguments, results and values of host functions, in both tiers of the sandbox. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { f32x4, f64x4, fn, host, i32, i64x2, module, sandboxTarget, u8x16 } from '../../lib/index.ts';
import { Sandbox, type Outcome } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('sandbox: vectors');
const native = skipUnlessNative('sandbox: vectors');

function ok<T>(o: Outcome<T>): T {
  if (o.status !== 'ok') throw o.error;
  return o.value;
}

const blend = host('blend', [f32x4, u8x16], [f32x4, i64x2]);
const mix = fn('mix', [f32x4, i32, f64x4], [f32x4, f64x4, i64x2], (b, v, n, w) => {
  const [x, y] = blend(v.add(1), u8x16.splat(n.toU8()));
  b.ret(x.mul(2), w.sqrt(), y);
});
const demo = module('demo').import({ blend }).export({ mix }).build();

for (const isolation of native ? ['worker', 'wasm'] as const : ['wasm'] as const) {
  test(`${isolation}: vectors go to the guest, to host functions, and back`, async () => {
    await using sandbox = new Sandbox(sandboxTarget(), { isolation, workers: 1 });
    const v = Float32Array.of(1, 2, 3, 4);
    const imports = { blend: (x: Float32Array, bytes: Uint8Array) => [x.map((e) => e + bytes[15]), BigInt64Array.of(-1n, BigInt(bytes.length))] as const };
    const running = sandbox.run(demo, 'mix', [v, 7, Float64Array.of(1, 4, 9, 16)], { imports });
    v.fill(99); // what was given is what counts
    assert.equal(ok(await running), [Float32Array.of(18, 20, 22, 24), Float64Array.of(1, 2, 3, 4), BigInt64Array.of(-1n, 16n)]);
    await assertRejects(sandbox, [new Float32Array(5), 7, new Float64Array(4)], imports, /argument 0 of mix is a object|argument 0 of mix/);
    await assertRejects(sandbox, [new Float64Array(2), 7, new Float64Array(4)], imports, /not a value of type f32x4/);
  });
}

async function assertRejects(sandbox: Sandbox, args: readonly unknown[], imports: object, message: RegExp): Promise<void> {
  let said = '';
  try {
    const outcome = await sandbox.run(demo, 'mix', args as never, { imports } as never);
    said = outcome.status === 'ok' ? '' : outcome.error.message;
  } catch (error) {
    said = String(error);
  }
  assert.match(said, message);
}

test.run();
