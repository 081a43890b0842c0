// Signed and unsigned are mixed.
import { fn, i32, u32 } from '../../../dsl/index.ts';

fn('f', [i32, u32], i32, (b, x, y) => {
  b.ret(x.add(y));
});
