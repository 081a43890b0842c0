/** A tier: one way of compiling and running guest code. The sandbox does what all of them have in common. */
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

export interface Tier {
  readonly isolation: 'worker' | 'wasm';
  /** Compiles a checked module, or finds it compiled. Throws whatever refuses it. */
  prepare(t: TakenModule, config: SandboxConfig): PreparedRun;
  /** Starts threads ahead of need. */
  warm(config: SandboxConfig): Promise<void>;
  /** Gives up all compiled code, as soon as no run needs it. */
  clear(): Promise<void>;
  /** After {@link clear}: gives up the rest. */
  dispose(): void;
}
