/**
 * Machine opcodes of x86-64 before register allocation, and how their two data words are packed.
 *
 * One opcode is one self-contained step: it may become several instructions, but flags never live from one opcode to
 * the next. So the allocator may put moves anywhere between two of them. `data0` packs what the step does
 * ({@link pack}); `data1` is a displacement, an immediate, a label or an index of a side table.
 *
 * Operand layout is written at each opcode as `definitions <- uses`. `rm` stands for the flexible operand: with
 * `MODE_NONE` one virtual register (in a register or a spill slot), else the registers of a memory operand
 * (`MODE_BASE` one, `MODE_INDEX` two, the others none).
 */

/** Function arguments enter: `fixed... <-`. */
export const OP_ARGS = 1;
/** `d <- a`: full-width copy. */
export const OP_MOV = 2;
/** `d <-`: 64-bit constant, data0 low word, data1 high word. */
export const OP_CONST = 3;
/** `d <-`: float or vector constant; data1 a pool label (of a half of 32 bytes, whose halves are equal), or −1 for all zero bits, −2 for all one bits. */
export const OP_FCONST = 4;
/** `d <- rm`: load, or extend a register; sub is a `LOAD_*`. */
export const OP_LOAD = 5;
/** `<- rm, value`: integer store of `size`. */
export const OP_STORE = 6;
/** `<- rm`: store of an immediate; data1 indexes the extra words `[displacement, immediate]`. */
export const OP_STORE_IMM = 7;
/** `d <- rm`: float or vector load of `size` (4 to 32 bytes). */
export const OP_FLOAD = 8;
/** `<- rm, value`: float or vector store. */
export const OP_FSTORE = 9;
/** `d <- a, rm`: two-address arithmetic, `d` reuses `a`; sub is an `ALU_*`. */
export const OP_ALU = 10;
/** `d <- a`: the same with an immediate. */
export const OP_ALU_IMM = 11;
/** `<- rm, value`: arithmetic on memory. */
export const OP_ALU_MEM = 12;
/** `<- rm`: arithmetic on memory with an immediate; data1 indexes extra words. */
export const OP_ALU_MEM_IMM = 13;
/** `d <- rm`: product with the immediate in data1. */
export const OP_IMUL_IMM = 14;
/** `d <- base?, index?`: address arithmetic; MODE_BASE, MODE_INDEX, or MODE_SCALED (index only). */
export const OP_LEA = 15;
/** `d <- a`: shift or rotate by data1, `d` reuses `a`; sub is a `SHIFT_*`. */
export const OP_SHIFT_IMM = 16;
/** `d <- a, rcx`: shift or rotate by cl. */
export const OP_SHIFT_CL = 17;
/** `d <- rm, count`: BMI2 shift without flags. */
export const OP_SHIFT_X = 18;
/** `d <- rm`: BMI2 rotate right by data1. */
export const OP_RORX = 19;
/** `d <- a`: sub is a `UNARY_*`, `d` reuses `a`. */
export const OP_UNARY = 20;
/** `d <- rm`: sub is a `COUNT_*`. */
export const OP_COUNT = 21;
/** `rax, rdx <- rax, rm`: double-width product; sub 1 is signed. */
export const OP_MUL_WIDE = 22;
/** `rax, rdx <- rax, divisor(late)`: quotient and remainder; sub is a `DIV_*`. */
export const OP_DIV = 23;
/** `d, flag <- a, rm`: arithmetic and its overflow flag (cc); sub is an `ALU_*`; `d` reuses `a`. */
export const OP_OVERFLOW = 24;
/** `rax, rdx, flag <- rax, rm`: unsigned product and its overflow flag. */
export const OP_MUL_OVERFLOW = 25;
/** `d <- a, b`: BMI1 `not a and b`. */
export const OP_ANDN = 26;
/** `<- compare`: branch to the first successor if cc, else to the second. */
export const OP_JCC = 27;
/** `d <- compare`: 1 if cc, else 0. */
export const OP_SETCC = 28;
/** `d <- a, b, compare`: `b` if cc, else `a`; `d` reuses `a`. Any integer. */
export const OP_CMOV = 29;
/** The same for floats and vectors. */
export const OP_FSELECT = 30;
export const OP_JMP = 31;
/** `<- index, table`: through the switch table number data1. */
export const OP_JUMP_TABLE = 32;
/** `<- value`: compare tree over the switch table number data1. */
export const OP_JUMP_TREE = 33;
/** `d <-`: address of the jump table of switch number data1. */
export const OP_TABLE_ADDRESS = 34;
/** `<- fixed...` */
export const OP_RET = 35;
/** `fixed... <- fixed...`: data1 is the callee's function number. */
export const OP_CALL = 36;
/** data1 is the import's number. */
export const OP_CALL_IMPORT = 37;
/** `fixed... <- index, fixed...`: data1 is the signature's number. */
export const OP_CALL_INDIRECT = 38;
export const OP_TAIL = 39;
export const OP_TAIL_IMPORT = 40;
export const OP_TAIL_INDIRECT = 41;
/** data1 is the trap code. */
export const OP_TRAP = 42;
/** `d <- a, rm`: float arithmetic, three-address; sub is an `F_*`. */
export const OP_FBINARY = 43;
/** `d <- rm`: sub is an `FU_*`. */
export const OP_FUNARY = 44;
/** `d <- a, b`: minimum (sub 0) or maximum (sub 1); `d` is early. */
export const OP_FMINMAX = 45;
/** `d <- a, b`: `d` is early. */
export const OP_FCOPYSIGN = 46;
/** `d <- a, b, rm`: `d` reuses `a` (sub 0: d = d*b + rm) or the addend (sub 1: d = b*rm + d). */
export const OP_FMA = 47;
/** `d <- rm`: signed integer of `size` to float; sub is the float's bytes. */
export const OP_INT_TO_FLOAT = 48;
/** `d <- a`: unsigned 64-bit integer to float; `a` is late. */
export const OP_U64_TO_FLOAT = 49;
/** `d <- a`: float to integer; sub is a `CONVERT_*`; size is the float's. */
export const OP_FLOAT_TO_INT = 50;
/** `d <- rm`: f32 to f64 (sub 0) or back (sub 1). */
export const OP_FLOAT_TO_FLOAT = 51;
/** `d <- a`: same bits in the other register class; sub 0 to vector, 1 to integer. */
export const OP_MOVD = 52;
/** `<- value`: stores to `gs:[data1]`. */
export const OP_STORE_CONTEXT = 53;
/** `<- rdi, rsi, rdx`: bounds checks, then the stub at `gs:[data1]`. sub 1: there is no source. */
export const OP_BULK = 54;
/** `rax <- rdi` through the stub at `gs:[data1]`. */
export const OP_STUB_CALL = 55;
export const OP_NOP = 56;
/** `<- live...`: data1 is the id, data0 the bytes of patchable room. */
export const OP_STACK_MAP = 57;
/** `d <- a, rm`: vector bitwise on whole registers; sub is a `V_*`. */
export const OP_VBITS = 58;
/** `d <- `: address of the linear stack frame plus data1. */
export const OP_SLOT_BASE = 59;

