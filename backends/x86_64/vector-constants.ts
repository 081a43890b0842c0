/** What is known of constant float lanes at selection, and what a minimum or maximum with one may be made of. */
import type { Value } from '../../lib/mir/instruction.ts';
import type { SelectContext } from './select-context.ts';

/** How to compute a minimum or maximum with a constant by the processor's instruction. */
export interface MinMaxChoice {
  /** The first operand. */
  readonly constant: Value;
  /** The second operand, which the instruction gives for NaNs and for two zeros. */
  readonly other: Value;
  /** Then the constant, +0 in all lanes, is added. */
  readonly addZero: boolean;
}

/**
 * The instruction is right for NaNs of its second operand, and for zeros unless it would have to give the constant's:
 * −0 in a minimum, +0 in a maximum. Where all lanes are the latter, adding +0 makes +0 of −0 and changes nothing else.
 */
export function chooseMinMax(s: SelectContext, max: boolean, wide: boolean, a: Value, b: Value, bytes: number): MinMaxChoice | undefined {
  let kinds = floatLanes(s, b, wide, bytes);
  if (kinds === 0) {
    kinds = floatLanes(s, a, wide, bytes);
    [a, b] = [b, a];
  }
  if (kinds === 0 || (kinds & (LANE_NAN | (max ? 0 : LANE_MINUS_ZERO))) !== 0) return undefined;
  const addZero = max && (kinds & LANE_PLUS_ZERO) !== 0;
  return addZero && kinds !== LANE_PLUS_ZERO ? undefined : { constant: b, other: a, addZero };
}

/** Kinds of numbers, bits of {@link floatLanes}. */
const LANE_NAN = 1, LANE_PLUS_ZERO = 2, LANE_MINUS_ZERO = 4, LANE_OTHER = 8;

const F64 = new Float64Array(1), F32 = new Float32Array(F64.buffer), I64 = new BigInt64Array(F64.buffer), I32 = new Int32Array(F64.buffer);

/** Which kinds of numbers a constant's lanes are (a scalar is one lane); 0 when the value is not constant. */
function floatLanes(s: SelectContext, v: Value, wide: boolean, bytes: number): number {
  const d = s.definition(v);
  if (d === undefined) return 0;
  if (d.kind === 'splat') {
    const x = s.definition(d.a);
    return x !== undefined && x.kind === 'const' && typeof x.value === 'number' ? kindOf(x.value) : 0;
  }
  if (d.kind !== 'const') return 0;
  if (typeof d.value === 'number') return kindOf(d.value);
  let kinds = 0, rest = d.value;
  for (let at = 0; at < bytes; at += wide ? 8 : 4) {
    if (wide) {
      I64[0] = BigInt.asIntN(64, rest);
      kinds |= kindOf(F64[0]);
      rest >>= 64n;
    } else {
      I32[0] = Number(BigInt.asIntN(32, rest));
      kinds |= kindOf(F32[0]);
      rest >>= 32n;
    }
  }
  return kinds;
}

function kindOf(x: number): number {
  return Number.isNaN(x) ? LANE_NAN : x !== 0 ? LANE_OTHER : Object.is(x, 0) ? LANE_PLUS_ZERO : LANE_MINUS_ZERO;
}
