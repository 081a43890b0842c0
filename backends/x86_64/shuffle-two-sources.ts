/**
 * Shuffles of two sources: every instruction that joins two registers is tried, and what it needs in each of its
 * operands is asked of {@link shuffleOne}; the cheapest whole wins. Joining by `por` always succeeds.
 *
 * Instructions: Intel SDM vol. 2B, "PUNPCKL", "SHUFPS", "PALIGNR", "BLENDPS", "PBLENDW", "INSERTPS", "PACKUSWB".
 */
import { ANY, ZERO, elements, hasZero, immediateOf, isIdentity, sources, withoutZero, type ByteMask } from './shuffle-mask.ts';
import { FIRST, SECOND, binary, blendBytes, cheaper, masked, unary, type ShuffleNode, type ShuffleOp } from './shuffle-node.ts';
import { shuffleOne, type ShuffleFeatures } from './shuffle-one-source.ts';

/** One instruction without a constant: nothing is cheaper. */
const LEAST = 10;

/** Bytes of both sources in the order of `mask`. */
export function shuffleTwo(mask: ByteMask, has: ShuffleFeatures): ShuffleNode {
  const reads = sources(mask);
  let best: ShuffleNode | undefined;
  if (reads !== 3) {
    best = one(mask, has);
    // From SSSE3 on one source never needs more than `pshufb`; before, joining it with itself may help.
    if (has.ssse3 || best.cost <= LEAST) return best;
  }
  best = cheaper(best, dwords(mask, has));
  if (best !== undefined && best.cost <= LEAST) return best;
  for (const { op, left, right } of UNPACKS) {
    best = cheaper(best, joined(op, 0, apply(left, mask), apply(right, mask), has));
    if (best !== undefined && best.cost <= LEAST) return best;
  }
  if (has.ssse3) best = cheaper(best, aligned(mask));
  best = cheaper(best, blended(mask, has));
  if (hasZero(mask)) {
    const rest = shuffleTwo(withoutZero(mask), has);
    best = cheaper(best, masked('pand', rest, mask.map((m) => (m === ZERO ? 0 : 0xff))));
  } else best = cheaper(best, packed(mask, has));
  if (reads !== 3) return best!;
  const first = one(mask.map((m) => (m >= 16 ? ZERO : m)), has), second = one(mask.map((m) => (m >= 0 && m < 16 ? ZERO : m)), has);
  return cheaper(best, binary('por', first, second))!;
}

/** A mask that reads one source (or none). */
function one(mask: ByteMask, has: ShuffleFeatures): ShuffleNode {
  return sources(mask) === 2 ? shuffleOne(mask.map((m) => (m >= 0 ? m - 16 : m)), SECOND, has) : shuffleOne(mask, FIRST, has);
}

/** The instruction `op`, if each of its operands needs one source only. */
function joined(op: ShuffleOp, imm: number, a: ByteMask, b: ByteMask, has: ShuffleFeatures): ShuffleNode | undefined {
  if (sources(a) === 3 || sources(b) === 3) return undefined;
  return binary(op, one(a, has), one(b, has), imm);
}

/** Where each byte of an operand goes in the result, or −1; an operand's need follows from it. */
interface Unpack { readonly op: ShuffleOp; readonly left: readonly number[]; readonly right: readonly number[] }
const UNPACKS: readonly Unpack[] = ([
  ['punpckldq', 4, 0], ['punpckhdq', 4, 8], ['punpcklqdq', 8, 0], ['punpckhqdq', 8, 8],
  ['punpcklwd', 2, 0], ['punpckhwd', 2, 8], ['punpcklbw', 1, 0], ['punpckhbw', 1, 8],
] as const).map(([op, width, from]) => {
  const left = new Array<number>(16).fill(-1), right = new Array<number>(16).fill(-1);
  for (let k = 0; k < 8; k++) {
    const to = Math.floor(k / width) * 2 * width + k % width;
    left[from + k] = to;
    right[from + k] = to + width;
  }
  return { op, left, right };
});
function apply(goes: readonly number[], mask: ByteMask): number[] { return goes.map((to) => (to < 0 ? ANY : mask[to])); }

/** Both sources as one of 32 bytes, shifted. */
function aligned(mask: ByteMask): ShuffleNode | undefined {
  const k = mask.findIndex((m) => m >= 0);
  for (const swap of [0, 16]) {
    const n = ((mask[k] ^ swap) - k) & 31;
    // Here the bytes of the lower part count from 0, those of the upper from 16.
    if (n > 0 && n < 16 && mask.every((m, j) => m === ANY || (m >= 0 && (m ^ swap) === j + n))) {
      return swap === 0 ? binary('palignr', SECOND, FIRST, n) : binary('palignr', FIRST, SECOND, n);
    }
  }
  return undefined;
}

