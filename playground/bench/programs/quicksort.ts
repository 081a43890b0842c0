/** Unpredictable branches, loads and recursion: quicksort. */
import { fn, i32, module, ptr, u32, unit } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';

const N = 300_000;

const sortDsl = fn('sort', [ptr(i32), i32, i32], unit, (b, a, low, high) => {
  const i = b.var(i32, low), j = b.var(i32, high);
  const pivot = a.at(low.add(high).shr(1)).get();
  b.while(() => i.get().le(j.get()), () => {
    b.while(() => a.at(i.get()).get().lt(pivot), () => i.set(i.get().add(1)));
    b.while(() => a.at(j.get()).get().gt(pivot), () => j.set(j.get().sub(1)));
    b.if(i.get().le(j.get()), () => {
      const t = a.at(i.get()).get();
      a.at(i.get()).set(a.at(j.get()).get());
      a.at(j.get()).set(t);
      i.set(i.get().add(1));
      j.set(j.get().sub(1));
    });
  });
  b.if(low.lt(j.get()), () => { sortDsl(a, low, j.get()); });
  b.if(i.get().lt(high), () => { sortDsl(a, i.get(), high); });
  b.ret();
});

const quicksortDsl = fn('quicksort', [ptr(i32), i32], i32, (b, a, n) => {
  const seed = b.var(u32, 12345);
  b.for([0, n], (i) => {
    seed.set(seed.get().mul(1664525).add(1013904223));
    a.at(i).set(seed.get().toI32());
  });
  sortDsl(a, 0, n.sub(1));
  const sum = b.var(i32, 0);
  b.for([0, n], (i) => sum.set(sum.get().mul(31).add(a.at(i).get())));
  b.ret(sum.get());
});

function sortJs(a: Int32Array, low: number, high: number): void {
  let i = low, j = high;
  const pivot = a[(low + high) >> 1];
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      const t = a[i];
      a[i] = a[j];
      a[j] = t;
      i++;
      j--;
    }
  }
  if (low < j) sortJs(a, low, j);
  if (i < high) sortJs(a, i, high);
}

function quicksortJs(a: Int32Array, n: number): number {
  let seed = 12345;
  for (let i = 0; i < n; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    a[i] = seed;
  }
  sortJs(a, 0, n - 1);
  let sum = 0;
  for (let i = 0; i < n; i++) sum = (Math.imul(sum, 31) + a[i]) | 0;
  return sum;
}

export const quicksort: BenchProgram = {
  name: 'quicksort',
  description: `${N.toLocaleString('en')} random 32-bit integers`,
  bytes: N * 4,
  args: [N],
  c: { result: 'int32_t', params: ['uint8_t *', 'int32_t'] },
  module: () => module('quicksort', { memory: { initialPages: pagesFor(N * 4) } }).export({ quicksort: quicksortDsl }).build(),
  javascript: (memory) => {
    const a = new Int32Array(memory, 0, N);
    return () => quicksortJs(a, N);
  },
};
