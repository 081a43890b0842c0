/**
 * The supervisor of the `wasm` tier: a thread that starts the guests, watches their deadlines, and ends them. A guest
 * in an endless loop can only be ended by the thread that started it; were that the host's, a busy event loop there
 * would put every deadline off.
 *
 * It sleeps until the earliest deadline. A guest whose deadline comes before the planned wake-up says so (see
 * `wasm-control.ts`), so that a warm run costs the supervisor nothing.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { UsageError } from '../mir/errors.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';
import { cpuOfSpan, readThreadCpu } from './thread-cpu.ts';
import { GuestControl, monotonicTime, NEVER, WakePlan } from './wasm-control.ts';
import type { SupervisorReply, SupervisorRequest, SupervisorStart } from './wasm-protocol.ts';

/** The longest that is slept without a timer, milliseconds. */
const SHORT_SLEEP_MS = 2;
/** Short sleeps one after the other. */
const MOST_NAPS = 4;

if (parentPort === null) throw new UsageError('the supervisor script was started by hand', 'Make a Sandbox: it starts its own threads.');
const port = parentPort, start = workerData as SupervisorStart;
const plan = new WakePlan(start.plan), script = new URL(start.guestScript);
const guests = new Map<number, { readonly worker: Worker; readonly control: GuestControl }>();
let alarm: NodeJS.Timeout | undefined;

function say(reply: SupervisorReply): void { port.postMessage(reply); }

/** Kills whoever is due, and plans the next look. */
function look(): void {
  clearTimeout(alarm);
  for (let naps = 0; naps < MOST_NAPS; naps++) {
    const left = killAndPlan();
    if (left > SHORT_SLEEP_MS) {
      if (left !== Infinity) alarm = setTimeout(look, Math.min(LONGEST_DELAY_MS, Math.floor(left) - 1));
      return;
    }
    // Timers count in whole milliseconds; the rest is slept exactly.
    if (left > 0) plan.sleep(left);
  }
  // One short deadline after the other: the host's requests must have their turn.
  setImmediate(look);
}

/** Kills whoever is due. Gives the milliseconds until the next deadline. */
function killAndPlan(): number {
  const now = monotonicTime();
  for (const [guest, { worker, control }] of guests) {
    const run = control.killIfDue(now);
    if (run === undefined) continue;
    const wallTime = Number(now - run.started) / 1e6;
    const cpuTime = cpuOfSpan(run.cpuBefore, readThreadCpu(control.cpuFile), wallTime, 0);
    void worker.terminate();
    say({ type: 'killed', guest, run: run.number, wallTime, cpuTime });
  }
  let next = earliest(NEVER);
  plan.at = next;
  // Who began meanwhile has either seen the plan or is seen here.
  next = plan.at = earliest(next);
  return next === NEVER ? Infinity : Math.max(0, Number(next - monotonicTime()) / 1e6);
}

function earliest(next: bigint): bigint {
  for (const { control } of guests.values()) {
    const { deadline } = control;
    if (deadline < next) next = deadline;
  }
  return next;
}

port.on('message', (request: SupervisorRequest) => {
  switch (request.type) {
    case 'spawn':
      try {
        spawn(request);
      } catch (error) {
        // No more threads, for example.
        say({ type: 'gone', guest: request.guest, message: error instanceof Error ? error.message : String(error) });
      }
      return;
    case 'terminate': void guests.get(request.guest)?.worker.terminate(); return;
    default: request satisfies never;
  }
});

function spawn(request: SupervisorRequest & { readonly type: 'spawn' }): void {
  const { guest, start: data } = request;
  let message = 'the thread ended';
  const worker = new Worker(script, {
    workerData: data, transferList: [data.port], stdout: false, stderr: false, execArgv: [], env: {}, resourceLimits: { stackSizeMb: request.stackMegabytes },
  });
  guests.set(guest, { worker, control: new GuestControl(data.control) });
  worker.on('message', look);
  worker.on('error', (e) => { message = e instanceof Error ? e.message : String(e); });
  worker.on('exit', () => {
    guests.delete(guest);
    say({ type: 'gone', guest, message });
  });
}
