// 128 and 256 bits are mixed.
import { f32x4, f32x8, fn } from '../../../dsl/index.ts';

fn('f', [f32x8, f32x4], f32x8, (b, v, w) => {
  b.ret(v.add(w));
});
