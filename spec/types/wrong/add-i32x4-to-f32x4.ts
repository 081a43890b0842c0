// Vectors of different lanes are mixed.
import { f32x4, fn, i32x4 } from '../../../dsl/index.ts';

fn('f', [f32x4, i32x4], f32x4, (b, v, w) => {
  b.ret(v.add(w));
});
