/** What host, supervisor and guests of the `wasm` tier say to each other, besides `protocol.ts`. Plain data only. */
import type { MessagePort } from 'node:worker_threads';
import type { CompiledWasm } from '../codegen/wasm-module.ts';
import type { Import, SourceLocation } from '../mir/module.ts';
import type { Surface } from '../mir/surface.ts';
import type { WasmEngineModule } from '../runtime/wasm-engine.ts';
import type { WasmSharedPart } from '../runtime/wasm-instance.ts';
import type { DoneReply, ForgetRequest, ForgottenReply, GuestCall, HostCallMessage } from './protocol.ts';

/** A program as a guest needs it. */
export interface WasmImage {
  readonly compiled: CompiledWasm;
  /** The engine's own form of `compiled.bytes`, once a guest has made it: threads share its code. */
  readonly engineModule: WasmEngineModule | undefined;
  readonly imports: readonly Import[];
  readonly locations: readonly SourceLocation[];
  readonly surface: Surface | undefined;
}

/** Host to guest: run one function. `image` is sent the first time a guest meets `key`. */
export interface WasmRunRequest extends GuestCall {
  readonly type: 'run';
  readonly key: number;
  readonly image: WasmImage | undefined;
  /** The run is one of several in a memory that the host holds. */
  readonly shared?: WasmSharedPart;
}
export type WasmRequest = WasmRunRequest | ForgetRequest;

/** Guest to host, once: it can take work. */
export interface WasmReadyMessage { readonly type: 'ready' }
/** Guest to host: the engine has compiled a program; it took so many milliseconds. */
export interface WasmCompiledMessage { readonly type: 'compiled'; readonly id: number; readonly key: number; readonly engineModule: WasmEngineModule; readonly time: number }
export type WasmReply = DoneReply | ForgottenReply | HostCallMessage | WasmReadyMessage | WasmCompiledMessage;

/** Host to supervisor. */
export type SupervisorRequest =
  | { readonly type: 'spawn'; readonly guest: number; readonly stackMegabytes: number; readonly start: WasmGuestStart }
  | { readonly type: 'terminate'; readonly guest: number };

/** Supervisor to host. Times in milliseconds. */
export type SupervisorReply =
  /** The guest's run with this number was stopped at its deadline; the guest is no more. */
  | { readonly type: 'killed'; readonly guest: number; readonly run: number; readonly wallTime: number; readonly cpuTime: number }
  | { readonly type: 'gone'; readonly guest: number; readonly message: string };

/** What the supervisor is started with. */
export interface SupervisorStart { readonly plan: SharedArrayBuffer; readonly guestScript: string }
/** What a guest is started with. `port` leads to the host; `mayOptimise`: see `engine-compile.ts`. */
export interface WasmGuestStart { readonly mayOptimise: boolean; readonly port: MessagePort; readonly channel: SharedArrayBuffer; readonly control: SharedArrayBuffer; readonly plan: SharedArrayBuffer }
