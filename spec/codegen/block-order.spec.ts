/** The plan of machine blocks: what every plan must hold, on random graphs, and the shapes it is there for. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildCfg, computeDominators, computeLoops, inLoop } from '../../lib/analysis/index.ts';
import { planBlocks, type BlockOrder } from '../../lib/codegen/block-order.ts';
import { FunctionBuilder, type MirFunction } from '../../lib/mir/index.ts';

const test = suite('block order');

/** A function whose block k has the successors `graph[k]`; every block but the entry takes one parameter. */
function graphFunction(graph: readonly (readonly number[])[], args: (from: number, to: number) => number = () => 0): MirFunction {
  const b = new FunctionBuilder('f', { params: ['i32', 'i32'], results: [] });
  for (let k = 1; k < graph.length; k++) b.addBlockParam(b.createBlock(), 'i32');
  graph.forEach((to, k) => {
    b.switchTo(k);
    const arg = (t: number): number[] => [b.params[args(k, t)]];
    if (to.length === 0) b.ret();
    else if (to.length === 1) b.jump(to[0], arg(to[0]));
    else if (to.length === 2) b.br(b.compare('eq', b.params[0], b.params[1]), to[0], to[1], arg(to[0]), arg(to[1]));
    else b.switch(b.params[0], to.slice(1).map((t, n) => ({ value: n, block: t, args: arg(t) })), to[0], arg(to[0]));
  });
  return b.finish();
}

function successors(p: BlockOrder, f: MirFunction, node: number): readonly number[] {
  if (node < f.blocks.length) return p.exitNodes[node];
  return node < f.blocks.length + p.edges.length ? [p.edges[node - f.blocks.length].block] : [0];
}

function check(f: MirFunction): BlockOrder {
  const p = planBlocks(f), order = [...p.order], n = f.blocks.length;
  assert.is(new Set(order).size, order.length, 'no node twice');
  assert.is(order[0], p.entryNode);
  order.forEach((node, k) => assert.is(p.position[node], k));
  const predecessors = new Map<number, number>();
  for (const node of order) for (const s of successors(p, f, node)) predecessors.set(s, (predecessors.get(s) ?? 0) + 1);
  for (const node of order) {
    const out = successors(p, f, node);
    for (const s of out) {
      assert.ok(p.position[s] >= 0, 'successors are emitted');
      assert.ok(out.length === 1 || predecessors.get(s) === 1, 'no critical edge');
    }
  }
  assert.is(predecessors.get(p.entryNode) ?? 0, 0, 'nothing leads to the entry');
  const cfg = buildCfg(f);
  for (let b = 0; b < n; b++) assert.is(p.position[b] >= 0, cfg.rpoIndex[b] >= 0, 'exactly the reachable blocks');
  for (let b = 1; b < n; b++) if (p.position[b] >= 0) assert.is(p.singleEntry[b] === 1, predecessors.get(b) === 1);
  const loops = computeLoops(cfg, computeDominators(cfg));
  for (let l = 0; l < loops.count; l++) {
    const places = order.map((node, k) => (node < n && p.cold[node] === 0 && inLoop(loops, node, l) ? k : -1)).filter((k) => k >= 0);
    const between = order.slice(places[0], places[places.length - 1] + 1).filter((node) => node < n && !inLoop(loops, node, l));
    assert.equal(between, [], 'loops are contiguous');
  }
  for (let e = 0; e < p.edges.length; e++) {
    const from = p.exitNodes.findIndex((nodes) => nodes.includes(n + e)), to = p.edges[e].block;
    const around = Array.from({ length: loops.count }, (_, l) => l).filter((l) => inLoop(loops, from, l) && inLoop(loops, to, l));
    assert.is(p.depth[n + e], around.length, 'a block on an edge is in the loops that hold both ends');
  }
  return p;
}

test('random graphs, with irreducible cycles and unreachable blocks', () => {
  let seed = 7;
  const below = (n: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >> 8) % n; };
  for (let round = 0; round < 600; round++) {
    const n = 1 + below(14);
    const graph = Array.from({ length: n }, () => Array.from({ length: n === 1 ? 0 : below(4) }, () => 1 + below(n - 1)));
    check(graphFunction(graph, () => below(2)));
  }
});

test('a while loop is rotated: its header comes last and its body falls through to it', () => {
  const p = check(graphFunction([[1], [2, 3], [1], []]));
  assert.equal([...p.order], [0, 2, 1, 3]);
  assert.is(p.alignment[2], 32);
});

test('an inner loop keeps its place in the outer one', () => {
  const p = check(graphFunction([[1], [2, 6], [3], [4, 5], [3], [1], []]));
  assert.equal([...p.order], [0, 2, 4, 3, 5, 1, 6]);
  assert.equal([p.depth[2], p.depth[4], p.depth[6]], [1, 2, 0]);
});

test('blocks that end in a trap come last', () => {
  const b = new FunctionBuilder('f', { params: ['i32', 'i32'], results: [] }), bad = b.createBlock(), worse = b.createBlock(), good = b.createBlock();
  b.br(b.compare('eq', b.params[0], b.params[1]), bad, good);
  b.switchTo(bad);
  b.jump(worse);
  b.switchTo(worse);
  b.trap('unreachable');
  b.switchTo(good);
  b.ret();
  const p = check(b.finish());
  assert.equal([...p.order], [0, good, bad, worse]);
  assert.equal([p.cold[bad], p.cold[worse], p.cold[good]], [1, 1, 0]);
});

test('equal edges are one, different ones get blocks of their own', () => {
  assert.is(check(graphFunction([[1, 1], []])).edges.length, 0);
  const p = check(graphFunction([[1, 1, 1, 2], [], [1]], () => 0));
  assert.is(p.exits[0].length, 2);
  assert.is(p.edges.length, 1);
});

test('a hundred thousand blocks', () => {
  const n = 100_000, started = process.cpuUsage().user;
  planBlocks(graphFunction(Array.from({ length: n }, (_, k) => (k === n - 1 ? [] : k % 10 === 9 ? [k + 1, k - 5] : [k + 1]))));
  assert.ok(process.cpuUsage().user - started < 20_000_000);
});

test('a nest of 60,000 loops that one block goes round, each by an edge of its own', () => {
  const n = 60_000, started = process.cpuUsage().user;
  planBlocks(graphFunction([...Array.from({ length: n }, (_, k) => [k + 1]), Array.from({ length: n + 1 }, (_, k) => n + 1 - k), []]));
  assert.ok(process.cpuUsage().user - started < 5_000_000);
});

test.run();
