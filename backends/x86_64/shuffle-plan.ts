/**
 * A byte shuffle as a list of instructions, the best the processor has for its mask.
 *
 * @example
 * planShuffle([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11], 0, false, features)
 * // => { steps: [{ op: 'pshufd', a: 0, b: -1, imm: 0xb1, bytes: undefined }], result: 2 }
 */
import { ZERO, type ByteMask } from './shuffle-mask.ts';
import type { ShuffleNode, ShuffleOp } from './shuffle-node.ts';
import type { ShuffleFeatures } from './shuffle-one-source.ts';
import { shuffleTwo } from './shuffle-two-sources.ts';

/** One instruction. Operands: 0 and 1 are the sources, `2 + k` the result of step `k`, −1 none. */
export interface ShuffleStep {
  readonly op: ShuffleOp;
  readonly a: number;
  readonly b: number;
  readonly imm: number;
  readonly bytes: readonly number[] | undefined;
}

export interface ShufflePlan {
  readonly steps: readonly ShuffleStep[];
  /** Operand number of the result: a source, when nothing moves. */
  readonly result: number;
}

/** Plans kept, as many as are ever useful: shuffles of one program are few and come again and again. */
const MOST_KEPT = 1024;
const kept = new Map<string, ShufflePlan>();

/**
 * @param mask sixteen numbers, 0–15 from the first source, 16–31 from the second
 * @param zero which source is known to be all zero bits: 0 none, 1 the first, 2 the second, 3 both
 * @param same true when both sources are one value
 */
export function planShuffle(mask: ByteMask, zero: number, same: boolean, has: ShuffleFeatures): ShufflePlan {
  const level = (has.ssse3 ? 1 : 0) | (has.sse4_1 ? 2 : 0) | (has.avx ? 4 : 0) | (has.avx2 ? 8 : 0);
  const known = mask.map((m) => ((zero >> (m >> 4) & 1) === 1 ? ZERO : same ? m & 15 : m));
  const key = `${level} ${known.join()}`;
  let plan = kept.get(key);
  if (plan === undefined) {
    plan = flatten(shuffleTwo(known, has));
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, plan);
  }
  return plan;
}

/** Nodes to steps, each once. */
function flatten(root: ShuffleNode): ShufflePlan {
  const steps: ShuffleStep[] = [], numbers = new Map<ShuffleNode, number>();
  const visit = (n: ShuffleNode | undefined): number => {
    if (n === undefined) return -1;
    if (n.op === 'first') return 0;
    if (n.op === 'second') return 1;
    let at = numbers.get(n);
    if (at === undefined) {
      const a = visit(n.a), b = visit(n.b);
      at = steps.push({ op: n.op, a, b, imm: n.imm, bytes: n.bytes }) + 1;
      numbers.set(n, at);
    }
    return at;
  };
  const result = visit(root);
  return { steps, result };
}
