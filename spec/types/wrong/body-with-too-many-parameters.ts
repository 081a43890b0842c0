// The body takes a parameter that was not declared.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b, n, m) => {
  b.ret(n.add(m));
});
