/**
 * The x86-64 assembler: writes instructions of the table `forms.ts` to a code buffer.
 *
 * A method per operand shape, the form first, then the operand size in bytes (1, 2, 4, 8) where the form has sizes,
 * then the operands in Intel's order. Registers are numbered as in `convention.ts` (vector registers are `32 + n`).
 * Nothing is allocated per instruction.
 *
 * @example
 * const asm = new Assembler(new CodeBuffer(X86_64_CODE));
 * asm.code.beginFunction();
 * asm.rr(X.mov, 4, RAX, RDI);               // mov eax, edi
 * asm.ri(X.add, 4, RAX, 1);                 // add eax, 1
 * asm.rm(X.mov, 8, RCX, asm.at(RSP, 8));    // mov rcx, [rsp+8]
 * asm.vv(X.addsd, XMM0, XMM0 + 1);          // addsd xmm0, xmm1
 * asm.cmov(CC.l, 4, RAX, RCX);              // cmovl eax, ecx
 * asm.fixed(FIXED.ret);                     // ret
 */
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import { BRANCH_JMP, NOPS, REFERENCE_REL32 } from './code-target.ts';
import {
  ALTERNATE_SHIFT, ALTERNATE_XOR, BYTE_RM, DIGIT_SHIFT, GROUP_ALU, GROUP_BIT, GROUP_MOV, GROUP_SHIFT, GROUP_SHIFT_COUNT,
  GROUP_TEST, HAS_BYTE, LAST_IN_VVVV, MAP_SHIFT, REVERSED, SIZED, type Form,
} from './forms.ts';
import { InstructionWriter } from './instruction-writer.ts';
import { Mem } from './memory-operand.ts';

export class Assembler extends InstructionWriter {
  readonly #mem = new Mem();

