/**
 * From what the signal handler saved to a trap with its function, source line and trace.
 *
 * A fault becomes a trap code in this order: an address in the guard below the guest stack is `stack-overflow`,
 * whatever instruction touched it; else the trap site at the faulting instruction says (a division's site also names
 * the divisor: zero or not tells the two division traps apart); else, for an access inside the memory's reservation,
 * `memory-out-of-bounds`. Anything else is no trap of MIR: a defect.
 */
import { CTX, STACK_GUARD, STACK_PROBE_LIMIT } from '../codegen/run-context.ts';
import { TrapError } from '../mir/errors.ts';
import type { SourceLocation } from '../mir/module.ts';
import { TRAP_CODES, type TrapCode } from '../mir/types.ts';
import type { GuestThread, RunTarget } from './guest-thread.ts';
import { REACH } from './linear-memory.ts';
import { functionAt, lineAt, TRAP_SITE_WORDS, trapSiteAt, type ModuleImage } from './module-image.ts';
import { SIGBUS, SIGFPE, SIGSEGV } from './native/bridge.ts';
import { GuestFaultError } from './run-errors.ts';

/** A trap as plain data: locations are indices into the image's `locations`. */
export interface RawTrap {
  readonly trap: TrapCode;
  readonly functionName: string | undefined;
  readonly loc: number;
  readonly address: number | bigint | undefined;
  /** Activations, innermost first. */
  readonly frames: readonly { readonly functionName: string; readonly loc: number }[];
}

/** Activations that a trace holds at most. */
export const MAX_FRAMES = 64;
/** Bytes of guest stack copied at a time while unwinding. */
const STACK_CHUNK = 4096;

/**
 * What the trap was that just ended a run of `thread`.
 *
 * @throws GuestFaultError when no MIR operation traps there
 */
export function readTrap(thread: GuestThread, target: RunTarget, image: ModuleImage): RawTrap {
  const signal = thread.u32[CTX.signal >> 2], faultAddress = thread.getAddress(CTX.trapAddress);
  const stackPointer = register(thread, thread.stubs.image.registers.stackPointer);
  const low = image.codeAddress;
  let pc = thread.getAddress(CTX.trapPc), inStub = false, frameBase = stackPointer;
  if (pc < low || pc >= low + image.codeSize) {
    // In a bulk-memory stub: its caller's instruction is the one before the return address.
    inStub = true;
    pc = stackWord(thread, stackPointer) - 1;
    frameBase = stackPointer + 8;
  }
  const offset = pc - low, f = functionAt(image, offset);
  const functionName = f < 0 ? undefined : image.functions[f].name;
  const memoryFault = signal === SIGSEGV || signal === SIGBUS;
  const site = inStub ? -1 : trapSiteAt(image, offset);
  let trap: TrapCode, address: number | undefined;
  const memory = target.guestMemory;
  const inStack = memoryFault && faultAddress >= thread.stackLow - STACK_GUARD && faultAddress < thread.stackLow;
  if (inStack) trap = 'stack-overflow';
  else if (site >= 0) {
    trap = TRAP_CODES[image.trapSites[site * TRAP_SITE_WORDS + 1]];
    if (signal === SIGFPE) trap = divisionTrap(thread, image.trapSites[site * TRAP_SITE_WORDS + 3], trap);
  } else if (memoryFault && (memory === undefined || (faultAddress >= memory.base && faultAddress < memory.base + REACH))) trap = 'memory-out-of-bounds';
  else throw new GuestFaultError(signal, functionName, offset, faultAddress);
  if (memoryFault && !inStack && trap === 'memory-out-of-bounds') {
    const base = memory === undefined ? 0 : memory.base;
    if (faultAddress >= base && (memory === undefined || faultAddress < base + REACH)) address = faultAddress - base;
  }
  const made = inStack || trap !== 'stack-overflow' || f < 0 || fits(thread, image.functions[f].frameSize, stackPointer);
  const frames = f < 0 ? [] : unwind(thread, image, f, offset, frameBase, made);
  const loc = site >= 0 && image.trapSites[site * TRAP_SITE_WORDS + 2] > 0 ? image.trapSites[site * TRAP_SITE_WORDS + 2] : lineAt(image, offset);
  if (frames.length > 0) frames[0] = { functionName: frames[0].functionName, loc };
  return { trap, functionName, loc, address, frames };
}

