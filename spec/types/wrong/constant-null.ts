// Constants that are none.
import { array, f64, fn, fnRef, global, i32, unit } from '../../../dsl/index.ts';

fn('f', [], unit, (b) => {
  b.const(i32, null);
  b.const(fnRef([i32], i32), 5);
});
global('handler', fnRef([i32], i32), 5);
global('text', array(f64, 3), 'abc');
