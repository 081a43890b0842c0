/** Globals of one instance in the native memory model: a block of memory of its own, at raw addresses. */
import { keepHere } from './linear-memory.ts';
import type { ModuleImage } from './module-image.ts';
import type { NativeBridge } from './native/bridge.ts';

/** Any alignment a global may ask for, up to a page. */
const ALIGNMENT = 4096;

export class NativeGlobals {
  /** See `CTX.globalsBase`. */
  readonly base: number;
  readonly #image: ModuleImage;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Place of `#bytes[0]` in the layout. */
  readonly #low: number;

  constructor(bridge: NativeBridge, image: ModuleImage) {
    this.#image = image;
    const high = image.globals.reduce((most, g) => Math.max(most, g.address + g.size), 0), low = Math.min(high, ...image.globals.slice(0, 1).map((g) => g.address));
    // Places in the layout are aligned from 0: the block begins at the same distance from a boundary.
    this.#low = Math.floor(low / ALIGNMENT) * ALIGNMENT;
    const space = keepHere(new ArrayBuffer(Math.max(1, high - this.#low) + ALIGNMENT));
    const skip = -bridge.addressOf(new Uint8Array(space)) & (ALIGNMENT - 1);
    this.#bytes = new Uint8Array(space, skip, high - this.#low);
    this.base = bridge.addressOf(new Uint8Array(space)) + skip - this.#low;
    this.reset();
  }

  /** Initial values in every global. */
  reset(): void {
    this.#bytes.fill(0);
    for (const d of this.#image.data) this.#bytes.set(d.bytes, d.address - this.#low);
  }

  /** The bytes at a place of the layout, as they are now and will be. */
  view(place: number, size: number): Uint8Array<ArrayBuffer> { return this.#bytes.subarray(place - this.#low, place - this.#low + size); }
}
