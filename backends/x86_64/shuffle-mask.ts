/**
 * Byte masks of vector shuffles, with bytes that do not matter and bytes that are zero.
 *
 * A mask has 16 entries: entry `k` says where byte `k` of the result comes from. 0–15 are bytes of the first source,
 * 16–31 of the second.
 */

/** The result byte may be anything. */
export const ANY = -1;
/** The result byte is zero. */
export const ZERO = -2;

/** Sixteen entries: a source byte, {@link ANY} or {@link ZERO}. */
export type ByteMask = readonly number[];

/**
 * The mask in elements of `width` bytes: element numbers, {@link ANY} or {@link ZERO}. Undefined when some element of
 * the result is not one element of a source.
 *
 * @example
 * elements([4, 5, 6, 7, 0, 1, 2, 3, 4, -1, -1, 7, -2, -2, -2, -2], 4) // => [1, 0, 1, -2]
 */
export function elements(mask: ByteMask, width: number): number[] | undefined {
  const out: number[] = [];
  for (let k = 0; k < 16; k += width) {
    let e = ANY;
    for (let j = 0; j < width; j++) {
      const m = mask[k + j];
      if (m === ANY) continue;
      const whole = m === ZERO ? ZERO : m % width === j ? (m - j) / width : 64;
      if (whole === 64 || (e !== ANY && e !== whole)) return undefined;
      e = whole;
    }
    out.push(e);
  }
  return out;
}

/** True when the mask keeps every byte that matters in its place. */
export function isIdentity(mask: ByteMask): boolean {
  for (let k = 0; k < 16; k++) if (mask[k] !== ANY && mask[k] !== k) return false;
  return true;
}
/** True when `mask` asks for nothing that `has` does not give. */
export function covers(has: ByteMask, mask: ByteMask): boolean {
  for (let k = 0; k < 16; k++) if (mask[k] !== ANY && mask[k] !== has[k]) return false;
  return true;
}

export function hasZero(mask: ByteMask): boolean { return mask.includes(ZERO); }
/** The mask without its demands for zero. */
export function withoutZero(mask: ByteMask): number[] { return mask.map((m) => (m === ZERO ? ANY : m)); }

/** Which sources the mask reads: bit 0 the first, bit 1 the second. */
export function sources(mask: ByteMask): number {
  let s = 0;
  for (let k = 0; k < 16; k++) if (mask[k] >= 0) s |= mask[k] < 16 ? 1 : 2;
  return s;
}

/** The immediate of `pshufd` and its like for four elements: two bits each; what may be anything stays in its place. */
export function immediateOf(e: readonly number[]): number {
  let imm = 0;
  for (let k = 0; k < 4; k++) imm |= (e[k] < 0 ? k : e[k] & 3) << 2 * k;
  return imm;
}
/** The immediate that moves nothing. */
export const STRAIGHT = 0xe4;
