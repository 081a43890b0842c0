// Bytes have no lane-wise product.
import { fn, i8x16 } from '../../../dsl/index.ts';

fn('f', [i8x16], i8x16, (b, v) => {
  b.ret(v.mul(v));
});
