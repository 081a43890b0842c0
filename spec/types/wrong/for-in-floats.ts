// A loop counts in floats.
import { f64, fn, unit } from '../../../dsl/index.ts';

fn('f', [f64], unit, (b, x) => {
  b.for(x, () => {});
});
