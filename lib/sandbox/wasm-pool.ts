/**
 * The guests of the `wasm` tier: threads started ahead of need, reused, one run at a time each, killed when they must
 * be.
 *
 * Threats: a guest that never returns; a guest that takes its thread down; a stranger who makes the host wait for new
 * threads by having them killed.
 * Invariants:
 * - a caller is answered when its guest is killed, not when the thread has ended or been replaced;
 * - a thread whose run was killed or given up never runs anything again;
 * - a run in a shared memory is over only when its thread has ended, if it was killed;
 * - once the pool is in use there is a thread more than runs, so that the next run finds one that is up.
 */
import type { WasmEngineModule } from '../runtime/wasm-engine.ts';
import type { WasmSharedPart } from '../runtime/wasm-instance.ts';
import { offAbort, onAbort } from './abort-listeners.ts';
import { CHANNEL_BYTES, HostCallChannel } from './host-call-channel.ts';
import type { JobEnd, JobSpec } from './job.ts';
import type { GuestThread, GuestThreads, KilledReport } from './guest-threads.ts';
import type { WasmImage, WasmReply, WasmRunRequest } from './wasm-protocol.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';

/** How long after its deadline a guest is given up about which nobody has said anything, milliseconds. */
export const WASM_GRACE_MS = 1_000;
/** What a guest may take, besides, for having the engine compile a program it does not know, milliseconds. */
const COMPILE_GRACE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;

/** A run of a program. `image` is sent only where it is not yet known. */
export interface WasmJob extends JobSpec {
  readonly key: number;
  readonly image: WasmImage;
  readonly stackSize: number;
  /** A guest has had the engine compile the program. */
  readonly compiled: (engineModule: WasmEngineModule) => void;
  /** The part of a shared memory it has. */
  readonly shared?: WasmSharedPart;
  /** Called once, when no guest runs it any more. With a shared memory: when no thread can touch that any more. */
  readonly over: () => void;
}

/** A job that waits for a guest; `cancel` is what its abort signal calls meanwhile. */
interface Pending { readonly job: WasmJob; readonly submitted: number; readonly settle: (end: JobEnd) => void; readonly cancel: () => void }

/** Guests that differ in their stack cannot stand for each other. */
function stackClass(stackSize: number): number { return Math.ceil(stackSize / MEBIBYTE); }

class Guest {
  readonly stack: number;
  readonly thread: GuestThread;
  readonly channel: HostCallChannel | undefined;
  readonly known = new Set<number>();
  readonly started: Promise<void>;
  /** Resolves when the thread can run no more code; never where that is not known. */
  readonly ended: Promise<void>;
  /** Number of the run it is executing, −1 for none. */
  run = -1;
  /** It can take work. */
  up = false;
  dead = false;
  onReply: (reply: WasmReply) => void = () => {};
  onKilled: (report: KilledReport) => void = () => {};
  onDeath: (message: string) => void = () => {};
  #down: (error: Error) => void = () => {};

  constructor(threads: GuestThreads, stack: number, gone: (g: Guest, message: string) => void) {
    this.stack = stack;
    const channel = threads.sharesMemory ? new SharedArrayBuffer(CHANNEL_BYTES) : undefined;
    this.channel = channel === undefined ? undefined : new HostCallChannel(channel);
    let resolve = (): void => {};
    this.started = new Promise((up, down) => {
      resolve = up;
      this.#down = down;
    });
    this.started.catch(() => {});
    let down = (): void => {};
    this.ended = new Promise((resolve) => { down = resolve; });
    this.thread = threads.start(stack, channel, {
      reply: (reply) => {
        if (reply.type !== 'ready') { this.onReply(reply); return; }
        this.up = true;
        resolve();
      },
      killed: (report) => {
        if (this.run !== -1 && report.isRun(this.run)) this.onKilled(report);
        gone(this, 'it was stopped at its deadline');
      },
      gone: (message) => { gone(this, message); },
      ended: () => { down(); },
    });
  }

  die(message: string): void {
    if (this.dead) return;
    this.dead = true;
    this.thread.close();
    this.#down(new Error(message));
    this.onDeath(message);
  }
}

/** See the file's header. One pool serves every sandbox of the process. */
export class WasmPool {
  readonly #threads: GuestThreads;
  readonly #guests = new Set<Guest>();
  readonly #idle: Guest[] = [];
  readonly #queue: Pending[] = [];
  #limit: number;
  #busy = 0;
  #waiting = 0;
  /** Stack of the spare: that of the run asked for last; 0 while none is wanted. */
  #spare = 0;

