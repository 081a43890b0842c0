/**
 * Whole random valid modules: all scalar types, memory, loops, calls of every kind, switches, traps.
 *
 * What a program computes is fully specified, so that every executor must agree to the bit: NaN bits and stack-slot
 * addresses are never observed, slots are filled before use, and fuel ends every run.
 */
import fc from 'fast-check';
import { ModuleBuilder, isVector, type Signature, type Type } from '../../lib/mir/index.ts';
import { RandomChoices, ReplayChoices, type Choices } from './choices.ts';
import { FunctionGenerator } from './function-generator.ts';
import { ARGUMENT_BYTES, FUEL, HEAP, IMPORTS, INITIAL_PAGES, STACK_SIZE, functionName, type GenerateOptions, type ModulePlan, type Program, type ProgramCall } from './program.ts';
import { constantOf } from './scope.ts';

export type { GenerateOptions, Program } from './program.ts';

const PARAMETER_TYPES: readonly Type[] = ['i32', 'i64', 'i8', 'i16', 'i1', 'f64', 'f32', 'ptr'];
const RESULT_TYPES: readonly Type[] = ['i32', 'i64', 'i8', 'i16', 'i1', 'f64', 'f32'];

/** Statements of programs that may choose: many small ones, where most faults show, and some with many values at once. */
const SIZES = [4, 5, 6, 6, 7, 8, 8, 9, 10, 10, 12, 14, 16, 20, 40, 80] as const;

function list(c: Choices, from: readonly Type[], few: number, many: number): Type[] {
  const n = c.below(10) === 9 ? c.below(many + 1) : c.below(few + 1);
  return Array.from({ length: n }, () => from[c.below(from.length)]);
}

function signature(c: Choices, earlier: readonly Signature[], vectors: readonly Type[]): Signature {
  const params = list(c, [...PARAMETER_TYPES, ...vectors], 4, 20);
  // Often the results of an earlier function, so that tail calls find partners.
  if (earlier.length > 0 && c.below(2) === 1) return { params, results: earlier[c.below(earlier.length)].results };
  return { params, results: list(c, [...RESULT_TYPES, ...vectors], 2, 12) };
}

/** Builds the program that a stream of choices stands for. */
export function generateProgram(c: Choices, options: GenerateOptions = {}): Program {
  const size = options.size ?? SIZES[c.below(SIZES.length)];
  const full = { size, vectors: options.vectors ?? false, wide: options.vectors === true && options.wide === true, native: options.native ?? false, atomics: options.atomics ?? false, imports: options.imports ?? false, hooks: options.hooks ?? false, places: options.places ?? false };
  const count = 1 + c.below(Math.max(1, Math.min(8, Math.ceil(size / 10))));
  const signatures: Signature[] = [];
  for (let k = 0; k < count; k++) {
    const s = signature(c, signatures, full.wide ? ['v128', 'v256'] : full.vectors ? ['v128'] : []);
    // JavaScript carries no vector in or out of main unless the executor says so: keep main scalar.
    signatures.push(k > 0 ? s : { params: s.params.filter((t) => !isVector(t)), results: s.results.filter((t) => !isVector(t)) });
  }
  const table = Array.from({ length: 1 + c.below(7) }, () => count > 1 && c.below(6) !== 5 ? 1 + c.below(count - 1) : null);
  const globals = Array.from({ length: 1 + c.below(3) }, (_, k) => ({ name: `g${k}`, size: [8, 64, 128, 200, 1, 2, 33][c.below(7)] }));
  const m = new ModuleBuilder('fuzz', { memoryModel: full.native ? 'native' : 'linear', memory: { initialPages: INITIAL_PAGES, maximumPages: INITIAL_PAGES + c.below(4), stackSize: STACK_SIZE } });
  const plan: ModulePlan = { options: full, signatures, table, globals, imports: IMPORTS, place: () => m.addLocation({ file: 'fuzz.ts', line: m.locations.length, column: 1 }) };
  m.addGlobal({ name: FUEL, size: 4, align: 4, mutable: true });
  for (const g of globals) {
    const bytes = c.below(2) === 0 ? undefined : Uint8Array.from({ length: Math.min(g.size, 1 + c.below(16)) }, () => c.below(256));
    const global = { name: g.name, size: g.size, align: 1 << c.below(5), mutable: true };
    m.addGlobal(bytes === undefined ? global : { ...global, bytes });
  }
  if (full.imports) for (const i of IMPORTS) m.addImport({ ...i, kind: 'js', capability: 'none' });
  for (let k = 0; k < count; k++) {
    const f = new FunctionGenerator(plan, k, c, Math.max(2, Math.ceil(size / count))).generate();
    if (k === 0) m.addFunction(f, 'main'); else m.addFunction(f);
  }
  for (const t of table) m.table.push(t === null ? null : functionName(t));

  const calls: ProgramCall[] = Array.from({ length: 1 + c.below(3) }, () => ({
    fn: 'main',
    args: signatures[0].params.map((t) => t === 'ptr' ? HEAP + ARGUMENT_BYTES * c.below(4) : constantOf(c, t)),
  }));
  return { module: m.build(), calls, places: full.places };
}

/** The program of a seed. */
export function programOfSeed(seed: number, options: GenerateOptions = {}): Program {
  return generateProgram(new RandomChoices(seed), options);
}

/** A fast-check arbitrary of programs; it shrinks by shortening and lowering the stream of choices. */
export function programArbitrary(options: GenerateOptions = {}): fc.Arbitrary<Program> {
  return fc.array(fc.nat(4096), { maxLength: 2000, size: 'max' }).map((stream) => generateProgram(new ReplayChoices(stream), options));
}
