/** Rotations, byte swaps and many live values: SHA-256. */
import { fn, i32, module, ptr, u32, type U32 } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';

const BLOCKS = 16384, HEADER = (8 + 64 + 64) * 4, BYTES = HEADER + BLOCKS * 64;

/** The first 32 bits of the fractional parts of the square (cube) roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
function fractions(count: number, root: 2 | 3): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (!prime) continue;
    // The integer root of n * 2^(32 * root), bit by bit; its low 32 bits are the fraction.
    const target = BigInt(n) << BigInt(32 * root);
    let r = 0n;
    for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((r + bit) ** BigInt(root) <= target) r += bit;
    found.push(Number(BigInt.asUintN(32, r)));
  }
  return found;
}

const INITIAL = fractions(8, 2), CONSTANTS = fractions(64, 3);

const sha256Dsl = fn('sha256', [ptr(u32), i32], u32, (b, state, blocks) => {
  const k = state.add(8), w = state.add(72), message = state.add(136);
  b.for([0, blocks], (block) => {
    b.for([0, 16], (t) => w.at(t).set(message.at(block.mul(16).add(t)).get().bswap()));
    b.for([16, 64], (t) => {
      const p = w.at(t.sub(15)).get(), q = w.at(t.sub(2)).get();
      const s0 = p.rotr(7).xor(p.rotr(18)).xor(p.shr(3)), s1 = q.rotr(17).xor(q.rotr(19)).xor(q.shr(10));
      w.at(t).set(w.at(t.sub(16)).get().add(s0).add(w.at(t.sub(7)).get()).add(s1));
    });
    const v = Array.from({ length: 8 }, (_, i) => b.var(u32, state.at(i).get()));
    b.for([0, 64], (t) => {
      const [A, B, C, D, E, F, G, H] = v.map((x) => x.get()) as [U32, U32, U32, U32, U32, U32, U32, U32];
      const s1 = E.rotr(6).xor(E.rotr(11)).xor(E.rotr(25)), choice = E.and(F).xor(E.not().and(G));
      const t1 = H.add(s1).add(choice).add(k.at(t).get()).add(w.at(t).get());
      const s0 = A.rotr(2).xor(A.rotr(13)).xor(A.rotr(22)), majority = A.and(B).xor(A.and(C)).xor(B.and(C));
      [t1.add(s0.add(majority)), A, B, C, D.add(t1), E, F, G].forEach((x, i) => v[i].set(x));
    });
    v.forEach((x, i) => state.at(i).update((s) => s.add(x.get())));
  });
  b.ret(state.at(0).get());
});

const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

function sha256Js(state: Int32Array, k: Int32Array, w: Int32Array, message: DataView, blocks: number): number {
  for (let block = 0; block < blocks; block++) {
    for (let t = 0; t < 16; t++) w[t] = message.getInt32((block * 16 + t) * 4);
    for (let t = 16; t < 64; t++) {
      const p = w[t - 15], q = w[t - 2];
      const s0 = rotr(p, 7) ^ rotr(p, 18) ^ (p >>> 3), s1 = rotr(q, 17) ^ rotr(q, 19) ^ (q >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let t = 0; t < 64; t++) {
      const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25), choice = (e & f) ^ (~e & g);
      const t1 = (h + s1 + choice + k[t] + w[t]) | 0;
      const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22), majority = (a & b) ^ (a & c) ^ (b & c);
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + s0 + majority) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }
  return state[0] >>> 0;
}

export const sha256: BenchProgram = {
  name: 'sha256',
  description: `${BLOCKS * 64 / 1024} KiB`,
  bytes: BYTES,
  prepare: (memory) => {
    const words = new Uint32Array(memory.buffer, memory.byteOffset, BYTES / 4);
    words.set(INITIAL, 0);
    words.set(CONSTANTS, 8);
    for (let i = HEADER / 4; i < words.length; i++) words[i] = Math.imul(i, 0x9e3779b1);
  },
  args: [BLOCKS],
  c: { result: 'uint32_t', params: ['uint8_t *', 'int32_t'] },
  module: () => module('sha256', { memory: { initialPages: pagesFor(BYTES) } }).export({ sha256: sha256Dsl }).build(),
  javascript: (memory) => {
    const state = new Int32Array(memory, 0, 8), k = new Int32Array(memory, 32, 64), w = new Int32Array(memory, 288, 64), message = new DataView(memory, HEADER);
    return () => sha256Js(state, k, w, message, BLOCKS);
  },
};
