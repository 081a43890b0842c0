// A load releases nothing.
import { fn, ptr, u32 } from '../../../dsl/index.ts';

fn('f', [ptr(u32)], u32, (b, p) => {
  b.ret(p.at().atomic.load('release'));
});
