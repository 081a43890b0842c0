/**
 * Division by a constant without a division: multiplication by a scaled reciprocal.
 *
 * Granlund and Montgomery, "Division by invariant integers using multiplication" (PLDI 1994). With `e = m·d − 2^(N+s)`
 * and `0 < e ≤ 2^s`, `floor(m·n / 2^(N+s)) = floor(n / d)` for every `n < 2^N`. 32-bit products fit a 64-bit register;
 * 64-bit ones take the upper half of the double-width product. Signed: the magnitude's reciprocal rounded up gives
 * the floor of the quotient, and one more for negative dividends gives the truncated one.
 */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { RAX, RDX } from './convention.ts';
import {
  ALU_ADD, ALU_AND, ALU_IMUL, ALU_SUB, LOAD_32, LOAD_S32_64, OP_ALU, OP_ALU_IMM, OP_CONST, OP_IMUL_IMM, OP_LOAD, OP_MOV, OP_MUL_WIDE,
  OP_SHIFT_IMM, OP_UNARY, SHIFT_SAR, SHIFT_SHL, SHIFT_SHR, UNARY_NEG, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defFixed, defReuse, useFixed } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

/** The divisor can trap (0, or −1 when dividing), so nothing was emitted. */
export const NOT_DIVIDED = -2;

/**
 * Emits `n / divisor` or the remainder into `d`, at `bytes` (4 or 8); `n` is extended to that width. `known` is a
 * register that already holds the quotient by the divisor, or −1. Returns such a register for next time, −1 if there
 * is none, or {@link NOT_DIVIDED}.
 */
export function divideByConstant(s: SelectContext, d: VReg, n: VReg, divisor: bigint, bytes: number, signed: boolean, remainder: boolean, known: VReg): number {
  const magnitude = divisor < 0n ? -divisor : divisor;
  if (divisor === 0n || (divisor === -1n && !remainder)) return NOT_DIVIDED;
  if (magnitude === 1n) {
    if (remainder) {
      s.b.setRemat(d, s.inst(OP_CONST));
      s.op(d, DEF_REG);
    } else copy(s, d, n);
    return -1;
  }
  const power = (magnitude & (magnitude - 1n)) === 0n, shift = magnitude.toString(2).length - 1;
  if (!signed && power && !remainder) {
    s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, sizeLog(bytes)), shift);
    s.op(d, defReuse(1));
    s.op(n, USE_REG);
    return -1;
  }
  if (!signed && power) {
    lowBits(s, d, n, shift, bytes);
    return -1;
  }
  if (signed && power) {
    signedPower(s, d, n, shift, bytes, remainder, divisor < 0n);
    return -1;
  }
  if (signed && divisor < 0n) known = -1;
  const target = remainder || (signed && divisor < 0n) ? (known >= 0 ? known : s.newInt()) : d;
  if (target !== known) {
    if (signed) signedQuotient(s, target, n, magnitude, bytes);
    else unsignedQuotient(s, target, n, magnitude, bytes);
  }
  if (remainder) subtractProduct(s, d, n, target, magnitude, bytes);
  else if (target !== d) {
    s.inst(OP_UNARY, pack(UNARY_NEG, sizeLog(bytes)));
    s.op(d, defReuse(1));
    s.op(target, USE_REG);
  }
  return signed && divisor < 0n ? -1 : target;
}

function copy(s: SelectContext, d: VReg, n: VReg): void {
  s.inst(OP_MOV);
  s.op(d, DEF_REG);
  s.op(n, USE_ANY);
}
/** `d <- a op b` */
function arithmetic(s: SelectContext, sub: number, bytes: number, d: VReg, a: VReg, b: VReg): VReg {
  s.inst(OP_ALU, pack(sub, sizeLog(bytes)));
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  s.op(b, USE_ANY);
  return d;
}
function shifted(s: SelectContext, sub: number, bytes: number, a: VReg, count: number, d = s.newInt()): VReg {
  if (count === 0) {
    copy(s, d, a);
    return d;
  }
  s.inst(OP_SHIFT_IMM, pack(sub, sizeLog(bytes)), count);
  s.op(d, defReuse(1));
  s.op(a, USE_REG);
  return d;
}

/** `n mod 2^shift`, zero-extended. */
function lowBits(s: SelectContext, d: VReg, n: VReg, shift: number, bytes: number): void {
  if (shift === 32) {
    s.inst(OP_LOAD, pack(LOAD_32, 2));
    s.op(d, DEF_REG);
    s.op(n, USE_ANY);
  } else if (shift > 32) shifted(s, SHIFT_SHR, bytes, left(s, n, 64 - shift), 64 - shift, d);
  else {
    // The upper half of the result is clear, so 32 bits of arithmetic do.
    s.inst(OP_ALU_IMM, pack(ALU_AND, 2), shift === 31 ? 0x7fffffff : (1 << shift) - 1);
    s.op(d, defReuse(1));
    s.op(n, USE_REG);
  }
}
function left(s: SelectContext, n: VReg, count: number, d?: VReg): VReg { return shifted(s, SHIFT_SHL, 8, n, count, d); }

