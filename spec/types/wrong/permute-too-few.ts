// Every lane of the result needs a number.
import { fn, i16x8 } from '../../../dsl/index.ts';

fn('f', [i16x8], i16x8, (b, v) => {
  b.ret(v.permute([3, 2, 1, 0]));
});
