// A place stands where its value is wanted.
import { array, bool, fn, global, struct, u8 } from '../../../dsl/index.ts';

const flag = global('flag', bool), bytes = global('bytes', array(u8, 4)), pair = global('pair', struct('Pair', { a: u8, b: u8 }));
fn('f', [u8], u8, (b, n) => {
  b.if(flag, () => b.ret(n.add(bytes.at(1))));
  b.if(n.eq(bytes), () => b.ret(n.add(pair)));
});
