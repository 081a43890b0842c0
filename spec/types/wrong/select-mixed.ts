// The two sides of a selection differ.
import { bool, fn, i32, i64 } from '../../../dsl/index.ts';

fn('f', [bool, i32, i64], i32, (b, c, x, y) => {
  b.ret(b.select(c, x, y));
});
