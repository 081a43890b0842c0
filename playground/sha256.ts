/**
 * SHA-256 of a real file, in guest code: `node dist/playground/sha256.js [file]`.
 *
 * The file is put into a global of the module, the digest is read out of another; the algorithm is FIPS 180-4, 6.2.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { array, fn, global, module, u32, u8, unit, type U32 } from 'lamella';
import { argument, compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
function fractions(count: number, root: (x: number) => number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes.map((p) => { const r = root(p); return Math.floor((r - Math.floor(r)) * 2 ** 32); });
}
const INITIAL = fractions(8, Math.sqrt), CONSTANTS = fractions(64, Math.cbrt);

/** A module that hashes a message of exactly `length` bytes. */
export function sha256Module(length: number) {
  const blocks = Math.floor((length + 8) / 64) + 1;
  const message = global('message', array(u8, blocks * 64));
  const digest = global('digest', array(u32, 8), INITIAL);
  const constants = global('constants', array(u32, 64), CONSTANTS, { mutable: false });
  const schedule = global('schedule', array(u32, 64));

  const sha256 = fn('sha256', [], unit, (b) => {
    // Padding: a one bit, zeros, and the length in bits, big-endian.
    const words = message.$ptr.cast(u32);
    message.at(length).set(0x80);
    words.at(blocks * 16 - 2).set(b.const(u32, Math.floor(length / 2 ** 29)).bswap());
    words.at(blocks * 16 - 1).set(b.const(u32, (length * 8) % 2 ** 32).bswap());

    b.for([0, blocks], (block) => {
      const first = words.add(block.mul(16));
      b.for([0, 16], (t) => schedule.at(t).set(first.at(t).get().bswap()));
      b.for([16, 64], (t) => {
        const p = schedule.at(t.sub(15)).get(), q = schedule.at(t.sub(2)).get();
        const s0 = p.rotr(7).xor(p.rotr(18)).xor(p.shr(3)), s1 = q.rotr(17).xor(q.rotr(19)).xor(q.shr(10));
        schedule.at(t).set(schedule.at(t.sub(16)).get().add(s0).add(schedule.at(t.sub(7)).get()).add(s1));
      });
      const v = Array.from({ length: 8 }, (_, i) => b.var(u32, digest.at(i).get()));
      b.for([0, 64], (t) => {
        const [A, B, C, D, E, F, G, H] = v.map((x) => x.get()) as [U32, U32, U32, U32, U32, U32, U32, U32];
        const s1 = E.rotr(6).xor(E.rotr(11)).xor(E.rotr(25)), choice = E.and(F).xor(E.not().and(G));
        const t1 = H.add(s1).add(choice).add(constants.at(t).get()).add(schedule.at(t).get());
        const s0 = A.rotr(2).xor(A.rotr(13)).xor(A.rotr(22)), majority = A.and(B).xor(A.and(C)).xor(B.and(C));
        [t1.add(s0).add(majority), A, B, C, D.add(t1), E, F, G].forEach((x, i) => v[i].set(x));
      });
      v.forEach((x, i) => digest.at(i).update((s) => s.add(x.get())));
    });
    b.for([0, 8], (i) => digest.at(i).update((s) => s.bswap()));
  });
  // The whole message is in memory at once, so the memory's maximum follows the file.
  return module('sha256', { memory: { maximumPages: Math.ceil((blocks * 64) / 65536) + 4 } }).export({ sha256 }).build();
}

/** The same in plain JavaScript. */
function sha256Js(bytes: Uint8Array): string {
  const blocks = Math.floor((bytes.length + 8) / 64) + 1;
  const padded = new Uint8Array(blocks * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length * 8) % 2 ** 32);
  const state = Int32Array.from(INITIAL), k = Int32Array.from(CONSTANTS), w = new Int32Array(64);
  const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + t * 4);
    for (let t = 16; t < 64; t++) {
      const p = w[t - 15], q = w[t - 2];
      w[t] = w[t - 16] + (rotr(p, 7) ^ rotr(p, 18) ^ (p >>> 3)) + w[t - 7] + (rotr(q, 17) ^ rotr(q, 19) ^ (q >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[t] + w[t]) | 0;
      const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
  }
  return Array.from(state, (x) => (x >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Hashes a file natively, in JavaScript and with `node:crypto`; throws when they differ. */
export async function main(file = process.execPath): Promise<void> {
  heading('SHA-256 of a file');
  const bytes = readFileSync(file);
  const outcome = valueOf(await sandbox.run(sha256Module(bytes.length), 'sha256', [], { inputs: { message: bytes }, outputs: ['digest'] }));
  const digest = Buffer.from(outcome.outputs['digest']).toString('hex');
  const reference = createHash('sha256').update(bytes).digest('hex');
  const js = timed(() => sha256Js(bytes));
  say(`${file}, ${(bytes.length / 1e6).toFixed(1)} MB`);
  say(`guest code   ${digest}`);
  say(`node:crypto  ${reference}  ${digest === reference ? 'equal' : 'DIFFERENT'}`);
  if (digest !== reference || js.value !== reference) throw new Error('the digests differ');
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main(argument);
