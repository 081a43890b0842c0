// A variable starts with another type.
import { fn, i32, i64 } from '../../../dsl/index.ts';

fn('f', [i32], i64, (b, n) => {
  const v = b.var(i64, n);
  b.ret(v.get());
});
