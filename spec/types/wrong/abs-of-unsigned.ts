// A signed operation on an unsigned integer.
import { fn, u32 } from '../../../dsl/index.ts';

fn('f', [u32], u32, (b, n) => {
  b.ret(n.abs());
});
