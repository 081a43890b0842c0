/** Threads for guests of the `wasm` tier, as the surroundings give them: worker threads of Node, or a browser's workers. */
import type { WasmReply, WasmRequest } from './wasm-protocol.ts';

/** A run was stopped at its deadline together with its thread. Times in milliseconds. */
export interface KilledReport {
  readonly wallTime: number;
  readonly cpuTime: number;
  /** True when it was the run with this id. */
  isRun(id: number): boolean;
}

/** What a thread tells. Nothing comes after `killed` or `gone` but `ended`. */
export interface GuestEvents {
  readonly reply: (reply: WasmReply) => void;
  readonly killed: (report: KilledReport) => void;
  /** It ended by itself. */
  readonly gone: (message: string) => void;
  /** It can run no more code: the last that is heard of it, however it came to its end. Only where {@link GuestThreads.tellEnds}. */
  readonly ended: () => void;
}

/** One thread with a guest in it. */
export interface GuestThread {
  /** @throws when something in the request cannot be copied; the guest has seen nothing of it then */
  post(request: WasmRequest): void;
  /** Ends it, whatever it is doing. */
  kill(): void;
  /** Nothing more is to be heard of it but its end. */
  close(): void;
}

export interface GuestThreads {
  /** False where threads have no memory in common: guests cannot call host functions then. */
  readonly sharesMemory: boolean;
  /** True where it is known when a thread that was killed has ended. */
  readonly tellEnds: boolean;
  /**
   * Starts a thread, which ends runs at their deadlines by itself.
   *
   * @param stackMegabytes - stack that guest code may use
   * @param channel - for host calls
   */
  start(stackMegabytes: number, channel: SharedArrayBuffer | undefined, events: GuestEvents): GuestThread;
  /** From now on (`letGo`: no longer) somebody waits for a guest: the process must not end. */
  hold(): void;
  letGo(): void;
  /** Ends every thread. */
  close(): Promise<void>;
}