/**
 * Atomic access of `size` after its alignment check; sub is an `ATOMIC_*`. Load: `d <- rm`. Stores: `<- value, rm`.
 * Add, sub, exchange: `d <- value, rm`, `d` reuses the value. And, or, xor: `rax <- value, rm`. Compare and exchange:
 * `rax <- replacement, rm, rax`. Everything but the reused value and `rax` is a late use. When nobody wants the old value:
 * `ATOMIC_ONLY_*`: `<- value, rm`, and with an immediate `ATOMIC_IMMEDIATE` more: `<- rm`, data1 indexes the extra words.
 */
export const OP_ATOMIC = 60;
export const OP_FENCE = 61;

/**
 * Vector instructions of any form: `data0` from {@link packVector}, the form being one of the table `forms.ts` in the
 * shape that the opcode is named after. Without AVX the result reuses the first source.
 */
/** `d <- a, rm` */
export const OP_V_BINARY = 70;
/** `d <- rm` */
export const OP_V_UNARY = 71;
/** `d <- a`: shift by the immediate. */
export const OP_V_SHIFT = 72;
/** `d <- a, b, mask`: of `b` where the mask's sign bits are set, else of `a`; the form is `pblendvb` and its kind. */
export const OP_V_BLEND = 73;
/** `d <- a`: to a general register; sub 0 `toInt`, 1 `extractI`; {@link subOf} bit 1 set: the general register has 8 bytes. */
export const OP_V_TO_INT = 74;
/** `d <- a, rm`: from a general register or memory; sub bit 1 as above. */
export const OP_V_INSERT = 75;
/** `d <- a, b, rm`: `d` reuses `a` (FMA). */
export const OP_V_TERNARY = 76;
/** `<- rm, value`: one lane to memory (`pextrb`, `movhps`, ...). */
export const OP_V_STORE_LANE = 77;

