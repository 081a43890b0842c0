// Float lanes have no bits to shift.
import { f32x4, fn } from '../../../dsl/index.ts';

fn('f', [f32x4], f32x4, (b, v) => {
  b.ret(v.shl(1));
});
