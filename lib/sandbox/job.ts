/** A run on its way through a pool of threads, and how it comes out of it: the same for every tier. */
import type { DoneReply, GuestCall, HostCallMessage, Scalar } from './protocol.ts';

/** What a tier is asked to run. */
export interface JobSpec {
  readonly call: GuestCall;
  readonly signal: AbortSignal | undefined;
  /** Calls the JavaScript import; may throw. */
  readonly hostCall: (message: HostCallMessage) => readonly Scalar[] | Promise<readonly Scalar[]>;
}

/** How a job ended: the guest's reply, or why there is none. Times in milliseconds. */
export type JobEnd =
  | { readonly kind: 'done'; readonly reply: DoneReply; readonly queueTime: number; readonly engineTime?: number; readonly hostError: { readonly error: unknown } | undefined }
  /** Stopped at its deadline together with its thread. */
  | { readonly kind: 'killed'; readonly queueTime: number; readonly wallTime: number; readonly cpuTime: number }
  | { readonly kind: 'stuck'; readonly queueTime: number }
  | { readonly kind: 'cancelled'; readonly queueTime: number }
  | { readonly kind: 'crashed'; readonly message: string; readonly queueTime: number };
