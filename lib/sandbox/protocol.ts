/** What the host and its guest workers say to each other. Plain data only: everything here is structure-cloned. */
import type { TrapFrame } from '../mir/errors.ts';
import type { SourceLocation } from '../mir/module.ts';
import type { JsVector } from '../mir/typed-module.ts';
import type { TrapCode } from '../mir/types.ts';
import type { StubImage } from '../codegen/stub-image.ts';
import type { ModuleImage } from '../runtime/module-image.ts';
import type { SharedMemoryHandle } from '../runtime/shared-memory.ts';

/** A value that crosses between JavaScript and guest code; a vector is a typed array of its lanes. */
export type Scalar = number | bigint | boolean | JsVector;

/** Bytes put into linear memory before a run, or read from it after one. Addresses are already checked. */
export interface MemoryInput { readonly address: number; readonly bytes: Uint8Array }
export interface MemoryOutput { readonly name: string; readonly address: number; readonly length: number }

/** What is to be run, whichever tier does it. */
export interface GuestCall {
  readonly id: number;
  readonly functionName: string;
  readonly args: readonly Scalar[];
  /** Milliseconds, or null for none. */
  readonly timeLimit: number | null;
  readonly inputs: readonly MemoryInput[];
  readonly outputs: readonly MemoryOutput[];
}

/** Host to worker: run one function of a module. `image` is sent the first time a worker meets `key`. */
export interface RunRequest extends GuestCall {
  readonly type: 'run';
  readonly key: number;
  readonly image: ModuleImage | undefined;
  /** Pages the linear memory may grow to. */
  readonly memoryPages: number;
  readonly stackSize: number;
  /** The run is one of several in a memory that the host holds, and has this part of the linear stack. */
  readonly shared?: { readonly memory: SharedMemoryHandle; readonly place: number; readonly stackLow: number; readonly stackHigh: number };
}
/** Host to worker: drop what is kept for a module; its code is about to be freed. Answered by `forgotten`. */
export interface ForgetRequest { readonly type: 'forget'; readonly key: number }
/** Host to worker: give back everything, the thread ends. Answered through its `WorkerControl`, since nobody listens. */
export interface CloseRequest { readonly type: 'close' }
export type Request = RunRequest | ForgetRequest | CloseRequest;

/** How guest code ended, before it is put into words. */
export type RawResult =
  | { readonly kind: 'ok'; readonly value: Scalar | undefined | readonly Scalar[]; readonly outputs: Readonly<Record<string, Uint8Array>> }
  | { readonly kind: 'trap'; readonly trap: TrapCode; readonly functionName: string | undefined; readonly location: SourceLocation | undefined; readonly address: number | bigint | undefined; readonly frames: readonly TrapFrame[] }
  | { readonly kind: 'interrupted'; readonly reason: 'deadline' | 'cancelled' }
  /** A host function failed: the host keeps its error; the message is of a C function that could not be called. */
  | { readonly kind: 'host-error'; readonly message?: string }
  | { readonly kind: 'usage'; readonly what: string; readonly remedy: string }
  /** The module cannot be run here: the engine refused it, or has no memory for it. */
  | { readonly kind: 'refused' | 'no-memory'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Worker to host. Times in milliseconds, memory in bytes. */
export interface DoneReply { readonly type: 'done'; readonly id: number; readonly result: RawResult; readonly wallTime: number; readonly cpuTime: number; readonly peakMemory: number }
export interface ForgottenReply { readonly type: 'forgotten'; readonly key: number }
/** Worker to host: guest code called a JavaScript import; the worker waits on its `HostCallChannel`. */
export interface HostCallMessage { readonly type: 'call'; readonly id: number; readonly name: string; readonly args: readonly Scalar[] }
/** Worker to host, once: it can take work. The rest is what an interrupt needs; `context` keeps the address alive. */
export interface ReadyMessage { readonly type: 'ready'; readonly threadId: number; readonly contextAddress: number; readonly context: SharedArrayBuffer }
export type Reply = DoneReply | ForgottenReply | HostCallMessage | ReadyMessage;

/** What a worker is started with. */
export interface WorkerStart { readonly channel: SharedArrayBuffer; readonly control: SharedArrayBuffer; readonly stubs: StubImage }
