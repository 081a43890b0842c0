// A field is set to another type.
import { f64, fn, i32, ptr, struct, unit } from '../../../dsl/index.ts';

const P = struct('P', { x: f64, n: i32 });
fn('f', [ptr(P), i32], unit, (b, p, k) => {
  p.at().x.set(k);
});
