/**
 * Shuffles of one source: the best instruction for a mask, or with SSE2 alone the best short sequence.
 *
 * From SSSE3 on `pshufb` does every mask, so the search is for something cheaper. Without it, words move by `pshufd`,
 * `pshuflw` and `pshufhw` in either order, bytes by shifts; the last resort takes the bytes apart by the distance they
 * move: the whole register is shifted by it, what belongs elsewhere is masked off, the results are joined.
 *
 * Instructions: Intel SDM vol. 2B, "PSHUFD", "PSHUFLW", "PSHUFHW", "PSHUFB", "PSRLDQ", "PMOVZX".
 */
import type { X86Features } from './features.ts';
import { ANY, STRAIGHT, ZERO, covers, elements, hasZero, immediateOf, isIdentity, withoutZero, type ByteMask } from './shuffle-mask.ts';
import { ZERO_NODE, binary, cheaper, masked, unary, type ShuffleNode, type ShuffleOp } from './shuffle-node.ts';

/** The features that shuffles ask for. */
export type ShuffleFeatures = Pick<X86Features, 'ssse3' | 'sse4_1' | 'avx' | 'avx2'>;

/** Bytes of `source` in the order of `mask`, whose entries are 0–15, `ANY` or `ZERO`. */
export function shuffleOne(mask: ByteMask, source: ShuffleNode, has: ShuffleFeatures): ShuffleNode {
  const one = direct(mask, source, has);
  if (one !== undefined) return one;
  let best: ShuffleNode | undefined;
  if (hasZero(mask)) {
    // The mask without zeros is never the identity here: that is one `pand`.
    const rest = withoutZero(mask);
    best = masked('pand', shuffleOne(rest, source, has), mask.map((m) => (m === ZERO ? 0 : 0xff)));
  } else {
    best = cheaper(best, words(mask, source));
    best = cheaper(best, doubled(mask, source));
    best = cheaper(best, swapped(mask, source));
  }
  return cheaper(best, byDistance(mask, source))!;
}

/** One instruction, or none at all. */
function direct(mask: ByteMask, x: ShuffleNode, has: ShuffleFeatures): ShuffleNode | undefined {
  if (isIdentity(mask)) return x;
  if (mask.every((m) => m < 0)) return ZERO_NODE;
  return (hasZero(mask) ? directWithZero(mask, x, has) : directWithoutZero(mask, x, has))
    ?? (has.ssse3 ? masked('pshufb', x, mask.map((m) => (m < 0 ? 0x80 : m))) : undefined);
}

function directWithoutZero(mask: ByteMask, x: ShuffleNode, has: ShuffleFeatures): ShuffleNode | undefined {
  const dwords = elements(mask, 4);
  if (dwords !== undefined) return unary('pshufd', x, immediateOf(dwords));
  const w = elements(mask, 2);
  if (w !== undefined) {
    const low = inPlace(w, 0) ? -1 : onlyFrom(w, 0), high = inPlace(w, 4) ? -1 : onlyFrom(w, 4);
    if (high < 0 && low > 0) return unary('pshuflw', x, immediateOf(w.slice(0, 4)));
    if (low < 0 && high > 0) return unary('pshufhw', x, immediateOf(w.slice(4)));
  }
  if (has.avx2) {
    if (covers(BROADCAST_BYTE, mask)) return unary('vpbroadcastb', x);
    if (covers(BROADCAST_WORD, mask)) return unary('vpbroadcastw', x);
  }
  if (has.ssse3) {
    const k = mask.findIndex((m) => m >= 0), n = (mask[k] - k) & 15;
    if (mask.every((m, j) => m === ANY || m === ((j + n) & 15))) return binary('palignr', x, x, n);
    return undefined;
  }
  return shifted(mask, x);
}

const BROADCAST_BYTE: ByteMask = new Array<number>(16).fill(0);
const BROADCAST_WORD: ByteMask = BROADCAST_BYTE.map((_, k) => k & 1);

/** Are the four words from `at` on where they were? */
function inPlace(w: readonly number[], at: number): boolean {
  for (let k = at; k < at + 4; k++) if (w[k] !== ANY && w[k] !== k) return false;
  return true;
}
/** 1 when the four words from `at` on come from the same half of the source, else 0. */
function onlyFrom(w: readonly number[], at: number): number {
  for (let k = at; k < at + 4; k++) if (w[k] !== ANY && (w[k] & 4) !== at) return 0;
  return 1;
}

