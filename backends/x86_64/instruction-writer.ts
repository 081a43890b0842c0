/**
 * The bytes of one x86-64 instruction: prefixes, REX or VEX, opcode, ModRM, SIB, displacement (Intel SDM vol. 2A,
 * chapter 2). What the operands are is the assembler's affair; here they are numbers in fields.
 */
import type { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import { REFERENCE_REL32 } from './code-target.ts';
import { BYTE_RM, DEFAULT64, HAS_BYTE, LONG, MAP_SHIFT, PREFIX_SHIFT, SIZED, VEX, WIDE } from './forms.ts';
import type { Mem } from './memory-operand.ts';

/** By the form's prefix number, which is VEX.pp too. */
const MANDATORY_PREFIX = [0, 0x66, 0xf3, 0xf2] as const;

export class InstructionWriter {
  readonly code: CodeBuffer;

  constructor(code: CodeBuffer) { this.code = code; }

  /** An instruction whose ModRM.rm is a register. `reg` goes to ModRM.reg: a register, or else a digit of the opcode. */
  protected writeRR(f: number, opcode: number, size: number, reg: number, rm: number, regIsRegister: boolean, vvvv: number): void {
    this.code.reserve(16);
    let rex = 0;
    if (size === 1 && (f & HAS_BYTE) !== 0) {
      opcode--;
      if ((rm & 0x3c) === 4 || (regIsRegister && (reg & 0x3c) === 4)) rex = 0x40;
    } else if ((f & BYTE_RM) !== 0 && (rm & 0x3c) === 4) rex = 0x40;
    if ((f & VEX) !== 0) this.#vex(f, opcode, size, reg, 0, rm, vvvv);
    else this.#legacy(f, opcode, size, rex | ((reg & 8) >> 1) | ((rm & 8) >> 3));
    this.byte(0xc0 | ((reg & 7) << 3) | (rm & 7));
  }

  /** An instruction with a memory operand, followed by `immediateBytes` bytes of immediate that the caller writes. */
  protected writeRM(f: number, opcode: number, size: number, reg: number, mem: Mem, regIsRegister: boolean, immediateBytes: number, vvvv = 0): void {
    const code = this.code;
    code.reserve(32);
    if (mem.segment !== 0) this.byte(mem.segment);
    let rex = 0;
    if (size === 1 && (f & HAS_BYTE) !== 0) {
      opcode--;
      if (regIsRegister && (reg & 0x3c) === 4) rex = 0x40;
    }
    const base = mem.base, index = mem.index;
    const x = index < 0 ? 0 : index & 8, b = base < 0 ? 0 : base & 8;
    if ((f & VEX) !== 0) this.#vex(f, opcode, size, reg, x, b, vvvv);
    else this.#legacy(f, opcode, size, rex | ((reg & 8) >> 1) | (x >> 2) | (b >> 3));
    const field = (reg & 7) << 3, displacement = mem.displacement;
    if (mem.label >= 0) {
      this.byte(field | 5);
      code.reference(REFERENCE_REL32, code.length, mem.label, displacement - 4 - immediateBytes);
      this.immediate(0, 4);
      return;
    }
    if (base < 0) {
      // No base: mod 0 with SIB base 101 takes a displacement of 32 bits; without SIB it would be RIP-relative.
      this.byte(field | 4);
      this.byte((index < 0 ? 0x20 : (scaleBits(mem.scale) << 6) | ((index & 7) << 3)) | 5);
      this.immediate(displacement, 4);
      return;
    }
    // rbp and r13 as base have no form without displacement; rsp and r12 need a SIB byte.
    const mode = displacement === 0 && (base & 7) !== 5 ? 0 : displacement >= -128 && displacement <= 127 ? 0x40 : 0x80;
    if (index < 0 && (base & 7) !== 4) this.byte(mode | field | (base & 7));
    else {
      if (index === 4) throw new InternalError('rsp cannot be an index register');
      this.byte(mode | field | 4);
      this.byte((index < 0 ? 0x20 : (scaleBits(mem.scale) << 6) | ((index & 7) << 3)) | (base & 7));
    }
    if (mode === 0x40) this.immediate(displacement, 1);
    else if (mode === 0x80) this.immediate(displacement, 4);
  }

  /** Legacy prefixes, REX and opcode. `rex` holds R, X, B, and 0x40 when REX is needed for a byte register. */
  #legacy(f: number, opcode: number, size: number, rex: number): void {
    const code = this.code, bytes = code.bytes;
    let at = code.length;
    if ((f & SIZED) !== 0) {
      if (size === 8) rex |= (f & DEFAULT64) !== 0 ? 0 : 8;
      else if (size === 2) bytes[at++] = 0x66;
    } else if ((f & WIDE) !== 0) rex |= 8;
    const prefix = MANDATORY_PREFIX[(f >> PREFIX_SHIFT) & 3];
    if (prefix !== 0) bytes[at++] = prefix;
    if (rex !== 0) bytes[at++] = 0x40 | rex;
    const map = (f >> MAP_SHIFT) & 3;
    if (map !== 0) {
      bytes[at++] = 0x0f;
      if (map === 2) bytes[at++] = 0x38;
      else if (map === 3) bytes[at++] = 0x3a;
    }
    bytes[at++] = opcode;
    code.length = at;
  }

  /** VEX prefix (Intel SDM vol. 2A, 2.3) and opcode; the two-byte form when it can say it all. */
  #vex(f: number, opcode: number, size: number, reg: number, x: number, rm: number, vvvv: number): void {
    const code = this.code, bytes = code.bytes;
    let at = code.length;
    const map = (f >> MAP_SHIFT) & 3, wide = (f & WIDE) !== 0 || ((f & SIZED) !== 0 && size === 8);
    const tail = ((~vvvv & 15) << 3) | ((f & LONG) !== 0 ? 4 : 0) | ((f >> PREFIX_SHIFT) & 3);
    const r = (~reg & 8) << 4;
    if (map === 1 && !wide && ((x | rm) & 8) === 0) {
      bytes[at++] = 0xc5;
      bytes[at++] = r | tail;
    } else {
      bytes[at++] = 0xc4;
      bytes[at++] = r | ((~x & 8) << 3) | ((~rm & 8) << 2) | map;
      bytes[at++] = (wide ? 0x80 : 0) | tail;
    }
    bytes[at++] = opcode;
    code.length = at;
  }

  protected byte(v: number): void { this.code.bytes[this.code.length++] = v; }

  /** Little-endian. */
  protected immediate(v: number, count: number): void {
    const code = this.code, bytes = code.bytes;
    for (let i = 0; i < count; i++) {
      bytes[code.length++] = v;
      v >>= 8;
    }
  }
}

function scaleBits(scale: number): number { return scale === 1 ? 0 : scale === 2 ? 1 : scale === 4 ? 2 : 3; }
