/**
 * Trap sites: what a trap of the engine at one instruction means. The number 0 is no site; `1 + n` is trap code n of
 * `TRAP_CODES`; the others need the engine's message or belong to calls.
 */
import { WASM_SITE } from '../../lib/codegen/wasm-module.ts';
import { TRAP_CODES, type TrapCode } from '../../lib/mir/types.ts';

/** The site of an instruction that can only trap with `code`. */
export function siteOf(code: TrapCode): number { return 1 + TRAP_CODES.indexOf(code); }

export const SITE = {
  memory: siteOf('memory-out-of-bounds'),
  overflow: siteOf('integer-overflow'),
  divideByZero: siteOf('integer-divide-by-zero'),
  indirectNull: siteOf('indirect-call-null'),
} as const;

/** Sites whose code the engine's message tells: zero or overflow of a division; range or signature of an indirect call. */
export const DIVISION_SITE = WASM_SITE.division, INDIRECT_SITE = WASM_SITE.indirect;
/** A call: no trap of its own, but a frame of traces. */
export const CALL_SITE = WASM_SITE.call;