export const LOAD_U8 = 0, LOAD_U16 = 1, LOAD_32 = 2, LOAD_64 = 3;
/** Sign extensions: to 32 bits (the upper half cleared) or to 64. */
export const LOAD_S8 = 4, LOAD_S16 = 5, LOAD_S8_64 = 6, LOAD_S16_64 = 7, LOAD_S32_64 = 8;
/** Bytes read by each `LOAD_*`. */
export const LOAD_BYTES: readonly number[] = [1, 2, 4, 8, 1, 2, 1, 2, 4];

/** The order of the processor's own opcode digits. */
export const ALU_ADD = 0, ALU_OR = 1, ALU_AND = 4, ALU_SUB = 5, ALU_XOR = 6, ALU_IMUL = 8;
export const SHIFT_ROL = 0, SHIFT_ROR = 1, SHIFT_SHL = 4, SHIFT_SHR = 5, SHIFT_SAR = 7;
export const UNARY_NEG = 0, UNARY_NOT = 1, UNARY_BSWAP = 2;
export const COUNT_LZ = 0, COUNT_TZ = 1, COUNT_ONES = 2;
/** Bit 0: signed. Bit 1: the remainder is wanted (a divisor of −1 gives 0). Bit 2: the divisor is a constant that cannot trap. */
export const DIV_SIGNED = 1, DIV_REMAINDER = 2, DIV_SAFE = 4;
/** `F_MIN`, `F_MAX` are the processor's: `a` if it is less (greater), else `b`. */
export const F_ADD = 0, F_SUB = 1, F_MUL = 2, F_DIV = 3, F_MIN = 4, F_MAX = 5;
export const FU_SQRT = 0, FU_NEAREST = 1, FU_FLOOR = 2, FU_CEIL = 3, FU_TRUNC = 4;
/** Bit 0: unsigned. Bit 1: 64-bit result. Bit 2: saturating. */
export const CONVERT_UNSIGNED = 1, CONVERT_64 = 2, CONVERT_SATURATE = 4;
export const V_AND = 0, V_ANDN = 1, V_OR = 2, V_XOR = 3;

export const ATOMIC_LOAD = 0, ATOMIC_STORE = 1, ATOMIC_STORE_ORDERED = 2, ATOMIC_ADD = 3, ATOMIC_SUB = 4, ATOMIC_EXCHANGE = 5;
export const ATOMIC_AND = 6, ATOMIC_OR = 7, ATOMIC_XOR = 8, ATOMIC_CMPXCHG = 9;
export const ATOMIC_ONLY_ADD = 10, ATOMIC_ONLY_SUB = 11, ATOMIC_ONLY_AND = 12, ATOMIC_ONLY_OR = 13, ATOMIC_ONLY_XOR = 14;
/** Added to an `ATOMIC_ONLY_*`. */
export const ATOMIC_IMMEDIATE = 5;
/** A store of an immediate that needs no order: `<- rm`. */
export const ATOMIC_STORE_IMMEDIATE = 20;

