// A compiled function that was not exported.
import { fn, i64, module, type ExportsOf } from '../../../dsl/index.ts';

const fib = fn('fib', [i64], i64, (b, n) => b.ret(n));
const demo = module('demo').export({ fib }).build();
declare const native: ExportsOf<typeof demo>;
native.fob(30n);
