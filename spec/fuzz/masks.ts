/** Byte masks of shuffles: the patterns that processors have instructions for, spoilt now and then, and any others. */
import type { Choices } from './choices.ts';

/**
 * A mask of `size` bytes that choose among the `2 * size` of two vectors.
 *
 * @example
 * shuffleMask(new ReplayChoices([0, 0, 1]), 16) // => broadcast of a lane
 */
export function shuffleMask(c: Choices, size: number): readonly number[] {
  const width = 1 << c.below(4), lanes = size / width, both = c.below(3) === 0 ? 1 : 2;
  const lane = pattern(c, lanes, both), reversed = c.below(8) === 7;
  const mask = Array.from({ length: size }, (_, k) => lane[Math.floor(k / width)] * width + (reversed ? width - 1 - k % width : k % width));
  // One byte elsewhere makes the instruction for the pattern wrong.
  if (c.below(8) === 7) mask[c.below(size)] = c.below(2 * size);
  return mask;
}

/** Lane numbers in [0, both * lanes). */
function pattern(c: Choices, lanes: number, both: number): readonly number[] {
  const all = both * lanes, list = (f: (k: number) => number): number[] => Array.from({ length: lanes }, (_, k) => f(k) % all);
  const by = c.below(all), half = lanes >> 1;
  switch (c.below(10)) {
    case 0: return list((k) => k);
    case 1: return list(() => by);
    case 2: return list((k) => k + by); // alignment of two vectors, rotation of one
    case 3: return list((k) => (k >> 1) + (k & 1) * lanes); // interleaved low halves
    case 4: return list((k) => half + (k >> 1) + (k & 1) * lanes); // and high halves
    case 5: return list((k) => lanes - 1 - k + (by >= lanes ? lanes : 0));
    case 6: return list((k) => 2 * k + (by & 1)); // even or odd lanes of both
    case 7: return list((k) => k + (c.below(2) === 1 ? lanes : 0)); // blend
    case 8: { // the same choice in each half, as instructions on 128-bit halves make
      const choice = Array.from({ length: Math.max(1, half) }, () => c.below(Math.max(1, half)));
      return list((k) => (half === 0 ? 0 : choice[k % half] + (k >= half ? half : 0)));
    }
    default: return list(() => c.below(all));
  }
}
