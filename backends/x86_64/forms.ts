/**
 * The x86-64 instruction table: one line per instruction, named by its Intel mnemonic.
 *
 * A form is one number that packs everything the encoder needs (Intel SDM vol. 2, chapter 2): opcode, opcode map,
 * mandatory prefix, which operand sits in ModRM.reg, how the operand size is chosen. The type parameter of
 * {@link Form} lists the operand shapes that exist, so that `asm.ri(X.lea, ...)` does not compile.
 *
 * Shapes, always in Intel's operand order: `r` general register, `m` memory, `v` vector register (or, in the few
 * instructions that cross over, a general one), `i` immediate, `c` the count in `cl`.
 */

/** Operand shapes, the names of the encoder's methods. */
export type Shape =
  | 'r' | 'm' | 'rr' | 'rm' | 'mr' | 'ri' | 'mi' | 'rri' | 'rmi' | 'mri' | 'rc' | 'mc' | 'rrc' | 'mrc' | 'rrr' | 'rmr' | 'rrm'
  | 'vv' | 'vm' | 'mv' | 'vi' | 'vvi' | 'vmi' | 'none'
  | VectorShape;

/**
 * Shapes of vector instructions that have a legacy form (the first source is overwritten) and a VEX form (the
 * destination apart from the sources), or only a VEX form. The methods of `vector-assembler.ts` choose the encoding:
 * - `binary`: `d, a, b`; `binaryI` with an immediate;
 * - `unary`: `d, b`; `unaryI`;
 * - `scalar`: `d, b` for the lowest lane, the others merged from a third operand that nobody looks at; `scalarI`;
 * - `shiftI`: `d, a` and a count;
 * - `insertI`: `d, a, general register or memory`; `extractI`: `general register or memory, a`;
 * - `toInt`: `general register, a`; `fromInt`: `d, general register or memory`; `scalarFromInt` merges as `scalar`;
 * - `ternary`: `d, a, b`, `d` being read too (VEX only);
 * - `blend`: `d, a, b, mask` (VEX only).
 */
export type VectorShape =
  | 'binary' | 'binaryI' | 'unary' | 'unaryI' | 'scalar' | 'scalarI' | 'shiftI' | 'insertI' | 'extractI' | 'toInt' | 'fromInt' | 'scalarFromInt' | 'ternary' | 'blend';

/** A packed instruction form that has the shapes `S`. */
export type Form<S extends Shape = never> = number & { readonly shapes?: (shape: S) => void };

// Layout of a form.
export const MAP_SHIFT = 8, PREFIX_SHIFT = 10, DIGIT_SHIFT = 12, ALTERNATE_SHIFT = 15, GROUP_SHIFT = 17;
/** The first operand is ModRM.rm (and the last source ModRM.reg): `add r/m, r`. */
export const REVERSED = 1 << 20;
/** Operand size follows the `size` argument: 2 adds 66, 8 adds REX.W. */
export const SIZED = 1 << 21;
/** Size 1 exists, with the opcode less one. */
export const HAS_BYTE = 1 << 22;
/** REX.W (or VEX.W) is always set. */
export const WIDE = 1 << 23;
/** VEX-encoded. */
export const VEX = 1 << 24;
/** ModRM.rm is a byte register whatever the size (spl, bpl, sil, dil need REX). */
export const BYTE_RM = 1 << 25;
/** Size 8 is the default in 64-bit mode and needs no REX.W. */
export const DEFAULT64 = 1 << 26;
/** VEX.vvvv holds the last operand instead of the middle one: `shlx r, r/m, r`. */
export const LAST_IN_VVVV = 1 << 27;
/** VEX.L: 256-bit registers. */
export const LONG = 1 << 28;

/** Which immediate encoding an `ri`/`mi` form has. */
export const GROUP_NONE = 0, GROUP_ALU = 1, GROUP_SHIFT_COUNT = 2, GROUP_TEST = 3, GROUP_MOV = 4, GROUP_BIT = 5;

