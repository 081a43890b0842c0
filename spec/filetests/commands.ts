/**
 * The commands that `; test NAME` lines name. To add one, add a row: it gets the test and the rest of its line, and
 * returns the text to compare with its section (`;--- NAME ARGS`), or the outcome of the `; run` lines, or both. A
 * command that finds something wrong by itself throws.
 */
import { deepStrictEqual } from 'node:assert';
import { ParseError, assertValid, checkModuleShape, parseModule, printModule, verifyModule } from '../../lib/mir/index.ts';
import { interpret } from '../../lib/mir/interpreter.ts';
import { executeRuns, type FileTest } from './filetest.ts';

export interface CommandResult {
  /** Compared with the section; absent or empty means that there must be none. */
  readonly output?: string;
  /** Compared with the `; run` lines, in order. */
  readonly runs?: readonly string[];
}

export interface Command {
  readonly summary: string;
  run(test: FileTest, args: string): CommandResult | Promise<CommandResult>;
}

/** Every command by name. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  'parse-error': {
    summary: 'the text does not parse; gives the message',
    run(test) {
      try {
        parseModule(test.source);
      } catch (error) {
        if (error instanceof ParseError) return { output: error.message };
        throw error;
      }
      throw new Error('the text parses');
    },
  },
  verify: {
    summary: 'gives every verifier error, one a line; a valid module gives nothing',
    run: (test) => ({ output: verifyModule(test.module).map((e) => e.message).join('\n') }),
  },
  print: {
    summary: 'gives the module as it prints; it must parse back to an equal one and survive the copy for untrusted data',
    run(test) {
      const output = printModule(test.module);
      deepStrictEqual(parseModule(output), test.module);
      deepStrictEqual(checkModuleShape(test.module), test.module);
      return { output: output.trimEnd() };
    },
  },
  interpret: {
    summary: 'runs the `; run` lines in the reference interpreter, each in a fresh instance',
    run: async (test) => {
      const m = assertValid(test.module);
      return { runs: await executeRuns(test, (name, args) => interpret(m, name, args).values) };
    },
  },
};