export const MODE_NONE = 0;
/** Guest memory at one register (plus the memory base in the linear model). */
export const MODE_BASE = 1;
/** Guest memory at base + index × scale (native model), or for `lea`. */
export const MODE_INDEX = 2;
/** Guest memory at the constant address in the displacement (linear model). */
export const MODE_ABSOLUTE = 3;
/** The constant with the label in the displacement. */
export const MODE_POOL = 4;
/** The machine frame's slot area at the displacement (native model). */
export const MODE_FRAME = 5;
/** The run context at the displacement. */
export const MODE_CONTEXT = 6;
/** `lea` only: index × scale + displacement. */
export const MODE_SCALED = 7;

/** Condition codes: the processor's, then those that need two flags. */
export const CC_O = 0, CC_NO = 1, CC_B = 2, CC_AE = 3, CC_E = 4, CC_NE = 5, CC_BE = 6, CC_A = 7, CC_S = 8, CC_NS = 9;
export const CC_P = 10, CC_NP = 11, CC_L = 12, CC_GE = 13, CC_LE = 14, CC_G = 15;
/** Ordered and equal; its negation is unordered or not equal. */
export const CC_FEQ = 16, CC_FNE = 17;

/** The condition that holds exactly when `cc` does not. */
export function negate(cc: number): number { return cc ^ 1; }
/** The condition for exchanged operands of an integer compare. */
export function exchange(cc: number): number {
  switch (cc) {
    case CC_B: return CC_A;
    case CC_A: return CC_B;
    case CC_AE: return CC_BE;
    case CC_BE: return CC_AE;
    case CC_L: return CC_G;
    case CC_G: return CC_L;
    case CC_GE: return CC_LE;
    case CC_LE: return CC_GE;
    default: return cc;
  }
}

/** Compare kinds: what sets the flags. Operands: `a, rm`, or `rm` with an immediate. */
export const COMPARE_CMP = 0, COMPARE_TEST = 1, COMPARE_FLOAT = 2, COMPARE_PTEST = 3;

/** Sizes are stored as powers of two: 0 is one byte, 4 is sixteen. */
export function sizeLog(bytes: number): number { return 31 - Math.clz32(bytes); }

/** Packs data0. */
export function pack(sub: number, size: number, mode = MODE_NONE, scale = 0): number {
  return sub | size << 5 | mode << 8 | scale << 11;
}
/** Adds a condition and the compare that feeds it. `immediate`: data1 holds one (or an index when memory is read too). */
export function packCompare(kind: number, size: number, mode: number, scale: number, cc: number, immediate: boolean): number {
  return size << 5 | mode << 8 | scale << 11 | cc << 13 | kind << 18 | (immediate ? 1 << 20 : 0);
}
/** Packs data0 of the `OP_V_*`: form number (see `vector-forms.ts`), bytes of the vector, flexible operand, immediate. */
export function packVector(form: number, bytes: number, mode = MODE_NONE, scale = 0, imm = 0, sub = 0): number {
  return sub | sizeLog(bytes) << 5 | mode << 8 | scale << 11 | form << 13 | (imm & 255) << 23;
}
export function formNumberOf(d: number): number { return (d >> 13) & 1023; }
export function vectorImmediateOf(d: number): number { return (d >> 23) & 255; }
export function subOf(d: number): number { return d & 31; }
export function sizeOfData(d: number): number { return (d >> 5) & 7; }
export function modeOf(d: number): number { return (d >> 8) & 7; }
export function scaleOf(d: number): number { return (d >> 11) & 3; }
export function conditionOf(d: number): number { return (d >> 13) & 31; }
export function compareKindOf(d: number): number { return (d >> 18) & 3; }
export function hasImmediate(d: number): boolean { return (d & 1 << 20) !== 0; }
/** Size of the compare of an {@link OP_CMOV} apart from the moved size, which sits in bits 21–23. */
export function moveSizeOf(d: number): number { return (d >> 21) & 7; }
export const MOVE_SIZE_SHIFT = 21;

/** Registers a memory operand of the mode reads. */
export function modeRegisters(mode: number): number {
  return mode === MODE_BASE || mode === MODE_SCALED ? 1 : mode === MODE_INDEX ? 2 : 0;
}
