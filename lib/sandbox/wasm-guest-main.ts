/** A guest thread of the `wasm` tier in Node. */
import { parentPort, workerData } from 'node:worker_threads';
import { UsageError } from '../mir/errors.ts';
import { collect } from './collect.ts';
import { compileOnEngine } from './engine-compile.ts';
import { HostCallChannel } from './host-call-channel.ts';
import { ThreadCpuClock } from './thread-cpu.ts';
import { GuestControl, monotonicTime, NEVER, WakePlan } from './wasm-control.ts';
import { TRACE_FRAMES, WasmGuest } from './wasm-guest.ts';
import type { WasmGuestStart, WasmRequest } from './wasm-protocol.ts';

const start = workerData as WasmGuestStart;
if (parentPort === null) throw new UsageError('the guest script was started by hand', 'Make a Sandbox: it starts its own threads.');
const supervisor = parentPort, { port } = start;
const control = new GuestControl(start.control), plan = new WakePlan(start.plan);
const cpu = new ThreadCpuClock();
control.cpuFile = cpu.descriptor;
Error.stackTraceLimit = TRACE_FRAMES;

const guest = new WasmGuest({
  collect,
  channel: new HostCallChannel(start.channel),
  compile: (bytes) => {
    control.compiling = start.mayOptimise;
    try {
      return compileOnEngine(bytes, start.mayOptimise);
    } finally {
      control.compiling = false;
    }
  },
  say: (reply) => { port.postMessage(reply); },
  begin: ({ id, timeLimit }) => {
    const cpuBefore = cpu.start(), now = monotonicTime(), deadline = timeLimit === null ? NEVER : deadlineAfter(now, timeLimit);
    control.begin(id, now, deadline, cpuBefore);
    if (deadline < plan.at) {
      supervisor.postMessage(0);
      plan.wake();
    }
  },
  end: ({ id }, wall, waited) => {
    if (!control.end(id)) sleepForEver();
    return cpu.stop(wall, waited);
  },
});

/** The run was killed: somebody else has answered, and ends this thread any moment. */
function sleepForEver(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

function deadlineAfter(now: bigint, milliseconds: number): bigint {
  const nanoseconds = milliseconds * 1e6;
  return nanoseconds >= Number.MAX_SAFE_INTEGER ? NEVER : now + BigInt(Math.max(1, Math.round(nanoseconds)));
}

port.on('message', (request: WasmRequest) => { guest.receive(request); });
guest.rehearse();
port.postMessage({ type: 'ready' });
