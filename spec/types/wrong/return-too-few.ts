// One of two results is missing.
import { bool, fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], [i32, bool], (b, n) => {
  b.ret(n);
});
