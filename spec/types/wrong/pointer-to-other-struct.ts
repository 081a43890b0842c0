// A pointer to another struct.
import { f64, fn, ptr, struct } from '../../../dsl/index.ts';

const P = struct('P', { x: f64 }), Q = struct('Q', { x: f64, y: f64 });
const len = fn('len', [ptr(P)], f64, (b, p) => b.ret(p.at().x.get()));
fn('f', [ptr(Q)], f64, (b, q) => {
  b.ret(len(q));
});
