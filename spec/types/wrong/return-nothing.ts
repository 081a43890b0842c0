// The result is missing.
import { fn, i32 } from '../../../dsl/index.ts';

fn('f', [i32], i32, (b) => {
  b.ret();
});
