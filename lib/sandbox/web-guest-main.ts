/** A guest of the `wasm` tier in a browser's worker. */
import { requireEngine } from '../runtime/wasm-engine.ts';
import { HostCallChannel } from './host-call-channel.ts';
import { TRACE_FRAMES, WasmGuest } from './wasm-guest.ts';
import type { WebReply, WebRequest } from './web-guest-threads.ts';

const scope = globalThis as unknown as { onmessage: ((event: { readonly data: WebRequest }) => void) | null; postMessage(message: WebReply): void };
(Error as { stackTraceLimit?: number }).stackTraceLimit = TRACE_FRAMES;

let guest: WasmGuest | undefined;
scope.onmessage = ({ data }) => {
  if (data.type !== 'start') {
    guest?.receive(data);
    return;
  }
  guest = new WasmGuest({
    channel: data.channel === undefined ? undefined : new HostCallChannel(data.channel),
    compile: (bytes) => new (requireEngine().Module)(bytes),
    say: (reply) => { scope.postMessage(reply); },
    begin: ({ id, timeLimit }) => { scope.postMessage({ type: 'begun', id, timeLimit }); },
    collect: () => {},
    // Whoever stops a run here ends the thread at once.
    end: (_request, wall, waited) => Math.max(0, wall - waited),
  });
  guest.rehearse();
  scope.postMessage({ type: 'ready' });
};