  /** `[base + displacement]`; one operand per assembler, good until the next of these calls. */
  at(base: number, displacement = 0): Mem { return this.#mem.at(base, displacement); }
  /** `[base + index * scale + displacement]`, as {@link at}. */
  indexed(base: number, index: number, scale: number, displacement = 0): Mem { return this.#mem.indexed(base, index, scale, displacement); }
  /** `gs:[displacement]`, as {@link at}. */
  gs(displacement: number): Mem { return this.#mem.gs(displacement); }
  /** `[rip + label + displacement]`, as {@link at}. */
  rip(label: Label, displacement = 0): Mem { return this.#mem.rip(label, displacement); }

  // ---- one operand -------------------------------------------------------------------------------------------------
  r(f: Form<'r'>, size: number, reg: number): void { this.writeRR(f, f & 255, size, digitOf(f), reg, false, 0); }
  m(f: Form<'m'>, size: number, mem: Mem): void { this.writeRM(f, f & 255, size, digitOf(f), mem, false, 0); }

  // ---- general registers -------------------------------------------------------------------------------------------
  rr(f: Form<'rr'>, size: number, a: number, b: number): void {
    if ((f & REVERSED) !== 0) this.writeRR(f, f & 255, size, b, a, true, 0);
    else this.writeRR(f, f & 255, size, a, b, true, 0);
  }
  rm(f: Form<'rm'>, size: number, reg: number, mem: Mem): void {
    this.writeRM(f, (f & REVERSED) !== 0 ? alternateOf(f) : f & 255, size, reg, mem, true, 0);
  }
  mr(f: Form<'mr'>, size: number, mem: Mem, reg: number): void {
    this.writeRM(f, (f & REVERSED) !== 0 ? f & 255 : alternateOf(f), size, reg, mem, true, 0);
  }
  /** Sign-extended immediates up to 32 bits; shift counts and bit numbers as they are. 64-bit constants: {@link movRI64}. */
  ri(f: Form<'ri'>, size: number, reg: number, imm: number): void {
    const group = groupOf(f);
    if (group === GROUP_MOV) {
      this.#movRI(size, reg, imm);
      return;
    }
    const bytes = immediateBytes(group, size, imm);
    if (group === GROUP_ALU && bytes > 1 && reg === 0) this.#accumulator(f, (f & 0x38) | 5, size, size === 8);
    else if (group === GROUP_ALU && bytes === 1 && size === 1 && reg === 0) this.#accumulator(f, (f & 0x38) | 5, size, false);
    else if (group === GROUP_TEST && reg === 0) this.#accumulator(f, 0xa9, size, size === 8);
    else this.writeRR(f, immediateOpcode(f, group, bytes, size, imm), size, digitOf(f), reg, false, 0);
    this.immediate(imm, group === GROUP_SHIFT_COUNT && imm === 1 ? 0 : bytes);
  }
  mi(f: Form<'mi'>, size: number, mem: Mem, imm: number): void {
    const group = groupOf(f), bytes = immediateBytes(group, size, imm);
    const written = group === GROUP_SHIFT_COUNT && imm === 1 ? 0 : bytes;
    this.writeRM(f, immediateOpcode(f, group, bytes, size, imm), size, digitOf(f), mem, false, written);
    this.immediate(imm, written);
  }
  rri(f: Form<'rri'>, size: number, a: number, b: number, imm: number): void {
    const bytes = this.#isImul3(f) && (imm < -128 || imm > 127) ? Math.min(size, 4) : 1;
    const opcode = this.#isImul3(f) && bytes === 1 ? 0x6b : f & 255;
    if ((f & REVERSED) !== 0) this.writeRR(f, opcode, size, b, a, false, 0);
    else this.writeRR(f, opcode, size, a, b, false, 0);
    this.immediate(imm, bytes);
  }
  rmi(f: Form<'rmi'>, size: number, a: number, mem: Mem, imm: number): void {
    const bytes = this.#isImul3(f) && (imm < -128 || imm > 127) ? Math.min(size, 4) : 1;
    this.writeRM(f, this.#isImul3(f) && bytes === 1 ? 0x6b : f & 255, size, a, mem, false, bytes);
    this.immediate(imm, bytes);
  }
  mri(f: Form<'mri'>, size: number, mem: Mem, reg: number, imm: number): void {
    this.writeRM(f, f & 255, size, reg, mem, false, 1);
    this.immediate(imm, 1);
  }
  /** Shifts by `cl`. */
  rc(f: Form<'rc'>, size: number, reg: number): void { this.writeRR(f, (f & 255) | 0x12, size, digitOf(f), reg, false, 0); }
  mc(f: Form<'mc'>, size: number, mem: Mem): void { this.writeRM(f, (f & 255) | 0x12, size, digitOf(f), mem, false, 0); }
  /** Double shifts by `cl`. */
  rrc(f: Form<'rrc'>, size: number, a: number, b: number): void { this.writeRR(f, (f & 255) + 1, size, b, a, false, 0); }
  mrc(f: Form<'mrc'>, size: number, mem: Mem, reg: number): void { this.writeRM(f, (f & 255) + 1, size, reg, mem, false, 0); }
  /** VEX-encoded, three registers. */
  rrr(f: Form<'rrr'>, size: number, a: number, b: number, c: number): void {
    if ((f & LAST_IN_VVVV) !== 0) this.writeRR(f, f & 255, size, a, b, false, c);
    else this.writeRR(f, f & 255, size, a, c, false, b);
  }
  rmr(f: Form<'rmr'>, size: number, a: number, mem: Mem, c: number): void { this.writeRM(f, f & 255, size, a, mem, false, 0, c); }
  rrm(f: Form<'rrm'>, size: number, a: number, b: number, mem: Mem): void { this.writeRM(f, f & 255, size, a, mem, false, 0, b); }

  // ---- vector registers --------------------------------------------------------------------------------------------
  vv(f: Form<'vv'>, a: number, b: number): void { this.writeRR(f, f & 255, 4, a, b, false, 0); }
  vm(f: Form<'vm'>, a: number, mem: Mem): void { this.writeRM(f, f & 255, 4, a, mem, false, 0); }
  mv(f: Form<'mv'>, mem: Mem, a: number): void { this.writeRM(f, alternateOf(f), 4, a, mem, false, 0); }
  vi(f: Form<'vi'>, a: number, imm: number): void {
    this.writeRR(f, f & 255, 4, digitOf(f), a, false, 0);
    this.immediate(imm, 1);
  }
  vvi(f: Form<'vvi'>, a: number, b: number, imm: number): void {
    this.writeRR(f, f & 255, 4, a, b, false, 0);
    this.immediate(imm, 1);
  }
  vmi(f: Form<'vmi'>, a: number, mem: Mem, imm: number): void {
    this.writeRM(f, f & 255, 4, a, mem, false, 1);
    this.immediate(imm, 1);
  }

  // ---- constants, stack, conditions --------------------------------------------------------------------------------
  /** `mov reg, imm64`, in the shortest of its three encodings; flags are left alone. */
  movRI64(reg: number, low: number, high: number): void {
    low |= 0;
    high |= 0;
    if (high === 0) this.#movRI(4, reg, low);
    else if (high === low >> 31) this.#movRI(8, reg, low);
    else this.movabs(reg, low, high);
  }
  /** `movabs reg, imm64`: always 10 bytes. */
  movabs(reg: number, low: number, high: number): void {
    this.code.reserve(16);
    this.byte(0x48 | ((reg >> 3) & 1));
    this.byte(0xb8 | (reg & 7));
    this.immediate(low, 4);
    this.immediate(high, 4);
  }
  push(reg: number): void { this.#short(0x50, reg); }
  pop(reg: number): void { this.#short(0x58, reg); }
  pushI(imm: number): void {
    this.code.reserve(16);
    const small = imm >= -128 && imm <= 127;
    this.byte(small ? 0x6a : 0x68);
    this.immediate(imm, small ? 1 : 4);
  }
  /** `bswap`, size 4 or 8. */
  bswap(size: number, reg: number): void {
    this.code.reserve(16);
    const rex = (size === 8 ? 8 : 0) | ((reg >> 3) & 1);
    if (rex !== 0) this.byte(0x40 | rex);
    this.byte(0x0f);
    this.byte(0xc8 | (reg & 7));
  }
  setcc(cc: number, reg: number): void { this.writeRR(SETCC, 0x90 | cc, 4, 0, reg, false, 0); }
  setccM(cc: number, mem: Mem): void { this.writeRM(SETCC, 0x90 | cc, 4, 0, mem, false, 0); }
  /** `cmovcc`, size 2, 4 or 8. */
  cmov(cc: number, size: number, a: number, b: number): void { this.writeRR(CMOV, 0x40 | cc, size, a, b, false, 0); }
  cmovM(cc: number, size: number, a: number, mem: Mem): void { this.writeRM(CMOV, 0x40 | cc, size, a, mem, false, 0); }

  // ---- control flow ------------------------------------------------------------------------------------------------
  jmp(label: Label): void { this.code.branch(BRANCH_JMP, label); }
  jcc(cc: number, label: Label): void { this.code.branch(cc, label); }
  call(label: Label): void {
    this.code.reserve(16);
    this.byte(0xe8);
    this.code.reference(REFERENCE_REL32, this.code.length, label, -4);
    this.immediate(0, 4);
  }
  /** An instruction without operands, from `FIXED`. */
  fixed(bytes: readonly number[]): void {
    this.code.reserve(16);
    for (let i = 0; i < bytes.length; i++) this.byte(bytes[i]);
  }
  /** Prefixes the next instruction, which must write to memory. */
  lock(): void {
    this.code.reserve(16);
    this.byte(0xf0);
  }
  /** `count` bytes of instructions that do nothing. */
  nop(count = 1): void {
    for (; count > 0; count -= 9) this.fixed(NOPS[Math.min(count, 9)]);
  }

  // ---- encoding ----------------------------------------------------------------------------------------------------
  #isImul3(f: number): boolean { return (f & 0x3ff) === 0x69; }

  #movRI(size: number, reg: number, imm: number): void {
    this.code.reserve(16);
    if (size === 8) {
      if (imm !== (imm | 0)) throw new InternalError(`mov with immediate ${imm}: use movRI64`);
      this.byte(0x48 | ((reg >> 3) & 1));
      this.byte(0xc7);
      this.byte(0xc0 | (reg & 7));
      this.immediate(imm, 4);
      return;
    }
    if (size === 2) this.byte(0x66);
    const rex = (reg >> 3) & 1;
    if (rex !== 0 || (size === 1 && reg >= 4)) this.byte(0x40 | rex);
    this.byte((size === 1 ? 0xb0 : 0xb8) | (reg & 7));
    this.immediate(imm, size);
  }

  /** The short form on `al`, `ax`, `eax`, `rax`. */
  #accumulator(f: number, opcode: number, size: number, wide: boolean): void {
    this.code.reserve(16);
    if (size === 2) this.byte(0x66);
    if (wide) this.byte(0x48);
    this.byte(size === 1 && (f & HAS_BYTE) !== 0 ? opcode - 1 : opcode);
  }

  #short(opcode: number, reg: number): void {
    this.code.reserve(16);
    if (reg >= 8) this.byte(0x41);
    this.byte(opcode | (reg & 7));
  }
}

const SETCC = (1 << MAP_SHIFT) | BYTE_RM, CMOV = (1 << MAP_SHIFT) | SIZED;

function digitOf(f: number): number { return (f >> DIGIT_SHIFT) & 7; }
function groupOf(f: number): number { return (f >> GROUP_SHIFT) & 7; }
function alternateOf(f: number): number { return (f & 255) ^ ALTERNATE_XOR[(f >> ALTERNATE_SHIFT) & 3]; }

/** Bytes of the immediate of an `ri` or `mi` form. */
function immediateBytes(group: number, size: number, imm: number): number {
  switch (group) {
    case GROUP_SHIFT_COUNT: case GROUP_BIT: return 1;
    case GROUP_ALU: if (fitsByte(size, imm)) return 1; break;
    default: break;
  }
  if (size === 8 && imm !== (imm | 0)) throw new InternalError(`immediate ${imm} does not fit 32 signed bits`);
  return size > 4 ? 4 : size;
}

/** Can a sign-extended byte stand for the immediate at this operand size? */
function fitsByte(size: number, imm: number): boolean {
  if (size === 4) imm |= 0;
  else if (size === 2) imm = (imm << 16) >> 16;
  else if (size === 1) return true;
  return imm >= -128 && imm <= 127;
}

function immediateOpcode(f: number, group: number, bytes: number, size: number, imm: number): number {
  switch (group) {
    case GROUP_ALU: return bytes === 1 && size > 1 ? 0x83 : 0x81;
    case GROUP_TEST: return 0xf7;
    case GROUP_MOV: return 0xc7;
    case GROUP_BIT: return 0xba;
    case GROUP_SHIFT_COUNT: return imm === 1 ? 0xd1 : 0xc1;
    default: throw new InternalError(`form 0x${f.toString(16)} has no immediate`);
  }
}
