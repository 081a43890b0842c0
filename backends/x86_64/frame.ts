/**
 * The frame of one function, fixed in size and addressed from the stack pointer:
 *
 * ```text
 * rsp + 0       spilled values
 *     + slots   stack slots (native model)
 *     + saved   callee-saved registers that are used
 *     + size    return address
 * ```
 */
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import { FIRST_SPILL_LOCATION, type Allocation } from '../../lib/codegen/machine-function.ts';
import { CTX, STACK_PROBE_LIMIT } from '../../lib/codegen/run-context.ts';
import { alignUp } from '../../lib/mir/layout.ts';
import { R11, RSP } from './convention.ts';
import type { EmitContext } from './emit-context.ts';
import { TRAP_STACK } from './emit-context.ts';
import { CC, X } from './forms.ts';

/** A larger one fits no memory: such a function overflows the stack whenever it is called. */
const LARGEST_LINEAR_FRAME = 0xfffffff0;
/** Displacements from the stack pointer are signed 32-bit numbers. */
const LARGEST_FRAME = 0x7fff0000;

export interface Frame {
  readonly size: number;
  readonly slots: number;
  readonly saved: number;
  /** Bytes of linear stack, 0 for none. */
  readonly linearSize: number;
  /** The linear stack may begin at 2^32, which its 32-bit pointer has as 0. */
  readonly stackAtEnd: boolean;
}

/** Lays out the frame. The stack is 16-byte aligned in the body if the function calls, has slots or spills vectors. */
export function layoutFrame(allocation: Allocation, slotBytes: number, linear: boolean, stackAtEnd: boolean, calls: boolean): Frame {
  const spill = allocation.spillSlots * 8, native = linear ? 0 : slotBytes;
  const slots = native > 0 ? alignUp(spill, 16) : spill;
  const saved = slots + native;
  let size = saved + allocation.usedCalleeSaved.length * 8;
  // At entry the stack pointer is 8 below a multiple of 16.
  if ((calls || native > 0 || spillsVectors(allocation)) && size % 16 === 0) size += 8;
  return { size, slots, saved, linearSize: linear ? slotBytes : 0, stackAtEnd };
}

/** Whoever is in a spill slot was stored there by an edit. */
function spillsVectors({ edits, editBytes }: Allocation): boolean {
  for (let k = 0; k < editBytes.length; k++) if (editBytes[k] > 8 && edits[3 * k + 2] >= FIRST_SPILL_LOCATION) return true;
  return false;
}

export function emitPrologue(e: EmitContext): void {
  const { asm, frame } = e;
  if (frame.size > LARGEST_FRAME) throw new UnsupportedError('x86_64', e.f.name, `a frame of ${frame.size} bytes`);
  if (frame.size > STACK_PROBE_LIMIT) {
    asm.rm(X.lea, 8, R11, asm.at(RSP, -frame.size));
    asm.rm(X.cmp, 8, R11, asm.gs(CTX.stackLimit));
    asm.jcc(CC.b, e.trapLabel(TRAP_STACK));
  }
  if (frame.size > 0) asm.ri(X.sub, 8, RSP, frame.size);
  const saved = e.allocation.usedCalleeSaved;
  for (let k = 0; k < saved.length; k++) asm.mr(X.mov, 8, asm.at(RSP, frame.saved + 8 * k), saved[k]);
  if (frame.linearSize > LARGEST_LINEAR_FRAME) asm.jmp(e.trapLabel(TRAP_STACK));
  else if (frame.linearSize > 0) {
    asm.rm(X.mov, 4, R11, asm.gs(CTX.linearStackPointer));
    if (frame.stackAtEnd) {
      // The pointer is never below the limit, so their difference does not wrap.
      asm.rm(X.sub, 4, R11, asm.gs(CTX.linearStackLimit));
      asm.ri(X.cmp, 4, R11, frame.linearSize);
      asm.jcc(CC.b, e.trapLabel(TRAP_STACK));
      asm.rm(X.mov, 4, R11, asm.gs(CTX.linearStackPointer));
      asm.ri(X.sub, 4, R11, frame.linearSize);
    } else {
      asm.ri(X.sub, 4, R11, frame.linearSize);
      asm.jcc(CC.b, e.trapLabel(TRAP_STACK));
      asm.rm(X.cmp, 4, R11, asm.gs(CTX.linearStackLimit));
      asm.jcc(CC.b, e.trapLabel(TRAP_STACK));
    }
    asm.mr(X.mov, 4, asm.gs(CTX.linearStackPointer), R11);
  }
}

/** Undoes the prologue; `r11` is left alone. */
export function emitEpilogue(e: EmitContext): void {
  const { asm, frame } = e;
  if (e.frameless) return;
  if (frame.linearSize > 0 && frame.linearSize <= LARGEST_LINEAR_FRAME) asm.mi(X.add, 4, asm.gs(CTX.linearStackPointer), frame.linearSize);
  const saved = e.allocation.usedCalleeSaved;
  for (let k = 0; k < saved.length; k++) asm.rm(X.mov, 8, saved[k], asm.at(RSP, frame.saved + 8 * k));
  if (frame.size > 0) asm.ri(X.add, 8, RSP, frame.size);
}
