/**
 * From an engine's exception to a trap with its function, source line and trace.
 *
 * - An explicit trap wrote its code and location to a global first: that is certain in every engine.
 * - A trap of an instruction (division, access, conversion, table) is told by the instruction's place: engines put the
 *   byte offset of each frame into the error's `stack` (`wasm-function[3]:0x1a5`; the WebAssembly web interface
 *   specifies the form). The module's site table says what a trap there means. Two kinds need the message as well.
 * - Where the stack is missing, the message alone must do. So it must where message and place do not go together:
 *   V8's optimising compiler gives the place of another trap of the function to an access that it knows to be out of
 *   bounds when it compiles.
 */
import { WASM_SITE, type CompiledWasm } from '../codegen/wasm-module.ts';
import { TrapError, type TrapFrame } from '../mir/errors.ts';
import type { SourceLocation } from '../mir/module.ts';
import { TRAP_CODES, type TrapCode } from '../mir/types.ts';
import { wasmEngine } from './wasm-engine.ts';

interface Place { readonly fn: number; readonly offset: number }

/**
 * What an exception out of wasm code was, or undefined when it is no trap.
 *
 * @param explicit - value of the trap global: location × 16 + 1 + trap code, or 0
 */
export function readWasmTrap(error: unknown, explicit: number, compiled: CompiledWasm, locations: readonly SourceLocation[]): TrapError | undefined {
  if (!(error instanceof Error)) return undefined;
  const overflow = isStackOverflow(error), engine = wasmEngine();
  if (!overflow && (engine === undefined || !(error instanceof engine.RuntimeError))) return undefined;
  const places = placesOf(error.stack);
  const sites = places.map((p) => siteAt(compiled.sites, p.offset));
  if (!overflow && explicit === 0 && sites.length > 0 && sites[0] >= 0 && !goTogether(compiled.sites[sites[0] + 1], error.message)) sites[0] = -1;
  const at = (loc: number): SourceLocation | undefined => (loc > 0 ? locations[loc] : undefined);
  const frames: TrapFrame[] = [];
  places.forEach((p, k) => {
    const f = compiled.functions[p.fn] as CompiledWasm['functions'][number] | undefined;
    if (f !== undefined && !f.internal) frames.push({ functionName: f.name, location: at(sites[k] < 0 ? 0 : compiled.sites[sites[k] + 2]) });
  });
  const site = sites.length > 0 && sites[0] >= 0 ? compiled.sites[sites[0] + 1] : 0;
  const trap = overflow ? 'stack-overflow' : explicit !== 0 ? TRAP_CODES[(explicit & 15) - 1] : codeOf(site, error.message, compiled.sites);
  const explicitLocation = at(explicit >>> 4);
  if (explicitLocation !== undefined && frames.length > 0) frames[0] = { functionName: frames[0].functionName, location: explicitLocation };
  return new TrapError(trap, { functionName: frames[0]?.functionName, location: frames[0]?.location ?? explicitLocation, frames });
}

/** V8 and JavaScriptCore throw a RangeError, SpiderMonkey an InternalError. */
function isStackOverflow(error: Error): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message) || error.name === 'InternalError' && /recursion/i.test(error.message);
}

/** What V8 says, and the sites (see `WASM_SITE`) where it may say it. */
const PLACES_OF_MESSAGES: ReadonlyMap<string, readonly number[]> = new Map([
  ['memory access out of bounds', [siteOf('memory-out-of-bounds')]],
  ['divide by zero', [WASM_SITE.division, siteOf('integer-divide-by-zero')]],
  ['remainder by zero', [WASM_SITE.division, siteOf('integer-divide-by-zero')]],
  ['divide result unrepresentable', [WASM_SITE.division, siteOf('integer-overflow')]],
  ['float unrepresentable in integer range', [siteOf('integer-overflow'), siteOf('invalid-conversion')]],
  ['table index is out of bounds', [WASM_SITE.indirect, siteOf('indirect-call-null')]],
  ['null function or function signature mismatch', [WASM_SITE.indirect, siteOf('indirect-call-null'), siteOf('indirect-call-type')]],
]);
function siteOf(code: TrapCode): number { return 1 + TRAP_CODES.indexOf(code); }

/** False when an engine that is known says what cannot happen at such a site. */
function goTogether(site: number, message: string): boolean { return PLACES_OF_MESSAGES.get(message)?.includes(site) ?? true; }

function codeOf(site: number, message: string, sites: Int32Array): TrapCode {
  if (site === WASM_SITE.division) return /zero/i.test(message) ? 'integer-divide-by-zero' : 'integer-overflow';
  if (site === WASM_SITE.indirect) return /bounds/i.test(message) ? 'indirect-call-null' : 'indirect-call-type';
  if (site > 0 && site <= TRAP_CODES.length) return TRAP_CODES[site - 1];
  // No stack to look at.
  if (/zero/i.test(message)) return 'integer-divide-by-zero';
  if (/signature|null/i.test(message)) return /mismatch|match/i.test(message) && hasSite(sites, WASM_SITE.indirect) ? 'indirect-call-type' : 'indirect-call-null';
  if (/table/i.test(message)) return 'indirect-call-null';
  if (/bounds/i.test(message)) return 'memory-out-of-bounds';
  if (/overflow|unrepresentable/i.test(message)) return 'integer-overflow';
  return 'unreachable';
}

/** The frames of the module that trapped, innermost first. */
function placesOf(stack: unknown): Place[] {
  const places: Place[] = [];
  // `Error.prepareStackTrace` may have made something else of it.
  if (typeof stack !== 'string') return places;
  let module: string | undefined;
  for (const m of stack.matchAll(/([^\s(@]*):wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)) {
    module ??= m[1];
    if (m[1] === module) places.push({ fn: Number(m[2]), offset: Number.parseInt(m[3], 16) });
  }
  return places;
}

function hasSite(sites: Int32Array, site: number): boolean {
  for (let k = 1; k < sites.length; k += 3) if (sites[k] === site) return true;
  return false;
}

/** Index of the site at exactly this offset, or −1. */
function siteAt(sites: Int32Array, offset: number): number {
  let low = 0, high = sites.length / 3 - 1;
  while (low <= high) {
    const middle = low + high >> 1, at = sites[3 * middle];
    if (at === offset) return 3 * middle;
    if (at < offset) low = middle + 1; else high = middle - 1;
  }
  return -1;
}