/** Opcode bits that differ between the load and the store direction, by the form's alternate number. */
export const ALTERNATE_XOR: readonly number[] = [0, 1, 2, 0x10];

const NONE = 0, P66 = 1, PF3 = 2, PF2 = 3;
const ONE = 0, M0F = 1, M38 = 2, M3A = 3;

function pack(map: number, prefix: number, opcode: number, flags = 0): number {
  return opcode | (map << MAP_SHIFT) | (prefix << PREFIX_SHIFT) | flags;
}
const digit = (n: number): number => n << DIGIT_SHIFT;
const alternate = (n: number): number => n << ALTERNATE_SHIFT;
const group = (n: number): number => n << GROUP_SHIFT;

type Alu = Form<'rr' | 'rm' | 'mr' | 'ri' | 'mi'>;
const alu = (n: number): Alu => pack(ONE, NONE, n * 8 + 1, REVERSED | SIZED | HAS_BYTE | alternate(2) | group(GROUP_ALU) | digit(n));
/** Register from register or memory, sizes 2, 4, 8. */
const load = (map: number, prefix: number, opcode: number, flags = 0): Form<'rr' | 'rm'> => pack(map, prefix, opcode, SIZED | flags);
const unary = (opcode: number, n: number): Form<'r' | 'm'> => pack(ONE, NONE, opcode, SIZED | HAS_BYTE | digit(n));
const shift = (n: number): Form<'ri' | 'mi' | 'rc' | 'mc'> => pack(ONE, NONE, 0xc1, SIZED | HAS_BYTE | digit(n) | group(GROUP_SHIFT_COUNT));
const double = (opcode: number): Form<'rri' | 'mri' | 'rrc' | 'mrc'> => pack(M0F, NONE, opcode, SIZED | REVERSED);
const exchange = (map: number, opcode: number): Form<'rr' | 'mr'> => pack(map, NONE, opcode, SIZED | HAS_BYTE | REVERSED);
const bit = (n: number): Form<'rr' | 'mr' | 'ri' | 'mi'> => pack(M0F, NONE, 0x83 | (n << 3), SIZED | REVERSED | group(GROUP_BIT) | digit(n));
const vexShift = (prefix: number): Form<'rrr' | 'rmr'> => pack(M38, prefix, 0xf7, SIZED | VEX | LAST_IN_VVVV);
const vexInt = (prefix: number, opcode: number): Form<'rrr' | 'rrm'> => pack(M38, prefix, opcode, SIZED | VEX);

const sse = (prefix: number, opcode: number, map = M0F): Form<'vv' | 'vm' | 'binary'> => pack(map, prefix, opcode);
const sse1 = (prefix: number, opcode: number, map = M0F): Form<'vv' | 'vm' | 'unary'> => pack(map, prefix, opcode);
const sseScalar = (prefix: number, opcode: number): Form<'vv' | 'vm' | 'scalar'> => pack(M0F, prefix, opcode);
const sseMove = (prefix: number, opcode: number, alt: number): Form<'vv' | 'vm' | 'mv'> => pack(M0F, prefix, opcode, alternate(alt));
const sseImm = (prefix: number, opcode: number, map = M3A): Form<'vvi' | 'vmi' | 'binaryI'> => pack(map, prefix, opcode);
const sseImm1 = (prefix: number, opcode: number, map = M3A): Form<'vvi' | 'vmi' | 'unaryI'> => pack(map, prefix, opcode);
const sseShift = (opcode: number, n: number): Form<'vi' | 'shiftI'> => pack(M0F, P66, opcode, digit(n));
const insert = (map: number, opcode: number, flags = 0): Form<'rri' | 'rmi' | 'insertI'> => pack(map, P66, opcode, flags);
const extract = (opcode: number, flags = 0): Form<'rri' | 'mri' | 'extractI'> => pack(M3A, P66, opcode, REVERSED | flags);
const toInt = (prefix: number, opcode: number): Form<'rr' | 'rm' | 'toInt'> => pack(M0F, prefix, opcode, SIZED);
const fma = (opcode: number, wide: number): Form<'ternary'> => pack(M38, P66, opcode, VEX | wide);
const blend = (opcode: number): Form<'blend'> => pack(M3A, P66, opcode, VEX);
/** VEX only, in the shapes of {@link VectorShape}. */
const avx = (opcode: number, flags = 0): Form<'binary'> => pack(M38, P66, opcode, VEX | flags);
const avx1 = (opcode: number, flags = 0): Form<'unary'> => pack(M38, P66, opcode, VEX | flags);
const avxImm = (opcode: number, flags = 0): Form<'binaryI'> => pack(M3A, P66, opcode, VEX | flags);
const avxImm1 = (opcode: number, flags = 0): Form<'unaryI'> => pack(M3A, P66, opcode, VEX | flags);

