// A function calls itself with the wrong type.
import { fn, i64 } from '../../../dsl/index.ts';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.ret(fib(n.toI32()));
});
