/** Typed arrays that grow by doubling, for the builders of machine code and machine IR. */
import { int32 } from '../analysis/slab.ts';

/** Buffers larger than this are not kept by {@link IntBuffer.reuse}. */
const KEPT_ELEMENTS = 1 << 18;

/** A growing `Int32Array`. */
export class IntBuffer {
  data: Int32Array<ArrayBuffer>;
  length = 0;
  constructor(capacity = 64) { this.data = new Int32Array(capacity); }
  push(v: number): number {
    if (this.length === this.data.length) this.#grow(this.length + 1);
    this.data[this.length] = v;
    return this.length++;
  }
  /** Appends `count` elements, to be written by the caller into {@link data}. Returns the index of the first. */
  extend(count: number): number {
    const at = this.length;
    if (at + count > this.data.length) this.#grow(at + count);
    this.length = at + count;
    return at;
  }
  /** An exact copy with memory of its own. */
  finish(): Int32Array<ArrayBuffer> { return this.data.slice(0, this.length); }
  /** An exact copy in shared memory (see `slab.ts`): much cheaper, for what does not outlive a function's compilation. */
  copy(): Int32Array<ArrayBuffer> {
    const n = this.length, to = int32(n), from = this.data;
    for (let k = 0; k < n; k++) to[k] = from[k];
    return to;
  }
  clear(): void { this.length = 0; }
  /** Empties a buffer that is used from function to function; one that grew very large gives its memory back. Returns itself. */
  reuse(): this {
    this.length = 0;
    if (this.data.length > KEPT_ELEMENTS) this.data = new Int32Array(64);
    return this;
  }

  #grow(least: number): void {
    const next = new Int32Array(Math.max(least, this.data.length * 2));
    next.set(this.data);
    this.data = next;
  }
}

const shared: IntBuffer[] = [];

/** A buffer that code keeps from function to function, as a module constant. It begins each with {@link IntBuffer.reuse}. */
export function sharedBuffer(): IntBuffer {
  const buffer = new IntBuffer();
  shared.push(buffer);
  return buffer;
}

/** Empties all of these: the memory of a huge function is not held until the next one. */
export function releaseShared(): void { for (let k = 0; k < shared.length; k++) shared[k].reuse(); }
