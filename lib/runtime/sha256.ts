/** SHA-256 (FIPS 180-4) in steps, for engines that have no `node:crypto`: the browser's own is asynchronous. */

/** The first 32 bits of the fractional parts of a root of the first primes (sections 4.2.2 and 5.3.3). */
function fractions(count: number, root: (n: number) => number): Int32Array {
  const words = new Int32Array(count);
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (prime) words[found++] = Math.floor((root(n) % 1) * 2 ** 32);
  }
  return words;
}
/** Newton's step on what the engine gives: its cube root need not be right to the last bit. */
function cubeRoot(n: number): number {
  const x = Math.cbrt(n);
  return x - (x * x * x - n) / (3 * x * x);
}
const K = fractions(64, cubeRoot), START = fractions(8, Math.sqrt);

/** A hash under way: `update` any number of times, then `digest` once. */
export class Sha256 {
  readonly #state = START.slice();
  readonly #w = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  readonly #view = new DataView(this.#block.buffer);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): this {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const n = Math.min(64 - this.#filled, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + n), this.#filled);
      this.#filled += n;
      at += n;
      if (this.#filled === 64) this.#compress();
    }
    return this;
  }

  /** The hash as 64 hexadecimal digits. */
  digest(): string {
    const bits = this.#length * 8;
    this.#block[this.#filled++] = 0x80;
    if (this.#filled > 56) {
      this.#block.fill(0, this.#filled);
      this.#compress();
    }
    this.#block.fill(0, this.#filled);
    this.#view.setUint32(56, Math.floor(bits / 2 ** 32));
    this.#view.setUint32(60, bits >>> 0);
    this.#compress();
    return Array.from(this.#state, (w) => (w >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #compress(): void {
    const w = this.#w, s = this.#state;
    for (let t = 0; t < 16; t++) w[t] = this.#view.getInt32(t * 4);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      w[t] = w[t - 16] + w[t - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ x >>> 3) + (rotate(y, 17) ^ rotate(y, 19) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = s;
    for (let t = 0; t < 64; t++) {
      const t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + K[t] + w[t] | 0;
      const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + t1 | 0;
      d = c; c = b; b = a; a = t1 + t2 | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
    this.#filled = 0;
  }
}

function rotate(x: number, n: number): number { return x >>> n | x << 32 - n; }
