// Lanes of 64 bits are bigints.
import { fn, i64x2 } from '../../../dsl/index.ts';

fn('f', [i64x2], i64x2, (b, v) => {
  b.ret(v.add(1));
});
