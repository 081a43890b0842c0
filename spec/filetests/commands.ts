/**
 * The commands that `; test NAME` lines name. To add one, add a row: it gets the test and the rest of its line, and
 * returns the text to compare with its section (`;--- NAME ARGS`), or the outcome of the `; run` lines, or both. A
 * command that finds something wrong by itself throws.
 */
import { deepStrictEqual } from 'node:assert';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import { ParseError, assertValid, checkModuleShape, parseModule, printModule, verifyModule } from '../../lib/mir/index.ts';
import { interpret } from '../../lib/mir/interpreter.ts';
import type { Pass } from '../../lib/passes/pass.ts';
import { Pipeline } from '../../lib/passes/pipeline.ts';
import { standardPasses, type OptimisationLevel } from '../../lib/passes/standard.ts';
import { skipUnlessNative } from '../support/native.ts';
import { nativeCall, nativeInstance } from '../support/native-executor.ts';
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
  pass: {
    summary: 'gives the module after the named passes, in order, verified after each',
    run(test, args) {
      const passes = args.split(/\s+/).map(passByName);
      const { module } = new Pipeline(passes).run(assertValid(test.module), { verifyAfterEach: true });
      return { output: printModule(module).trimEnd() };
    },
  },
  optimise: {
    summary: 'runs the `; run` lines in the interpreter after the pipeline of a level (O1, O2, O3), verified after each pass',
    run: async (test, args) => {
      const level = args === 'O1' || args === 'O2' || args === 'O3' ? args : undefined;
      if (level === undefined) throw new Error('`test optimise` takes a level: O1, O2 or O3');
      const { module } = Pipeline.standard(level).run(assertValid(test.module), { verifyAfterEach: true });
      return { runs: await executeRuns(test, (name, values) => interpret(module, name, values).values) };
    },
  },
  split: {
    summary: 'gives the module without 256-bit vectors, verified',
    run: (test) => ({ output: printModule(assertValid(splitVectors(assertValid(test.module)))).trimEnd() }),
  },
  'run-split': {
    summary: 'runs the `; run` lines in the interpreter on the module without 256-bit vectors, results and arguments on their halves',
    run: async (test) => {
      const m = assertValid(splitVectors(assertValid(test.module))), functions = new Map(test.module.functions.map((f) => [f.name, f]));
      const low = (1n << 128n) - 1n;
      return { runs: await executeRuns(test, (name, args) => {
        const { params, results } = functions.get(name)!;
        const values = interpret(m, name, args.flatMap((a, k) => (params[k] === 'v256' ? [BigInt(a) & low, BigInt(a) >> 128n] : [a]))).values;
        let at = 0;
        return results.map((t) => (t === 'v256' ? BigInt(values[at++]) | BigInt(values[at++]) << 128n : values[at++]));
      }) };
    },
  },
  compile: {
    summary: 'runs the `; run` lines as machine code of this machine, each in a fresh instance, after each level named (by default all); every register allocation is checked',
    run: async (test, args) => {
      native ??= skipUnlessNative('`test compile` of filetests');
      if (!native) return {};
      const levels = args === '' ? LEVELS : args.split(/\s+/).map(levelByName), results = new Map<OptimisationLevel, readonly string[]>();
      for (const level of levels) {
        const instance = nativeInstance(Pipeline.standard(level).run(assertValid(test.module), { verifyAfterEach: true }).module);
        try {
          results.set(level, await executeRuns(test, (name, values) => {
            instance.reset();
            return nativeCall(instance, name, values) as readonly (number | bigint)[];
          }));
        } finally {
          instance.dispose();
        }
      }
      const [[first, runs], ...others] = [...results];
      for (const [level, lines] of others) deepStrictEqual(lines, runs, `${level} gives other results than ${first}`);
      return { runs };
    },
  },
};

const LEVELS: readonly OptimisationLevel[] = ['O0', 'O1', 'O2', 'O3'];
/** Whether native code runs here, once it was asked for. */
let native: boolean | undefined;

function levelByName(name: string): OptimisationLevel {
  const level = LEVELS.find((l) => l === name);
  if (level === undefined) throw new Error(`there is no level \`${name}\` (${LEVELS.join(', ')})`);
  return level;
}

function passByName(name: string): Pass {
  const all = [...standardPasses('O1'), ...standardPasses('O3')], pass = all.find((p) => p.name === name);
  if (pass === undefined) throw new Error(`there is no pass \`${name}\` (${[...new Set(all.map((p) => p.name))].join(', ')})`);
  return pass;
}
