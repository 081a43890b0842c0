/** Typed arrays that grow by doubling, for the builders of machine code and machine IR. */

/** A growing `Int32Array`. `finish()` gives an exact copy. */
export class IntBuffer {
  data: Int32Array<ArrayBuffer>;
  length = 0;
  constructor(capacity = 64) { this.data = new Int32Array(capacity); }
  push(v: number): number {
    if (this.length === this.data.length) {
      const next = new Int32Array(this.data.length * 2);
      next.set(this.data);
      this.data = next;
    }
    this.data[this.length] = v;
    return this.length++;
  }
  finish(): Int32Array<ArrayBuffer> { return this.data.slice(0, this.length); }
  clear(): void { this.length = 0; }
}
