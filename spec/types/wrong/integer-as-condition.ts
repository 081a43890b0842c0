// An integer stands for a truth value.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n) => {
  b.if(n, () => b.ret(1));
  b.ret(0);
});
