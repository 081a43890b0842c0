// A bit operation on a float.
import { f64, fn } from '../../../dsl/index.ts';

fn('f', [f64], f64, (b, x) => {
  b.ret(x.shl(1));
});
