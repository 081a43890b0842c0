/**
 * A pool of guest workers: started on demand, reused for ever, one run at a time each.
 *
 * Threats: a guest that never returns, a guest that kills its thread, a libc call that cannot be interrupted.
 * Invariants:
 * - a caller always gets its reply: at the latest `GRACE_MS` after its deadline the pool answers `interrupted` itself;
 * - a worker that has not acknowledged the end of a run gets no other run, and nothing it may still be executing is
 *   freed ({@link WorkerPool.forget} resolves only when every worker that knew the module has let go of it);
 * - a worker that died or is stuck is replaced when the next run needs one;
 * - jobs that are to run together get their workers all at once, so that two such groups never wait for each other.
 */
import type { Worker } from 'node:worker_threads';
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import type { StubImage } from '../codegen/stub-image.ts';
import type { InterruptAddress } from '../runtime/interrupt.ts';
import { HostCallChannel, CHANNEL_BYTES } from './host-call-channel.ts';
import type { JobEnd, JobSpec } from './job.ts';
import type { Reply, RunRequest, WorkerStart } from './protocol.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';

/** How long after its deadline a silent worker is given up, in milliseconds. */
export const GRACE_MS = 250;
/** How often a cancelled run is interrupted until it ends, in milliseconds. */
const CANCEL_AGAIN_MS = 5;

/** A run handed to the pool. `request.image` is always given; the pool sends it only where it is not yet known. */
export interface Job extends Omit<JobSpec, 'call'> {
  readonly request: RunRequest;
  /** Called once, when no worker can be inside the run's code any more; that may be long after the caller's answer. */
  readonly over: () => void;
}

interface Member { readonly job: Job; readonly settle: (end: JobEnd) => void }
/** Jobs that begin together; usually one. */
interface Pending { readonly members: readonly Member[]; readonly submitted: number }

/** Interrupts guest code on another thread of this process. */
export type Interrupt = (at: InterruptAddress) => void;

class GuestWorker {
  readonly worker: Worker;
  readonly channel: HostCallChannel;
  readonly known = new Set<number>();
  readonly started: Promise<void>;
  /** Where it is interrupted; the context's buffer is held so that the address stays good. */
  address: (InterruptAddress & { readonly context: SharedArrayBuffer }) | undefined;
  /** The run it is executing, as far as the host knows. */
  runId = -1;
  dead = false;
  #waiters = 0;
  onReply: (reply: Reply) => void = () => {};
  onDeath: (message: string) => void = () => {};

  constructor(script: URL, stubs: StubImage) {
    const buffer = new SharedArrayBuffer(CHANNEL_BYTES);
    this.channel = new HostCallChannel(buffer);
    const start: WorkerStart = { channel: buffer, stubs };
    const { Worker } = nodeBuiltin('node:worker_threads');
    this.worker = new Worker(script, { workerData: start, stdout: false, stderr: false });
    this.worker.unref();
    this.started = new Promise((resolve, reject) => {
      this.worker.on('message', (reply: Reply) => {
        if (reply.type === 'ready') {
          this.address = reply;
          resolve();
        } else this.onReply(reply);
      });
      const die = (message: string): void => {
        if (this.dead) return;
        this.dead = true;
        reject(new Error(message));
        this.onDeath(message);
      };
      this.worker.on('error', (e) => die(e instanceof Error ? e.message : String(e)));
      this.worker.on('exit', (code) => die(`worker thread exited with code ${code}`));
    });
    this.started.catch(() => {});
  }

