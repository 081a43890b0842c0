// A label with parameters, without arguments.
import { bool, fn, i32, unit } from '../../../dsl/index.ts';

fn('f', [bool], unit, (b, c) => {
  const done = b.block(), again = b.block(i32);
  b.br(c, done, again);
});