/** Negative dividends get `2^shift − 1` added, so that the arithmetic shift truncates. */
function signedPower(s: SelectContext, d: VReg, n: VReg, shift: number, bytes: number, remainder: boolean, negative: boolean): void {
  const bits = bytes * 8;
  const sign = shift === 1 ? n : shifted(s, SHIFT_SAR, bytes, n, bits - 1);
  const bias = shifted(s, SHIFT_SHR, bytes, sign, bits - shift);
  const biased = arithmetic(s, ALU_ADD, bytes, s.newInt(), bias, n);
  if (remainder) {
    // n − (biased with its low bits cleared)
    const multiple = s.newInt();
    if (shift <= 31) {
      s.inst(OP_ALU_IMM, pack(ALU_AND, sizeLog(bytes)), shift === 31 ? -0x80000000 : -(1 << shift));
      s.op(multiple, defReuse(1));
      s.op(biased, USE_REG);
    } else left(s, shifted(s, SHIFT_SAR, bytes, biased, shift), shift, multiple);
    arithmetic(s, ALU_SUB, bytes, d, n, multiple);
    return;
  }
  const q = shifted(s, SHIFT_SAR, bytes, biased, shift, negative ? s.newInt() : d);
  if (!negative) return;
  s.inst(OP_UNARY, pack(UNARY_NEG, sizeLog(bytes)));
  s.op(d, defReuse(1));
  s.op(q, USE_REG);
}

/** The least shift and multiplier that are exact for every `n < 2^bits`; the multiplier may have one bit more. */
function reciprocal(divisor: bigint, bits: number): { readonly multiplier: bigint; readonly shift: number } {
  for (let shift = 0; ; shift++) {
    const scale = 1n << BigInt(bits + shift), multiplier = (scale + divisor - 1n) / divisor;
    if (multiplier * divisor - scale <= 1n << BigInt(shift)) return { multiplier, shift };
  }
}

/** The upper half of `n` times a constant. */
function highProduct(s: SelectContext, n: VReg, multiplier: bigint, signed: boolean, d = s.newInt()): VReg {
  const m = s.wideInteger(multiplier);
  s.inst(OP_MUL_WIDE, pack(signed ? 1 : 0, 3));
  s.op(s.newInt(), defFixed(RAX));
  s.op(d, defFixed(RDX));
  s.op(m, useFixed(RAX));
  s.op(n, USE_ANY);
  return d;
}

function unsignedQuotient(s: SelectContext, d: VReg, n: VReg, divisor: bigint, bytes: number): void {
  const bits = bytes * 8, { multiplier, shift } = reciprocal(divisor, bits);
  if (bytes === 4) {
    if (multiplier >> 32n === 0n) shifted(s, SHIFT_SHR, 8, timesConstant(s, n, multiplier), 32 + shift, d);
    // 2^64 / d rounded up: with n below 2^32 the error stays below one part in d.
    else highProduct(s, n, ((1n << 64n) + divisor - 1n) / divisor, false, d);
    return;
  }
  if (multiplier >> 64n === 0n) {
    const high = highProduct(s, n, multiplier, false, shift === 0 ? d : undefined);
    if (shift > 0) shifted(s, SHIFT_SHR, 8, high, shift, d);
    return;
  }
  // The multiplier's 65th bit: (high + n) without overflow, half of the difference first.
  const high = highProduct(s, n, multiplier - (1n << 64n), false);
  const half = shifted(s, SHIFT_SHR, 8, arithmetic(s, ALU_SUB, 8, s.newInt(), n, high), 1);
  shifted(s, SHIFT_SHR, 8, arithmetic(s, ALU_ADD, 8, s.newInt(), half, high), shift - 1, d);
}

/** The 64-bit product of a register and a constant below 2^32. */
function timesConstant(s: SelectContext, n: VReg, multiplier: bigint): VReg {
  const product = s.newInt();
  if (multiplier >> 31n === 0n) {
    s.inst(OP_IMUL_IMM, pack(0, 3), Number(multiplier));
    s.op(product, DEF_REG);
    s.op(n, USE_ANY);
    return product;
  }
  return arithmetic(s, ALU_IMUL, 8, product, s.wideInteger(multiplier), n);
}

/** Quotient by a positive divisor. */
function signedQuotient(s: SelectContext, d: VReg, n: VReg, divisor: bigint, bytes: number): void {
  const bits = bytes * 8, log = (divisor - 1n).toString(2).length;
  const multiplier = (1n << BigInt(bits - 1 + log)) / divisor + 1n;
  if (bytes === 4) {
    const wide = s.step(OP_LOAD, pack(LOAD_S32_64, 3), 0, n), product = timesConstant(s, wide, multiplier);
    const floor = shifted(s, SHIFT_SAR, 8, product, 31 + log), one = shifted(s, SHIFT_SHR, 8, product, 63);
    arithmetic(s, ALU_ADD, 4, d, floor, one);
    return;
  }
  // The multiplier has 64 bits, so it reads as negative: the product lacks n.
  const high = highProduct(s, n, BigInt.asIntN(64, multiplier), true);
  const sum = multiplier >> 63n === 0n ? high : arithmetic(s, ALU_ADD, 8, s.newInt(), high, n);
  const floor = shifted(s, SHIFT_SAR, 8, sum, log - 1), one = shifted(s, SHIFT_SHR, 8, n, 63);
  arithmetic(s, ALU_ADD, 8, d, floor, one);
}

/** `d = n − q·divisor` */
function subtractProduct(s: SelectContext, d: VReg, n: VReg, q: VReg, divisor: bigint, bytes: number): void {
  let product: VReg;
  if (divisor >> 31n === 0n || bytes === 4) {
    product = s.newInt();
    s.inst(OP_IMUL_IMM, pack(0, sizeLog(bytes)), Number(BigInt.asIntN(32, divisor)));
    s.op(product, DEF_REG);
    s.op(q, USE_ANY);
  } else product = arithmetic(s, ALU_IMUL, 8, s.newInt(), s.wideInteger(divisor), q);
  arithmetic(s, ALU_SUB, bytes, d, n, product);
}
