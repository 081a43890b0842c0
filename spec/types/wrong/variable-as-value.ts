// A variable stands where its value is wanted.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  const v = b.var(i32, n);
  b.ret(n.add(v));
});
