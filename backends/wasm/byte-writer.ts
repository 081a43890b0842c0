/** Bytes of a wasm module: LEB128 numbers, names, sections. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  constructor(capacity = 256) { this.#bytes = new Uint8Array(capacity); }

  #room(n: number): void {
    if (this.length + n <= this.#bytes.length) return;
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + n));
    next.set(this.#bytes.subarray(0, this.length));
    this.#bytes = next;
  }
  byte(b: number): void {
    if (this.length === this.#bytes.length) this.#room(1);
    this.#bytes[this.length++] = b;
  }
  bytes(list: ArrayLike<number>): void {
    this.#room(list.length);
    this.#bytes.set(list, this.length);
    this.length += list.length;
  }
  /** Unsigned LEB128 of a 32-bit number. */
  u32(n: number): void {
    let rest = n >>> 0;
    while (rest >= 128) { this.byte(rest & 127 | 128); rest >>>= 7; }
    this.byte(rest);
  }
  /** Signed LEB128 of a 32-bit number. */
  s32(n: number): void {
    let rest = n | 0;
    while (rest < -64 || rest > 63) { this.byte(rest & 127 | 128); rest >>= 7; }
    this.byte(rest & 127);
  }
  /** Signed LEB128 of a 64-bit number given by its halves. */
  s64(low: number, high: number): void {
    let l = low | 0, h = high | 0;
    // Small when the high half only repeats the sign of a 7-bit number.
    while (!(h === l >> 31 && l >= -64 && l <= 63)) {
      this.byte(l & 127 | 128);
      l = l >>> 7 | h << 25;
      h >>= 7;
    }
    this.byte(l & 127);
  }
  word(n: number): void { this.#room(4); for (let k = 0; k < 4; k++) this.#bytes[this.length++] = n >>> 8 * k & 255; }
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u32(bytes.length);
    this.bytes(bytes);
  }
  /** A section or another thing that carries its size in front. */
  sized(content: ByteWriter): void { this.u32(content.length); this.append(content); }
  append(other: ByteWriter): void { this.bytes(other.#bytes.subarray(0, other.length)); }
  finish(): Uint8Array<ArrayBuffer> { return this.#bytes.slice(0, this.length); }
}
