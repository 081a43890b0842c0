/** How a generated program is run: a change of its module, and a machine for what comes out. */
import type { Module } from '../../lib/mir/index.ts';
import type { Outcome } from '../conformance/run-table.ts';
import type { Program } from './program.ts';

/** What the calls of a program gave, and the whole linear memory after the last one. */
export interface ProgramOutcome {
  readonly outcomes: readonly Outcome[];
  /** Good until the same runner runs again; bytes of the linear stack may be anything. */
  readonly memory: Uint8Array;
}

/** Something that runs modules. */
export interface Runner {
  readonly name: string;
  /**
   * Gets ready to make the calls of `program` on one fresh instance of `module`, which is its module or what a
   * transformation made of it; the result does it. Either throws when it cannot, which counts as a difference.
   *
   * @param thorough - also check what costs more than running: register allocations, validity
   */
  readonly compile: (program: Program, module: Module, thorough: boolean) => () => ProgramOutcome;
}

/** A runner behind a transformation. Executors that share a runner share the object. */
export interface FuzzExecutor {
  readonly name: string;
  /** What becomes of the program's module first. */
  readonly prepare: (module: Module, thorough: boolean) => Module;
  readonly runner: Runner;
  /** Its traps have the places of the program: nothing has been moved or inlined. */
  readonly places?: boolean;
}

/** Runs one program on one executor from beginning to end. */
export function execute(executor: FuzzExecutor, program: Program, thorough = true): ProgramOutcome {
  return executor.runner.compile(program, executor.prepare(program.module, thorough), thorough)();
}
