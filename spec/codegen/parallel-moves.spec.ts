import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ParallelMoves } from '../../lib/codegen/parallel-moves.ts';

const test = suite('parallel moves');
const SCRATCH = [11, 47] as const;
const SPARE = 64 + 100;

interface Move { readonly from: number; readonly to: number; readonly cls: number; readonly bytes: number }
interface Sequence { readonly from: number[]; readonly to: number[]; readonly bytes: number[] }

function sequentialise(moves: readonly Move[]): Sequence {
  const p = new ParallelMoves(SCRATCH, () => SPARE);
  for (const m of moves) p.add(m.from, m.to, m.cls, m.bytes);
  p.flush();
  return { from: [...p.from.finish()], to: [...p.to.finish()], bytes: [...p.bytes.finish()] };
}

/** Runs the sequence and compares with all moves at once; every location starts with a value of its own. */
function check(moves: readonly Move[]): Sequence {
  const s = sequentialise(moves);
  const value = new Map<number, string>();
  const read = (at: number): string => (at < 0 ? `remat${~at}` : value.get(at) ?? `initial${at}`);
  const expected = new Map(moves.map((m) => [m.to, read(m.from)]));
  for (let k = 0; k < s.from.length; k++) {
    assert.not.ok(s.to[k] >= 64 && (s.from[k] >= 64 || s.from[k] < 0), 'no move between slots, no rematerialisation into a slot');
    value.set(s.to[k], read(s.from[k]));
  }
  for (const [to, x] of expected) assert.is(read(to), x, `location ${to}`);
  const allowed = new Set([...moves.map((m) => m.to), ...SCRATCH, SPARE]);
  for (const to of s.to) assert.ok(allowed.has(to), `writes ${to}`);
  return s;
}

const register = (from: number, to: number): Move => ({ from, to, cls: 0, bytes: 8 });

test('a swap takes three moves', () => {
  assert.is(check([register(1, 2), register(2, 1)]).from.length, 3);
});
test('a chain takes no extra move', () => {
  assert.is(check([register(1, 2), register(2, 3), register(3, 4)]).from.length, 3);
});
test('one source to many destinations, one of them in a cycle', () => {
  check([register(1, 2), register(2, 1), register(1, 3), register(1, 4)]);
});
test('a move onto itself is nothing', () => {
  assert.equal(check([register(5, 5)]).from, []);
});
test('two slots swap through the spare slot', () => {
  check([register(64, 65), register(65, 64)]);
});
test('a cycle of registers and slots', () => {
  check([register(1, 64), register(64, 65), register(65, 66), register(66, 1)]);
});
test('a cycle across classes through slots', () => {
  // int r1 -> slot 64 -> (vector value) x1 -> slot 65 -> (int value) r1
  check([
    { from: 1, to: 64, cls: 0, bytes: 8 }, { from: 64, to: 33, cls: 1, bytes: 8 },
    { from: 33, to: 65, cls: 1, bytes: 8 }, { from: 65, to: 1, cls: 0, bytes: 8 },
  ]);
});
test('rematerialised values come last, into slots through the scratch register', () => {
  const s = check([register(~7, 1), register(1, 2), register(~8, 64)]);
  assert.is(s.from[0], 1);
});
test('two moves to one location are refused', () => {
  assert.throws(() => sequentialise([register(1, 2), register(3, 2)]), /two parallel moves/);
});
test('a group left half done leaves no trace behind a restart', () => {
  let full = true;
  const p = new ParallelMoves(SCRATCH, () => { if (full) throw new RangeError('out of memory'); return SPARE; });
  for (const m of [register(64, 66), register(66, 64), register(1, 2)]) p.add(m.from, m.to, m.cls, m.bytes);
  assert.throws(() => p.flush(), /out of memory/);
  full = false;
  p.restart(SCRATCH);
  for (const m of [register(64, 5), register(5, 66), register(6, 64)]) p.add(m.from, m.to, m.cls, m.bytes);
  p.flush();
  assert.equal([[...p.from.finish()], [...p.to.finish()]], [[5, 64, 6], [66, 5, 64]]);
});
test('a long cycle and many cycles', () => {
  const n = 500;
  check(Array.from({ length: n }, (_, k) => register(200 + k, 200 + ((k + 1) % n))));
  check(Array.from({ length: n }, (_, k) => register(200 + k, 200 + (k ^ 1))));
});
test('groups do not disturb each other', () => {
  const p = new ParallelMoves(SCRATCH, () => SPARE);
  for (let k = 0; k < 3; k++) {
    p.add(1, 2, 0, 8);
    p.add(2, 1, 0, 8);
    p.flush();
  }
  assert.is(p.from.length, 9);
});

const location = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 64, max: 70 }));
const vectorLocation = fc.oneof(fc.integer({ min: 32, max: 38 }), fc.integer({ min: 36, max: 39 }).map((s) => 64 + 2 * s));
test('equals the assignment all at once (property)', () => {
  const anyMoves = fc.uniqueArray(fc.record({ from: fc.oneof({ weight: 6, arbitrary: location }, { weight: 1, arbitrary: fc.integer({ min: -5, max: -1 }) }), to: location, cls: fc.constant(0), bytes: fc.constant(8) }), { selector: (m) => m.to, maxLength: 16 });
  const vectorMoves = fc.uniqueArray(fc.record({ from: vectorLocation, to: vectorLocation, cls: fc.constant(1), bytes: fc.constant(16) }), { selector: (m) => m.to, maxLength: 12 });
  fc.assert(fc.property(anyMoves, vectorMoves, (a, b) => { check([...a, ...b]); }), { numRuns: 5000 });
});

test.run();
