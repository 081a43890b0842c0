// An argument has another type.
import { f64, fn, i32 } from '../../../dsl/index.ts';

const half = fn('half', [f64], f64, (b, x) => b.ret(x.div(2)));
fn('f', [i32], f64, (b, n) => {
  b.ret(half(n));
});
