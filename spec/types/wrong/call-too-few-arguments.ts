// An argument is missing.
import { f64, fn, i32 } from '../../../dsl/index.ts';

const pow = fn('pow', [f64, i32], f64, (b, x) => b.ret(x));
fn('f', [f64], f64, (b, x) => {
  b.ret(pow(x));
});
