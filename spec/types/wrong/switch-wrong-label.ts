// A label of another kind.
import { fn, i64, unit } from '../../../dsl/index.ts';

fn('f', [i64], unit, (b, n) => {
  b.switch(n, [[1, () => {}]]);
});
