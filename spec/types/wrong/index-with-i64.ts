// A 64-bit index.
import { fn, i32, i64, ptr } from '../../../dsl/index.ts';

fn('f', [ptr(i32), i64], i32, (b, p, i) => {
  b.ret(p.at(i).get());
});
