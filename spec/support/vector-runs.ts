/**
 * Runs vector cases: one function per case and way of using it, looping over all its operands in memory, so that one
 * call computes hundreds of results.
 */
import {
  FunctionBuilder, Interpreter, LANE_COUNT, ModuleBuilder, sizeOf, verifyModule, type Lanes, type MirFunction, type Module, type Type, type Value,
} from '../../lib/mir/index.ts';
import { PLACE, type VectorCase } from '../conformance/vector-cases.ts';

/**
 * How the operands are used: `loaded` straight from memory by the operation alone; `kept`, needed again after it, so
 * that an instruction which overwrites an operand is caught; `spilled`, live across a call, from which vectors come back
 * in memory.
 */
export type Way = 'loaded' | 'kept' | 'spilled';
export const WAYS = ['loaded', 'kept', 'spilled'] as const satisfies readonly Way[];

/** Where inputs, results and the operands as they are afterwards lie in memory. */
const INPUTS = 0x100000, RESULTS = 0x300000, AFTER = 0x400000, PAGES = 0x600000 / 65536;
const MOST_RUNS = 0x100000 / PLACE;

/** An instance: its memory, and a call without result. */
export interface VectorRunner { readonly memory: Uint8Array; call(fn: string, args: readonly number[]): void }

/** A function that does nothing. */
const NOTHING = 'nothing';

export function nameOf(c: VectorCase, way: Way): string { return `${c.name} ${way}`; }

/** One function for each case and way: `(inputs, results, after, runs)`. */
export function vectorModule(cases: readonly VectorCase[]): Module {
  const m = new ModuleBuilder('vectors', { memory: { initialPages: PAGES, maximumPages: PAGES } });
  for (const c of cases) for (const way of WAYS) { const name = nameOf(c, way); m.addFunction(caseFunction(name, c, way), name); }
  const nothing = new FunctionBuilder(NOTHING, { params: [], results: [] });
  nothing.ret();
  m.addFunction(nothing.finish());
  const module = m.build(), errors = verifyModule(module);
  if (errors.length > 0) throw new Error(errors[0].message);
  return module;
}

function caseFunction(name: string, c: VectorCase, way: Way): MirFunction {
  const b = new FunctionBuilder(name, { params: ['ptr', 'ptr', 'ptr', 'i32'], results: [] });
  const loop = b.createBlock('loop'), body = b.createBlock('body'), done = b.createBlock('done');
  const zero = b.const('i32', 0);
  b.jump(loop, [b.params[0], b.params[1], b.params[2], zero]);
  b.switchTo(loop);
  const [from, to, after, n] = [b.addBlockParam(loop, 'ptr'), b.addBlockParam(loop, 'ptr'), b.addBlockParam(loop, 'ptr'), b.addBlockParam(loop, 'i32')];
  b.br(b.compare('ult', n, b.params[3]), body, done);
  b.switchTo(body);
  const operands = c.operands.map((t, k) => b.load(t, { base: from, offset: k * PLACE }));
  if (way === 'spilled') b.call(NOTHING, [], []);
  const result = c.emit(b, operands);
  b.store({ base: to }, c.result === 'i1' ? b.convert('zext', result, 'i32') : result);
  if (way === 'kept') operands.forEach((v, k) => { b.store({ base: after, offset: k * PLACE }, v); });
  const step = b.const('i32', 1);
  const next = (p: Value, by: number): Value => b.lea({ base: p, offset: by });
  b.jump(loop, [next(from, PLACE * c.operands.length), next(to, PLACE), next(after, PLACE * c.operands.length), b.binary('add', n, step)]);
  b.switchTo(done);
  b.ret();
  return b.finish();
}

function runsOf(c: VectorCase): number { return c.inputs.length / (PLACE * c.operands.length); }

/** Bytes of all results, NaNs made one where their bits do not matter. */
export function resultsOf(runner: VectorRunner, c: VectorCase, way: Way): Uint8Array {
  const runs = runsOf(c), { memory } = runner;
  if (runs > MOST_RUNS || c.inputs.length > RESULTS - INPUTS) throw new Error(`${c.name} has too many inputs: ${runs}`);
  memory.set(c.inputs, INPUTS);
  memory.fill(0, RESULTS, RESULTS + runs * PLACE);
  memory.fill(0, AFTER, AFTER + c.inputs.length);
  runner.call(nameOf(c, way), [INPUTS, RESULTS, AFTER, runs]);
  const results = memory.slice(RESULTS, RESULTS + runs * PLACE);
  if (c.nan !== undefined) canonical(results, c.nan);
  if (way === 'kept') {
    for (let n = 0; n < runs * c.operands.length; n++) {
      const at = n * PLACE, bytes = sizeOf(c.operands[n % c.operands.length], 'linear');
      for (let k = 0; k < bytes; k++) if (memory[AFTER + at + k] !== c.inputs[at + k]) throw new Error(`${c.name} changes operand ${n % c.operands.length} in run ${Math.floor(n / c.operands.length)}`);
    }
  }
  return results;
}

function canonical(results: Uint8Array, lanes: Lanes): void {
  const view = new DataView(results.buffer, results.byteOffset, results.length), single = lanes.startsWith('f32'), bytes = single ? 4 : 8;
  for (let at = 0; at < results.length; at += PLACE) {
    for (let k = 0; k < LANE_COUNT[lanes]; k++) {
      const p = at + k * bytes;
      if (single) { if (Number.isNaN(view.getFloat32(p, true))) view.setUint32(p, 0x7fc00000, true); } else if (Number.isNaN(view.getFloat64(p, true))) view.setBigUint64(p, 0x7ff8000000000000n, true);
    }
  }
}

export function interpreterRunner(module: Module): VectorRunner {
  const it = new Interpreter(module);
  return { memory: it.memory, call: (fn, args) => { it.call(fn, args); } };
}

/** The first difference in words, or undefined. */
export function difference(c: VectorCase, expected: Uint8Array, actual: Uint8Array): string | undefined {
  const hex = (bytes: Uint8Array): string => [...bytes].reverse().map((x) => x.toString(16).padStart(2, '0')).join('');
  const size = (t: Type): number => (t === 'i1' ? 4 : sizeOf(t, 'linear'));
  for (let n = 0; n < runsOf(c); n++) {
    const at = n * PLACE, want = expected.slice(at, at + size(c.result)), got = actual.slice(at, at + size(c.result));
    if (want.every((x, k) => x === got[k])) continue;
    const operands = c.operands.map((t, k) => { const p = (n * c.operands.length + k) * PLACE; return hex(c.inputs.slice(p, p + size(t))); });
    return `${c.name}(${operands.join(', ')}): expected ${hex(want)}, got ${hex(got)}`;
  }
  return undefined;
}

/** What a runner gives for a case, made once. */
export function rememberedResults(runner: VectorRunner): (c: VectorCase, way: Way) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (c, way) => {
    const key = `${c.name} ${way}`;
    let r = known.get(key);
    if (r === undefined) known.set(key, r = resultsOf(runner, c, way));
    return r;
  };
}
