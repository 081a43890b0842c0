// An integer is added to a float.
import { f64, fn, i32 } from '../../../dsl/index.ts';

fn('f', [f64, i32], f64, (b, x, n) => {
  b.ret(x.add(n));
});
