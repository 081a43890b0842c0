// Vectors are not atomic.
import { f32x4, fn, ptr, unit } from '../../../dsl/index.ts';

fn('f', [ptr(f32x4)], unit, (b, p) => {
  p.at().atomic.store(0);
});