function directWithZero(mask: ByteMask, x: ShuffleNode, has: ShuffleFeatures): ShuffleNode | undefined {
  const shift = shifted(mask, x);
  if (shift !== undefined) return shift;
  if (covers(LOW_QWORD, mask)) return unary('movq', x);
  if (has.sse4_1) {
    for (const { op, gives } of ZERO_EXTENSIONS) if (covers(gives, mask)) return unary(op, x);
  }
  if (mask.every((m, k) => m < 0 || m === k)) return masked('pand', x, mask.map((m) => (m === ZERO ? 0 : 0xff)));
  return undefined;
}

const LOW_QWORD: ByteMask = Array.from({ length: 16 }, (_, k) => (k < 8 ? k : ZERO));
const ZERO_EXTENSIONS: readonly { readonly op: ShuffleOp; readonly gives: ByteMask }[] = ([
  ['pmovzxbw', 1, 2], ['pmovzxwd', 2, 4], ['pmovzxdq', 4, 8], ['pmovzxbd', 1, 4], ['pmovzxwq', 2, 8], ['pmovzxbq', 1, 8],
] as const).map(([op, from, to]) => ({ op, gives: Array.from({ length: 16 }, (_, k) => (k % to < from ? Math.floor(k / to) * from + k % to : ZERO)) }));

/** A shift of the register, or of its lanes, by whole bytes. */
function shifted(mask: ByteMask, x: ShuffleNode): ShuffleNode | undefined {
  const k = mask.findIndex((m) => m >= 0), distance = mask[k] - k;
  if (distance === 0) return undefined;
  for (const { width, left, right } of SHIFTS) {
    if (Math.abs(distance) >= width || !isShift(mask, width, distance)) continue;
    const count = Math.abs(distance);
    return unary(distance < 0 ? left : right, x, width === 16 ? count : count * 8);
  }
  return undefined;
}

const SHIFTS: readonly { readonly width: number; readonly left: ShuffleOp; readonly right: ShuffleOp }[] = [
  { width: 16, left: 'pslldq', right: 'psrldq' }, { width: 8, left: 'psllq', right: 'psrlq' },
  { width: 4, left: 'pslld', right: 'psrld' }, { width: 2, left: 'psllw', right: 'psrlw' },
];

function isShift(mask: ByteMask, width: number, distance: number): boolean {
  for (let k = 0; k < 16; k++) {
    const from = k % width + distance, gives = from >= 0 && from < width ? k + distance : ZERO;
    if (mask[k] !== ANY && mask[k] !== gives) return false;
  }
  return true;
}

// --- SSE2 alone ---

/** Words: up to two dwords for each half and then their words, or the words of each half and then whole dwords. */
function words(mask: ByteMask, x: ShuffleNode): ShuffleNode | undefined {
  const w = elements(mask, 2);
  return w === undefined ? undefined : cheaper(dwordsFirst(w, x), wordsFirst(w, x));
}

function dwordsFirst(w: readonly number[], x: ShuffleNode): ShuffleNode | undefined {
  const low = dwordsOf(w, 0), high = dwordsOf(w, 4);
  if (low === undefined || high === undefined) return undefined;
  let n = x;
  const imm = low[0] | low[1] << 2 | high[0] << 4 | high[1] << 6;
  if (imm !== STRAIGHT) n = unary('pshufd', n, imm);
  const lowImm = wordsOf(w, 0, low), highImm = wordsOf(w, 4, high);
  if (lowImm !== STRAIGHT) n = unary('pshuflw', n, lowImm);
  if (highImm !== STRAIGHT) n = unary('pshufhw', n, highImm);
  return n;
}
/** The two dwords that hold the four words from `at` on, where they save most steps later. */
function dwordsOf(w: readonly number[], at: number): readonly [number, number] | undefined {
  const home = at >> 1, need: number[] = [];
  for (let k = at; k < at + 4; k++) if (w[k] !== ANY && !need.includes(w[k] >> 1)) need.push(w[k] >> 1);
  switch (need.length) {
    case 0: return [home, home + 1];
    case 1: {
      const first = w[at] === ANY && w[at + 1] === ANY;
      return need[0] === home || need[0] === home + 1 ? [home, home + 1] : first ? [home, need[0]] : [need[0], home + 1];
    }
    case 2: {
      const [a, b] = need, straight: readonly [number, number] = [a, b], crossed: readonly [number, number] = [b, a];
      if (a === home || b === home + 1) return straight;
      if (b === home || a === home + 1) return crossed;
      return wordsOf(w, at, crossed) === STRAIGHT ? crossed : straight;
    }
    default: return undefined;
  }
}
function wordsOf(w: readonly number[], at: number, pair: readonly [number, number]): number {
  return immediateOf(w.slice(at, at + 4).map((m) => (m === ANY ? ANY : (m >> 1 === pair[0] ? 0 : 2) + (m & 1))));
}

