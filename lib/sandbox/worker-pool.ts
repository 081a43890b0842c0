/**
 * A pool of guest workers: started on demand, reused for ever, one run at a time each.
 *
 * Threats: a guest that never returns, a guest that kills its thread, a libc call that cannot be interrupted.
 * Invariants:
 * - a caller always gets its reply: at the latest `GRACE_MS` after its deadline, which counts from the entry into guest
 *   code, the pool answers itself;
 * - a worker that has not acknowledged the end of a run gets no other run, and nothing it may still be executing is
 *   freed ({@link WorkerPool.forget} resolves only when every worker that knew the module has let go of it);
 * - a worker that died or is stuck is replaced when the next run needs one;
 * - jobs that are to run together get their workers all at once, so that two such groups never wait for each other.
 */
import type { StubImage } from '../codegen/stub-image.ts';
import { offAbort, onAbort } from './abort-listeners.ts';
import { GuestWorker } from './guest-worker.ts';
import type { JobEnd, JobSpec } from './job.ts';
import type { RunRequest } from './protocol.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';
import { closeWorkers, interruptWorkers, type Interrupt } from './worker-end.ts';

/** How long after its deadline a silent worker is given up, in milliseconds. */
export const GRACE_MS = 250;
/** What a worker may take, besides, to copy the module and its data before guest code is entered and to clear them after it, in milliseconds. */
const PREPARATION_MS = 60_000;
/** How often a cancelled run is interrupted until it ends, in milliseconds. */
const CANCEL_AGAIN_MS = 5;

/** A run handed to the pool. `request.image` is always given; the pool sends it only where it is not yet known. */
export interface Job extends Omit<JobSpec, 'call'> {
  readonly request: RunRequest;
  /** Called once, when no worker can be inside the run's code any more; that may be long after the caller's answer. */
  readonly over: () => void;
}

/** `cancel` is what its abort signal calls: another thing while it waits than while it runs. */
interface Member { readonly job: Job; readonly settle: (end: JobEnd) => void; cancel: () => void }
/** Jobs that begin together; usually one. */
interface Pending { readonly members: Member[]; readonly submitted: number }

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
    const pending: Pending = { members: [], submitted: performance.now() };
    const ends = jobs.map((job) => new Promise<JobEnd>((resolve) => {
      const aborted = (): void => { member.cancel(); };
      const member: Member = {
        job, cancel: () => { this.#withdraw(pending, member); },
        settle: (end) => {
          offAbort(job.signal, aborted);
          resolve(end);
        },
      };
      onAbort(job.signal, aborted);
      pending.members.push(member);
    }));
    this.#queue.push(pending);
    this.allow(jobs.length);
    for (const m of [...pending.members]) if (m.job.signal?.aborted === true) this.#withdraw(pending, m);
    this.#pump();
    return ends;
  }

  /** Takes a job that no worker was given out of the queue. */
  #withdraw(pending: Pending, member: Member): void {
    const at = pending.members.indexOf(member);
    if (at < 0) return;
    pending.members.splice(at, 1);
    if (pending.members.length === 0) this.#queue.splice(this.#queue.indexOf(pending), 1);
    member.job.over();
    member.settle({ kind: 'cancelled', queueTime: performance.now() - pending.submitted });
    this.#pump();
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

  /** Starts `count` workers ahead of need. @throws what the system says when one cannot be started */
  async warm(count: number): Promise<void> {
    const fresh: GuestWorker[] = [];
    try {
      while (this.#all.size < Math.min(count, this.#limit)) {
        const w = this.#start();
        w.hold();
        fresh.push(w);
      }
    } finally {
      const started = await Promise.allSettled(fresh.map((w) => w.started));
      for (const w of fresh) {
        w.letGo();
        if (!w.dead) this.#idle.push(w);
      }
      this.#pump();
      for (const s of started) if (s.status === 'rejected') throw s.reason;
    }
  }

  /** Stops every thread: guest code is interrupted first, since a thread in native code cannot be terminated. */
  async close(): Promise<void> {
    this.interruptAll();
    await Promise.all([...this.#all].map((w) => w.worker.terminate()));
  }

  /** Ends every run that is on, and lets none begin; for `process.on('exit')`. See {@link interruptWorkers}. */
  interruptAll(): void { interruptWorkers(this.#all, this.#interrupt); }

  /** The same for the end of the pool's thread. See {@link closeWorkers}. */
  giveBack(): boolean { return closeWorkers(this.#all, this.#interrupt); }

  #start(): GuestWorker {
    const w = new GuestWorker(this.#script, this.#stubs);
    this.#all.add(w);
    this.#rest(w);
    return w;
  }

  /** The worker has no run: nothing of an earlier one is held for its sake. */
  #rest(w: GuestWorker): void {
    w.runId = -1;
    w.onReply = (reply) => { if (reply.type === 'forgotten') this.#forgotten(w, reply.key); };
    w.onDeath = () => { this.#bury(w); };
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
      const { submitted } = pending, members = pending.members.splice(0);
      this.#busy += members.length;
      void Promise.allSettled(members.map(() => this.#acquire())).then((workers) => {
        workers.forEach((found, k) => {
          if (found.status === 'fulfilled') this.#dispatch(found.value, members[k], submitted);
          else {
            const reason: unknown = found.reason, { job, settle } = members[k];
            this.#busy--;
            job.over();
            settle({ kind: 'crashed', message: reason instanceof Error ? reason.message : String(reason), queueTime: performance.now() - submitted });
            this.#pump();
          }
        });
      });
    }
  }

  /** A worker that is up and held. Rejects when none can be had. */
  async #acquire(): Promise<GuestWorker> {
    const w = this.#idle.pop() ?? this.#start();
    w.hold();
    await w.started;
    return w;
  }

  #dispatch(w: GuestWorker, member: Member, submitted: number): void {
    const { job, settle } = member;
    const queueTime = performance.now() - submitted;
    const id = job.request.id;
    let settled = false, held = true, hostError: { error: unknown } | undefined, watchdog: NodeJS.Timeout | undefined;
    let again: NodeJS.Timeout | undefined, left = false;
    member.cancel = () => {
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
      this.#rest(w);
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
    if (job.request.timeLimit !== null && job.request.timeLimit + GRACE_MS <= LONGEST_DELAY_MS) {
      const patience = job.request.timeLimit + GRACE_MS, dispatched = performance.now();
      const watch = (): void => {
        // The limit is for guest code: a worker that makes its instance, was late to enter it, or clears it is not stuck.
        const since = w.control.since(id), left = since !== undefined ? patience - since : performance.now() - dispatched < PREPARATION_MS ? patience : 0;
        if (left >= 1) {
          watchdog = setTimeout(watch, left);
          return;
        }
        w.channel.fail();
        finish({ kind: 'stuck', queueTime });
      };
      watchdog = setTimeout(watch, patience);
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
