/**
 * Makes a failing stream of choices shorter and smaller (delta debugging: Zeller and Hildebrandt, "Simplifying and
 * isolating failure-inducing input", 2002, on the choices instead of the input, as in MacIver's Hypothesis).
 */

/**
 * @param fails - true when the program of a stream still fails; a throw counts as no
 * @param limits - attempts and milliseconds to spend
 */
export function shrinkStream(stream: readonly number[], fails: (stream: readonly number[]) => boolean, limits = { attempts: 4000, ms: 20_000 }): readonly number[] {
  let best = stream, attempts = 0;
  const deadline = Date.now() + limits.ms;
  const spent = (): boolean => attempts >= limits.attempts || Date.now() > deadline;
  const accept = (candidate: readonly number[]): boolean => {
    if (spent()) return false;
    attempts++;
    let bad: boolean;
    try { bad = fails(candidate); } catch { bad = false; }
    if (bad) best = candidate;
    return bad;
  };
  // A run past the end of the stream takes zeros, so cutting the tail is always a program.
  for (let length = Math.floor(best.length / 2); length > 0 && !spent(); ) {
    if (!accept(best.slice(0, best.length - length))) length = Math.floor(length / 2);
    else length = Math.min(length, Math.floor(best.length / 2));
  }
  for (let changed = true; changed && !spent(); ) {
    const before = best;
    for (let size = Math.min(64, best.length >> 1 || 1); size >= 1; size >>= 1) {
      for (let at = 0; at + size <= best.length && !spent(); ) {
        if (!accept([...best.slice(0, at), ...best.slice(at + size)])) at += size;
      }
      for (let at = 0; at + size <= best.length && !spent(); at += size) {
        if (best.slice(at, at + size).some((v) => v !== 0)) accept(best.map((v, k) => k >= at && k < at + size ? 0 : v));
      }
    }
    for (let at = 0; at < best.length && !spent(); at++) {
      for (let v = best[at]; v > 0; ) {
        const lower = v >> 1;
        if (!accept(best.map((x, k) => k === at ? lower : x))) break;
        v = lower;
      }
    }
    changed = before !== best;
  }
  return best;
}
