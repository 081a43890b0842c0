/** The longest delay that timers know, in Node and in browsers, milliseconds: a longer one would fire at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;
