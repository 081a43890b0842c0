// A place of floats is read as a vector of integers.
import { f32, fn, i32x4, ptr } from '../../../dsl/index.ts';

fn('f', [ptr(f32)], i32x4, (b, p) => {
  b.ret(p.at().vector(i32x4).get());
});
