// A struct is passed by value.
import { f64, fn, struct } from '../../../dsl/index.ts';

const P = struct('P', { x: f64 });
fn('f', [P], f64, (b, p) => {
  b.ret(0);
});
