/**
 * A guest of the `wasm` tier without its thread: runs one function at a time on the engine it finds itself in.
 *
 * Invariant: between two runs nothing of the first is left for the second. When a run has ended, and before the next
 * request is looked at, its instance is reset (linear memory zero and as large as at first, data of globals written
 * anew) or replaced by a new one. A run that was killed takes its whole thread with it.
 */
import type { CompiledWasm } from '../codegen/wasm-module.ts';
import { LamellaError, TrapError, UsageError } from '../mir/errors.ts';
import type { Import } from '../mir/module.ts';
import { RunInterruptedError } from '../runtime/run-errors.ts';
import { wasmEngine, type WasmEngineModule } from '../runtime/wasm-engine.ts';
import { WasmInstance, type WasmHostFunction, type WasmSharedPart } from '../runtime/wasm-instance.ts';
import type { HostCallChannel } from './host-call-channel.ts';
import type { DoneReply, RawResult, Scalar } from './protocol.ts';
import type { WasmImage, WasmReply, WasmRequest, WasmRunRequest } from './wasm-protocol.ts';

/** Frames of a trap's trace, as many as native code gives. */
export const TRACE_FRAMES = 64;
/** Instances kept ready. */
const KEPT_INSTANCES = 16;
/** Memory up to this size is zeroed for the next run; a larger one is dropped, since zeroing would touch all of it. */
const LARGEST_ZEROED = 1024 * 1024;
/** A dropped memory up to this size is left to the engine's own collections. */
const LARGEST_LEFT = 4 * 1024 * 1024;

/** `(memory (export "m") 1 1) (global (export "t") (mut i32) (i32.const 0)) (func (export "f") (param i32) (result i32) (local.get 0))` */
const REHEARSAL = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x04, 0x01, 0x01, 0x01, 0x01,
  0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b, 0x07, 0x0d, 0x03, 0x01, 0x66, 0x00, 0x00, 0x01, 0x6d, 0x02, 0x00, 0x01, 0x74, 0x03, 0x00,
  0x0a, 0x06, 0x01, 0x04, 0x00, 0x20, 0x00, 0x0b,
];

/** Thrown through guest code when the host function failed; the host keeps the error itself. */
class HostCallFailed extends Error {}

/** What the guest's thread does around it. Times in milliseconds. */
export interface GuestThreadSide {
  say(reply: WasmReply): void;
  /** Has the engine compile a module. @throws the engine's CompileError */
  compile(bytes: Uint8Array): WasmEngineModule;
  /** The way to host functions; undefined where threads share no memory (no program with host functions gets here then). */
  readonly channel: HostCallChannel | undefined;
  /** Guest code is entered next. */
  begin(request: WasmRunRequest): void;
  /** It was left after `wall`, of which it slept `waited`. Gives its processor time; does not return from a run that was killed. */
  end(request: WasmRunRequest, wall: number, waited: number): number;
  /** A large memory was let go: the engine may collect it before the next run brings its own. */
  collect(): void;
}

interface Known { readonly image: WasmImage; engineModule: WasmEngineModule | undefined; instance: WasmInstance | undefined }

export class WasmGuest {
  readonly #side: GuestThreadSide;
  /** Least recently used first. */
  readonly #known = new Map<number, Known>();
  #current: WasmRunRequest | undefined;
  /** When the run's time is over, and how long it slept so far, milliseconds. */
  #due = Infinity;
  #waited = 0;

  /** During the rehearsal: the host must not hear of what is run. */
  #silent = false;

