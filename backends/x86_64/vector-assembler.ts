/**
 * The assembler that knows the processor's features: each method writes the VEX form of a vector instruction when the
 * processor has AVX, else the legacy one. So a function never mixes the two, and no instruction waits for upper halves.
 *
 * A method per {@link VectorShape}. `bytes` is 16 or 32 (256-bit registers, AVX only). Without AVX the first source is
 * moved to the destination when it is somewhere else, which costs an instruction; memory operands of 16 bytes must be
 * aligned then, unless the instruction is a load or store of its own.
 *
 * @example
 * asm.binary(X.paddd, 16, XMM0, XMM0 + 1, XMM0 + 2);  // vpaddd xmm0, xmm1, xmm2, or movaps and paddd
 * asm.unary(X.pabsb, 16, XMM0, XMM0 + 1);             // (v)pabsb xmm0, xmm1
 * asm.shiftI(X.psrlw, 16, XMM0, XMM0, 4);             // (v)psrlw
 * asm.loadVector(16, XMM0, asm.at(RSP));              // (v)movups xmm0, [rsp]
 */
import type { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { SCRATCH_VECTOR } from './convention.ts';
import { Assembler } from './encoder.ts';
import { featuresOfLevel, type X86Features } from './features.ts';
import { DIGIT_SHIFT, LONG, REVERSED, VEX, X, type Form } from './forms.ts';
import type { Mem } from './memory-operand.ts';

export class VectorAssembler extends Assembler {
  readonly features: X86Features;
  readonly avx: boolean;
  readonly #vex: number;

  /** @param features - default: the highest level */
  constructor(code: CodeBuffer, features: X86Features = featuresOfLevel('avx2')) {
    super(code);
    this.features = features;
    this.avx = features.avx;
    this.#vex = features.avx ? VEX : 0;
  }

  /** The form as it is written at this width. */
  #form(f: number, bytes: number): number { return f | this.#vex | (bytes === 32 ? LONG : 0); }
  #isVex(f: number): boolean { return ((f | this.#vex) & VEX) !== 0; }

  // ---- moves -------------------------------------------------------------------------------------------------------
  /** Copies a whole register. */
  moveVector(bytes: number, d: number, a: number): void { if (d !== a) this.writeRR(this.#form(X.movaps, bytes), 0x28, 4, d, a, true, 0); }
  /** Loads 4, 8, 16 or 32 bytes from anywhere; the rest of the register becomes zero. */
  loadVector(bytes: number, d: number, mem: Mem): void {
    const f = bytes === 4 ? X.movss : bytes === 8 ? X.movsd : X.movups;
    this.writeRM(this.#form(f, bytes), 0x10, 4, d, mem, true, 0);
  }
  storeVector(bytes: number, mem: Mem, a: number): void {
    const f = bytes === 4 ? X.movss : bytes === 8 ? X.movsd : X.movups;
    this.writeRM(this.#form(f, bytes), 0x11, 4, a, mem, true, 0);
  }
  /** All bits zero, upper half included under AVX. */
  zeroVector(d: number): void { this.binary(X.xorps, 16, d, d, d); }
  /** All bits one. */
  onesVector(bytes: number, d: number): void { this.binary(X.pcmpeqd, bytes, d, d, d); }

  // ---- shapes ------------------------------------------------------------------------------------------------------
  binary(f: Form<'binary'>, bytes: number, d: number, a: number, b: number): void {
    if (this.#isVex(f)) { this.writeRR(this.#form(f, bytes), f & 255, 4, d, b, true, a); return; }
    this.writeRR(f, f & 255, 4, d, this.#inPlace(d, a, b), true, 0);
  }
  binaryM(f: Form<'binary'>, bytes: number, d: number, a: number, mem: Mem): void {
    if (!this.#isVex(f)) this.moveVector(16, d, a);
    this.writeRM(this.#form(f, bytes), f & 255, 4, d, mem, true, 0, this.#isVex(f) ? a : 0);
  }
  binaryI(f: Form<'binaryI'>, bytes: number, d: number, a: number, b: number, imm: number): void {
    if (this.#isVex(f)) this.writeRR(this.#form(f, bytes), f & 255, 4, d, b, true, a);
    else this.writeRR(f, f & 255, 4, d, this.#inPlace(d, a, b), true, 0);
    this.immediate(imm, 1);
  }
  binaryMI(f: Form<'binaryI'>, bytes: number, d: number, a: number, mem: Mem, imm: number): void {
    if (!this.#isVex(f)) this.moveVector(16, d, a);
    this.writeRM(this.#form(f, bytes), f & 255, 4, d, mem, true, 1, this.#isVex(f) ? a : 0);
    this.immediate(imm, 1);
  }
  unary(f: Form<'unary'>, bytes: number, d: number, b: number): void { this.writeRR(this.#form(f, bytes), f & 255, 4, d, b, true, 0); }
  unaryM(f: Form<'unary'>, bytes: number, d: number, mem: Mem): void { this.writeRM(this.#form(f, bytes), f & 255, 4, d, mem, true, 0); }
  unaryI(f: Form<'unaryI'>, bytes: number, d: number, b: number, imm: number): void {
    if ((f & REVERSED) !== 0) this.writeRR(this.#form(f, bytes), f & 255, 4, b, d, true, 0);
    else this.writeRR(this.#form(f, bytes), f & 255, 4, d, b, true, 0);
    this.immediate(imm, 1);
  }
  unaryMI(f: Form<'unaryI'>, bytes: number, d: number, mem: Mem, imm: number): void {
    this.writeRM(this.#form(f, bytes), f & 255, 4, d, mem, true, 1);
    this.immediate(imm, 1);
  }
  /** The upper lanes come from `merge`; a register that was written long ago is best. */
  scalar(f: Form<'scalar'>, d: number, merge: number, b: number): void { this.writeRR(this.#form(f, 16), f & 255, 4, d, b, true, this.avx ? merge : 0); }
  scalarM(f: Form<'scalar'>, d: number, merge: number, mem: Mem): void { this.writeRM(this.#form(f, 16), f & 255, 4, d, mem, true, 0, this.avx ? merge : 0); }
  scalarI(f: Form<'scalarI'>, d: number, merge: number, b: number, imm: number): void {
    this.writeRR(this.#form(f, 16), f & 255, 4, d, b, true, this.avx ? merge : 0);
    this.immediate(imm, 1);
  }
  shiftI(f: Form<'shiftI'>, bytes: number, d: number, a: number, imm: number): void {
    if (this.avx) this.writeRR(this.#form(f, bytes), f & 255, 4, f >> DIGIT_SHIFT & 7, a, false, d);
    else {
      this.moveVector(16, d, a);
      this.writeRR(f, f & 255, 4, f >> DIGIT_SHIFT & 7, d, false, 0);
    }
    this.immediate(imm, 1);
  }
  /** `size` is the general register's or the memory's: 4, or 8 (`pinsrq`). */
  insertI(f: Form<'insertI'>, size: number, d: number, a: number, r: number, imm: number): void {
    if (!this.avx) this.moveVector(16, d, a);
    this.writeRR(this.#form(f, 16), f & 255, size, d, r, true, this.avx ? a : 0);
    this.immediate(imm, 1);
  }
  insertMI(f: Form<'insertI'>, size: number, d: number, a: number, mem: Mem, imm: number): void {
    if (!this.avx) this.moveVector(16, d, a);
    this.writeRM(this.#form(f, 16), f & 255, size, d, mem, true, 1, this.avx ? a : 0);
    this.immediate(imm, 1);
  }
  extractI(f: Form<'extractI'>, size: number, r: number, a: number, imm: number): void {
    if ((f & REVERSED) !== 0) this.writeRR(this.#form(f, 16), f & 255, size, a, r, true, 0);
    else this.writeRR(this.#form(f, 16), f & 255, size, r, a, true, 0);
    this.immediate(imm, 1);
  }
  extractToMemory(f: Form<'extractI'>, size: number, mem: Mem, a: number, imm: number): void {
    this.writeRM(this.#form(f, 16), f & 255, size, a, mem, true, 1);
    this.immediate(imm, 1);
  }
  /** `movlps`, `movhps` to memory. */
  storeHalf(f: Form<'mv'>, mem: Mem, a: number): void { this.mv(this.#form(f, 16), mem, a); }
  /** To a general register; `bytes` is the vector's width, `size` the general register's. */
  toInt(f: Form<'toInt'>, size: number, r: number, a: number, bytes = 16): void {
    if ((f & REVERSED) !== 0) this.writeRR(this.#form(f, bytes), f & 255, size, a, r, true, 0);
    else this.writeRR(this.#form(f, bytes), f & 255, size, r, a, true, 0);
  }
  fromInt(f: Form<'fromInt'>, size: number, d: number, r: number): void { this.writeRR(this.#form(f, 16), f & 255, size, d, r, true, 0); }
  fromIntM(f: Form<'fromInt'>, size: number, d: number, mem: Mem): void { this.writeRM(this.#form(f, 16), f & 255, size, d, mem, true, 0); }
  /** As {@link scalar}, from a general register of `size`. */
  scalarFromInt(f: Form<'scalarFromInt'>, size: number, d: number, merge: number, r: number): void { this.writeRR(this.#form(f, 16), f & 255, size, d, r, true, this.avx ? merge : 0); }
  scalarFromIntM(f: Form<'scalarFromInt'>, size: number, d: number, merge: number, mem: Mem): void { this.writeRM(this.#form(f, 16), f & 255, size, d, mem, true, 0, this.avx ? merge : 0); }
  ternary(f: Form<'ternary'>, bytes: number, d: number, a: number, b: number): void { this.writeRR(this.#form(f, bytes), f & 255, 4, d, b, true, a); }
  ternaryM(f: Form<'ternary'>, bytes: number, d: number, a: number, mem: Mem): void { this.writeRM(this.#form(f, bytes), f & 255, 4, d, mem, true, 0, a); }
  /**
   * Bytes (`pblendvb`) or lanes of `b` where the sign bit of the mask is set, else of `a`. Legacy: SSE4.1, the mask is
   * xmm0 and `d` is neither it nor `b`.
   */
  blend(f: Form<'vv'>, vexForm: Form<'blend'>, bytes: number, d: number, a: number, b: number, mask: number): void {
    if (this.avx) {
      this.writeRR(this.#form(vexForm, bytes), vexForm & 255, 4, d, b, true, a);
      this.immediate((mask & 15) << 4, 1);
      return;
    }
    this.moveVector(16, d, a);
    this.vv(f, d, b);
  }

  /** Brings `a` to `d` for an instruction that overwrites it; returns where `b` is then. */
  #inPlace(d: number, a: number, b: number): number {
    if (d === a) return b;
    if (d === b) {
      this.moveVector(16, SCRATCH_VECTOR, b);
      b = SCRATCH_VECTOR;
    }
    this.moveVector(16, d, a);
    return b;
  }
}