/** The bytes of each source put in their final places, then one chosen for each place. */
function blended(mask: ByteMask, has: ShuffleFeatures): ShuffleNode | undefined {
  let best: ShuffleNode | undefined;
  // Zeros may come with either source.
  for (const zeroIn of hasZero(mask) ? [0, 1] : [0]) {
    const owner = mask.map((m) => (m === ANY ? ANY : m === ZERO ? zeroIn : m >> 4));
    const a = mask.map((m, k) => (owner[k] === 0 ? m : ANY)), b = mask.map((m, k) => (owner[k] === 1 ? m : ANY));
    const dword = chosen(owner, 4), word = chosen(owner, 2);
    if (has.sse4_1 && dword >= 0) best = cheaper(best, joined('blendps', dword, a, b, has));
    else if (has.sse4_1 && word >= 0) best = cheaper(best, joined('pblendw', word, a, b, has));
    else if (has.avx) best = cheaper(best, blendBytes(one(a, has), one(b, has), owner.map((o) => (o === 1 ? 0xff : 0))));
    if (!has.sse4_1 && dword === 1) best = cheaper(best, joined('movss', 0, a, b, has));
    if (!has.sse4_1 && dword === 14) best = cheaper(best, joined('movss', 0, b, a, has));
  }
  return best;
}
/** The immediate of a blend: bit set for each element taken from the second source; −1 when an element is of both. */
function chosen(owner: readonly number[], width: number): number {
  let imm = 0;
  for (let k = 0; k < 16; k += width) {
    const part = owner.slice(k, k + width);
    if (part.includes(0) && part.includes(1)) return -1;
    if (part.includes(1)) imm |= 1 << k / width;
  }
  return imm;
}

/** Whole dwords: `shufps` takes two from each operand; two of them, or one and a `pshufd`, do any mask without zeros. */
function dwords(mask: ByteMask, has: ShuffleFeatures): ShuffleNode | undefined {
  const e = elements(mask, 4);
  if (e === undefined) return undefined;
  if (e.includes(ZERO)) return has.sse4_1 ? inserted(e) : undefined;
  const low = side(e[0], e[1]), high = side(e[2], e[3]);
  if (low !== undefined && high !== undefined) return binary('shufps', low, high, immediateOf(e.map((m, k) => (m === ANY ? k & 1 : m))));
  const insert = has.sse4_1 ? inserted(e) : undefined;
  if (insert !== undefined) return insert;
  if (low === undefined && high === undefined) {
    // Two of each: gathered by side, then put in order.
    const mine = e.filter((m) => m < 4), other = e.filter((m) => m >= 4);
    const gathered = binary('shufps', FIRST, SECOND, immediateOf([...mine, ...other]));
    return unary('pshufd', gathered, immediateOf(e.map((m) => (m < 4 ? mine.indexOf(m) : 2 + other.indexOf(m)))));
  }
  // Three of one, one of the other, which is first brought together with its neighbour.
  const mixed = low === undefined ? 0 : 2, x = e[mixed], y = e[mixed + 1];
  const pair = binary('shufps', leaf(x), leaf(y), immediateOf([x, x, y, y]));
  return low === undefined
    ? binary('shufps', pair, high!, immediateOf([0, 2, e[2] === ANY ? 0 : e[2], e[3] === ANY ? 1 : e[3]]))
    : binary('shufps', low, pair, immediateOf([e[0] === ANY ? 0 : e[0], e[1] === ANY ? 1 : e[1], 0, 2]));
}
function leaf(dword: number): ShuffleNode { return dword < 4 ? FIRST : SECOND; }
/** The one source of two dwords, or undefined. */
function side(x: number, y: number): ShuffleNode | undefined {
  if (x === ANY) return leaf(y === ANY ? 0 : y);
  return y === ANY || leaf(x) === leaf(y) ? leaf(x) : undefined;
}

/** One dword put into a source whose others stay, with any of them cleared. */
function inserted(e: readonly number[]): ShuffleNode | undefined {
  for (let stay = 0; stay < 2; stay++) {
    let from = -1, to = -1, zeros = 0, moved = 0;
    for (let k = 0; k < 4; k++) {
      if (e[k] === ANY || e[k] === stay * 4 + k) continue;
      if (e[k] === ZERO) zeros |= 1 << k;
      else {
        moved++;
        from = e[k];
        to = k;
      }
    }
    if (moved === 1) return binary('insertps', leaf(stay * 4), leaf(from), (from & 3) << 6 | to << 4 | zeros);
  }
  return undefined;
}

/** Every other byte or word of both operands: by packing, with the unwanted half cleared or shifted out. */
function packed(mask: ByteMask, has: ShuffleFeatures): ShuffleNode | undefined {
  if (has.ssse3) return undefined;
  let best: ShuffleNode | undefined;
  for (const width of [1, 2]) {
    for (const odd of [0, 1]) {
      const need = (from: number): number[] => {
        const m = new Array<number>(16).fill(ANY);
        for (let k = 0; k < 8; k++) m[Math.floor(k / width) * 2 * width + odd * width + k % width] = mask[from + k];
        return m;
      };
      const a = need(0), b = need(8);
      if (sources(a) === 3 || sources(b) === 3 || (!isWhole(a) && !isWhole(b))) continue;
      const pick = (m: ByteMask): ShuffleNode => {
        const x = one(m, has);
        if (width === 1) return odd === 1 ? unary('psrlw', x, 8) : masked('pand', x, EVEN_BYTES);
        return unary('psrad', odd === 1 ? x : unary('pslld', x, 16), 16);
      };
      best = cheaper(best, binary(width === 1 ? 'packuswb' : 'packssdw', pick(a), pick(b)));
    }
  }
  return best;
}
const EVEN_BYTES: readonly number[] = Array.from({ length: 16 }, (_, k) => (k % 2 === 0 ? 0xff : 0));
/** Does the operand need a source as it is? */
function isWhole(m: ByteMask): boolean { return isIdentity(m) || isIdentity(m.map((x) => (x >= 0 ? x - 16 : x))); }
