/** What a shuffle is made of: one processor instruction per node, sources as leaves. */

/** An instruction of a shuffle. Those with one source first, then those with two. */
export type ShuffleOp =
  | 'zero'
  | 'pshufd' | 'pshuflw' | 'pshufhw' | 'psrldq' | 'pslldq' | 'psrlw' | 'psrld' | 'psrlq' | 'psllw' | 'pslld' | 'psllq' | 'psrad'
  | 'movq' | 'pmovzxbw' | 'pmovzxbd' | 'pmovzxbq' | 'pmovzxwd' | 'pmovzxwq' | 'pmovzxdq' | 'vpbroadcastb' | 'vpbroadcastw'
  | 'pand' | 'pshufb'
  | 'punpcklbw' | 'punpcklwd' | 'punpckldq' | 'punpcklqdq' | 'punpckhbw' | 'punpckhwd' | 'punpckhdq' | 'punpckhqdq'
  | 'shufps' | 'movss' | 'por' | 'palignr' | 'blendps' | 'pblendw' | 'insertps' | 'packuswb' | 'packssdw' | 'pblendvb';

/** An instruction and where its operands come from; a leaf is the first or the second source. */
export interface ShuffleNode {
  readonly op: ShuffleOp | 'first' | 'second';
  /** The first operand (the one that a two-operand encoding overwrites). */
  readonly a: ShuffleNode | undefined;
  readonly b: ShuffleNode | undefined;
  /** Immediate as the processor takes it: counts of `psrldq` in bytes, of other shifts in bits. */
  readonly imm: number;
  /** Bytes of the constant operand: selectors of `pshufb`, masks of `pand` and `pblendvb`. */
  readonly bytes: readonly number[] | undefined;
  /** Ten per instruction, three more for a constant that has to be loaded; shared nodes count at each use. */
  readonly cost: number;
}

export const FIRST: ShuffleNode = { op: 'first', a: undefined, b: undefined, imm: 0, bytes: undefined, cost: 0 };
export const SECOND: ShuffleNode = { op: 'second', a: undefined, b: undefined, imm: 0, bytes: undefined, cost: 0 };
export const ZERO_NODE: ShuffleNode = { op: 'zero', a: undefined, b: undefined, imm: 0, bytes: undefined, cost: 8 };

export function unary(op: ShuffleOp, a: ShuffleNode, imm = 0): ShuffleNode {
  return { op, a, b: undefined, imm, bytes: undefined, cost: a.cost + 10 };
}
export function masked(op: 'pand' | 'pshufb', a: ShuffleNode, bytes: readonly number[]): ShuffleNode {
  return { op, a, b: undefined, imm: 0, bytes, cost: a.cost + 13 };
}
export function binary(op: ShuffleOp, a: ShuffleNode, b: ShuffleNode, imm = 0): ShuffleNode {
  return { op, a, b, imm, bytes: undefined, cost: a.cost + b.cost + 10 };
}
/** `b` where the mask byte is set, else `a`; two steps inside the processor. */
export function blendBytes(a: ShuffleNode, b: ShuffleNode, bytes: readonly number[]): ShuffleNode {
  return { op: 'pblendvb', a, b, imm: 0, bytes, cost: a.cost + b.cost + 23 };
}

/** The cheaper one; the earlier when they cost the same. */
export function cheaper(a: ShuffleNode | undefined, b: ShuffleNode | undefined): ShuffleNode | undefined {
  return a === undefined ? b : b === undefined || a.cost <= b.cost ? a : b;
}
