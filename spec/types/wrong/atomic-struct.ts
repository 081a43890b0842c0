// A struct is atomic field by field.
import { fn, ptr, struct, u32, unit } from '../../../dsl/index.ts';

const Pair = struct('Pair', { a: u32, b: u32 });
fn('f', [ptr(Pair)], unit, (b, p) => {
  p.at().atomic.load();
});
