// An address stands for a pointer.
import { fn, i32, ptr, u32 } from '../../../dsl/index.ts';

const first = fn('first', [ptr(i32)], i32, (b, p) => b.ret(p.get()));
fn('f', [u32], i32, (b, address) => {
  b.ret(first(address));
});
