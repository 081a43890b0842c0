/** The product of two matrices of f32, rows of the second added up (i, k, j): scalar, and in vectors of 4 and of 8 lanes. */
import { f32, f32x4, f32x8, f64, fn, i32, module, ptr } from 'lamella';
import { pagesFor, type BenchModule, type BenchProgram } from '../program.ts';

const N = 256, WORDS = N * N, BYTES = 3 * WORDS * 4;

const scalar = fn('matmulF32', [ptr(f32), i32], f64, (b, base, n) => {
  const x = base, y = base.add(n.mul(n)), z = base.add(n.mul(n).mul(2));
  b.for([0, n], (i) => {
    const row = z.add(i.mul(n));
    b.for([0, n], (k) => {
      const factor = x.at(i.mul(n).add(k)).get(), from = y.add(k.mul(n));
      b.for([0, n], (j) => row.at(j).set(factor.mul(from.at(j).get()).add(row.at(j).get())));
    });
  });
  const trace = b.var(f64, 0);
  b.for([0, n], (i) => trace.set(trace.get().add(z.at(i.mul(n).add(i)).get().toF64())));
  b.ret(trace.get());
});

/** Vectors of a row that one turn of the innermost loop does. */
const UNROLL = 4;

/** Has the operations of {@link f32x4} that are used here, on twice as many lanes. */
const WIDE = f32x8 as unknown as typeof f32x4;

/** `n` is a multiple of the lanes of {@link UNROLL} vectors. */
function vector(type: typeof f32x4): BenchModule {
  const product = fn('matmulF32', [ptr(f32), i32], f64, (b, base, n) => {
    const x = base, y = base.add(n.mul(n)), z = base.add(n.mul(n).mul(2)), vectors = n.div(type.length);
    b.for([0, n], (i) => {
      const row = z.add(i.mul(n)).cast(type);
      b.for([0, n], (k) => {
        const factor = type.splat(x.at(i.mul(n).add(k)).get()), from = y.add(k.mul(n)).cast(type);
        b.for([0, vectors, UNROLL], (j) => {
          const to = row.add(j), rest = from.add(j);
          for (let u = 0; u < UNROLL; u++) to.at(u).set(factor.fma(rest.at(u).get(), to.at(u).get()));
        });
      });
    });
    const trace = b.var(f64, 0);
    b.for([0, n], (i) => trace.set(trace.get().add(z.at(i.mul(n).add(i)).get().toF64())));
    b.ret(trace.get());
  });
  return module('matmulF32', { memory: { initialPages: pagesFor(BYTES) } }).export({ matmulF32: product }).build();
}

function matmulJs(x: Float32Array, y: Float32Array, z: Float32Array, n: number): number {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = x[i * n + k];
      for (let j = 0; j < n; j++) z[i * n + j] += factor * y[k * n + j];
    }
  }
  let trace = 0;
  for (let i = 0; i < n; i++) trace += z[i * n + i];
  return trace;
}

export const matmulF32: BenchProgram = {
  name: 'matmul-f32-vector',
  symbol: 'matmulF32',
  description: `${N} x ${N} f32, rows added up`,
  bytes: BYTES,
  args: [N],
  c: { result: 'double', params: ['uint8_t *', 'int32_t'] },
  // Products and sums are exact in f32, so that every variant gives the same.
  prepare: (memory) => {
    const all = new Float32Array(memory.buffer, memory.byteOffset, 3 * WORDS);
    for (let i = 0; i < WORDS; i++) {
      all[i] = (i % 17) * 0.5;
      all[WORDS + i] = (i % 13) - 6;
    }
    all.fill(0, 2 * WORDS);
  },
  module: () => module('matmulF32', { memory: { initialPages: pagesFor(BYTES) } }).export({ matmulF32: scalar }).build(),
  vectors: { v128: () => vector(f32x4), v256: () => vector(WIDE) },
  javascript: (memory) => {
    const [x, y, z] = [0, 1, 2].map((k) => new Float32Array(memory, k * WORDS * 4, WORDS));
    return () => matmulJs(x, y, z, N);
  },
};
