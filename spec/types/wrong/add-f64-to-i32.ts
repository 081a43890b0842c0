// A float is added to an integer.
import { f64, fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32, f64], i32, (b, n, x) => {
  b.ret(n.add(x));
});
