// A field that the struct does not have.
import { f64, fn, ptr, struct } from '../../../dsl/index.ts';

const P = struct('P', { x: f64 });
fn('f', [ptr(P)], f64, (b, p) => {
  b.ret(p.at().y.get());
});
