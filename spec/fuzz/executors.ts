/**
 * Everything that can run a generated program, by name. The reference interpreter is what the others are compared
 * with; a new way to run modules is added to {@link executors} in one line.
 */
import { X86_LEVEL_NAMES } from '../../backends/x86_64/index.ts';
import { splitVectors } from '../../lib/codegen/split-vectors.ts';
import type { X86Level } from '../../backends/x86_64/index.ts';
import { Interpreter, assertValid, parseModule, printModule, type Module } from '../../lib/mir/index.ts';
import { Pipeline, type Pass } from '../../lib/passes/index.ts';
import { outcomeOf } from '../conformance/run-table.ts';
import { machineLevels } from '../support/native-executor.ts';
import { nativeFuzz } from '../support/native-fuzz.ts';
import { wasmFuzz } from '../support/wasm-executor.ts';
import type { FuzzExecutor, Runner } from './executor.ts';
import { moduleAt, type FuzzLevel } from './levels.ts';
import { hostFunctions } from './program.ts';

/** More than any generated program executes: fuel ends them long before. */
const MAX_STEPS = 10_000_000;
const HOST = hostFunctions();

const interpreter: Runner = {
  name: 'interpreter',
  compile: (program, module) => () => {
    const it = new Interpreter(module, { maxSteps: MAX_STEPS, imports: HOST });
    const outcomes = program.calls.map((c) => outcomeOf(() => it.call(c.fn, c.args).values));
    return { outcomes, memory: it.memory };
  },
};

/** Runs on the reference interpreter. */
export const reference: FuzzExecutor = { name: 'interpreter', prepare: (m) => m, runner: interpreter };

/** Runs a changed module on the interpreter: what the change did must not be seen. */
export function transformed(name: string, change: (m: Module, thorough: boolean) => Module): FuzzExecutor {
  return { name, prepare: change, runner: interpreter };
}

/** The module after a pipeline. */
export function optimised(level: FuzzLevel): FuzzExecutor { return transformed(level, (m, thorough) => moduleAt(m, level, thorough)); }

/** The module after one pass alone, which finds what later passes would hide. */
export function singlePass(pass: Pass): FuzzExecutor {
  const pipeline = new Pipeline([pass]);
  return transformed(pass.name, (m) => pipeline.run(m, { verifyAfterEach: true }).module);
}

function inPlace(executor: FuzzExecutor): FuzzExecutor { return { ...executor, places: true }; }

/** Printed and parsed back: the text form must lose nothing. */
export const text: FuzzExecutor = inPlace(transformed('text', (m) => parseModule(printModule(m))));
/** As a worker would receive it. */
export const cloned: FuzzExecutor = inPlace(transformed('clone', (m) => structuredClone(m)));

const TABLE: Readonly<Record<string, () => FuzzExecutor>> = {
  text: () => text,
  split: () => transformed('split', (m) => assertValid(splitVectors(m))),
  clone: () => cloned,
  O1: () => optimised('O1'),
  O2: () => optimised('O2'),
  O3: () => optimised('O3'),
  passes: () => everyPassAlone(),
  wasm: () => wasmFuzz(),
  'wasm-O1': () => wasmFuzz('O1'),
  'wasm-O2': () => wasmFuzz('O2'),
  'wasm-O3': () => wasmFuzz('O3'),
  native: () => nativeFuzz(),
  'native-O1': () => nativeFuzz('O1'),
  'native-O2': () => nativeFuzz('O2'),
  'native-O3': () => nativeFuzz('O3'),
  // With the features of a level alone, as `native-O2@sse4.1`.
  ...Object.fromEntries(X86_LEVEL_NAMES.flatMap((level) => [
    [`native@${level}`, (): FuzzExecutor => nativeFuzz(undefined, level)], [`native-O2@${level}`, (): FuzzExecutor => nativeFuzz('O2', level)],
  ])),
};

/** Names that need a processor and system that native code runs on. */
function isNative(name: string): boolean { return name.startsWith('native'); }

/** Each pass of the highest level by itself, one after the other, one for each program in turn. */
function everyPassAlone(): FuzzExecutor {
  const seen = new Set<string>();
  const all = Pipeline.standard('O3').passes.filter((p) => p.stage === 'optimise' && !seen.has(p.name) && seen.add(p.name)).map(singlePass);
  let turn = 0;
  return transformed('passes', (m) => {
    const one = all[turn++ % all.length];
    try {
      return one.prepare(m, true);
    } catch (error) {
      throw new Error(`pass ${one.name}`, { cause: error });
    }
  });
}

/** Every executor that this machine can run, by name. */
export function executorNames(): readonly string[] {
  const native = process.platform === 'linux' && process.arch === 'x64';
  const levels: readonly string[] = native ? machineLevels() : [];
  return Object.keys(TABLE).filter((n) => !isNative(n) || (native && (!n.includes('@') || levels.includes(n.slice(n.indexOf('@') + 1)))));
}

/** The same without native code: what needs nothing but JavaScript. */
export function portableExecutorNames(): readonly string[] { return executorNames().filter((n) => !isNative(n)); }

/** The named executors, or all. `native@sse2` and the like run code made for a level of processor features that this machine has. */
export function executors(names: readonly string[] = executorNames()): readonly FuzzExecutor[] {
  return names.map((n) => {
    const [, level, features] = /^native(?:-(O[123]))?@(.+)$/.exec(n) ?? [];
    if (features !== undefined) return nativeFuzz(level as FuzzLevel | undefined, features as X86Level);
    const [without, optimisedAt] = /^wasm(?:-(O[123]))?@no-tail-calls$/.exec(n) ?? [];
    if (without !== undefined) return wasmFuzz(optimisedAt as FuzzLevel | undefined, false);
    const make = Object.hasOwn(TABLE, n) ? TABLE[n] : undefined;
    if (make === undefined) throw new Error(`no executor ${n}; there are: ${executorNames().join(' ')}, native code for a feature level as native-O2@sse2, and wasm-O2@no-tail-calls`);
    return make();
  });
}
