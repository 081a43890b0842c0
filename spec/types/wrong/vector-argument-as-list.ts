// A compiled function takes its vectors as typed arrays.
import { f32x4, fn, module, type ExportsOf } from '../../../dsl/index.ts';

const double = fn('double', [f32x4], f32x4, (b, v) => b.ret(v.add(v)));
const m = module('m').export({ double }).build();
declare const native: ExportsOf<typeof m>;
native.double([1, 2, 3, 4]);
