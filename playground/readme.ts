/** The program at the top of the README. Its output is held against that page. */
import { compile, fn, hostTarget, i64, module } from 'lamella';
import { Sandbox } from 'lamella/sandbox';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const spin = fn('spin', [], i64, (b) => b.loop(() => {}));
const demo = module('demo').export({ fib, spin }).build();

console.log(compile(demo).fib(30n));                       // machine code in this process: for code you trust
const sandbox = new Sandbox(hostTarget(), { maxExecutionTime: 50 });
console.log((await sandbox.run(demo, 'fib', [30n])).status);  // on a worker, with a deadline: for code you do not
console.log((await sandbox.run(demo, 'spin', [])).status);
