/**
 * The state of one guest of the `wasm` tier, shared by the guest, its supervisor and the host.
 *
 * Threats: a kill that comes when the run has just ended and hits the next one; a run that ends although it was killed.
 * Invariant: a run leaves the state `running` exactly once, by one compare-and-exchange on a word that also holds the
 * run's number: either the guest takes it to `idle` (and answers) or a killer takes it to `killed` (and answers).
 *
 * Sleep and wake-up (the guest's {@link GuestControl.begin} against the supervisor's look at all guests): the guest
 * stores its deadline, then loads the supervisor's planned time; the supervisor stores its plan, then loads the
 * deadlines. Both are sequentially consistent, so at least one of them sees the other's store.
 */
const STATE = 0, CPU_FILE = 1;
const DEADLINE = 1, STARTED = 2, CPU_BEFORE = 3;
/** A word behind the times: the engine's flags are changed. */
const COMPILING = 8;
const IDLE = 0, RUNNING = 1, KILLED = 2;
/** Run numbers share a word with the state. */
const NUMBER_MASK = 0x1fff_ffff;

/** Bytes of a guest's control block, and of the word with the supervisor's plan. */
export const CONTROL_BYTES = 40, PLAN_BYTES = 8;
/** A deadline that never comes, and a plan of no wake-up; nanoseconds. */
export const NEVER = 2n ** 63n - 1n;

/** Nanoseconds on the clock that all threads of a process share. */
export function monotonicTime(): bigint { return process.hrtime.bigint(); }

/** A run that was killed: its number and when it began (nanoseconds). */
export interface KilledRun { readonly number: number; readonly started: bigint; readonly cpuBefore: bigint }

/** What of a run's id the control block holds. */
export function runNumber(id: number): number { return id & NUMBER_MASK; }

export class GuestControl {
  readonly #words: Int32Array;
  readonly #times: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#times = new BigInt64Array(buffer);
  }

  /** Descriptor of the file with the guest thread's processor time, −1 when there is none. */
  get cpuFile(): number { return Atomics.load(this.#words, CPU_FILE) - 1; }
  set cpuFile(descriptor: number) { Atomics.store(this.#words, CPU_FILE, descriptor + 1); }

  /** Guest: it has changed the engine's flags, to put them back. Still true of one that has ended: it was stopped before it could. */
  get compiling(): boolean { return Atomics.load(this.#words, COMPILING) !== 0; }
  set compiling(on: boolean) { Atomics.store(this.#words, COMPILING, on ? 1 : 0); }

  /** Guest: the run begins now. `cpuBefore` is the thread's processor time, nanoseconds. */
  begin(id: number, now: bigint, deadline: bigint, cpuBefore: bigint): void {
    Atomics.store(this.#times, STARTED, now);
    Atomics.store(this.#times, CPU_BEFORE, cpuBefore);
    Atomics.store(this.#times, DEADLINE, deadline);
    Atomics.store(this.#words, STATE, runNumber(id) << 2 | RUNNING);
  }

  /** Guest: the run has ended. False when it was killed meanwhile: the guest must do nothing any more. */
  end(id: number): boolean {
    const running = runNumber(id) << 2 | RUNNING;
    return Atomics.compareExchange(this.#words, STATE, running, IDLE) === running;
  }

  /** When the run that is on must end; {@link NEVER} when none is. */
  get deadline(): bigint { return (Atomics.load(this.#words, STATE) & 3) === RUNNING ? Atomics.load(this.#times, DEADLINE) : NEVER; }

  /** Takes the right to answer for the run away from the guest, if its deadline has passed. */
  killIfDue(now: bigint): KilledRun | undefined {
    const state = Atomics.load(this.#words, STATE);
    if ((state & 3) !== RUNNING || Atomics.load(this.#times, DEADLINE) > now) return undefined;
    const started = Atomics.load(this.#times, STARTED), cpuBefore = Atomics.load(this.#times, CPU_BEFORE);
    // The state still holds the same run: what was read in between belongs to it.
    if (Atomics.compareExchange(this.#words, STATE, state, state & ~3 | KILLED) !== state) return undefined;
    return { number: state >>> 2, started, cpuBefore };
  }
}

/** When the supervisor will look at its guests again. */
export class WakePlan {
  readonly #at: BigInt64Array;
  constructor(buffer: SharedArrayBuffer) { this.#at = new BigInt64Array(buffer); }
  get at(): bigint { return Atomics.load(this.#at, 0); }
  set at(time: bigint) { Atomics.store(this.#at, 0, time); }

  /** Supervisor: sleeps at most so many milliseconds, until the plan is changed or somebody wants it changed. */
  sleep(milliseconds: number): void { Atomics.wait(this.#at, 0, this.at, milliseconds); }
  /** Guest: ends a {@link sleep}. */
  wake(): void { Atomics.notify(this.#at, 0); }
}
