/**
 * Byte shuffles of 256 bits that AVX2 does in a few instructions. Most of its instructions work in each half of a
 * register by itself; across halves it moves lanes of 32 bits (of one source) and up. What is left is done on halves
 * (see `legalize.ts`).
 */

/** How a mask of 32 is done. Sources: 0 the first, 1 the second. */
export type WideShuffle =
  | { readonly kind: 'copy'; readonly source: 0 | 1 }
  /** `vpblendd`: dwords of the second source where the bit is set. */
  | { readonly kind: 'blend-dwords'; readonly bits: number }
  /** `vpblendvb`: bytes of the second source where the mask's are 255. */
  | { readonly kind: 'blend-bytes'; readonly mask: readonly number[] }
  /** `vperm2i128`. */
  | { readonly kind: 'halves'; readonly imm: number }
  /** The same 128-bit shuffle in both halves. */
  | { readonly kind: 'repeated'; readonly mask: readonly number[] }
  /** `vpermq`. */
  | { readonly kind: 'qwords'; readonly source: 0 | 1; readonly imm: number }
  /** `vpermd`. */
  | { readonly kind: 'dwords'; readonly source: 0 | 1; readonly indices: readonly number[] }
  /** `vpshufb` of one source or of both, the results put together; a selector of 128 gives 0. */
  | { readonly kind: 'bytes'; readonly selectors: readonly [readonly number[] | undefined, readonly number[] | undefined] };

/**
 * @param mask 32 numbers, 0–31 from the first source, 32–63 from the second
 * @param same true when both sources are one value
 * @returns undefined when there is no short sequence
 * @example
 * planWideShuffle([16, 17, ..., 31, 0, 1, ..., 15], true) // => { kind: 'halves', imm: 0x01 }
 */
export function planWideShuffle(mask: readonly number[], same: boolean): WideShuffle | undefined {
  const m = same ? mask.map((x) => x & 31) : mask;
  if (m.every((x, k) => x === k)) return { kind: 'copy', source: 0 };
  if (m.every((x, k) => x === k + 32)) return { kind: 'copy', source: 1 };
  if (m.every((x, k) => (x & 31) === k)) {
    const dwords = lanes(m, 4);
    if (dwords !== undefined) return { kind: 'blend-dwords', bits: dwords.reduce((bits, x, k) => bits | (x >= 8 ? 1 << k : 0), 0) };
    return { kind: 'blend-bytes', mask: m.map((x) => (x >= 32 ? 255 : 0)) };
  }
  const halves = lanes(m, 16);
  if (halves !== undefined) return { kind: 'halves', imm: halves[0] | halves[1] << 4 };
  const inside = m.every((x, k) => (x & 16) === (k & 16));
  if (inside && m.every((x, k) => k < 16 || x === m[k - 16] + 16)) return { kind: 'repeated', mask: m.slice(0, 16).map((x) => (x & 15) | (x >= 32 ? 16 : 0)) };
  const source = m.every((x) => x < 32) ? 0 : m.every((x) => x >= 32) ? 1 : undefined;
  if (source !== undefined) {
    const qwords = lanes(m, 8);
    if (qwords !== undefined) return { kind: 'qwords', source, imm: qwords.reduce((imm, x, k) => imm | (x & 3) << 2 * k, 0) };
  }
  if (inside) {
    const selectors = (s: number): readonly number[] | undefined => (m.some((x) => x >> 5 === s) ? m.map((x) => (x >> 5 === s ? x & 15 : 128)) : undefined);
    return { kind: 'bytes', selectors: [selectors(0), selectors(1)] };
  }
  if (source !== undefined) {
    const dwords = lanes(m, 4);
    if (dwords !== undefined) return { kind: 'dwords', source, indices: dwords.map((x) => x & 7) };
  }
  return undefined;
}

/** The mask in lanes of so many bytes, or undefined when it takes lanes apart. */
function lanes(mask: readonly number[], bytes: number): number[] | undefined {
  const list: number[] = [];
  for (let k = 0; k < mask.length; k += bytes) {
    if (mask[k] % bytes !== 0) return undefined;
    for (let b = 1; b < bytes; b++) if (mask[k + b] !== mask[k] + b) return undefined;
    list.push(mask[k] / bytes);
  }
  return list;
}
