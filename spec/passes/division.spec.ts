import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interpreter, TrapError, type Module } from '../../lib/mir/index.ts';
import { divideByConstant } from '../../lib/passes/index.ts';
import { moduleOf, run } from './support.ts';

const test = suite('division by constants');

/** Calls `f` of one instance again and again. */
function caller(m: Module): (x: number | bigint) => string {
  const it = new Interpreter(m);
  return (x) => {
    try {
      return String(it.call('f', [x]).values[0]);
    } catch (error) {
      if (error instanceof TrapError) return error.trap;
      throw error;
    }
  };
}

const WIDTH = { i8: 8n, i16: 16n, i32: 32n, i64: 64n } as const;

for (const type of ['i8', 'i16', 'i32', 'i64'] as const) {
  const n = WIDTH[type], max = (1n << (n - 1n)) - 1n, min = -max - 1n;
  const edges = [0n, 1n, -1n, 2n, 3n, -3n, 5n, 6n, 7n, -7n, 9n, 10n, 11n, 13n, 25n, 60n, 100n, 125n, 127n, 641n, 1000n, 1000000007n, max, max - 1n, min, min + 1n, max / 2n, max / 3n, min / 3n]
    .map((x) => BigInt.asIntN(Number(n), x));
  const values = [...edges, ...edges.map((x) => BigInt.asIntN(Number(n), x * 7n + 3n)), ...edges.map((x) => BigInt.asIntN(Number(n), x * x - 1n))];
  for (const op of ['udiv', 'urem', 'sdiv', 'srem'] as const) {
    test(`${op}.${type}: every edge divisor and dividend`, () => {
      const form = (x: bigint): number | bigint => (type === 'i64' ? x : Number(x));
      for (const d of new Set(edges)) {
        const m = moduleOf(`(${type}) -> (${type})`, `b0(v0: ${type}):\n  v1 = const.${type} ${d}\n  v2 = ${op}.${type} v0, v1\n  ret v2`);
        const after = run(m, divideByConstant);
        const traps = d === 0n || op === 'sdiv' && d === -1n;
        if (d !== 1n && d !== -1n && d !== 0n) assert.not.ok(after.functions[0].blocks[0].instructions.some((i) => i.kind === 'binary' && i.op === op));
        if (traps) assert.is(after, m);
        const one = caller(m), two = caller(after);
        for (const x of new Set(values)) assert.is(two(form(x)), one(form(x)), `${x} ${op} ${d}`);
      }
    });
  }
}

test('all of i8: every dividend by every divisor', () => {
  for (const op of ['udiv', 'srem', 'sdiv', 'urem']) {
    for (let d = -128; d < 128; d += 3) {
      if (d === 0) continue;
      const m = moduleOf('(i8) -> (i8)', `b0(v0: i8):\n  v1 = const.i8 ${d}\n  v2 = ${op}.i8 v0, v1\n  ret v2`), after = run(m, divideByConstant);
      const one = caller(m), two = caller(after);
      for (let x = -128; x < 128; x++) assert.is(two(x), one(x));
    }
  }
});

test.run();
