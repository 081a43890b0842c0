/** What the engine that runs the module must offer beyond WebAssembly 2.0, and how to find out. */

/** Optional parts of WebAssembly that the backend uses when it may. */
export interface WasmFeatures {
  /** `return_call` and `return_call_indirect`. Without it only calls of itself are made in constant stack. */
  readonly tailCalls: boolean;
  /** Atomic instructions on a memory that is not shared. */
  readonly atomics: boolean;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** `(func (return_call 0))` */
const TAIL_CALL = [...HEADER, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x06, 0x01, 0x04, 0x00, 0x12, 0x00, 0x0b];
/** `(memory 1) (func (result i32) (i32.atomic.load (i32.const 0)))` */
const ATOMIC_LOAD = [...HEADER, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfe, 0x10, 0x02, 0x00, 0x0b];

interface Validator { validate(bytes: Uint8Array): boolean }

/**
 * What the engine of this process has; everything when there is none (the module then runs elsewhere).
 *
 * @example
 * detectFeatures().tailCalls // => true in Node 20
 */
export function detectFeatures(): WasmFeatures {
  const engine = (globalThis as { readonly WebAssembly?: Validator }).WebAssembly;
  if (engine === undefined) return { tailCalls: true, atomics: true };
  return { tailCalls: engine.validate(Uint8Array.from(TAIL_CALL)), atomics: engine.validate(Uint8Array.from(ATOMIC_LOAD)) };
}
