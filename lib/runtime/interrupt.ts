/** Stopping guest code of another thread of this process. */
import { CTX, INTERRUPT } from '../codegen/run-context.ts';
import { SIGURG } from './native/bridge.ts';
import { nativeBridge } from './native/load.ts';

/** Where a guest thread can be reached: plain data, posted by the thread itself. */
export interface InterruptAddress {
  readonly threadId: number;
  readonly contextAddress: number;
}

/**
 * Ends the run that is on in another thread, as `cancelled`: at once when it is in guest code, else as soon as the host
 * function it called returns (a blocking system call comes back with EINTR). Without a run it has no effect: the next
 * run clears the flag.
 *
 * The thread must be alive, and its context reachable: keep the `SharedArrayBuffer` that it posted.
 *
 * @returns false when the thread has ended
 */
export function interruptThread(at: InterruptAddress): boolean {
  const bridge = nativeBridge();
  bridge.write(at.contextAddress + CTX.interrupt, Uint8Array.of(INTERRUPT.cancelled, 0, 0, 0));
  return bridge.signalThread(at.threadId, SIGURG);
}
