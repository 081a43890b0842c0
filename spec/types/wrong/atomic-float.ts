// Floats are not atomic.
import { f32, fn, ptr, unit } from '../../../dsl/index.ts';

fn('f', [ptr(f32)], unit, (b, p) => {
  p.at().atomic.add(1);
});
