// The value added is of another type than the place.
import { fn, ptr, u32, u64, unit } from '../../../dsl/index.ts';

fn('f', [ptr(u64), u32], unit, (b, p, n) => {
  p.at().atomic.add(n);
});
