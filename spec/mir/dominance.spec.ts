import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blockDominates, computeDominance, type FlowGraph } from '../../lib/mir/dominance.ts';

const test = suite('mir dominance');

function graph(successors: readonly (readonly number[])[]): FlowGraph {
  const first = new Int32Array(successors.length + 1);
  successors.forEach((s, b) => { first[b + 1] = first[b] + s.length; });
  return { first, targets: Int32Array.from(successors.flat()) };
}

/** By definition: a dominates b when b is reachable, and no longer so without a. */
function reachable(successors: readonly (readonly number[])[], without: number): Set<number> {
  const seen = new Set<number>(), stack = without === 0 ? [] : [0];
  for (let b = stack.pop(); b !== undefined; b = stack.pop()) {
    if (seen.has(b)) continue;
    seen.add(b);
    for (const t of successors[b]) if (t !== without) stack.push(t);
  }
  return seen;
}

function check(successors: readonly (readonly number[])[]): void {
  const d = computeDominance(graph(successors)), n = successors.length, all = reachable(successors, -1);
  for (let a = 0; a < n; a++) {
    const rest = reachable(successors, a);
    for (let b = 0; b < n; b++) {
      const expected = all.has(a) && all.has(b) && (a === b || !rest.has(b));
      if (blockDominates(d, a, b) !== expected) assert.unreachable(`b${a} dom b${b} should be ${expected} in ${JSON.stringify(successors)}`);
    }
  }
  for (let b = 1; b < n; b++) assert.is(d.idom[b] >= 0, all.has(b));
}

test('small graphs, by hand', () => {
  check([[]]);
  check([[0]]);
  check([[1, 2], [3], [3], []]);
  check([[1, 2], [2, 3], [1, 3], []]); // irreducible
  check([[1], [2], [1, 3], [], [3]]); // loop, and b4 unreachable with an edge into the rest
  check([[1, 1, 1], [1, 1]]);
  // The example of Lengauer and Tarjan, figure 1.
  const names = 'RABCDEFGHIJKL', edges = ['ABC', 'D', 'ADE', 'FG', 'L', 'H', 'I', 'IJ', 'EK', 'K', 'I', 'IR', 'H'];
  check(edges.map((e) => [...e].map((c) => names.indexOf(c))));
});

test('4,000 random graphs agree with the definition', () => {
  let seed = 7;
  const next = (n: number): number => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor((seed / 2 ** 32) * n); };
  for (let k = 0; k < 4000; k++) {
    const n = 1 + next(12);
    check(Array.from({ length: n }, () => Array.from({ length: next(4) }, () => next(n))));
  }
});

test('a chain, a ladder and nested loops of 100,000 blocks need neither recursion nor long', () => {
  const n = 100_000, started = performance.now();
  const chain = computeDominance(graph(Array.from({ length: n }, (_, b) => (b + 1 < n ? [b + 1] : []))));
  assert.ok(blockDominates(chain, 5, n - 1) && !blockDominates(chain, n - 1, 5));
  const ladder = computeDominance(graph(Array.from({ length: n }, (_, b) => [b + 1, b + 2].filter((t) => t < n))));
  assert.is(ladder.idom[n - 1], 0);
  // Every block jumps back to every power of two below it: iterative algorithms take many rounds here.
  computeDominance(graph(Array.from({ length: n }, (_, b) => [b + 1, n - b, b >> 1].filter((t) => t > 0 && t < n))));
  assert.ok(performance.now() - started < 5000);
});

test.run();
