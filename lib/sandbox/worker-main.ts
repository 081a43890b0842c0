/**
 * A guest worker: the script every pooled thread runs.
 *
 * Invariant: between two runs nothing of the first is left for the second. An instance is reset when its run has
 * ended, whatever way it ended, and before its worker says so.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LamellaError, TrapError, UsageError } from '../mir/errors.ts';
import type { Import } from '../mir/module.ts';
import type { HostFunction } from '../runtime/host-imports.ts';
import { GuestThread } from '../runtime/guest-thread.ts';
import { Instance } from '../runtime/instance.ts';
import { closeHandles } from '../runtime/libc-handles.ts';
import type { ModuleImage } from '../runtime/module-image.ts';
import { SharedMemory } from '../runtime/shared-memory.ts';
import { endThread } from '../runtime/thread-exit.ts';
import { GuestFaultError, ImportError, RunInterruptedError } from '../runtime/run-errors.ts';
import { CTX } from '../codegen/run-context.ts';
import { HostCallChannel } from './host-call-channel.ts';
import { WorkerControl } from './worker-control.ts';
import type { DoneReply, RawResult, Reply, Request, RunRequest, Scalar, WorkerStart } from './protocol.ts';

/** Instances kept ready; each reserves 6 GiB of address space. */
const KEPT_INSTANCES = 32;
/** How often a worker that waits for a host function looks whether it was cancelled. */
const CANCEL_CHECK_MS = 25;

/** Thrown through guest code when the host function failed; the host keeps the error itself. */
class HostCallFailed extends Error {}

const start = workerData as WorkerStart;
if (parentPort === null) throw new UsageError('the guest worker script was started by hand', 'Make a Sandbox: it starts its own workers.');
const port = parentPort;
const channel = new HostCallChannel(start.channel), control = new WorkerControl(start.control);
const thread = new GuestThread({ stubs: start.stubs });
const images = new Map<number, ModuleImage>();
/** Least recently used first. */
const instances = new Map<string, Instance>();
let current: RunRequest | undefined;
let due = Infinity;

function say(reply: Reply): void { port.postMessage(reply); }

function hostFunction(i: Import): HostFunction {
  return (...args) => {
    channel.begin();
    say({ type: 'call', id: current?.id ?? -1, name: i.name, args: args as Scalar[] });
    for (;;) {
      const left = due - performance.now();
      const answer = channel.wait(Math.max(0, Math.min(left, CANCEL_CHECK_MS)));
      switch (answer.kind) {
        case 'values': return i.results.length === 0 ? undefined : i.results.length === 1 ? answer.values[0] : answer.values;
        case 'error': throw new HostCallFailed();
        case 'late':
          // Back in guest code the pending interrupt ends the run; the value is never seen.
          if (left <= 0 || Atomics.load(thread.i32, CTX.interrupt >> 2) !== 0) throw new RunInterruptedError(left <= 0 ? 'deadline' : 'cancelled', current?.functionName ?? '', undefined);
          break;
        default: answer satisfies never;
      }
    }
  };
}

function makeInstance(request: RunRequest, image: ModuleImage): Instance {
  const imports: Record<string, HostFunction> = Object.create(null) as Record<string, HostFunction>;
  for (const i of image.imports) if (i.kind === 'js') imports[i.name] = hostFunction(i);
  return new Instance(image, {
    thread, imports, memoryPages: request.memoryPages,
    // The host has checked the policy before it compiled: what is left to import is granted.
    grants: image.imports.filter((i) => i.kind === 'libc').map((i) => i.name),
    ...(request.shared === undefined ? {} : { shared: { ...request.shared, memory: new SharedMemory(thread.bridge, request.shared.memory) } }),
  });
}

function instanceFor(request: RunRequest, image: ModuleImage): Instance {
  // A part in a shared memory is had for one run.
  if (request.shared !== undefined) return makeInstance(request, image);
  const key = `${request.key}/${request.memoryPages}`;
  let instance = instances.get(key);
  if (instance === undefined) instance = makeInstance(request, image); else instances.delete(key);
  instances.set(key, instance);
  if (instances.size > KEPT_INSTANCES) {
    const [oldest, old] = instances.entries().next().value as [string, Instance];
    instances.delete(oldest);
    old.dispose();
  }
  return instance;
}

