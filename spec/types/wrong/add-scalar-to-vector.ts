// A scalar value is added to a vector.
import { f32, f32x4, fn } from '../../../dsl/index.ts';

fn('f', [f32x4, f32], f32x4, (b, v, x) => {
  b.ret(v.add(x));
});
