/** A 256 x 256 matrix product in `f64`. `node dist/playground/matmul.js`. */
import { array, f64, fn, global, i32, module, unit } from 'lamella';
import { compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

const N = 256;

/** The module: `c = a * b`, each matrix a global of N*N numbers, row by row. */
export function matmulModule() {
  const a = global('a', array(f64, N * N)), b = global('b', array(f64, N * N)), c = global('c', array(f64, N * N));
  const multiply = fn('multiply', [i32], unit, (body, n) => {
    body.for([0, n], (i) => body.for([0, n], (j) => {
      const sum = body.var(f64, 0);
      body.for([0, n], (k) => sum.update((s) => s.add(a.at(i.mul(n).add(k)).get().mul(b.at(k.mul(n).add(j)).get()))));
      c.at(i.mul(n).add(j)).set(sum.get());
    }));
  });
  return module('matmul', { memory: { maximumPages: 64 } }).export({ multiply }).build();
}

function multiplyJs(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
    c[i * n + j] = sum;
  }
  return c;
}

const bytesOf = (x: Float64Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

export async function main(): Promise<void> {
  heading('Matrix product, 256 x 256');
  const a = Float64Array.from({ length: N * N }, (_, i) => Math.sin(i)), b = Float64Array.from({ length: N * N }, (_, i) => Math.cos(i));
  const outcome = valueOf(await sandbox.run(matmulModule(), 'multiply', [N], { inputs: { a: bytesOf(a), b: bytesOf(b) }, outputs: ['c'] }));
  const c = new Float64Array(outcome.outputs['c'].buffer);
  const js = timed(() => multiplyJs(a, b, N));
  const differences = c.reduce((n, x, i) => n + (Object.is(x, js.value[i]) ? 0 : 1), 0);
  say(`c[0][0] = ${c[0]}, c[255][255] = ${c[N * N - 1]}; ${differences} of ${N * N} elements differ from plain JavaScript's`);
  if (differences > 0) throw new Error('the products differ');
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main();
