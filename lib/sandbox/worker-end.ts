/** The end of guest workers where nothing can be awaited: the process exits, or the thread that they belong to ends. */
import type { InterruptAddress } from '../runtime/interrupt.ts';
import type { GuestWorker } from './guest-worker.ts';

/** Interrupts guest code on another thread of this process. */
export type Interrupt = (at: InterruptAddress) => void;

/** How long the end is held up for workers that are being interrupted, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Ends every run that is on, and lets none begin: a worker in guest code would hold up the end for ever. */
export function interruptWorkers(workers: Iterable<GuestWorker>, interrupt: Interrupt): void {
  const all = [...workers];
  for (const w of all) w.control.close();
  wait(() => {
    // Again and again: an interrupt that comes before the worker has entered its run is lost.
    const busy = all.filter((w) => !w.dead && w.control.isBusy);
    for (const w of busy) {
      w.channel.fail();
      if (w.address !== undefined) interrupt(w.address);
    }
    return busy[0];
  });
}

/**
 * The same for the end of the thread that the workers belong to. They end with it, and run no JavaScript then: they give
 * back what they hold before, since the process goes on.
 *
 * @returns true when no worker can be in guest code any more
 */
export function closeWorkers(workers: Iterable<GuestWorker>, interrupt: Interrupt): boolean {
  const all = [...workers];
  interruptWorkers(all, interrupt);
  const up = all.filter((w) => !w.dead && w.address !== undefined);
  for (const w of up) w.worker.postMessage({ type: 'close' });
  return wait(() => up.find((w) => !w.control.isClosed));
}

/** Sleeps until `next` gives no worker any more. False when patience is at its end before. */
function wait(next: () => GuestWorker | undefined): boolean {
  const end = performance.now() + PATIENCE_MS;
  for (let w = next(); w !== undefined; w = next()) {
    if (performance.now() > end) return false;
    w.control.wait(2);
  }
  return true;
}
