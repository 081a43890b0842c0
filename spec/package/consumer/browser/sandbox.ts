/** Guest code on the browser's workers: deadline, memory cap, traps, host functions, cancellation. */
import { array, fn, global, host, i32, i64, module, sandboxTarget, u8, unit } from 'lamella';
import { Sandbox, type Outcome } from 'lamella/sandbox';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const spin = fn('spin', [], unit, (b) => { b.loop(() => {}); });
const deep = fn('deep', [i64], i64, (b, n) => b.ret(deep(n.add(1n)).add(1n)));
const divide = fn('divide', [i32, i32], i32, (b, x, y) => b.ret(x.div(y)));
const grow = fn('grow', [], i32, (b) => {
  const got = b.var(i32, 0);
  b.while(() => b.memory.grow(1).ge(0), () => got.update((n) => n.add(1)));
  b.ret(got.get());
});
const text = global('text', array(u8, 4));
const count = fn('count', [], i32, (b) => {
  const n = text.at(0).get().add(1);
  text.at(0).set(n);
  b.ret(n.toI32());
});
const demo = module('demo', { memory: { maximumPages: 4096 } }).export({ fib, spin, deep, divide, grow, count }).build();
const twice = host('twice', [i32], i32);
const ask = fn('ask', [i32], i32, (b, n) => b.ret(twice(n).add(1)));
const asking = module('asking').import({ twice }).export({ ask }).build();

const sandbox = new Sandbox(sandboxTarget(), { maxMemory: 8 * 1024 * 1024, maxExecutionTime: 5_000 });
const said = (o: Outcome<unknown>): string => `${o.status} ${o.metrics.isolation ?? '-'} ${o.status === 'ok' ? String(o.value) : o.error.message.split('\n')[0]}`;

async function main(): Promise<unknown> {
  await sandbox.warm();
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(new Error('enough')), 50);
  const outcomes = {
    fib: said(await sandbox.run(demo, 'fib', [25n])),
    timeout: said(await sandbox.run(demo, 'spin', [], { maxExecutionTime: 50 })),
    after: said(await sandbox.run(demo, 'fib', [10n])),
    deep: said(await sandbox.run(demo, 'deep', [0n])),
    zero: said(await sandbox.run(demo, 'divide', [1, 0])),
    once: said(await sandbox.run(demo, 'count', [])), again: said(await sandbox.run(demo, 'count', [])),
    input: said(await sandbox.run(demo, 'count', [], { inputs: { text: Uint8Array.of(41) } })),
    cancelled: said(await sandbox.run(demo, 'spin', [], { signal: stopped.signal })),
    asked: said(await sandbox.run(asking, 'ask', [20], { imports: { twice: (n: number) => n * 2 } })),
    thrown: said(await sandbox.run(asking, 'ask', [20], { imports: { twice: () => { throw new RangeError('no'); } } })),
    refused: said(await new Sandbox(sandboxTarget(), { maxMemory: 65536 }).run(demo, 'fib', [1n])),
  };
  const timeouts: string[] = [];
  for (let k = 0; k < 20; k++) timeouts.push((await sandbox.run(demo, 'spin', [], { maxExecutionTime: 5 })).status);
  const grown = await sandbox.run(demo, 'grow', []);
  return { isolated: crossOriginIsolated, outcomes, timeouts: [...new Set(timeouts)].join(), pages: grown.status === 'ok' ? grown.value : said(grown), peak: grown.metrics.peakMemory };
}
declare const crossOriginIsolated: boolean;
main().then((result) => { Object.assign(globalThis, { result }); }, (error: unknown) => { Object.assign(globalThis, { result: { error: String(error) } }); });
