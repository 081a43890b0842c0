/** Byte stores in nested loops: the sieve of Eratosthenes. */
import { fn, i32, module, ptr, u8 } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';
import { I32, sleb, wasmModule } from '../wasm-bytes.ts';

const N = 2_000_000;

const sieveDsl = fn('sieve', [ptr(u8), i32], i32, (b, flags, n) => {
  b.for([0, n], (i) => flags.at(i).set(1));
  const i = b.var(i32, 2);
  b.while(() => i.get().mul(i.get()).lt(n), () => {
    b.if(flags.at(i.get()).get().ne(0), () => {
      const j = b.var(i32, i.get().mul(i.get()));
      b.while(() => j.get().lt(n), () => {
        flags.at(j.get()).set(0);
        j.set(j.get().add(i.get()));
      });
    });
    i.set(i.get().add(1));
  });
  const count = b.var(i32, 0);
  b.for([2, n], (k) => count.set(count.get().add(flags.at(k).get().toI32())));
  b.ret(count.get());
});

function sieveJs(flags: Uint8Array, n: number): number {
  for (let i = 0; i < n; i++) flags[i] = 1;
  for (let i = 2; i * i < n; i++) {
    if (flags[i] !== 0) {
      for (let j = i * i; j < n; j += i) flags[j] = 0;
    }
  }
  let count = 0;
  for (let i = 2; i < n; i++) count += flags[i];
  return count;
}

/** `for (local = from; local < n; local += step) body`, the condition tested before the body. */
function loop(local: number, from: readonly number[], condition: readonly number[], step: readonly number[], body: readonly number[]): number[] {
  return [...from, 0x21, local, 0x02, 0x40, 0x03, 0x40, ...condition, 0x45, 0x0d, 1, ...body, 0x20, local, ...step, 0x6a, 0x21, local, 0x0c, 0, 0x0b, 0x0b];
}
const get = (local: number): number[] => [0x20, local];
const constant = (v: number): number[] => [0x41, ...sleb(v)];
const square = [...get(2), ...get(2), 0x6c];
const flag = (local: number): number[] => [...get(0), ...get(local), 0x6a];
const below = (local: number): number[] => [...get(local), ...get(1), 0x48];

export const sieve: BenchProgram = {
  name: 'sieve',
  description: `primes below ${N.toLocaleString('en')}`,
  bytes: N,
  args: [N],
  c: { result: 'int32_t', params: ['uint8_t *', 'int32_t'] },
  module: () => module('sieve', { memory: { initialPages: pagesFor(N) } }).export({ sieve: sieveDsl }).build(),
  javascript: (memory) => {
    const flags = new Uint8Array(memory, 0, N);
    return () => sieveJs(flags, N);
  },
  // Parameters: base, n. Locals: i, j, count.
  wasm: () => wasmModule('sieve', [I32, I32], I32, [I32, I32, I32], [
    ...loop(2, constant(0), below(2), constant(1), [...flag(2), ...constant(1), 0x3a, 0, 0]),
    ...loop(2, constant(2), [...square, ...get(1), 0x48], constant(1), [
      ...flag(2), 0x2d, 0, 0, 0x04, 0x40, ...loop(3, square, below(3), get(2), [...flag(3), ...constant(0), 0x3a, 0, 0]), 0x0b,
    ]),
    ...loop(2, constant(2), below(2), constant(1), [...get(4), ...flag(2), 0x2d, 0, 0, 0x6a, 0x21, 4]),
    ...get(4),
  ], pagesFor(N)),
};
