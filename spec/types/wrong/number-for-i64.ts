// A 64-bit literal is written as a number.
import { fn, i64 } from '../../../dsl/index.ts';

fn('f', [i64], i64, (b, n) => {
  b.ret(n.add(1));
});
