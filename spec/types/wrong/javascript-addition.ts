// JavaScript's + on a value.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  b.ret(n + 1);
});
