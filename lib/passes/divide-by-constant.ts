/**
 * Division and remainder by a constant without dividing.
 *
 * Warren, "Hacker's Delight" (2nd ed.), chapter 10; Granlund and Montgomery, "Division by Invariant Integers using
 * Multiplication" (PLDI 1994). With N the width:
 * - unsigned: q = (x * m) >> (N + s) for a suitable (N+1)-bit m; when m needs that last bit,
 *   t = high(x * (m - 2^N)), q = (((x - t) >> 1) + t) >> (s - 1);
 * - signed: q = high(x * m) (+ x when m overflowed into the sign) >> s, plus one when x is negative;
 * - signed by 2^k: x plus (2^k - 1 when x is negative), arithmetically shifted.
 *
 * Only for divisors that cannot trap: not 0, and for signed ones not −1. Multipliers are found with bigint, once per
 * instruction replaced. `i8` and `i16` are widened to `i32`, where the product fits and the plain formula does.
 */
import { findDefinitions } from '../analysis/uses.ts';
import type { BinaryInst, Instruction, Value } from '../mir/instruction.ts';
import type { Block } from '../mir/module.ts';
import type { BinaryOp, ConvertOp, PairOp } from '../mir/ops.ts';
import type { Type } from '../mir/types.ts';
import { ownFunctionPass } from './pass.ts';

/** The pass `divide-by-constant`. */
export const divideByConstant = ownFunctionPass('divide-by-constant', 'division by constants becomes multiplication and shifts', (f, context) => {
  if (!context.target.fastWideMultiply) return f;
  let definitions: readonly (Instruction | undefined)[] | undefined;
  let blocks: Block[] | undefined, types: Type[] | undefined;
  for (let b = 0; b < f.blocks.length; b++) {
    const list = f.blocks[b].instructions;
    let out: Instruction[] | undefined;
    for (let k = 0; k < list.length; k++) {
      const i = list[k];
      if (i.kind !== 'binary' || !isDivision(i.op)) { out?.push(i); continue; }
      definitions ??= findDefinitions(f).instruction;
      const d = definitions[i.b];
      const divisor = d?.kind === 'const' ? BigInt(d.value) : 0n;
      if (!isReplaceable(i, divisor)) { out?.push(i); continue; }
      out ??= list.slice(0, k);
      new Expansion(types ??= f.valueTypes.slice(), out, i, divisor).run();
    }
    if (out !== undefined) (blocks ??= f.blocks.slice())[b] = { ...f.blocks[b], instructions: out };
  }
  return blocks === undefined ? f : { ...f, blocks, valueTypes: types ?? f.valueTypes };
});

function isDivision(op: BinaryOp): boolean {
  return op === 'udiv' || op === 'sdiv' || op === 'urem' || op === 'srem';
}

function isReplaceable(i: BinaryInst, divisor: bigint): boolean {
  if (divisor === 0n) return false;
  return i.op === 'udiv' || i.op === 'urem' ? divisor !== 1n : divisor !== 1n && divisor !== -1n;
}

class Expansion {
  readonly #types: Type[];
  readonly #out: Instruction[];
  readonly #i: BinaryInst;
  readonly #divisor: bigint;

  constructor(types: Type[], out: Instruction[], i: BinaryInst, divisor: bigint) {
    this.#types = types;
    this.#out = out;
    this.#i = i;
    this.#divisor = divisor;
  }

  run(): void {
    const i = this.#i, signed = i.op === 'sdiv' || i.op === 'srem', remainder = i.op === 'urem' || i.op === 'srem';
    const narrow = i.type === 'i8' || i.type === 'i16', type: Type = narrow ? 'i32' : i.type;
    const bits = i.type === 'i8' ? 8 : i.type === 'i16' ? 16 : i.type === 'i32' ? 32 : 64;
    const x = narrow ? this.#convert(signed ? 'sext' : 'zext', i.a, i.type, type) : i.a;
    const divisor = signed ? this.#divisor : BigInt.asUintN(bits, this.#divisor);
    const q = signed ? this.#signed(type, x, divisor) : this.#unsigned(type, x, divisor);
    let r = q;
    if (remainder) r = this.#binary('sub', type, x, this.#binary('mul', type, q, this.#constant(type, divisor)));
    if (narrow) this.#out.push({ kind: 'convert', op: 'trunc', from: type, type: i.type, a: r, result: i.result, loc: i.loc });
    else this.#rename(r);
  }

