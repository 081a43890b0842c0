// A variable is updated with another type.
import { f64, fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], f64, (b, n) => {
  const v = b.var(f64, 0);
  v.update((x) => x.toI32());
  b.ret(v.get());
});
