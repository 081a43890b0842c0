// A vector is given where one number is wanted.
import { f32, f32x4, fn } from '../../../dsl/index.ts';

fn('f', [f32x4, f32], f32, (b, v, x) => {
  b.ret(x.add(v));
});
