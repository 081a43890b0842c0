// A result where there is none.
import { fn, i32, unit } from '../../../dsl/index.ts';

fn('f', [i32], unit, (b, n) => {
  b.ret(n);
});
