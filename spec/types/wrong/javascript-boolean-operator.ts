// A JavaScript comparison stands for a value.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  b.if(n < 2, () => b.ret(1));
  b.ret(0);
});
