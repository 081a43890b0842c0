/** A memory operand of an x86-64 instruction: what the encoder turns into ModRM, SIB, displacement and prefixes. */
import type { Label } from '../../lib/codegen/code-buffer.ts';

/** No register in this place. */
export const NO_REGISTER = -1;
/** Segment override prefixes. */
export const SEGMENT_FS = 0x64, SEGMENT_GS = 0x65;

/**
 * `segment:[base + index * scale + displacement]`, or `[rip + label + displacement]`.
 *
 * Mutable on purpose: one operand is set again for every instruction, so that nothing is allocated per instruction.
 * The setters return the operand.
 *
 * @example
 * const m = new Mem();
 * asm.rm(X.mov, 8, RAX, m.at(RSP, 16));              // mov rax, [rsp+16]
 * asm.rm(X.lea, 8, RAX, m.indexed(RBX, RCX, 8, -4)); // lea rax, [rbx+rcx*8-4]
 * asm.rm(X.mov, 8, RAX, m.gs(0x20));                 // mov rax, gs:[0x20]
 */
export class Mem {
  base = NO_REGISTER;
  index = NO_REGISTER;
  /** 1, 2, 4 or 8. */
  scale = 1;
  /** Signed 32 bits. */
  displacement = 0;
  /** 0, {@link SEGMENT_FS} or {@link SEGMENT_GS}. */
  segment = 0;
  /** When not negative, the address is the label's plus {@link displacement}, and there is no base or index. */
  label: Label = -1;

  /** `[base + displacement]` */
  at(base: number, displacement = 0): this { return this.#set(base, NO_REGISTER, 1, displacement, 0, -1); }
  /** `[base + index * scale + displacement]`; `base` may be {@link NO_REGISTER}, `index` never `rsp`. */
  indexed(base: number, index: number, scale: number, displacement = 0): this { return this.#set(base, index, scale, displacement, 0, -1); }
  /** `[displacement]`, an absolute address that fits 31 bits. */
  absolute(displacement: number): this { return this.#set(NO_REGISTER, NO_REGISTER, 1, displacement, 0, -1); }
  /** `gs:[displacement]` */
  gs(displacement: number): this { return this.#set(NO_REGISTER, NO_REGISTER, 1, displacement, SEGMENT_GS, -1); }
  /** `[rip + label + displacement]` */
  rip(label: Label, displacement = 0): this { return this.#set(NO_REGISTER, NO_REGISTER, 1, displacement, 0, label); }
  /** Adds a segment override to the operand as it is. */
  inSegment(segment: number): this { this.segment = segment; return this; }

  #set(base: number, index: number, scale: number, displacement: number, segment: number, label: Label): this {
    this.base = base;
    this.index = index;
    this.scale = scale;
    this.displacement = displacement;
    this.segment = segment;
    this.label = label;
    return this;
  }
}
