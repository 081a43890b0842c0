// A mask of 128 bits cannot choose between vectors of 256.
import { f64x4, fn, i32x4 } from '../../../dsl/index.ts';

fn('f', [i32x4, f64x4], f64x4, (b, m, v) => {
  b.ret(m.select(v, 0));
});
