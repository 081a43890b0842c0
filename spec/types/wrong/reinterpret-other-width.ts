// A vector of 128 bits has no 256 to reinterpret.
import { f32x4, f64x4, fn } from '../../../dsl/index.ts';

fn('f', [f32x4], f64x4, (b, v) => {
  b.ret(v.as(f64x4));
});
