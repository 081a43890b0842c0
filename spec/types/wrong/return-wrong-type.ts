// The result has another type.
import { fn, i32, i64 } from '../../../dsl/index.ts';

fn('f', [i32], i64, (b, n) => {
  b.ret(n);
});