function run(request: RunRequest): DoneReply {
  if (request.image !== undefined) images.set(request.key, request.image);
  const image = images.get(request.key);
  const done = (result: RawResult, wallTime = 0, cpuTime = 0, peakMemory = 0): DoneReply => ({ type: 'done', id: request.id, result, wallTime, cpuTime, peakMemory });
  if (image === undefined) return done({ kind: 'failed', message: 'the worker does not know the module' });
  let instance: Instance | undefined;
  let wall = 0, cpu = 0;
  try {
    thread.resizeStack(request.stackSize);
    instance = instanceFor(request, image);
    for (const i of request.inputs) instance.guestMemory?.write(i.address, i.bytes);
    const cpuBefore = thread.bridge.threadCpuTime(), before = performance.now();
    due = request.timeLimit === null ? Infinity : before + request.timeLimit;
    let result: RawResult;
    control.begin(request.id);
    try {
      const value = instance.call(request.functionName, request.args, request.timeLimit === null ? {} : { deadline: request.timeLimit });
      result = { kind: 'ok', value: value as Scalar | undefined | readonly Scalar[], outputs: {} };
    } catch (error) {
      result = resultOf(error);
    }
    // A run that was stopped is over when guest code was left; making an error of it is not the guest's time.
    wall = (result.kind !== 'ok' && thread.leftAt > before ? thread.leftAt : performance.now()) - before;
    cpu = Math.min(wall, (thread.bridge.threadCpuTime() - cpuBefore) / 1e6);
    // Closing a file may take as long as writing to it: it is the guest's affair, while clearing memory is ours.
    closeHandles(instance);
    control.end();
    if (result.kind === 'ok' && request.outputs.length > 0) {
      const { guestMemory: memory } = instance;
      // fromEntries also makes an own property of the name __proto__.
      result = { ...result, outputs: Object.fromEntries(request.outputs.map((o) => {
        const bytes = new Uint8Array(o.length);
        memory?.read(o.address, bytes);
        return [o.name, bytes];
      })) };
    }
    return done(result, wall, cpu, (instance.guestMemory?.peakPages ?? 0) * 65536);
  } catch (error) {
    return done(resultOf(error), wall, cpu);
  } finally {
    due = Infinity;
    if (request.shared === undefined) instance?.reset(); else instance?.dispose();
  }
}

function resultOf(error: unknown): RawResult {
  if (error instanceof TrapError) return { kind: 'trap', trap: error.trap, functionName: error.functionName, location: error.location, address: error.address, frames: error.frames };
  if (error instanceof RunInterruptedError) return { kind: 'interrupted', reason: error.reason };
  if (error instanceof HostCallFailed) return { kind: 'host-error' };
  if (error instanceof ImportError) return { kind: 'host-error', message: error.message };
  if (error instanceof UsageError) return { kind: 'usage', what: error.message.split('\n  ')[0], remedy: error.remedy };
  if (error instanceof GuestFaultError) return { kind: 'failed', message: error.message };
  return { kind: 'failed', message: error instanceof LamellaError ? error.message : error instanceof Error ? error.stack ?? error.message : String(error) };
}

port.on('message', (request: Request) => {
  switch (request.type) {
    case 'run': {
      if (!control.enter()) return;
      current = request;
      const reply = run(request);
      current = undefined;
      control.leave();
      say(reply);
      return;
    }
    case 'forget':
      images.delete(request.key);
      for (const [key, instance] of [...instances]) {
        if (key.startsWith(`${request.key}/`)) {
          instances.delete(key);
          instance.dispose();
        }
      }
      say({ type: 'forgotten', key: request.key });
      return;
    case 'close':
      for (const instance of instances.values()) instance.dispose();
      instances.clear();
      endThread();
      control.closed();
      return;
    default: request satisfies never;
  }
});
say({ type: 'ready', threadId: thread.threadId, contextAddress: thread.contextAddress, context: thread.context });
