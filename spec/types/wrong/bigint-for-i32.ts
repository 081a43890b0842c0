// A 32-bit literal is written as a bigint.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  b.ret(n.add(1n));
});
