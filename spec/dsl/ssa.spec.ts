/** SSA construction by itself: how many parameters blocks get before any are removed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, i32 } from '../../dsl/index.ts';
import { Ssa, type SsaVariable } from '../../dsl/ssa.ts';
import { FunctionBuilder } from '../../lib/mir/index.ts';
import { run } from './run.ts';

const test = suite('dsl ssa');

/** A function of `branches` ifs one after the other; the first writes variable 0. Gives all parameters of blocks after all variables were read. */
function parameters(variables: number, branches: number): number {
  const fb = new FunctionBuilder('f', { params: ['i1'], results: [] }), ssa = new Ssa(fb, () => { throw new Error('no value'); }), blocks: number[] = [];
  const list: SsaVariable[] = Array.from({ length: variables }, () => ssa.createVariable('i32'));
  for (const v of list) ssa.write(v, fb.const('i32', 1));
  const open = (b: number): void => { ssa.seal(b); fb.switchTo(b); };
  for (let k = 0; k < branches; k++) {
    const then = ssa.createBlock('then'), join = ssa.createBlock('join'), branch = ssa.branch(), from = fb.current;
    blocks.push(then, join);
    fb.br(fb.params[0], then, join);
    ssa.addEdge(from, 0, then);
    ssa.addEdge(from, 1, join);
    open(then);
    if (k === 0) ssa.write(list[0], fb.const('i32', 2));
    fb.jump(join);
    ssa.addEdge(then, 0, join);
    ssa.meet(join, branch);
    open(join);
  }
  for (const v of list) ssa.read(v);
  return blocks.reduce((n, b) => n + fb.paramsOf(b).length, 0);
}

test('a join gets parameters for what was written since its branch only', () => {
  assert.is(parameters(50, 200), 1);
});

test('code that a label brings into a branch is not overlooked', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    const v = b.var(i32, 1), inside = b.block();
    b.if(n.eq(5), () => {
      v.set(7);
      b.jump(inside);
    });
    b.if(n.gt(0), () => {
      b.jump(inside);
      b.enter(inside); // also from the first branch, where v is another
    });
    b.ret(v.get());
  });
  assert.equal([5, 3, -1].map((n) => run(f)(n)), [7, 1, 1]);
});

test('branches within branches and loops', () => {
  const f = fn('f', [i32], i32, (b, n) => {
    const x = b.var(i32, 1), y = b.var(i32, 10), z = b.var(i32, 100);
    b.for(n, (i) => {
      b.if(i.gt(1), () => {
        b.switch(i, { 2: () => y.update((v) => v.add(1)), 3: () => b.if(x.get().gt(1), () => b.continue()) }, () => b.if(z.get().gt(100), () => b.break()));
        x.update((v) => v.add(1));
      });
      b.if(i.eq(4), () => z.update((v) => v.add(y.get())));
    });
    b.ret(x.get().add(y.get()).add(z.get()));
  });
  const js = (n: number): number => {
    let x = 1, y = 10, z = 100;
    for (let i = 0; i < n; i++) {
      if (i > 1) {
        if (i === 2) y++;
        else if (i === 3) { if (x > 1) continue; } else if (z > 100) break;
        x++;
      }
      if (i === 4) z += y;
    }
    return x + y + z;
  };
  for (let n = 0; n < 8; n++) assert.is(run(f)(n), js(n), String(n));
});

test.run();