/** A trap of compiled code: a {@link TrapError} that still has its plain data, for those who pass it on. */
export class RawTrapError extends TrapError {
  readonly raw: RawTrap;
  constructor(raw: RawTrap, locations: readonly SourceLocation[]) {
    const location = (loc: number): SourceLocation | undefined => (loc > 0 ? locations[loc] : undefined);
    super(raw.trap, {
      functionName: raw.functionName, location: location(raw.loc), address: raw.address,
      frames: raw.frames.map((x) => ({ functionName: x.functionName, location: location(x.loc) })),
    });
    this.name = 'TrapError';
    this.raw = raw;
  }
}

/** A trap on behalf of the guest code that is just calling an import: it lies where the call is. */
export function trapInHostCall(thread: GuestThread, image: ModuleImage, trap: TrapCode, address: number | undefined): RawTrapError {
  const stackPointer = thread.getAddress(CTX.guestStackPointer), offset = stackWord(thread, stackPointer) - 1 - image.codeAddress;
  const f = functionAt(image, offset);
  const frames = f < 0 ? [] : unwind(thread, image, f, offset, stackPointer + 8, true);
  return new RawTrapError({ trap, functionName: f < 0 ? undefined : image.functions[f].name, loc: lineAt(image, offset), address, frames }, image.locations);
}

function divisionTrap(thread: GuestThread, divisor: number, otherwise: TrapCode): TrapCode {
  if (divisor < 0) return otherwise;
  const at = (CTX.trapRegisters >> 2) + 2 * (divisor & 255), bits = divisor >> 8;
  const low = thread.u32[at], high = thread.u32[at + 1];
  const zero = bits === 64 ? low === 0 && high === 0 : bits === 32 ? low === 0 : (low & ((1 << bits) - 1)) === 0;
  return zero ? 'integer-divide-by-zero' : 'integer-overflow';
}

function register(thread: GuestThread, r: number): number { return thread.getAddress(CTX.trapRegisters + 8 * r); }

function stackWord(thread: GuestThread, at: number): number {
  if (at < thread.stackLow || at + 8 > thread.stackHigh) return 0;
  const word = new Uint8Array(new ArrayBuffer(8));
  thread.bridge.read(at, word);
  return Number(new DataView(word.buffer).getBigUint64(0, true));
}

/** False for a frame that its function compares with the stack's limit and does not make. */
function fits(thread: GuestThread, frameSize: number, stackPointer: number): boolean {
  return frameSize <= STACK_PROBE_LIMIT || stackPointer - frameSize >= thread.getAddress(CTX.stackLimit);
}

/**
 * Walks the guest stack. A function makes its frame in one step, before which nothing can trap but the compare of a
 * large one: the return address is `frameSize` above the stack pointer, or where that points when the innermost frame
 * is not `made`.
 */
function unwind(thread: GuestThread, image: ModuleImage, innermost: number, offset: number, stackPointer: number, made: boolean): { functionName: string; loc: number }[] {
  const frames: { functionName: string; loc: number }[] = [];
  const reader = new StackReader(thread), low = image.codeAddress, high = low + image.codeSize;
  let f = innermost, at = offset, sp = stackPointer;
  while (frames.length < MAX_FRAMES) {
    if (image.functions[f].boundary !== true || frames.length === 0) frames.push({ functionName: image.functions[f].name, loc: lineAt(image, at) });
    const slot = made ? sp + image.functions[f].frameSize : sp, back = reader.word(slot);
    made = true;
    if (back <= low || back >= high) break; // the entry stub, or nothing known
    // The call is before the return address, which may already belong to another line or function.
    at = back - low - 1;
    f = functionAt(image, at);
    if (f < 0) break;
    sp = slot + 8;
  }
  return frames;
}

/** Reads words of the guest stack, a chunk at a time. */
class StackReader {
  readonly #thread: GuestThread;
  readonly #chunk = new DataView(new ArrayBuffer(STACK_CHUNK));
  #from = 0;
  #to = 0;

  constructor(thread: GuestThread) { this.#thread = thread; }

  /** The word at `at`, 0 outside the stack. */
  word(at: number): number {
    const { stackLow, stackHigh } = this.#thread;
    if (at < stackLow || at + 8 > stackHigh) return 0;
    if (at < this.#from || at + 8 > this.#to) {
      this.#from = at;
      this.#to = Math.min(stackHigh, at + STACK_CHUNK);
      this.#thread.bridge.read(at, new Uint8Array(this.#chunk.buffer, 0, this.#to - at));
    }
    return Number(this.#chunk.getBigUint64(at - this.#from, true));
  }
}