/** Every instruction with explicit operands. */
export const X = {
  // Integer arithmetic and moves: sizes 1, 2, 4, 8.
  add: alu(0), or: alu(1), adc: alu(2), sbb: alu(3), and: alu(4), sub: alu(5), xor: alu(6), cmp: alu(7),
  mov: pack(ONE, NONE, 0x89, REVERSED | SIZED | HAS_BYTE | alternate(2) | group(GROUP_MOV)) as Alu,
  test: pack(ONE, NONE, 0x85, REVERSED | SIZED | HAS_BYTE | group(GROUP_TEST)) as Form<'rr' | 'mr' | 'ri' | 'mi'>,
  not: unary(0xf7, 2), neg: unary(0xf7, 3), mul: unary(0xf7, 4), imul1: unary(0xf7, 5), div: unary(0xf7, 6), idiv: unary(0xf7, 7),
  inc: unary(0xff, 0), dec: unary(0xff, 1),
  rol: shift(0), ror: shift(1), rcl: shift(2), rcr: shift(3), shl: shift(4), shr: shift(5), sar: shift(7),
  xchg: exchange(ONE, 0x87), xadd: exchange(M0F, 0xc1), cmpxchg: exchange(M0F, 0xb1),
  // Sizes 2, 4, 8 (the destination's).
  imul: load(M0F, NONE, 0xaf),
  imul3: pack(ONE, NONE, 0x69, SIZED) as Form<'rri' | 'rmi'>,
  lea: pack(ONE, NONE, 0x8d, SIZED) as Form<'rm'>,
  movzx8: load(M0F, NONE, 0xb6, BYTE_RM), movzx16: load(M0F, NONE, 0xb7),
  movsx8: load(M0F, NONE, 0xbe, BYTE_RM), movsx16: load(M0F, NONE, 0xbf),
  movsxd: pack(ONE, NONE, 0x63, WIDE) as Form<'rr' | 'rm'>,
  popcnt: load(M0F, PF3, 0xb8), tzcnt: load(M0F, PF3, 0xbc), lzcnt: load(M0F, PF3, 0xbd), bsf: load(M0F, NONE, 0xbc), bsr: load(M0F, NONE, 0xbd),
  shld: double(0xa4), shrd: double(0xac),
  bt: bit(4), bts: bit(5), btr: bit(6), btc: bit(7),
  movbe: pack(M38, NONE, 0xf0, SIZED | alternate(1)) as Form<'rm' | 'mr'>,
  // BMI1, BMI2: sizes 4, 8.
  shlx: vexShift(P66), sarx: vexShift(PF3), shrx: vexShift(PF2),
  andn: vexInt(NONE, 0xf2), mulx: vexInt(PF2, 0xf6), pdep: vexInt(PF2, 0xf5), pext: vexInt(PF3, 0xf5),
  rorx: pack(M3A, PF2, 0xf0, SIZED | VEX) as Form<'rri' | 'rmi'>,
  // Control flow through registers and memory; stack.
  callIndirect: pack(ONE, NONE, 0xff, DEFAULT64 | digit(2)) as Form<'r' | 'm'>,
  jmpIndirect: pack(ONE, NONE, 0xff, DEFAULT64 | digit(4)) as Form<'r' | 'm'>,
  push: pack(ONE, NONE, 0xff, DEFAULT64 | digit(6)) as Form<'m'>,
  pop: pack(ONE, NONE, 0x8f, DEFAULT64) as Form<'m'>,
  // Control registers and state.
  rdfsbase: pack(M0F, PF3, 0xae, SIZED | digit(0)) as Form<'r'>, rdgsbase: pack(M0F, PF3, 0xae, SIZED | digit(1)) as Form<'r'>,
  wrfsbase: pack(M0F, PF3, 0xae, SIZED | digit(2)) as Form<'r'>, wrgsbase: pack(M0F, PF3, 0xae, SIZED | digit(3)) as Form<'r'>,
  ldmxcsr: pack(M0F, NONE, 0xae, digit(2)) as Form<'m'>, stmxcsr: pack(M0F, NONE, 0xae, digit(3)) as Form<'m'>,
  fnstcw: pack(ONE, NONE, 0xd9, digit(7)) as Form<'m'>, fldcw: pack(ONE, NONE, 0xd9, digit(5)) as Form<'m'>,
  fxsave: pack(M0F, NONE, 0xae, digit(0)) as Form<'m'>, fxrstor: pack(M0F, NONE, 0xae, digit(1)) as Form<'m'>,
  prefetcht0: pack(M0F, NONE, 0x18, digit(1)) as Form<'m'>,

  // Scalar floats.
  movss: sseMove(PF3, 0x10, 1), movsd: sseMove(PF2, 0x10, 1),
  addss: sse(PF3, 0x58), addsd: sse(PF2, 0x58), subss: sse(PF3, 0x5c), subsd: sse(PF2, 0x5c),
  mulss: sse(PF3, 0x59), mulsd: sse(PF2, 0x59), divss: sse(PF3, 0x5e), divsd: sse(PF2, 0x5e),
  minss: sse(PF3, 0x5d), minsd: sse(PF2, 0x5d), maxss: sse(PF3, 0x5f), maxsd: sse(PF2, 0x5f),
  sqrtss: sseScalar(PF3, 0x51), sqrtsd: sseScalar(PF2, 0x51),
  ucomiss: sse1(NONE, 0x2e), ucomisd: sse1(P66, 0x2e), comiss: sse1(NONE, 0x2f), comisd: sse1(P66, 0x2f),
  cvtss2sd: sseScalar(PF3, 0x5a), cvtsd2ss: sseScalar(PF2, 0x5a),
  cmpss: sseImm(PF3, 0xc2, M0F), cmpsd: sseImm(PF2, 0xc2, M0F),
  roundss: pack(M3A, P66, 0x0a) as Form<'vvi' | 'vmi' | 'scalarI'>, roundsd: pack(M3A, P66, 0x0b) as Form<'vvi' | 'vmi' | 'scalarI'>,
  // Between general and vector registers; sizes 4, 8 (the general register's).
  cvtsi2ss: pack(M0F, PF3, 0x2a, SIZED) as Form<'rr' | 'rm' | 'scalarFromInt'>, cvtsi2sd: pack(M0F, PF2, 0x2a, SIZED) as Form<'rr' | 'rm' | 'scalarFromInt'>,
  cvttss2si: toInt(PF3, 0x2c), cvttsd2si: toInt(PF2, 0x2c), cvtss2si: toInt(PF3, 0x2d), cvtsd2si: toInt(PF2, 0x2d),
  /** `movd`/`movq` vector register from general register or memory. */
  movd: pack(M0F, P66, 0x6e, SIZED) as Form<'rr' | 'rm' | 'fromInt'>,
  /** `movd`/`movq` general register or memory from vector register. */
  movdOut: pack(M0F, P66, 0x7e, SIZED | REVERSED) as Form<'rr' | 'mr' | 'toInt'>,
  // Whole vector registers.
  movaps: sseMove(NONE, 0x28, 1), movapd: sseMove(P66, 0x28, 1), movups: sseMove(NONE, 0x10, 1), movupd: sseMove(P66, 0x10, 1),
  movdqa: sseMove(P66, 0x6f, 3), movdqu: sseMove(PF3, 0x6f, 3),
  /** Low 64 bits, the rest zeroed. */
  movq: sse1(PF3, 0x7e), movqStore: pack(M0F, P66, 0xd6, REVERSED) as Form<'mv'>,
  /** Only the lowest lane of a register: the others stay. */
  movssInto: pack(M0F, PF3, 0x10) as Form<'vv' | 'binary'>, movsdInto: pack(M0F, PF2, 0x10) as Form<'vv' | 'binary'>,
  movhlps: pack(M0F, NONE, 0x12) as Form<'vv' | 'binary'>, movlhps: pack(M0F, NONE, 0x16) as Form<'vv' | 'binary'>,
  andps: sse(NONE, 0x54), andpd: sse(P66, 0x54), andnps: sse(NONE, 0x55), andnpd: sse(P66, 0x55),
  orps: sse(NONE, 0x56), orpd: sse(P66, 0x56), xorps: sse(NONE, 0x57), xorpd: sse(P66, 0x57),
  pand: sse(P66, 0xdb), pandn: sse(P66, 0xdf), por: sse(P66, 0xeb), pxor: sse(P66, 0xef),
  addps: sse(NONE, 0x58), addpd: sse(P66, 0x58), subps: sse(NONE, 0x5c), subpd: sse(P66, 0x5c),
  mulps: sse(NONE, 0x59), mulpd: sse(P66, 0x59), divps: sse(NONE, 0x5e), divpd: sse(P66, 0x5e),
  minps: sse(NONE, 0x5d), minpd: sse(P66, 0x5d), maxps: sse(NONE, 0x5f), maxpd: sse(P66, 0x5f),
  sqrtps: sse1(NONE, 0x51), sqrtpd: sse1(P66, 0x51),
  cmpps: sseImm(NONE, 0xc2, M0F), cmppd: sseImm(P66, 0xc2, M0F),
  roundps: sseImm1(P66, 0x08), roundpd: sseImm1(P66, 0x09),
  unpcklps: sse(NONE, 0x14), unpcklpd: sse(P66, 0x14), unpckhps: sse(NONE, 0x15), unpckhpd: sse(P66, 0x15),
  punpcklbw: sse(P66, 0x60), punpcklwd: sse(P66, 0x61), punpckldq: sse(P66, 0x62), punpcklqdq: sse(P66, 0x6c),
  punpckhbw: sse(P66, 0x68), punpckhwd: sse(P66, 0x69), punpckhdq: sse(P66, 0x6a), punpckhqdq: sse(P66, 0x6d),
  shufps: sseImm(NONE, 0xc6, M0F), shufpd: sseImm(P66, 0xc6, M0F), pshufd: sseImm1(P66, 0x70, M0F),
  paddb: sse(P66, 0xfc), paddw: sse(P66, 0xfd), paddd: sse(P66, 0xfe), paddq: sse(P66, 0xd4),
  psubb: sse(P66, 0xf8), psubw: sse(P66, 0xf9), psubd: sse(P66, 0xfa), psubq: sse(P66, 0xfb),
  pcmpeqb: sse(P66, 0x74), pcmpeqw: sse(P66, 0x75), pcmpeqd: sse(P66, 0x76), pcmpeqq: sse(P66, 0x29, M38),
  pcmpgtb: sse(P66, 0x64), pcmpgtw: sse(P66, 0x65), pcmpgtd: sse(P66, 0x66), pcmpgtq: sse(P66, 0x37, M38),
  pmulld: sse(P66, 0x40, M38), pmullw: sse(P66, 0xd5), pmuludq: sse(P66, 0xf4), pshufb: sse(P66, 0x00, M38), ptest: sse1(P66, 0x17, M38),
  psrlw: sseShift(0x71, 2), psrld: sseShift(0x72, 2), psrlq: sseShift(0x73, 2), psraw: sseShift(0x71, 4), psrad: sseShift(0x72, 4),
  psllw: sseShift(0x71, 6), pslld: sseShift(0x72, 6), psllq: sseShift(0x73, 6), psrldq: sseShift(0x73, 3), pslldq: sseShift(0x73, 7),
  paddsb: sse(P66, 0xec), paddsw: sse(P66, 0xed), paddusb: sse(P66, 0xdc), paddusw: sse(P66, 0xdd),
  psubsb: sse(P66, 0xe8), psubsw: sse(P66, 0xe9), psubusb: sse(P66, 0xd8), psubusw: sse(P66, 0xd9),
  pminub: sse(P66, 0xda), pmaxub: sse(P66, 0xde), pminsw: sse(P66, 0xea), pmaxsw: sse(P66, 0xee), pavgb: sse(P66, 0xe0), pavgw: sse(P66, 0xe3),
  pminsb: sse(P66, 0x38, M38), pmaxsb: sse(P66, 0x3c, M38), pminsd: sse(P66, 0x39, M38), pmaxsd: sse(P66, 0x3d, M38),
  pminuw: sse(P66, 0x3a, M38), pmaxuw: sse(P66, 0x3e, M38), pminud: sse(P66, 0x3b, M38), pmaxud: sse(P66, 0x3f, M38),
  pabsb: sse1(P66, 0x1c, M38), pabsw: sse1(P66, 0x1d, M38), pabsd: sse1(P66, 0x1e, M38),
  pmaddwd: sse(P66, 0xf5), pmulhw: sse(P66, 0xe5), pmulhuw: sse(P66, 0xe4), pmuldq: sse(P66, 0x28, M38), pmaddubsw: sse(P66, 0x04, M38),
  packsswb: sse(P66, 0x63), packssdw: sse(P66, 0x6b), packuswb: sse(P66, 0x67), packusdw: sse(P66, 0x2b, M38),
  pmovsxbd: sse1(P66, 0x21, M38), pmovsxbq: sse1(P66, 0x22, M38), pmovsxwq: sse1(P66, 0x24, M38), pmovzxbd: sse1(P66, 0x31, M38), pmovzxbq: sse1(P66, 0x32, M38), pmovzxwq: sse1(P66, 0x34, M38),
  pmovsxbw: sse1(P66, 0x20, M38), pmovsxwd: sse1(P66, 0x23, M38), pmovsxdq: sse1(P66, 0x25, M38),
  pmovzxbw: sse1(P66, 0x30, M38), pmovzxwd: sse1(P66, 0x33, M38), pmovzxdq: sse1(P66, 0x35, M38),
  pshuflw: sseImm1(PF2, 0x70, M0F), pshufhw: sseImm1(PF3, 0x70, M0F), palignr: sseImm(P66, 0x0f), pblendw: sseImm(P66, 0x0e),
  blendps: sseImm(P66, 0x0c), blendpd: sseImm(P66, 0x0d), movddup: sse1(PF2, 0x12), movshdup: sse1(PF3, 0x16), movsldup: sse1(PF3, 0x12),
  /** Shifts of every lane by the low 64 bits of the second operand. */
  psllwBy: sse(P66, 0xf1), pslldBy: sse(P66, 0xf2), psllqBy: sse(P66, 0xf3), psrlwBy: sse(P66, 0xd1), psrldBy: sse(P66, 0xd2), psrlqBy: sse(P66, 0xd3),
  psrawBy: sse(P66, 0xe1), psradBy: sse(P66, 0xe2),
  /** The mask is xmm0. */
  blendvps: sse(P66, 0x14, M38), blendvpd: sse(P66, 0x15, M38), pblendvb: sse(P66, 0x10, M38),
  cvtdq2pd: sse1(PF3, 0xe6), cvtdq2ps: sse1(NONE, 0x5b), cvttps2dq: sse1(PF3, 0x5b), cvttpd2dq: sse1(P66, 0xe6),
  cvtps2pd: sse1(NONE, 0x5a), cvtpd2ps: sse1(P66, 0x5a),
  movmskps: pack(M0F, NONE, 0x50, SIZED) as Form<'rr' | 'toInt'>, movmskpd: pack(M0F, P66, 0x50, SIZED) as Form<'rr' | 'toInt'>, pmovmskb: pack(M0F, P66, 0xd7, SIZED) as Form<'rr' | 'toInt'>,
  insertps: sseImm(P66, 0x21),
  // Lanes; the general register's size is 4, or 8 in the `q` forms.
  pinsrb: insert(M3A, 0x20), pinsrw: insert(M0F, 0xc4), pinsrd: insert(M3A, 0x22, SIZED),
  pextrb: extract(0x14), pextrw: extract(0x15), pextrd: extract(0x16, SIZED), extractps: extract(0x17),
  /** The SSE2 form, to a register only. */
  pextrwSse2: pack(M0F, P66, 0xc5) as Form<'rri' | 'extractI'>,
  /** Either half from memory; the other stays. */
  movlps: pack(M0F, NONE, 0x12, alternate(1)) as Form<'vm' | 'mv' | 'binary'>, movhps: pack(M0F, NONE, 0x16, alternate(1)) as Form<'vm' | 'mv' | 'binary'>,

  // AVX and AVX2 alone. LONG is set where there is no 128-bit form, else it follows the operand size.
  vbroadcastss: avx1(0x18), vbroadcastsd: avx1(0x19, LONG), vbroadcastf128: pack(M38, P66, 0x1a, VEX | LONG) as Form<'unary'>, vbroadcasti128: pack(M38, P66, 0x5a, VEX | LONG) as Form<'unary'>,
  vpbroadcastb: avx1(0x78), vpbroadcastw: avx1(0x79), vpbroadcastd: avx1(0x58), vpbroadcastq: avx1(0x59),
  vinsertf128: avxImm(0x18, LONG), vinserti128: avxImm(0x38, LONG), vperm2f128: avxImm(0x06, LONG), vperm2i128: avxImm(0x46, LONG),
  vextractf128: pack(M3A, P66, 0x19, VEX | LONG | REVERSED) as Form<'unaryI'>, vextracti128: pack(M3A, P66, 0x39, VEX | LONG | REVERSED) as Form<'unaryI'>,
  vpermq: avxImm1(0x00, LONG | WIDE), vpermpd: avxImm1(0x01, LONG | WIDE), vpermd: avx(0x36, LONG), vpermps: avx(0x16, LONG),
  vpermilps: avxImm1(0x04), vpermilpd: avxImm1(0x05), vpermilpsBy: avx(0x0c), vpermilpdBy: avx(0x0d), vpblendd: avxImm(0x02),
  vpsllvd: avx(0x47), vpsllvq: avx(0x47, WIDE), vpsrlvd: avx(0x45), vpsrlvq: avx(0x45, WIDE), vpsravd: avx(0x46),
  /** The VEX forms of the blends, whose mask is a fourth operand. */
  vpblendvb: blend(0x4c), vblendvps: blend(0x4a), vblendvpd: blend(0x4b),
  // a = ±(x·y) ± z, one rounding; the digits say which operands are multiplied (132: a·c+b, 213: b·a+c, 231: b·c+a).
  vfmadd132ss: fma(0x99, 0), vfmadd132sd: fma(0x99, WIDE), vfmadd213ss: fma(0xa9, 0), vfmadd213sd: fma(0xa9, WIDE), vfmadd231ss: fma(0xb9, 0), vfmadd231sd: fma(0xb9, WIDE),
  vfmsub132ss: fma(0x9b, 0), vfmsub132sd: fma(0x9b, WIDE), vfmsub213ss: fma(0xab, 0), vfmsub213sd: fma(0xab, WIDE), vfmsub231ss: fma(0xbb, 0), vfmsub231sd: fma(0xbb, WIDE),
  vfnmadd132ss: fma(0x9d, 0), vfnmadd132sd: fma(0x9d, WIDE), vfnmadd213ss: fma(0xad, 0), vfnmadd213sd: fma(0xad, WIDE), vfnmadd231ss: fma(0xbd, 0), vfnmadd231sd: fma(0xbd, WIDE),
  vfnmsub132ss: fma(0x9f, 0), vfnmsub132sd: fma(0x9f, WIDE), vfnmsub213ss: fma(0xaf, 0), vfnmsub213sd: fma(0xaf, WIDE), vfnmsub231ss: fma(0xbf, 0), vfnmsub231sd: fma(0xbf, WIDE),
  vfmadd132ps: fma(0x98, 0), vfmadd132pd: fma(0x98, WIDE), vfmadd213ps: fma(0xa8, 0), vfmadd213pd: fma(0xa8, WIDE), vfmadd231ps: fma(0xb8, 0), vfmadd231pd: fma(0xb8, WIDE),
  vfmsub132ps: fma(0x9a, 0), vfmsub132pd: fma(0x9a, WIDE), vfmsub213ps: fma(0xaa, 0), vfmsub213pd: fma(0xaa, WIDE), vfmsub231ps: fma(0xba, 0), vfmsub231pd: fma(0xba, WIDE),
  vfnmadd132ps: fma(0x9c, 0), vfnmadd132pd: fma(0x9c, WIDE), vfnmadd213ps: fma(0xac, 0), vfnmadd213pd: fma(0xac, WIDE), vfnmadd231ps: fma(0xbc, 0), vfnmadd231pd: fma(0xbc, WIDE),
  vfnmsub132ps: fma(0x9e, 0), vfnmsub132pd: fma(0x9e, WIDE), vfnmsub213ps: fma(0xae, 0), vfnmsub213pd: fma(0xae, WIDE), vfnmsub231ps: fma(0xbe, 0), vfnmsub231pd: fma(0xbe, WIDE),
} as const;