function wordsFirst(w: readonly number[], x: ShuffleNode): ShuffleNode | undefined {
  // Pairs of words that some dword of the result is, at most two in each half of the source.
  const pairs: [number, number][][] = [[], []], dwords: number[] = [];
  for (let k = 0; k < 8; k += 2) {
    const p = w[k], q = w[k + 1], known = p !== ANY ? p : q;
    if (known === ANY) { dwords.push(ANY); continue; }
    if (p !== ANY && q !== ANY && (p & 4) !== (q & 4)) return undefined;
    const half = known >> 2, list = pairs[half];
    let slot = list.findIndex(([a, b]) => (a === p || p === ANY) && (b === q || q === ANY));
    if (slot < 0) {
      if (list.length === 2) return undefined;
      slot = list.push([p, q]) - 1;
    }
    dwords.push(half * 2 + slot);
  }
  let n = x;
  for (let half = 0; half < 2; half++) {
    const imm = immediateOf([...pairs[half].flat(), ANY, ANY, ANY, ANY].slice(0, 4));
    if (imm !== STRAIGHT) n = unary(half === 0 ? 'pshuflw' : 'pshufhw', n, imm);
  }
  const imm = immediateOf(dwords);
  return imm === STRAIGHT ? n : unary('pshufd', n, imm);
}

/** Each byte twice, by unpacking with itself, then words. */
function doubled(mask: ByteMask, x: ShuffleNode): ShuffleNode | undefined {
  const half = mask.find((m) => m >= 0)! & 8, wanted: number[] = [];
  for (let k = 0; k < 16; k += 2) {
    const m = mask[k] !== ANY ? mask[k] : mask[k + 1];
    if (m === ANY) { wanted.push(ANY, ANY); continue; }
    if ((mask[k + 1] !== ANY && mask[k + 1] !== m) || (m & 8) !== half) return undefined;
    wanted.push((m & 7) * 2, (m & 7) * 2 + 1);
  }
  const twice = binary(half === 0 ? 'punpcklbw' : 'punpckhbw', x, x);
  return isIdentity(wanted) ? twice : words(wanted, twice);
}

/** The two bytes of each word exchanged, then words. */
function swapped(mask: ByteMask, x: ShuffleNode): ShuffleNode | undefined {
  const wanted = mask.map((m) => (m === ANY ? ANY : m ^ 1));
  if (elements(wanted, 2) === undefined) return undefined;
  const exchanged = binary('por', unary('psrlw', x, 8), unary('psllw', x, 8));
  return isIdentity(wanted) ? exchanged : words(wanted, exchanged);
}

/** Any mask: at most sixteen distances, each a shift, a mask and a join. */
function byDistance(mask: ByteMask, x: ShuffleNode): ShuffleNode {
  let result: ShuffleNode | undefined;
  for (let distance = -15; distance <= 15; distance++) {
    const part = mask.map((m, k) => (m >= 0 && m - k === distance ? m : ZERO));
    if (part.every((m) => m < 0)) continue;
    const whole = distance === 0 ? x : unary(distance < 0 ? 'pslldq' : 'psrldq', x, Math.abs(distance));
    const n = isShift(part, 16, distance) ? whole : masked('pand', whole, part.map((m) => (m === ZERO ? 0 : 0xff)));
    result = result === undefined ? n : binary('por', result, n);
  }
  return result ?? ZERO_NODE;
}
