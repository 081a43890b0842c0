// Two integer widths are mixed.
import { fn, i32, i64 } from '../../../dsl/index.ts';

fn('f', [i32, i64], i32, (b, x, y) => {
  b.ret(x.add(y));
});
