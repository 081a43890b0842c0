/** The sandbox where native code cannot run: every kind of outcome, from the tier `wasm`. Prints them as JSON. */
import { fn, host, i32, i64, module, sandboxTarget } from 'lamella';
import { Sandbox, type Outcome } from 'lamella/sandbox';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const spin = fn('spin', [], i64, (b) => b.loop(() => {}));
const divide = fn('divide', [i32, i32], i32, (b, x, y) => {
  b.ret(x.div(y)); // HERE
});
const ask = host('ask', [i32], i32);
const twice = fn('twice', [i32], i32, (b, x) => b.ret(ask(x).mul(2)));
const demo = module('demo').export({ fib, spin, divide }).build();
const asking = module('asking').export({ twice }).import({ ask }).build();

const lines: string[] = [];
const show = (o: Outcome<unknown>): void => {
  lines.push(`${o.status} ${o.status === 'ok' ? String(o.value) : o.status === 'trap' ? `${o.error.trap} ${o.error.location?.file.replace(/^.*\//, '')}:${o.error.location?.line}` : ''} ${o.metrics.isolation}`);
};
const sandbox = new Sandbox(sandboxTarget(), { maxExecutionTime: 2_000 });
show(await sandbox.run(demo, 'fib', [20n]));
show(await sandbox.run(demo, 'divide', [1, 0]));
show(await sandbox.run(demo, 'spin', [], { maxExecutionTime: 40 }));
show(await sandbox.run(asking, 'twice', [5], { imports: { ask: (x) => x + 16 } }));
const abort = new AbortController();
setTimeout(() => abort.abort(), 30);
show(await sandbox.run(demo, 'spin', [], { signal: abort.signal }));
show(await sandbox.run(module('large', { memory: { initialPages: 2000 } }).export({ divide }).build(), 'divide', [4, 2]));
await sandbox.dispose();
console.log(JSON.stringify(lines));
