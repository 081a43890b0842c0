/** A grey picture blurred, each point the mean of 5 x 5: point by point, and in vectors of 16 and of 32 points. */
import {
  fn, i32, module, ptr, u16, u16x16, u16x8, u32, u8, u8x16, u8x32, type Body, type I32, type Ptr, type U16Type, type U16x8, type U32Type, type U8Type,
} from 'lamella';
import { pagesFor, type BenchModule, type BenchProgram } from '../program.ts';

const N = 512, BOX = 5, MARGIN = 16, STRIDE = N + MARGIN, IN = (N + BOX - 1) * STRIDE, SUMS = 2 * STRIDE, BYTES = IN + SUMS + N * N;
/** 65536 / 25. */
const SHARE = 2621, HALF = 32768;

interface Row { readonly b: Body<U32Type>; readonly n: I32; readonly stride: I32; readonly input: Ptr<U8Type>; readonly sums: Ptr<U16Type>; readonly out: Ptr<U8Type> }

/** `row` blurs one row: `input` is the highest of the five it needs, `out` where it goes. */
function build(row: (r: Row) => void): BenchModule {
  const blur = fn('blur', [ptr(u8), i32], u32, (b, base, n) => {
    const stride = n.add(MARGIN), sums = base.add(n.add(BOX - 1).mul(stride)).cast(u16), out = sums.add(stride).cast(u8);
    b.for([0, n], (y) => row({ b, n, stride, input: base.add(y.mul(stride)), sums, out: out.add(y.mul(n)) }));
    const total = b.var(u32, 0);
    b.for([0, n], (i) => total.update((t) => t.add(out.at(i.mul(n).add(i)).get().toU32())));
    b.ret(total.get());
  });
  return module('blur', { memory: { initialPages: pagesFor(BYTES) } }).export({ blur }).build();
}

/** The values `at(0)` to `at(4)` added up. */
function sumOf<V extends { add(other: V): V }>(at: (k: number) => V): V {
  let sum = at(0);
  for (let k = 1; k < BOX; k++) sum = sum.add(at(k));
  return sum;
}

const scalar = (): BenchModule => build(({ b, n, stride, input, sums, out }) => {
  b.for([0, stride], (x) => sums.at(x).set(sumOf((k) => input.at(stride.mul(k).add(x)).get().toU32()).toU16()));
  b.for([0, n], (x) => out.at(x).set(sumOf((k) => sums.at(x.add(k)).get().toU32()).mul(SHARE).add(HALF).shr(16).toU8()));
});

/** These have the operations of {@link u8x16} and {@link u16x8} that are used here, on twice as many lanes. */
const WIDE_BYTES = u8x32 as unknown as typeof u8x16, WIDE_SUMS = u16x16 as unknown as typeof u16x8;

/** `n` is a multiple of the lanes of `bytes`. */
const vector = (bytes: typeof u8x16, words: typeof u16x8): BenchModule => build(({ b, n, stride, input, sums, out }) => {
  b.for([0, stride, bytes.length], (at) => {
    const x = at.min(stride.sub(bytes.length)); // the last of a row ends where the row does
    const rows = Array.from({ length: BOX }, (_, k) => input.at(stride.mul(k).add(x)).vector(bytes).get());
    sums.at(x).vector(words).set(sumOf((k) => rows[k].extendLow()));
    sums.at(x.add(words.length)).vector(words).set(sumOf((k) => rows[k].extendHigh()));
  });
  const means = (x: I32): U16x8 => {
    const sum = sumOf((k) => sums.at(x.add(k)).vector(words).get());
    return sum.extendLow().mul(SHARE).add(HALF).shr(16).narrow(sum.extendHigh().mul(SHARE).add(HALF).shr(16));
  };
  b.for([0, n, bytes.length], (x) => out.at(x).vector(bytes).set(means(x).narrow(means(x.add(words.length)))));
});

function blurJs(input: Uint8Array, sums: Uint16Array, out: Uint8Array, n: number): number {
  const stride = n + MARGIN;
  for (let y = 0; y < n; y++) {
    const row = y * stride;
    for (let x = 0; x < stride; x++) sums[x] = input[row + x] + input[row + stride + x] + input[row + 2 * stride + x] + input[row + 3 * stride + x] + input[row + 4 * stride + x];
    for (let x = 0; x < n; x++) out[y * n + x] = (sums[x] + sums[x + 1] + sums[x + 2] + sums[x + 3] + sums[x + 4]) * SHARE + HALF >>> 16;
  }
  let total = 0;
  for (let i = 0; i < n; i++) total += out[i * n + i];
  return total;
}

export const blur: BenchProgram = {
  name: 'blur-vector',
  symbol: 'blur',
  description: `${N} x ${N} bytes, mean of ${BOX} x ${BOX}`,
  bytes: BYTES,
  args: [N],
  c: { result: 'uint32_t', params: ['uint8_t *', 'int32_t'] },
  prepare: (memory) => { for (let i = 0; i < IN; i++) memory[i] = Math.imul(i, 2654435761) >>> 24; },
  module: scalar,
  vectors: { v128: () => vector(u8x16, u16x8), v256: () => vector(WIDE_BYTES, WIDE_SUMS) },
  javascript: (memory) => {
    const input = new Uint8Array(memory, 0, IN), sums = new Uint16Array(memory, IN, STRIDE), out = new Uint8Array(memory, IN + SUMS, N * N);
    return () => blurJs(input, sums, out, N);
  },
};
