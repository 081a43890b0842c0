// Functions of one table differ.
import { f64, fn, i32, table } from '../../../dsl/index.ts';

const a = fn('a', [i32], i32, (b, n) => b.ret(n)), c = fn('c', [f64], f64, (b, x) => b.ret(x));
table('t', [a, c]);
