// A number starts a count that ends at an i64.
import { fn, i64, unit } from '../../../dsl/index.ts';

fn('f', [i64], unit, (b, n) => {
  b.for([0, n], () => {});
  b.for([0, 10n], () => {});
});