  /** Somebody waits for this worker: the process stays alive until as many {@link letGo}. */
  hold(): void { if (this.#waiters++ === 0) this.worker.ref(); }
  letGo(): void { if (--this.#waiters === 0) this.worker.unref(); }
}

/** See the file's header. One pool serves every sandbox of the process. */
export class WorkerPool {
  readonly #script: URL;
  readonly #interrupt: Interrupt;
  readonly #idle: GuestWorker[] = [];
  readonly #all = new Set<GuestWorker>();
  readonly #queue: Pending[] = [];
  /** Oldest first. A worker answers in the order it was asked. */
  readonly #forgetting = new Set<{ readonly key: number; readonly waiting: Set<GuestWorker>; readonly done: () => void }>();
  readonly #stubs: StubImage;
  #limit: number;
  #busy = 0;

  constructor(script: URL, stubs: StubImage, interrupt: Interrupt, limit: number) {
    this.#script = script;
    this.#stubs = stubs;
    this.#interrupt = interrupt;
    this.#limit = limit;
  }

  /** Threads alive now. */
  get size(): number { return this.#all.size; }
  /** Raises the number of workers that may run at once. */
  allow(workers: number): void { this.#limit = Math.max(this.#limit, workers); }

  /** Runs a job as soon as a worker is free. Never rejects. */
  run(job: Job): Promise<JobEnd> { return this.runTogether([job])[0]; }

  /** Runs jobs at the same time, as soon as there are workers for all: they may wait for one another. Never rejects. */
  runTogether(jobs: readonly Job[]): readonly Promise<JobEnd>[] {
    const members: Member[] = [];
    const ends = jobs.map((job) => new Promise<JobEnd>((settle) => { members.push({ job, settle }); }));
    this.#queue.push({ members, submitted: performance.now() });
    this.allow(jobs.length);
    this.#pump();
    return ends;
  }

  /** Resolves when no worker runs or remembers the module, so that its code may be freed. */
  forget(key: number): Promise<void> {
    return new Promise((done) => {
      const waiting = new Set<GuestWorker>();
      for (const w of this.#all) {
        if (!w.dead && w.known.delete(key)) {
          waiting.add(w);
          w.hold();
          w.worker.postMessage({ type: 'forget', key });
        }
      }
      if (waiting.size === 0) done();
      else this.#forgetting.add({ key, waiting, done });
    });
  }

  /** Starts `count` workers ahead of need. */
  async warm(count: number): Promise<void> {
    const fresh: GuestWorker[] = [];
    while (this.#all.size < Math.min(count, this.#limit)) fresh.push(this.#start());
    for (const w of fresh) w.hold();
    await Promise.all(fresh.map((w) => w.started));
    for (const w of fresh) w.letGo();
    this.#idle.push(...fresh);
    this.#pump();
  }

  /** Stops every thread: guest code is interrupted first, since a thread in native code cannot be terminated. */
  async close(): Promise<void> {
    this.interruptAll();
    await Promise.all([...this.#all].map((w) => w.worker.terminate()));
  }

  /** Ends every run that is on; for `process.on('exit')`, where nothing can be awaited. */
  interruptAll(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    // More than once, because an interrupt that comes before the worker has begun its run is lost.
    for (let round = 0; round < 3; round++) {
      const running = [...this.#all].filter((w) => w.address !== undefined && !w.dead && w.runId !== -1);
      for (const w of running) {
        w.channel.fail();
        if (w.address !== undefined) this.#interrupt(w.address);
      }
      if (running.length > 0) Atomics.wait(pause, 0, 0, 2);
    }
  }

  #start(): GuestWorker {
    const w = new GuestWorker(this.#script, this.#stubs);
    this.#all.add(w);
    w.onReply = (reply) => { if (reply.type === 'forgotten') this.#forgotten(w, reply.key); };
    w.onDeath = () => { this.#bury(w); };
    return w;
  }

  #bury(w: GuestWorker): void {
    this.#all.delete(w);
    const at = this.#idle.indexOf(w);
    if (at >= 0) this.#idle.splice(at, 1);
    for (const f of [...this.#forgetting]) if (f.waiting.has(w)) this.#forgotten(w, f.key);
  }

  #forgotten(w: GuestWorker, key: number): void {
    for (const f of this.#forgetting) {
      if (f.key !== key || !f.waiting.delete(w)) continue;
      w.letGo();
      if (f.waiting.size === 0) {
        this.#forgetting.delete(f);
        f.done();
      }
      return;
    }
  }

  #pump(): void {
    for (;;) {
      const pending = this.#queue[0];
      if (pending === undefined || this.#busy + pending.members.length > this.#limit) return;
      this.#queue.shift();
      const { submitted } = pending, wanted: Member[] = [];
      for (const m of pending.members) {
        if (m.job.signal?.aborted !== true) wanted.push(m);
        else {
          m.job.over();
          m.settle({ kind: 'cancelled', queueTime: performance.now() - submitted });
        }
      }
      this.#busy += wanted.length;
      const workers = wanted.map(() => {
        const w = this.#idle.pop() ?? this.#start();
        w.hold();
        return w;
      });
      void Promise.allSettled(workers.map((w) => w.started)).then((started) => {
        started.forEach((s, k) => {
          if (s.status === 'fulfilled') this.#dispatch(workers[k], wanted[k], submitted);
          else {
            const reason: unknown = s.reason;
            this.#busy--;
            wanted[k].job.over();
            wanted[k].settle({ kind: 'crashed', message: reason instanceof Error ? reason.message : String(reason), queueTime: performance.now() - submitted });
            this.#pump();
          }
        });
      });
    }
  }

  #dispatch(w: GuestWorker, { job, settle }: Member, submitted: number): void {
    const queueTime = performance.now() - submitted;
    const id = job.request.id;
    let settled = false, held = true, hostError: { error: unknown } | undefined, watchdog: NodeJS.Timeout | undefined;
    let again: NodeJS.Timeout | undefined, left = false;
    const cancel = (): void => {
      // Again and again: one that comes before the worker has begun the run, or just before a libc call, is lost.
      const interrupt = (): void => {
        if (w.address !== undefined && !w.dead && w.runId === id) this.#interrupt(w.address);
        w.channel.fail();
      };
      interrupt();
      again = setInterval(interrupt, CANCEL_AGAIN_MS).unref();
      // A libc call that no signal can break would keep the caller waiting; the worker is given up instead.
      clearTimeout(watchdog);
      watchdog = setTimeout(() => finish({ kind: 'cancelled', queueTime }), GRACE_MS);
    };
    const letGo = (): void => {
      if (held) w.letGo();
      held = false;
    };
    const finish = (end: JobEnd): void => {
      if (settled) return;
      settled = true;
      letGo();
      clearTimeout(watchdog);
      job.signal?.removeEventListener('abort', cancel);
      this.#busy--;
      settle(end);
      this.#pump();
    };
    const leave = (): void => {
      clearInterval(again);
      if (!left) job.over();
      left = true;
    };
    const release = (): void => {
      w.runId = -1;
      leave();
      letGo();
      if (!w.dead) this.#idle.push(w);
    };
    w.onReply = (reply) => {
      switch (reply.type) {
        case 'done':
          if (reply.id !== id) return;
          // Even when the caller was answered long ago: from here on the worker may take another run.
          release();
          finish({ kind: 'done', reply, queueTime, hostError });
          if (settled) this.#pump();
          return;
        case 'call':
          Promise.resolve().then(() => job.hostCall(reply)).then((values) => {
            // An answer that comes after its run has ended must not become the answer to a later run's question.
            if (w.runId === id) w.channel.answer(values);
          }).catch((error: unknown) => {
            if (w.runId !== id) return;
            hostError = { error };
            w.channel.fail();
          });
          return;
        case 'forgotten': this.#forgotten(w, reply.key); return;
        case 'ready': return;
        default: reply satisfies never;
      }
    };
    w.onDeath = (message) => {
      this.#bury(w);
      leave();
      finish({ kind: 'crashed', message, queueTime });
    };
    if (w.dead) { leave(); finish({ kind: 'crashed', message: 'the worker died before the run', queueTime }); return; }
    if (job.signal?.aborted === true) { release(); finish({ kind: 'cancelled', queueTime }); return; }
    w.runId = id;
    const known = w.known.has(job.request.key);
    w.known.add(job.request.key);
    job.signal?.addEventListener('abort', cancel, { once: true });
    if (job.request.timeLimit !== null && job.request.timeLimit + GRACE_MS <= LONGEST_DELAY_MS) {
      watchdog = setTimeout(() => {
        w.channel.fail();
        finish({ kind: 'stuck', queueTime });
      }, job.request.timeLimit + GRACE_MS);
    }
    try {
      w.worker.postMessage(known ? { ...job.request, image: undefined } : job.request);
    } catch (error) {
      // Something in the request cannot be copied to another thread; the worker has seen nothing of it.
      if (!known) w.known.delete(job.request.key);
      release();
      finish({ kind: 'crashed', message: error instanceof Error ? error.message : String(error), queueTime });
    }
  }
}