  /** Lets the last instruction define the result of the division. */
  #rename(r: Value): void {
    const last = this.#out.length - 1, made = this.#out[last];
    if (made.kind === 'binary' && made.result === r) this.#out[last] = { ...made, result: this.#i.result };
    else this.#out.push({ kind: 'binary', op: 'or', type: this.#i.type, a: r, b: r, result: this.#i.result, loc: this.#i.loc });
  }

  #unsigned(type: Type, x: Value, d: bigint): Value {
    const n = type === 'i64' ? 64n : 32n;
    let shift = 0n;
    while (1n << shift < d) shift++;                                     // ceil(log2 d)
    if (1n << shift === d) return this.#binary('lshr', type, x, this.#constant(type, shift));
    // m = ceil(2^(N + shift) / d) always works with N + 1 bits; a smaller shift may do with N.
    let m = ((1n << n + shift) + d - 1n) / d, s = shift;
    while (s > 0n) {
      const smaller = ((1n << n + s - 1n) + d - 1n) / d;
      // Exact for all x < 2^N when the error m*d - 2^(N+s) is at most 2^s.
      if (smaller * d - (1n << n + s - 1n) > 1n << s - 1n) break;
      m = smaller;
      s--;
    }
    if (m < 1n << n) return this.#shift('lshr', type, this.#high('umul_wide', type, x, this.#constant(type, m)), s);
    const t = this.#high('umul_wide', type, x, this.#constant(type, m - (1n << n)));
    const half = this.#binary('lshr', type, this.#binary('sub', type, x, t), this.#constant(type, 1n));
    return this.#shift('lshr', type, this.#binary('add', type, half, t), s - 1n);
  }

  #signed(type: Type, x: Value, d: bigint): Value {
    const n = type === 'i64' ? 64n : 32n, size = d < 0n ? -d : d;
    if ((size & size - 1n) === 0n) {
      let k = 0n;
      while (1n << k < size) k++;
      // 2^k - 1 for negative x, else 0
      const sign = this.#binary('ashr', type, x, this.#constant(type, n - 1n));
      const bias = this.#binary('lshr', type, sign, this.#constant(type, n - k));
      const q = this.#binary('ashr', type, this.#binary('add', type, x, bias), this.#constant(type, k));
      return d < 0n ? this.#binary('sub', type, this.#constant(type, 0n), q) : q;
    }
    const { m, s } = signedMagic(d, n);
    let q = this.#high('smul_wide', type, x, this.#constant(type, m));
    if (d > 0n && m < 0n) q = this.#binary('add', type, q, x);
    if (d < 0n && m > 0n) q = this.#binary('sub', type, q, x);
    q = this.#shift('ashr', type, q, s);
    return this.#binary('add', type, q, this.#binary('lshr', type, q, this.#constant(type, n - 1n)));
  }

  #shift(op: 'lshr' | 'ashr', type: Type, v: Value, by: bigint): Value {
    return by === 0n ? v : this.#binary(op, type, v, this.#constant(type, by));
  }
  #constant(type: Type, value: bigint): Value {
    const result = this.#types.push(type) - 1;
    this.#out.push({ kind: 'const', type, value: type === 'i64' ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value)), result, loc: this.#i.loc });
    return result;
  }
  #binary(op: BinaryOp, type: Type, a: Value, b: Value): Value {
    const result = this.#types.push(type) - 1;
    this.#out.push({ kind: 'binary', op, type, a, b, result, loc: this.#i.loc });
    return result;
  }
  #high(op: PairOp, type: Type, a: Value, b: Value): Value {
    const result = this.#types.push(type) - 1, result2 = this.#types.push(type) - 1;
    this.#out.push({ kind: 'pair', op, type, a, b, result, result2, loc: this.#i.loc });
    return result2;
  }
  #convert(op: ConvertOp, a: Value, from: Type, type: Type): Value {
    const result = this.#types.push(type) - 1;
    this.#out.push({ kind: 'convert', op, from, type, a, result, loc: this.#i.loc });
    return result;
  }
}

/** Multiplier (as signed N-bit) and shift for signed division by `d`, |d| ≥ 3: Hacker's Delight, figure 10-1. */
function signedMagic(d: bigint, n: bigint): { readonly m: bigint; readonly s: bigint } {
  const size = d < 0n ? -d : d, two = 1n << n - 1n;
  const t = two + (d < 0n ? 1n : 0n), nc = t - 1n - t % size;
  let p = n - 1n;
  do p++; while (1n << p <= nc * (size - (1n << p) % size));
  const m = ((1n << p) + size - (1n << p) % size) / size;
  return { m: BigInt.asIntN(Number(n), d < 0n ? -m : m), s: p - n };
}
