// The bounds of a loop differ.
import { fn, i32, i64, unit } from '../../../dsl/index.ts';

fn('f', [i32, i64], unit, (b, n, m) => {
  b.for([n, m], () => {});
});
