import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, type MirFunction } from '../../lib/mir/index.ts';
import { buildCfg, computeDominators, computeLoops, dominates, inLoop, type Cfg } from '../../lib/analysis/index.ts';

const test = suite('control flow, dominators and loops');

/** A function with the given successor lists (0 ret, 1 jump, 2 br, more: switch). */
function graph(succs: readonly (readonly number[])[]): MirFunction {
  const b = new FunctionBuilder('g', { params: ['i32', 'i1'], results: [] });
  for (let k = 1; k < succs.length; k++) b.createBlock();
  succs.forEach((s, k) => {
    b.switchTo(k);
    if (s.length === 0) b.ret();
    else if (s.length === 1) b.jump(s[0]);
    else if (s.length === 2) b.br(b.params[1], s[0], s[1]);
    else b.switch(b.params[0], s.slice(0, -1).map((block, value) => ({ value, block })), s[s.length - 1]);
  });
  return b.finish();
}

function reachableWithout(cfg: Cfg, removed: number, from = 0): Set<number> {
  const seen = new Set<number>();
  if (from === removed) return seen;
  const work = [from];
  while (work.length > 0) {
    const b = work.pop()!;
    if (seen.has(b) || b === removed) continue;
    seen.add(b);
    for (let e = cfg.succStart[b]; e < cfg.succStart[b + 1]; e++) work.push(cfg.succs[e]);
  }
  return seen;
}

let state = 12345;
const random = (n: number): number => { state = (Math.imul(state, 1103515245) + 12345) >>> 0; return (state >>> 8) % n; };

test('edges keep order and multiplicity', () => {
  const cfg = buildCfg(graph([[1, 1], [2, 0, 3, 2], [], []]));
  assert.equal([...cfg.succs], [1, 1, 2, 0, 3, 2]);
  assert.equal([...cfg.preds.subarray(cfg.predStart[1], cfg.predStart[2])], [0, 0]);
  assert.is(cfg.rpo[0], 0);
});

test('reverse postorder puts sources before targets of forward edges and leaves unreachable blocks out', () => {
  const cfg = buildCfg(graph([[1, 2], [3], [3], [], [3]]));
  assert.equal([...cfg.rpo], [0, 1, 2, 3]);
  assert.is(cfg.rpoIndex[4], -1);
});

test('dominators and loops agree with their definitions on random graphs', () => {
  for (let round = 0; round < 400; round++) {
    const n = 1 + random(12);
    const succs = Array.from({ length: n }, () => Array.from({ length: random(4) }, () => random(n)));
    const cfg = buildCfg(graph(succs)), dom = computeDominators(cfg), loops = computeLoops(cfg, dom);
    const reachable = reachableWithout(cfg, -1);
    const strict: Set<number>[] = [];
    for (let a = 0; a < n; a++) {
      const without = reachableWithout(cfg, a);
      for (let b = 0; b < n; b++) {
        const expected = reachable.has(a) && reachable.has(b) && (a === b || !without.has(b));
        assert.is(dominates(dom, a, b), expected, `${a} dom ${b} in ${JSON.stringify(succs)}`);
        if (expected && a !== b) (strict[b] ??= new Set()).add(a);
      }
    }
    for (const b of reachable) {
      const idom = dom.idom[b];
      assert.is(idom, b === 0 ? -1 : [...strict[b]].find((a) => [...strict[b]].every((c) => c === a || dominates(dom, c, a)))!);
    }
    // loops: header h of a back edge p -> h; body = h and all that reach p without h
    let irreducible = false;
    const bodies = new Map<number, Set<number>>();
    for (const p of reachable) {
      for (const h of succs[p]) {
        if (dominates(dom, h, p)) {
          const body = bodies.get(h) ?? new Set([h]);
          for (const b of reachable) if (p === h ? b === h : b !== h && reachableWithout(cfg, h, b).has(p)) body.add(b);
          bodies.set(h, body);
        } else if (cfg.rpoIndex[h] <= cfg.rpoIndex[p]) irreducible = true;
      }
    }
    assert.is(loops.count, bodies.size);
    assert.is(loops.irreducible, irreducible);
    for (let l = 0; l < loops.count; l++) {
      const body = bodies.get(loops.headers[l])!;
      for (let b = 0; b < n; b++) assert.is(inLoop(loops, b, l), body.has(b), `block ${b} in loop of ${loops.headers[l]}: ${JSON.stringify(succs)}`);
    }
    for (const b of reachable) assert.is(loops.depth[b], [...bodies.values()].filter((s) => s.has(b)).length);
  }
});

test('the classic irreducible graph is told', () => {
  const cfg = buildCfg(graph([[1, 2], [2, 3], [1, 3], []]));
  const loops = computeLoops(cfg, computeDominators(cfg));
  assert.ok(loops.irreducible);
  assert.is(loops.count, 0);
});

test('deep chains, early exits to one block and deep nests take linear time and no stack', () => {
  const n = 200_000;
  const time = (succs: number[][]): number => {
    const cfg = buildCfg(graph(succs));
    const start = performance.now();
    const dom = computeDominators(cfg);
    computeLoops(cfg, dom);
    return performance.now() - start;
  };
  const chain = Array.from({ length: n }, (_, k) => (k === n - 1 ? [] : [k + 1]));
  const exits = Array.from({ length: n }, (_, k) => (k === n - 1 ? [] : k === n - 2 ? [n - 1] : [k + 1, n - 1]));
  const nest = Array.from({ length: n }, (_, k) => (k < n / 2 ? [k + 1] : k === n - 1 ? [] : [k + 1, n - 1 - k]));
  for (const succs of [chain, exits, nest]) assert.ok(time(succs) < 5000);
});

test.run();