/** Condition codes, for `jcc`, `setcc`, `cmovcc`. The inverse of `c` is `c ^ 1`. */
export const CC = {
  o: 0, no: 1, b: 2, ae: 3, e: 4, ne: 5, be: 6, a: 7, s: 8, ns: 9, p: 10, np: 11, l: 12, ge: 13, le: 14, g: 15,
} as const;

/** Mnemonics of condition codes by number. */
export const CC_NAMES = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'] as const;

/** Instructions without operands, as their bytes from the lowest. */
export const FIXED = {
  ret: [0xc3], ud2: [0x0f, 0x0b], int3: [0xcc], hlt: [0xf4], cdq: [0x99], cqo: [0x48, 0x99], cwd: [0x66, 0x99], cdqe: [0x48, 0x98], cwde: [0x98], cbw: [0x66, 0x98],
  mfence: [0x0f, 0xae, 0xf0], lfence: [0x0f, 0xae, 0xe8], sfence: [0x0f, 0xae, 0xf8], pause: [0xf3, 0x90],
  rep_movsb: [0xf3, 0xa4], rep_movsq: [0xf3, 0x48, 0xa5], rep_stosb: [0xf3, 0xaa], rep_stosq: [0xf3, 0x48, 0xab], cld: [0xfc], std: [0xfd],
  syscall: [0x0f, 0x05], xgetbv: [0x0f, 0x01, 0xd0], rdtsc: [0x0f, 0x31], rdtscp: [0x0f, 0x01, 0xf9], cpuid: [0x0f, 0xa2], wrpkru: [0x0f, 0x01, 0xef], rdpkru: [0x0f, 0x01, 0xee], leave: [0xc9], fninit: [0xdb, 0xe3], emms: [0x0f, 0x77],
  endbr64: [0xf3, 0x0f, 0x1e, 0xfa], lahf: [0x9f], sahf: [0x9e], pushfq: [0x9c], popfq: [0x9d], vzeroupper: [0xc5, 0xf8, 0x77],
} as const satisfies Record<string, readonly number[]>;
