/** Guest threads in Node: a supervisor thread starts them and stops them at their deadlines, while the host may be busy. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import { engineFlagsUntouched, restoreEngineFlags } from './engine-compile.ts';
import type { GuestEvents, GuestThread, GuestThreads } from './guest-threads.ts';
import { CONTROL_BYTES, GuestControl, NEVER, PLAN_BYTES, runNumber, WakePlan } from './wasm-control.ts';
import type { SupervisorReply, SupervisorRequest, SupervisorStart, WasmGuestStart, WasmReply } from './wasm-protocol.ts';

/** Stack of a guest thread besides what the guest may use, for Node and the engine. */
const OWN_STACK_MEGABYTES = 0.5;

export class NodeGuestThreads implements GuestThreads {
  readonly sharesMemory = true;
  readonly tellEnds = true;
  readonly #scripts: { readonly supervisor: URL; readonly guest: URL };
  /** Threads that have not ended; `closed`: only their end is of interest. */
  readonly #guests = new Map<number, { readonly events: GuestEvents; readonly supervisor: Worker; readonly control: GuestControl; closed: boolean }>();
  readonly #plan = new SharedArrayBuffer(PLAN_BYTES);
  #supervisor: Worker | undefined;
  #held = false;
  #nextGuest = 1;

  constructor(scripts: { readonly supervisor: URL; readonly guest: URL }) {
    this.#scripts = scripts;
    new WakePlan(this.#plan).at = NEVER;
  }

  start(stackMegabytes: number, channel: SharedArrayBuffer | undefined, events: GuestEvents): GuestThread {
    const { MessageChannel } = nodeBuiltin('node:worker_threads');
    const { port1: port, port2 } = new MessageChannel(), guest = this.#nextGuest++;
    port.on('message', (reply: WasmReply) => { events.reply(reply); });
    port.unref();
    const start: WasmGuestStart = { mayOptimise: engineFlagsUntouched(), port: port2, channel: channel ?? new SharedArrayBuffer(0), control: new SharedArrayBuffer(CONTROL_BYTES), plan: this.#plan };
    const supervisor = this.#supervisor ??= this.#startSupervisor();
    const it = { events, supervisor, control: new GuestControl(start.control), closed: false };
    this.#guests.set(guest, it);
    const ask = (request: SupervisorRequest, transfer: readonly MessagePort[] = []): void => { supervisor.postMessage(request, [...transfer]); };
    ask({ type: 'spawn', guest, stackMegabytes: stackMegabytes + OWN_STACK_MEGABYTES, start }, [port2]);
    return {
      post: (request) => { port.postMessage(request); },
      kill: () => { ask({ type: 'terminate', guest }); },
      close: () => {
        it.closed = true;
        port.close();
      },
    };
  }

  hold(): void {
    this.#held = true;
    this.#supervisor?.ref();
  }
  letGo(): void {
    this.#held = false;
    this.#supervisor?.unref();
  }

  async close(): Promise<void> {
    const supervisor = this.#supervisor;
    this.#supervisor = undefined;
    await supervisor?.terminate();
  }

  #startSupervisor(): Worker {
    const { Worker } = nodeBuiltin('node:worker_threads');
    const start: SupervisorStart = { plan: this.#plan, guestScript: this.#scripts.guest.href };
    new WakePlan(this.#plan).at = NEVER;
    const made = new Worker(this.#scripts.supervisor, { workerData: start, stdout: false, stderr: false, execArgv: [], env: {} });
    if (!this.#held) made.unref();
    made.on('message', (reply: SupervisorReply) => { this.#heard(reply); });
    let message = 'the supervisor ended';
    made.on('error', (e) => { message = e instanceof Error ? e.message : String(e); });
    made.on('exit', () => {
      if (this.#supervisor === made) this.#supervisor = undefined;
      // Its guests have ended with it.
      for (const [guest, { supervisor }] of [...this.#guests]) if (supervisor === made) this.#ended(guest, message);
    });
    return made;
  }

  #heard(reply: SupervisorReply): void {
    switch (reply.type) {
      case 'killed': {
        const it = this.#guests.get(reply.guest);
        if (it?.closed === false) it.events.killed({ wallTime: reply.wallTime, cpuTime: reply.cpuTime, isRun: (id) => runNumber(id) === reply.run });
        return;
      }
      case 'gone': this.#ended(reply.guest, reply.message); return;
      default: reply satisfies never;
    }
  }

  #ended(guest: number, message: string): void {
    const it = this.#guests.get(guest);
    if (it === undefined) return;
    this.#guests.delete(guest);
    if (it.control.compiling) restoreEngineFlags();
    if (!it.closed) it.events.gone(message);
    it.events.ended();
  }
}
