// A reference to a function of another signature.
import { bool, f64, fn, fnRef, i32, unit } from '../../../dsl/index.ts';

const Compare = fnRef([i32, i32], bool);
const sort = fn('sort', [Compare], unit, () => {});
const half = fn('half', [f64], f64, (b, x) => b.ret(x.div(2)));
fn('f', [], unit, () => {
  sort(half.ref());
});
