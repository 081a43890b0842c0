/**
 * Guest threads in a browser: its workers. Deadlines are kept by a timer of the page, so a page that is busy stops its
 * guests late; how much stack a worker has is the browser's affair.
 */
import type { GuestEvents, GuestThread, GuestThreads } from './guest-threads.ts';
import type { WasmReply, WasmRequest } from './wasm-protocol.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';

/** Host to guest, once, before anything else. */
export interface WebGuestStart { readonly type: 'start'; readonly channel: SharedArrayBuffer | undefined }
/** Guest to host: guest code is about to be entered. */
export interface WebBegunMessage { readonly type: 'begun'; readonly id: number; readonly timeLimit: number | null }
export type WebReply = WasmReply | WebBegunMessage;
export type WebRequest = WasmRequest | WebGuestStart;

/** The part of a browser's `Worker` that is used here. */
interface WebWorker {
  onmessage: ((event: { readonly data: WebReply }) => void) | null;
  onerror: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
  postMessage(message: WebRequest): void;
  terminate(): void;
}
declare const Worker: new (script: URL, options: { readonly type: 'module' }) => WebWorker;


/** True in a page or worker of a browser. */
export function hasWebWorkers(): boolean { return typeof (globalThis as { Worker?: unknown }).Worker === 'function'; }

export class WebGuestThreads implements GuestThreads {
  /** Only pages that are isolated (COOP and COEP headers) have shared memory. */
  readonly sharesMemory = typeof SharedArrayBuffer === 'function';
  /** A browser's workers end some time after they were told to. */
  readonly tellEnds = false;
  readonly #workers = new Set<WebWorker>();

  start(_stackMegabytes: number, channel: SharedArrayBuffer | undefined, events: GuestEvents): GuestThread {
    // Written so that bundlers see which script is meant.
    const worker = new Worker(new URL('./web-guest-main.js', import.meta.url), { type: 'module' });
    this.#workers.add(worker);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      worker.onmessage = worker.onerror = null;
      worker.terminate();
      this.#workers.delete(worker);
    };
    const begun = ({ id, timeLimit }: WebBegunMessage): void => {
      if (timeLimit === null || timeLimit > LONGEST_DELAY_MS) return;
      const since = performance.now();
      timer = setTimeout(() => {
        end();
        const wallTime = performance.now() - since;
        events.killed({ wallTime, cpuTime: wallTime, isRun: (it) => it === id });
      }, timeLimit);
    };
    worker.onmessage = ({ data }) => {
      if (data.type === 'begun') { begun(data); return; }
      if (data.type === 'done') clearTimeout(timer);
      events.reply(data);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      end();
      events.gone(event.message ?? 'the worker could not be started');
    };
    worker.postMessage({ type: 'start', channel });
    return { post: (request) => { worker.postMessage(request); }, kill: end, close: end };
  }

  hold(): void {}
  letGo(): void {}
  close(): Promise<void> {
    for (const w of this.#workers) w.terminate();
    this.#workers.clear();
    return Promise.resolve();
  }
}
