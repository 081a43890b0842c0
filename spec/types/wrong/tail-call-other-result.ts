// A tail call to a function with another result.
import { f64, fn, i32 } from '../../../dsl/index.ts';

const half = fn('half', [f64], f64, (b, x) => b.ret(x.div(2)));
fn('f', [f64], i32, (b, x) => {
  b.tailCall(half, x);
});
