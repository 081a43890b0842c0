/** Floating point in a triple loop: a naive matrix product. */
import { f64, fn, i32, module, ptr } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';

const N = 256, BYTES = 3 * N * N * 8;

const matmulDsl = fn('matmul', [ptr(f64), i32], f64, (b, base, n) => {
  const nn = n.mul(n);
  const a = base, bm = base.add(nn), c = base.add(nn.mul(2));
  b.for([0, nn], (i) => {
    a.at(i).set(i.rem(17).toF64().mul(0.5));
    bm.at(i).set(i.rem(13).toF64().sub(6));
  });
  b.for([0, n], (i) => {
    b.for([0, n], (j) => {
      const sum = b.var(f64, 0);
      b.for([0, n], (k) => sum.set(sum.get().add(a.at(i.mul(n).add(k)).get().mul(bm.at(k.mul(n).add(j)).get()))));
      c.at(i.mul(n).add(j)).set(sum.get());
    });
  });
  const total = b.var(f64, 0);
  b.for([0, nn], (i) => total.set(total.get().add(c.at(i).get().mul(i.rem(7).toF64()))));
  b.ret(total.get());
});

function matmulJs(a: Float64Array, b: Float64Array, c: Float64Array, n: number): number {
  for (let i = 0; i < n * n; i++) {
    a[i] = (i % 17) * 0.5;
    b[i] = (i % 13) - 6;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
  let total = 0;
  for (let i = 0; i < n * n; i++) total += c[i] * (i % 7);
  return total;
}

export const matmul: BenchProgram = {
  name: 'matmul',
  description: `${N} x ${N} f64, naive`,
  bytes: BYTES,
  args: [N],
  c: { result: 'double', params: ['uint8_t *', 'int32_t'] },
  module: () => module('matmul', { memory: { initialPages: pagesFor(BYTES) } }).export({ matmul: matmulDsl }).build(),
  javascript: (memory) => {
    const [a, b, c] = [0, 1, 2].map((k) => new Float64Array(memory, k * N * N * 8, N * N));
    return () => matmulJs(a, b, c, N);
  },
};
