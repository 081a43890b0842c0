/** A run on its way through a pool of threads, and how it comes out of it: the same for every tier. */
import type { DoneReply, GuestCall, HostCallMessage, Scalar } from './protocol.ts';

/** What a tier is asked to run. */
export interface JobSpec {
  readonly call: GuestCall;
  readonly signal: AbortSignal | undefined;
  /** Calls the JavaScript import; may throw. */
  readonly hostCall: (message: HostCallMessage) => readonly Scalar[] | Promise<readonly Scalar[]>;
}

/** How a job ended: the guest's reply, or why there is none. `engineTime` is what the engine took to compile. Times in milliseconds. */
export type JobEnd = { readonly queueTime: number; readonly engineTime?: number } & (
  | { readonly kind: 'done'; readonly reply: DoneReply; readonly hostError: { readonly error: unknown } | undefined }
  /** Stopped at its deadline together with its thread. */
  | { readonly kind: 'killed'; readonly wallTime: number; readonly cpuTime: number }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'crashed'; readonly message: string }
);
