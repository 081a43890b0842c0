/**
 * `a*b + c` in f64 with one rounding, in integer arithmetic.
 *
 * Special operands go through ordinary arithmetic, which is exact for them. Otherwise both the product and the addend
 * become 128-bit integers with their leading bit at 124 to 126, times a power of two:
 *
 * - the product of two 53-bit significands, shifted left by 20 (its leading bit is then 124 or 125);
 * - the addend's significand, shifted left by 73 (its leading bit is 125).
 *
 * The one with the smaller exponent is shifted right to the other's; bits that leave are or-ed into the lowest
 * ("sticky"). A shift of up to 20 loses nothing; with a larger one the operands are so far apart that the result
 * keeps more than 100 bits, so the sticky bit stays far below the rounding position. The sum is normalised to 64 bits
 * (the rest sticky) and rounded to nearest even once, at the position its exponent asks for, subnormal or not.
 */
import { FunctionBuilder } from '../mir/builder.ts';
import type { Value } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import type { BinaryOp, CompareOp } from '../mir/ops.ts';

export function buildFma64(name: string): MirFunction {
  const b = new FunctionBuilder(name, { params: ['f64', 'f64', 'f64'], results: ['f64'] }), [x, y, z] = b.params;
  const k = (n: bigint): Value => b.const('i64', n);
  const op = (o: BinaryOp, p: Value, q: Value | bigint): Value => b.binary(o, p, typeof q === 'bigint' ? k(q) : q);
  const is = (o: CompareOp, p: Value, q: Value | bigint): Value => b.compare(o, p, typeof q === 'bigint' ? k(q) : q);
  const flag = (v: Value): Value => b.convert('zext', v, 'i64');
  /** One bit that says whether any bit of `v` is set. */
  const sticky = (v: Value): Value => flag(is('ne', v, 0n));

  const magnitude = (v: Value): Value => op('and', b.convert('bitcast', v, 'i64'), 0x7fffffffffffffffn);
  const INFINITY = 0x7ff0000000000000n;
  const [mx, my, mz] = [magnitude(x), magnitude(y), magnitude(z)];
  // Zero or not finite: minus one wraps zero to the top.
  const special = (m: Value): Value => is('uge', op('sub', m, 1n), INFINITY - 1n);
  const simple = b.createBlock('simple'), addendOnly = b.createBlock('addend'), finite = b.createBlock('finite'), zeroAddend = b.createBlock('zero_addend'), work = b.createBlock('work');
  b.br(op('or', special(mx), special(my)), simple, finite);
  b.switchTo(simple);
  b.ret([b.binary('fadd', b.binary('fmul', x, y), z)]);
  b.switchTo(finite);
  const other = b.createBlock();
  b.br(is('uge', mz, INFINITY), addendOnly, other);
  b.switchTo(addendOnly);
  // x*y is finite or overflows only by rounding: the addend decides. (A NaN may be any NaN.)
  b.ret([z]);
  b.switchTo(other);
  b.br(is('eq', mz, 0n), zeroAddend, work);
  b.switchTo(zeroAddend);
  b.ret([b.binary('fmul', x, y)]);

  b.switchTo(work);
  /** Significand with bit 52 set, and the exponent of its lowest bit. */
  const unpack = (m: Value): readonly [Value, Value] => {
    const biased = op('lshr', m, 52n), fraction = op('and', m, 0xfffffffffffffn), subnormal = is('eq', biased, 0n);
    const shift = op('sub', b.unary('clz', fraction), 11n);
    return [
      b.select(subnormal, op('shl', fraction, shift), op('or', fraction, 0x10000000000000n)),
      b.select(subnormal, op('sub', k(-1074n), shift), op('sub', biased, 1075n)),
    ];
  };
  const [sx, ex] = unpack(mx), [sy, ey] = unpack(my), [sz, ez] = unpack(mz);
  const sign = (v: Value): Value => op('lshr', b.convert('bitcast', v, 'i64'), 63n);
  const productSign = op('xor', sign(x), sign(y)), addendSign = sign(z);
  const [low, high] = b.pair('umul_wide', sx, sy);
  const pHigh = op('or', op('shl', high, 20n), op('lshr', low, 44n)), pLow = op('shl', low, 20n), pExponent = op('sub', op('add', ex, ey), 20n);
  const cHigh = op('shl', sz, 9n), cLow = k(0n), cExponent = op('sub', ez, 73n);

  /** 128-bit shift right by `n` >= 0, lost bits sticky. */
  const shiftRight = (h: Value, l: Value, n: Value): readonly [Value, Value] => {
    const far = is('uge', n, 64n), all = is('uge', n, 128n), rest = op('and', n, 63n), none = is('eq', rest, 0n);
    const back = op('sub', k(64n), rest);
    // By less than 64 (`back` would be 64 for nothing, which shifts by 0).
    const carried = b.select(none, k(0n), op('shl', h, back)), lostLow = b.select(none, k(0n), op('shl', l, back)), lostHigh = carried;
    const nearHigh = op('lshr', h, rest), nearLow = op('or', op('or', op('lshr', l, rest), carried), sticky(lostLow));
    const farLow = op('or', nearHigh, sticky(op('or', l, lostHigh)));
    const gone = sticky(op('or', h, l));
    return [b.select(far, k(0n), nearHigh), b.select(all, gone, b.select(far, farLow, nearLow))];
  };
  const distance = op('sub', pExponent, cExponent), addendLower = is('sge', distance, 0n);
  const pShift = b.select(addendLower, k(0n), op('sub', k(0n), distance)), cShift = b.select(addendLower, distance, k(0n));
  const [ph, pl] = shiftRight(pHigh, pLow, pShift), [ch, cl] = shiftRight(cHigh, cLow, cShift);
  const exponent = b.select(addendLower, pExponent, cExponent);

  // Sum or difference of magnitudes.
  const [sumLow, carry] = b.pair('uadd_overflow', pl, cl), sumHigh = op('add', op('add', ph, ch), flag(carry));
  const [difLow, borrow] = b.pair('usub_overflow', pl, cl), difHigh = op('sub', op('sub', ph, ch), flag(borrow));
  const negative = is('slt', difHigh, 0n);
  const flipLow = op('sub', k(0n), difLow), flipHigh = op('sub', op('sub', k(0n), difHigh), sticky(difLow));
  const same = is('eq', productSign, addendSign);
  const rh = b.select(same, sumHigh, b.select(negative, flipHigh, difHigh)), rl = b.select(same, sumLow, b.select(negative, flipLow, difLow));
  const resultSign = b.select(op('and', is('ne', productSign, addendSign), negative), addendSign, productSign);
  return finish();

  function finish(): MirFunction {
    const zero = b.createBlock('zero'), round = b.createBlock('round');
    b.br(is('eq', op('or', rh, rl), 0n), zero, round);
    b.switchTo(zero);
    b.ret([b.const('f64', 0)]);
    b.switchTo(round);
    // Leading bit to bit 63 of one word.
    const empty = is('eq', rh, 0n), h = b.select(empty, rl, rh), l = b.select(empty, k(0n), rl), up = b.unary('clz', h);
    const fill = b.select(is('eq', up, 0n), k(0n), op('lshr', l, op('sub', k(64n), up)));
    const word = op('or', op('or', op('shl', h, up), fill), sticky(op('shl', l, up)));
    // Value = word * 2^lowest, leading bit at exponent `leading`.
    const lowest = op('sub', op('add', exponent, b.select(empty, k(0n), k(64n))), up), leading = op('add', lowest, 63n);
    const normal = is('sge', leading, -1022n);
    const wanted = b.select(normal, k(11n), op('sub', k(11n - 1022n), leading));
    const shift = b.select(is('sgt', wanted, 64n), k(65n), wanted);
    const whole = is('uge', shift, 64n), tiny = is('ugt', shift, 64n);
    const kept = b.select(whole, k(0n), op('lshr', word, shift));
    // What was cut off, moved to the top: compared with a half.
    const rest = b.select(whole, word, op('shl', word, op('sub', k(64n), shift))), HALF = -0x8000000000000000n;
    const above = is('ugt', rest, HALF), tie = op('and', is('eq', rest, HALF), b.convert('trunc', kept, 'i1'));
    const roundUp = b.select(tiny, b.const('i1', 0), op('or', above, tie));
    const rounded = op('add', kept, flag(roundUp));
    const biased = b.select(normal, op('shl', op('add', leading, 1022n), 52n), k(0n));
    const bits = op('add', rounded, biased);
    const overflow = op('or', is('sgt', leading, 1023n), is('uge', bits, INFINITY));
    const result = b.select(overflow, k(INFINITY), bits);
    b.ret([b.convert('bitcast', op('or', result, op('shl', resultSign, 63n)), 'f64')]);
    return b.finish();
  }
}
