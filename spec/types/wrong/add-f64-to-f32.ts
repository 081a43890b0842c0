// Two float widths are mixed.
import { f32, f64, fn } from '../../../dsl/index.ts';

fn('f', [f32, f64], f32, (b, x, y) => {
  b.ret(x.mul(y));
});
