/** A 256 x 256 matrix product in vectors of eight `f32` lanes. `node dist/playground/vector-matmul.js`. */
import { array, f32, f32x8, fn, global, i32, module, unit } from 'lamella';
import { compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

const N = 256;

/** The module: `c = a * b`. Four vectors of a row of `c` stay in registers while `k` runs. */
export function vectorMatmulModule() {
  const a = global('a', array(f32, N * N)), b = global('b', array(f32, N * N)), c = global('c', array(f32, N * N));
  const multiply = fn('multiply', [i32], unit, (body, n) => {
    body.for([0, n], (i) => body.for([0, n, 4 * f32x8.length], (j) => {
      const sums = Array.from({ length: 4 }, () => body.var(f32x8, 0));
      body.for([0, n], (k) => {
        const factor = f32x8.splat(a.at(i.mul(n).add(k)).get()), at = k.mul(n).add(j);
        sums.forEach((sum, u) => sum.update((s) => s.add(factor.mul(b.at(at.add(u * f32x8.length)).vector(f32x8).get()))));
      });
      sums.forEach((sum, u) => c.at(i.mul(n).add(j).add(u * f32x8.length)).vector(f32x8).set(sum.get()));
    }));
  });
  return module('vectorMatmul', { memory: { maximumPages: 64 } }).export({ multiply }).build();
}

function multiplyJs(a: Float32Array, b: Float32Array, n: number): Float32Array {
  const c = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) {
    const factor = a[i * n + k];
    for (let j = 0; j < n; j++) c[i * n + j] += Math.fround(factor * b[k * n + j]);
  }
  return c;
}

const bytesOf = (x: Float32Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

export async function main(): Promise<void> {
  heading('Matrix product in vectors, 256 x 256 of f32');
  const a = Float32Array.from({ length: N * N }, (_, i) => Math.sin(i)), b = Float32Array.from({ length: N * N }, (_, i) => Math.cos(i));
  const outcome = valueOf(await sandbox.run(vectorMatmulModule(), 'multiply', [N], { inputs: { a: bytesOf(a), b: bytesOf(b) }, outputs: ['c'] }));
  const c = outcome.outputs['c'], js = timed(() => multiplyJs(a, b, N));
  if (Buffer.compare(c, bytesOf(js.value)) !== 0) throw new Error('the products differ');
  say(`c[0][0] = ${js.value[0]}, c[255][255] = ${js.value[N * N - 1]}; every bit as plain JavaScript with Math.fround has it`);
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main();
