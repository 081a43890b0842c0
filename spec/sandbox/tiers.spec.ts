/**
 * Random programs in every tier of the sandbox: values, traps, places of traps, bytes of globals, size of memory and calls of
 * host functions are the same, and what the interpreter says.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sandboxTarget } from '../../lib/index.ts';
import { Interpreter, TrapError, type Module } from '../../lib/mir/index.ts';
import { Sandbox, type Outcome } from '../../lib/sandbox/index.ts';
import { programOfSeed } from '../fuzz/generate.ts';
import { hostFunctions, type ProgramCall } from '../fuzz/program.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('sandbox tiers');
const SEED = Number(process.env['LAMELLA_FUZZ_SEED'] ?? 20_261_122), COUNT = Number(process.env['LAMELLA_FUZZ_COUNT'] ?? 60);

const show = (v: unknown): string => (typeof v === 'bigint' ? `${v}n` : Object.is(v, -0) ? '-0' : String(v));
const showAll = (values: readonly unknown[]): string => `(${values.map(show).join(', ')})`;

/** The end of a run as text: what must be equal in every tier. */
function endOf(o: Outcome<unknown>, globals: readonly string[]): string {
  switch (o.status) {
    case 'ok': {
      const values = o.value === undefined ? [] : Array.isArray(o.value) ? o.value as unknown[] : [o.value];
      return `${showAll(values)} ${globals.map((g) => Buffer.from(o.outputs[g]).toString('base64')).join(' ')} ${o.metrics.peakMemory}`;
    }
    case 'trap': return `trap ${o.error.trap}`;
    default: return `${o.status}: ${o.error.message}`;
  }
}

function interpreted(module: Module, { fn, args }: ProgramCall): string {
  try {
    return showAll(new Interpreter(module, { imports: hostFunctions() }).call(fn, args).values);
  } catch (error) {
    if (error instanceof TrapError) return `trap ${error.trap}`;
    throw error;
  }
}

if (skipUnlessNative('tiers side by side')) {
  test(`${COUNT} random programs`, async () => {
    process.stdout.write(`\nseed ${SEED}\n`);
    await using sandbox = new Sandbox(sandboxTarget(), { workers: 1, maxExecutionTime: 60_000, maxMemory: null });
    const run = sandbox.run.bind(sandbox) as (...a: unknown[]) => Promise<Outcome<unknown>>;
    let traps = 0, values = 0;
    for (let k = 0; k < COUNT; k++) {
      const { module, calls } = programOfSeed(SEED + k, { imports: k % 2 === 0, atomics: k % 3 === 0 }), globals = module.globals.map((g) => g.name);
      for (const call of calls) {
        const ends = await Promise.all((['worker', 'wasm'] as const).map(async (isolation) =>
          endOf(await run(module, call.fn, call.args, { isolation, imports: hostFunctions(), outputs: globals }), globals)));
        const expected = interpreted(module, call), what = `seed ${SEED + k}, ${call.fn}${showAll(call.args)}`;
        assert.is(ends[1], ends[0], what);
        assert.ok(ends[0].startsWith(expected), `${what}: ${ends[0]}, the interpreter says ${expected}`);
        if (expected.startsWith('trap')) traps++; else values++;
      }
    }
    assert.ok(values > COUNT / 4 && traps > 0, `${values} values, ${traps} traps`);
  });
}

test.run();
