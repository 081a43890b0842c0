// A pointer stands for an integer.
import { fn, i32, ptr } from '../../../dsl/index.ts';

fn('f', [ptr(i32), i32], i32, (b, p, n) => {
  b.ret(n.add(p));
});
