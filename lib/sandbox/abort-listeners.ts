/**
 * Any number of listeners on one abort signal: it hears of one. A program passes the same signal to all its runs, and
 * platforms warn of a leak when a signal has more than a few listeners.
 */
interface Listeners { readonly calls: Set<() => void>; readonly fire: () => void }

const known = new WeakMap<AbortSignal, Listeners>();

/** Has `call` called once when the signal fires, unless {@link offAbort} comes before. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): void {
  if (signal === undefined) return;
  let it = known.get(signal);
  if (it === undefined) {
    const calls = new Set<() => void>();
    // One may take another back.
    known.set(signal, it = { calls, fire: () => { for (const c of [...calls]) if (calls.delete(c)) c(); } });
  }
  if (it.calls.size === 0) signal.addEventListener('abort', it.fire, { once: true });
  it.calls.add(call);
}

export function offAbort(signal: AbortSignal | undefined, call: () => void): void {
  const it = signal === undefined ? undefined : known.get(signal);
  if (it?.calls.delete(call) === true && it.calls.size === 0) signal?.removeEventListener('abort', it.fire);
}