  constructor(side: GuestThreadSide) { this.#side = side; }

  /** Does what the host asks for, and answers. */
  receive(request: WasmRequest): void {
    switch (request.type) {
      case 'run': {
        this.#current = request;
        const it = this.#run(request);
        this.#current = undefined;
        // Before the next run brings its own: a worker holds one large memory at a time.
        if (it !== undefined && clean(it)) this.#side.collect();
        return;
      }
      case 'forget':
        this.#known.delete(request.key);
        this.#side.say({ type: 'forgotten', key: request.key });
        return;
      default: request satisfies never;
    }
  }

  /** Runs a function as a request would have it, so that the first request finds this thread's code loaded and warm. */
  rehearse(): void {
    const compiled: CompiledWasm = {
      architecture: 'wasm', moduleName: 'rehearsal', memoryModel: 'linear', bytes: Uint8Array.from(REHEARSAL), functions: [{ name: 'f', params: ['i32'], results: ['i32'], internal: false }],
      importCount: 0, exports: { f: 0 }, memoryExport: 'm', trapExport: 't', stackExport: undefined, stackTop: 0, stackLow: 0, shared: undefined, initialPages: 1, maximumPages: 1, data: [], sites: new Int32Array(0), features: {},
    };
    const image: WasmImage = { compiled, engineModule: undefined, imports: [], locations: [], surface: undefined };
    this.#silent = true;
    for (let k = 0; k < 3; k++) {
      const it = this.#run({ type: 'run', id: 0, key: -1, image, functionName: 'f', args: [k], timeLimit: null, inputs: [], outputs: [] });
      if (it !== undefined) clean(it);
    }
    this.#silent = false;
    this.#known.clear();
  }

  #say(reply: WasmReply): void { if (!this.#silent) this.#side.say(reply); }

  #hostFunction(i: Import): WasmHostFunction {
    return (...args: readonly unknown[]) => {
      const { channel } = this.#side;
      if (channel === undefined) throw new HostCallFailed();
      channel.begin();
      this.#say({ type: 'call', id: this.#current?.id ?? -1, name: i.name, args: args as readonly Scalar[] });
      const asked = performance.now(), answer = channel.wait(Math.max(0, this.#due - asked));
      this.#waited += performance.now() - asked;
      switch (answer.kind) {
        case 'values': return i.results.length === 0 ? undefined : i.results.length === 1 ? answer.values[0] : answer.values;
        case 'error': throw new HostCallFailed();
        case 'late': throw new RunInterruptedError('deadline', this.#current?.functionName ?? '', undefined);
        default: return answer satisfies never;
      }
    };
  }

  /** The program of a request, compiled by the engine when nobody has done it yet. */
  #programOf(request: WasmRunRequest): Known | undefined {
    let it = this.#known.get(request.key);
    if (it === undefined) {
      if (request.image === undefined) return undefined;
      it = { image: request.image, engineModule: request.image.engineModule, instance: undefined };
    } else this.#known.delete(request.key);
    this.#known.set(request.key, it);
    if (it.engineModule === undefined) {
      const before = performance.now(), made = this.#side.compile(it.image.compiled.bytes);
      it.engineModule = made;
      this.#say({ type: 'compiled', id: request.id, key: request.key, engineModule: made, time: performance.now() - before });
    }
    return it;
  }

  #makeInstance({ image, engineModule }: Known, shared: WasmSharedPart | undefined): WasmInstance {
    const imports: Record<string, WasmHostFunction> = Object.create(null) as Record<string, WasmHostFunction>;
    for (const i of image.imports) imports[i.name] = this.#hostFunction(i);
    return new WasmInstance(image.compiled, {
      imports, locations: image.locations, ...(image.surface === undefined ? {} : { surface: image.surface }), ...(engineModule === undefined ? {} : { engineModule }),
      ...(shared === undefined ? {} : { shared }),
    });
  }

  #instanceOf(it: Known): WasmInstance {
    if (it.instance === undefined) {
      it.instance = this.#makeInstance(it, undefined);
      let count = 0;
      for (const k of [...this.#known.values()].reverse()) if (k.instance !== undefined && ++count > KEPT_INSTANCES) k.instance = undefined;
    }
    return it.instance;
  }

  /** Runs a request and answers it; gives the program whose instance must be cleaned. */
  #run(request: WasmRunRequest): Known | undefined {
    const done = (result: RawResult, wallTime = 0, cpuTime = 0, peakMemory = 0): void => {
      const reply: DoneReply = { type: 'done', id: request.id, result, wallTime, cpuTime, peakMemory };
      this.#say(reply);
    };
    let it: Known | undefined, instance: WasmInstance;
    try {
      it = this.#programOf(request);
      if (it === undefined) {
        done({ kind: 'failed', message: 'the guest does not know the module' });
        return undefined;
      }
      // A part in a shared memory is had for one run.
      instance = request.shared === undefined ? this.#instanceOf(it) : this.#makeInstance(it, request.shared);
      if (request.inputs.length > 0) {
        const { memory } = instance;
        for (const i of request.inputs) memory.set(i.bytes, i.address);
      }
    } catch (error) {
      done(preparationFailure(error));
      return it;
    }
    const before = performance.now();
    this.#due = request.timeLimit === null ? Infinity : before + request.timeLimit;
    this.#waited = 0;
    this.#side.begin(request);
    let result: RawResult;
    try {
      result = { kind: 'ok', value: instance.call(request.functionName, request.args) as Scalar | undefined | readonly Scalar[], outputs: {} };
    } catch (error) {
      result = resultOf(error);
    }
    const wall = performance.now() - before;
    const cpuTime = this.#side.end(request, wall, this.#waited);
    this.#due = Infinity;
    if (result.kind === 'ok' && request.outputs.length > 0) {
      const { memory } = instance;
      // fromEntries also makes an own property of the name __proto__.
      result = { ...result, outputs: Object.fromEntries(request.outputs.map((o) => [o.name, memory.slice(o.address, o.address + o.length)])) };
    }
    done(result, wall, cpuTime, instance.memorySize);
    return it;
  }
}

/** What went wrong before guest code was entered. */
function preparationFailure(error: unknown): RawResult {
  const engine = wasmEngine();
  if (engine !== undefined && error instanceof engine.CompileError) return { kind: 'refused', message: `the WebAssembly engine refused it: ${error.message}` };
  // The engine found no address space or memory for the instance.
  if (error instanceof RangeError) return { kind: 'no-memory', message: error.message };
  return resultOf(error);
}

function resultOf(error: unknown): RawResult {
  if (error instanceof TrapError) return { kind: 'trap', trap: error.trap, functionName: error.functionName, location: error.location, address: error.address, frames: error.frames };
  if (error instanceof RunInterruptedError) return { kind: 'interrupted', reason: error.reason };
  if (error instanceof HostCallFailed) return { kind: 'host-error' };
  // Thrown in JavaScript on the way to a host function: guest code had used up the stack.
  if (error instanceof RangeError && /call stack/i.test(error.message)) return { kind: 'trap', trap: 'stack-overflow', functionName: undefined, location: undefined, address: undefined, frames: [] };
  if (error instanceof UsageError) return { kind: 'usage', what: error.message.split('\n  ')[0], remedy: error.remedy };
  return { kind: 'failed', message: error instanceof LamellaError ? error.message : error instanceof Error ? error.stack ?? error.message : String(error) };
}

/** Makes the instance as good as new, or lets go of it: true when that was much memory, for the collector. */
function clean(it: Known): boolean {
  const { instance } = it;
  if (instance === undefined) return false;
  const size = instance.memory.length;
  if (size <= LARGEST_ZEROED && instance.reset()) return false;
  it.instance = undefined;
  return size > LARGEST_LEFT;
}