  constructor(threads: GuestThreads, limit: number) {
    this.#threads = threads;
    this.#limit = limit;
  }

  /** Guest threads alive or on their way. */
  get size(): number { return this.#guests.size; }
  /** Raises the number of runs at once. */
  allow(workers: number): void { this.#limit = Math.max(this.#limit, workers); }

  /** Runs a job as soon as a guest is free. Never rejects. */
  run(job: WasmJob): Promise<JobEnd> {
    return new Promise((settle) => {
      const submitted = performance.now();
      const cancel = (): void => {
        this.#queue.splice(this.#queue.indexOf(pending), 1);
        this.#leave(pending, { kind: 'cancelled', queueTime: performance.now() - submitted });
      };
      const pending: Pending = { job, submitted, settle, cancel };
      this.#hold();
      if (job.signal?.aborted === true) {
        this.#leave(pending, { kind: 'cancelled', queueTime: 0 });
        return;
      }
      onAbort(job.signal, cancel);
      this.#spare = stackClass(job.stackSize);
      this.#queue.push(pending);
      this.#pump();
    });
  }

  /** True when guests have memory in common, and it is known when one that was killed has ended. */
  get canShare(): boolean { return this.#threads.sharesMemory && this.#threads.tellEnds; }

  /** Tells every guest to drop a program. */
  forget(key: number): void {
    for (const g of this.#guests) if (g.known.delete(key)) g.thread.post({ type: 'forget', key });
  }

  /** Starts the first guest, if there is none. */
  ensure(stackSize: number): void { if (this.#guests.size === 0) this.#start(stackClass(stackSize)); }

  /** Starts guests ahead of need until `count` are free or there are as many as may run and a spare; idle ones of another stack make room. */
  async warm(count: number, stackSize: number): Promise<void> {
    const stack = stackClass(stackSize);
    for (let k = [...this.#guests].filter((g) => g.stack === stack && g.run === -1).length; k < Math.min(count, this.#limit + 1); k++) {
      const other = this.#guests.size > this.#limit ? this.#idle.find((g) => g.stack !== stack) : undefined;
      if (other !== undefined) this.#kill(other);
      if (this.#guests.size > this.#limit) break;
      this.#start(stack);
    }
    this.#hold();
    await Promise.allSettled([...this.#guests].map((g) => g.started));
    this.#letGo();
  }

  /** Ends every thread; a later run starts new ones. */
  async close(): Promise<void> {
    this.#spare = 0;
    await this.#threads.close();
  }

  /** Somebody waits: the process stays alive until as many calls of {@link #letGo}. */
  #hold(): void { if (this.#waiting++ === 0) this.#threads.hold(); }
  #letGo(): void { if (--this.#waiting === 0) this.#threads.letGo(); }

  /** Starts a guest, which takes work as soon as it is up. */
  #start(stack: number): Guest {
    const g = new Guest(this.#threads, stack, (it, message) => { this.#bury(it, message); });
    this.#guests.add(g);
    g.started.then(() => {
      this.#idle.push(g);
      this.#pump();
    }, (e: unknown) => { this.#couldNotStart(stack, e instanceof Error ? e.message : String(e)); });
    return g;
  }

  /** One of those that wait for such a guest is told why there is none: to try again and again would help nobody. */
  #couldNotStart(stack: number, message: string): void {
    this.#spare = 0;
    const at = this.#queue.findIndex((p) => stackClass(p.job.stackSize) === stack);
    if (at >= 0) {
      const [pending] = this.#queue.splice(at, 1);
      this.#leave(pending, { kind: 'crashed', message, queueTime: performance.now() - pending.submitted });
    }
    this.#pump();
  }

  /** A guest that is no more, or will be in a moment. */
  #bury(g: Guest, message: string): void {
    if (!this.#guests.delete(g)) return;
    const at = this.#idle.indexOf(g);
    if (at >= 0) this.#idle.splice(at, 1);
    g.die(message);
    this.#pump();
  }

  #kill(g: Guest): void {
    g.thread.kill();
    this.#bury(g, 'it was stopped');
  }

  /** Answers a job that no guest was given. */
  #leave({ job, settle, cancel }: Pending, end: JobEnd): void {
    offAbort(job.signal, cancel);
    this.#letGo();
    job.over();
    settle(end);
  }

  /** Gives work to guests that are up, and starts some where there are too few. */
  #pump(): void {
    for (let k = 0; k < this.#queue.length && this.#busy < this.#limit;) {
      const pending = this.#queue[k], stack = stackClass(pending.job.stackSize);
      // The last that became idle: its caches are warm.
      const at = this.#idle.findLastIndex((g) => g.stack === stack);
      if (at < 0) k++;
      else {
        this.#queue.splice(k, 1);
        this.#dispatch(this.#idle.splice(at, 1)[0], pending);
      }
    }
    this.#startMissing();
  }

  /** Starts a guest for each job that could run and has none coming, and a spare: the next run shall find one that is up. */
  #startMissing(): void {
    const coming = new Map<number, number>();
    for (const g of this.#guests) if (!g.up) coming.set(g.stack, (coming.get(g.stack) ?? 0) + 1);
    for (let k = 0; k < this.#queue.length && k < this.#limit - this.#busy; k++) {
      const stack = stackClass(this.#queue[k].job.stackSize), left = coming.get(stack) ?? 0;
      coming.set(stack, left - 1);
      if (left > 0) continue;
      if (this.#guests.size > this.#limit) {
        // An idle one, whose stack is not what is wanted, makes room; it is not missed (and pumps again itself).
        if (this.#idle.length > 0) this.#kill(this.#idle[0]);
        return;
      }
      this.#start(stack);
    }
    if (this.#spare > 0 && this.#busy > 0 && coming.size === 0 && this.#idle.length === 0 && this.#guests.size <= this.#limit) this.#start(this.#spare);
  }

  #overWhenEnded(g: Guest, job: WasmJob): void {
    this.#hold();
    void g.ended.then(() => {
      this.#letGo();
      job.over();
    });
  }

  #dispatch(g: Guest, pending: Pending): void {
    const { job, settle } = pending, { call, signal } = job, queueTime = performance.now() - pending.submitted;
    offAbort(signal, pending.cancel);
    this.#busy++;
    let over = false, hostError: { error: unknown } | undefined, watchdog: ReturnType<typeof setTimeout> | undefined, engineTime = 0;
    /** Answers the caller; `usable`: the guest takes the next run. */
    const finish = (end: JobEnd, usable: boolean): void => {
      if (over) return;
      over = true;
      clearTimeout(watchdog);
      offAbort(signal, cancel);
      g.run = -1;
      this.#letGo();
      this.#busy--;
      if (usable) this.#idle.push(g); else this.#kill(g);
      if (usable || job.shared === undefined) job.over(); else this.#overWhenEnded(g, job);
      settle({ ...end, engineTime });
      this.#pump();
    };
    const cancel = (): void => { finish({ kind: 'cancelled', queueTime }, false); };
    g.onKilled = ({ wallTime, cpuTime }) => { finish({ kind: 'killed', queueTime, wallTime, cpuTime }, false); };
    g.onDeath = (message) => { finish({ kind: 'crashed', message, queueTime }, false); };
    g.onReply = (reply) => {
      switch (reply.type) {
        case 'done': if (reply.id === call.id) finish({ kind: 'done', reply, queueTime, hostError }, true); return;
        case 'call':
          Promise.resolve().then(() => job.hostCall(reply)).then((values) => {
            // An answer that comes after its run has ended must not become the answer to a later run's question.
            if (g.run === call.id) g.channel?.answer(values);
          }).catch((error: unknown) => {
            if (g.run !== call.id) return;
            hostError = { error };
            g.channel?.fail();
          });
          return;
        case 'compiled':
          engineTime += reply.time;
          job.compiled(reply.engineModule);
          return;
        case 'ready': case 'forgotten': return;
        default: reply satisfies never;
      }
    };
    g.run = call.id;
    onAbort(signal, cancel);
    const isKnown = g.known.has(job.key), grace = WASM_GRACE_MS + (isKnown ? 0 : COMPILE_GRACE_MS);
    if (call.timeLimit !== null && call.timeLimit + grace <= LONGEST_DELAY_MS) watchdog = setTimeout(() => { finish({ kind: 'stuck', queueTime }, false); }, call.timeLimit + grace);
    g.known.add(job.key);
    const request: WasmRunRequest = { type: 'run', key: job.key, image: isKnown ? undefined : job.image, ...(job.shared === undefined ? {} : { shared: job.shared }), ...call };
    try {
      g.thread.post(request);
    } catch (error) {
      // Something in the request cannot be copied to another thread; the guest has seen nothing of it.
      if (!isKnown) g.known.delete(job.key);
      finish({ kind: 'crashed', message: error instanceof Error ? error.message : String(error), queueTime }, true);
    }
  }
}
