// A mask is one truth value per lane, not one.
import { f32x4, fn, unit } from '../../../dsl/index.ts';

fn('f', [f32x4], unit, (b, v) => {
  b.if(v.lt(0), () => b.trap());
});
