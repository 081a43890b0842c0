// A struct is read as one value.
import { f64, fn, ptr, struct } from '../../../dsl/index.ts';

const P = struct('P', { x: f64 });
fn('f', [ptr(P)], f64, (b, p) => {
  b.ret(p.get());
});
