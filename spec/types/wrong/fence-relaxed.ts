// A relaxed fence orders nothing.
import { fn, unit } from '../../../dsl/index.ts';

fn('f', [], unit, (b) => {
  b.fence('relaxed');
});
