// A float operation on an integer.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  b.ret(n.sqrt());
});
