import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { f64, fn, global, host, i32, module, ptr, struct, u8, unit, type I32 } from '../../dsl/index.ts';
import { interpret, TrapError, type Instruction, type Module, type SourceLocation } from '../../lib/mir/index.ts';

const test = suite('dsl locations');

const file = 'spec/dsl/locations.spec.ts';
const source = readFileSync(file, 'utf8').split('\n');
/** Line and column (both from 1) of `what` on the line marked `marker`. */
function at(marker: string, what: string): SourceLocation {
  const line = source.findIndex((l) => l.includes(`/* ${marker} */`));
  return { file, line: line + 1, column: source[line].indexOf(what) + 1 };
}
const instructions = (m: Module): readonly Instruction[] => m.functions[0].blocks.flatMap((b) => b.instructions);
const locationOf = (m: Module, kind: string, nth = 0): SourceLocation => m.locations[instructions(m).filter((i) => i.kind === kind)[nth].loc];

test('every instruction knows its line and column in the TypeScript source', () => {
  const Pair = struct('Pair', { a: f64, b: f64 }), counter = global('counter', i32, 0);
  const helper = (x: I32): I32 => x.mul(3); /* helper */
  const f = fn('f', [i32, ptr(Pair)], f64, (b, n, p) => { /* function */
    b.for(n, (i) => { /* loop */
      b.if(i.gt(7), () => { /* branch */
        counter.update((c) => c.div(helper(i))); /* divide */
        p.at(i).b.set(1.5); /* store */
      });
    });
    b.ret(p.at(1).a.get().clamp(0, 1)); /* result */
  });
  const m = module('m').export({ f }).build();
  assert.equal(m.locations[m.functions[0].loc], at('function', 'fn('));
  const binary = instructions(m).filter((i) => i.kind === 'binary').map((i) => [i.op, m.locations[i.loc]]);
  assert.equal(binary.find(([op]) => op === 'mul'), ['mul', at('helper', 'mul(')]);
  assert.equal(binary.find(([op]) => op === 'sdiv'), ['sdiv', at('divide', 'div(')]);
  assert.is((binary.find(([op]) => op === 'add')![1] as SourceLocation).line, at('loop', 'for(').line);
  assert.equal(binary.find(([op]) => op === 'fmax'), ['fmax', at('result', 'clamp(')]);
  assert.equal(locationOf(m, 'compare', 1), at('branch', 'gt('));
  assert.equal(locationOf(m, 'store', 0), at('divide', 'update('));
  assert.equal(locationOf(m, 'store', 1), at('store', 'set('));
  assert.ok(instructions(m).every((i) => i.loc > 0));
  assert.ok(m.functions[0].blocks.every((b) => b.terminator.loc > 0));
});

test('imports know where they were declared', () => {
  const log = host('log', [u8], unit); /* import */
  const f = fn('f', [], unit, () => log(1));
  const m = module('m').import({ log }).export({ f }).build();
  assert.equal(m.locations[m.imports[0].loc], at('import', 'host('));
});

test('a trap names the line that did it', () => {
  const f = fn('f', [i32, i32], i32, (b, x, y) => {
    const q = x.div(y); /* trap */
    b.ret(q);
  });
  const m = module('m').export({ f }).build();
  let trap: TrapError | undefined;
  try { interpret(m, 'f', [1, 0]); } catch (error) { trap = error as TrapError; }
  assert.ok(trap instanceof TrapError);
  assert.equal(trap.location, at('trap', 'div('));
});

test('one location per place, however often it is used', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    let x = n;
    for (let k = 0; k < 5000; k++) x = x.add(n);
    b.ret(x);
  });
  const m = module('m').export({ f }).build();
  assert.is(m.functions[0].blocks[0].instructions.length, 5000);
  assert.ok(m.locations.length <= 4);
});

test('they can be turned off', () => {
  const f = fn('f', [i32], i32, (b, n) => b.ret(n.add(1)));
  const m = module('m', { locations: false }).export({ f }).build();
  assert.is(m.locations.length, 1);
  assert.ok(instructions(m).every((i) => i.loc === 0));
});

test('Error settings are as they were before', () => {
  const limit = Error.stackTraceLimit, prepare = Error.prepareStackTrace;
  const f = fn('f', [i32], i32, (b, n) => b.ret(n.add(1)));
  module('m').export({ f }).build();
  assert.is(Error.stackTraceLimit, limit);
  assert.is(Error.prepareStackTrace, prepare);
});

test.run();
