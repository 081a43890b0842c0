/** One thread of the tier `worker`, as its pool sees it. */
import type { Worker } from 'node:worker_threads';
import type { StubImage } from '../codegen/stub-image.ts';
import type { InterruptAddress } from '../runtime/interrupt.ts';
import { nodeBuiltin } from '../runtime/node-builtin.ts';
import { HostCallChannel, CHANNEL_BYTES } from './host-call-channel.ts';
import type { Reply, WorkerStart } from './protocol.ts';
import { WorkerControl, WORKER_CONTROL_BYTES } from './worker-control.ts';

export class GuestWorker {
  readonly worker: Worker;
  readonly channel: HostCallChannel;
  readonly control: WorkerControl;
  /** Modules it has the image of, by their keys. */
  readonly known = new Set<number>();
  readonly started: Promise<void>;
  /** Where it is interrupted; the context's buffer is held so that the address stays good. */
  address: (InterruptAddress & { readonly context: SharedArrayBuffer }) | undefined;
  /** The run it is executing, as far as the host knows. */
  runId = -1;
  dead = false;
  #waiters = 0;
  onReply: (reply: Reply) => void = () => {};
  onDeath: (message: string) => void = () => {};

  /** @throws whatever the system says when it has no room for another thread */
  constructor(script: URL, stubs: StubImage) {
    const channel = new SharedArrayBuffer(CHANNEL_BYTES), control = new SharedArrayBuffer(WORKER_CONTROL_BYTES);
    this.channel = new HostCallChannel(channel);
    this.control = new WorkerControl(control);
    const start: WorkerStart = { channel, control, stubs };
    const { Worker } = nodeBuiltin('node:worker_threads');
    // Without the process's flags and environment: some flags are for its main program alone (and end a worker), others
    // have code of the host loaded first.
    this.worker = new Worker(script, { workerData: start, stdout: false, stderr: false, execArgv: [], env: {} });
    this.worker.unref();
    this.started = new Promise((resolve, reject) => {
      this.worker.on('message', (reply: Reply) => {
        if (reply.type === 'ready') {
          this.address = reply;
          resolve();
        } else this.onReply(reply);
      });
      const die = (message: string): void => {
        if (this.dead) return;
        this.dead = true;
        reject(new Error(message));
        this.onDeath(message);
      };
      this.worker.on('error', (e) => die(e instanceof Error ? e.message : String(e)));
      this.worker.on('exit', (code) => die(`worker thread exited with code ${code}`));
    });
    this.started.catch(() => {});
  }

  /** Somebody waits for this worker: the process stays alive until as many {@link letGo}. */
  hold(): void { if (this.#waiters++ === 0) this.worker.ref(); }
  letGo(): void { if (--this.#waiters === 0) this.worker.unref(); }
}
