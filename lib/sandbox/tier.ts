/** A tier: one way of compiling and running guest code. The sandbox does what all of them have in common. */
import { LamellaError } from '../mir/errors.ts';
import type { SandboxConfig } from './config.ts';
import type { JobEnd, JobSpec } from './job.ts';
import type { TakenModule } from './program.ts';

/** A module made ready to run under a configuration. */
export interface PreparedRun {
  /** Bytes of code. */
  readonly codeSize: number;
  /** Bytes of linear memory a run begins with. */
  readonly initialMemory: number;
  /** Runs it. Never rejects. */
  start(spec: JobSpec): Promise<JobEnd>;
}

/** A run in a shared memory. */
export interface SharedRun extends JobSpec {
  /** Which of the memory's places it has; no two runs that are on have the same. */
  readonly place: number;
  /** Called once, when no thread can be inside the run any more; that may be long after its end was told. */
  readonly over: () => void;
}

/** A module made ready to run several times at once in one memory. */
export interface PreparedShare {
  readonly codeSize: number;
  readonly initialMemory: number;
  /** The memory as it is now. */
  bytes(): Uint8Array<SharedArrayBuffer>;
  /** Runs that begin together. Never reject. */
  start(runs: readonly SharedRun[], config: SandboxConfig): readonly Promise<JobEnd>[];
  /** Makes the bytes what they were at first; the size stays. No run may be on. */
  clear(): void;
  /**
   * Lets go of code and memory. No run may be on.
   *
   * @param clear makes the memory zero and gives its pages back now: for one whose views nobody looks at for what is in it
   */
  release(clear: boolean): void;
}

/** The tier cannot run a module on several threads over one memory. */
export class SharedMemoryUnsupportedError extends LamellaError {
  constructor(moduleName: string, why: string, remedy: string) {
    super('shared-memory-unsupported', `module ${moduleName} cannot be shared: ${why}`, remedy);
  }
}

/** Fewer bytes of linear stack are no use to a worker. */
const LEAST_STACK_PART = 1024;

/** Bytes of the linear stack that each of `workers` gets: an equal part of what the module declares. @throws SharedMemoryUnsupportedError */
export function linearStackPart(moduleName: string, stackBytes: number, workers: number): number {
  const part = Math.floor(stackBytes / workers / 16) * 16;
  if (stackBytes > 0 && part < LEAST_STACK_PART) {
    throw new SharedMemoryUnsupportedError(moduleName, `its linear stack of ${stackBytes} bytes is too small to be parted among ${workers} workers`, `Build it with a larger one: module(name, { memory: { stackSize: ${LEAST_STACK_PART * workers} } }).`);
  }
  return part;
}

export interface Tier {
  readonly isolation: 'worker' | 'wasm';
  /** Compiles a checked module, or finds it compiled. Throws whatever refuses it. */
  prepare(t: TakenModule, config: SandboxConfig): PreparedRun;
  /**
   * Makes a memory for up to `workers` runs at a time. Throws whatever refuses the module.
   *
   * @throws SharedMemoryUnsupportedError when the tier cannot
   */
  share(t: TakenModule, config: SandboxConfig, workers: number): PreparedShare;
  /** Starts threads ahead of need. */
  warm(config: SandboxConfig): Promise<void>;
  /** Gives up all compiled code, as soon as no run needs it. */
  clear(): Promise<void>;
  /** After {@link clear}: gives up the rest. */
  dispose(): void;
}
