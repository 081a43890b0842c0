/** One fresh process of `bench/sandbox.ts`: from nothing to the first outcome. Prints JSON, times in milliseconds. */
const begun = performance.now();
const { compile, fn, hostTarget, i64, module } = await import('lamella');
const { Sandbox } = await import('lamella/sandbox');
const imported = performance.now();

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const demo = module('demo').export({ fib }).build();
const built = performance.now();
const [, , kind] = process.argv;
if (kind === 'compile') compile(demo).fib(10n);
else {
  const outcome = await new Sandbox(hostTarget(), { isolation: kind === 'wasm' ? 'wasm' : 'worker' }).run(demo, 'fib', [10n]);
  if (outcome.status !== 'ok') throw outcome.error;
}
const ran = performance.now();
// `performance.now()` counts from the start of the process.
process.stdout.write(JSON.stringify({ boot: begun, import: imported - begun, build: built - imported, run: ran - built, total: ran }));

/** What this prints. */
export interface ColdStart { readonly boot: number; readonly import: number; readonly build: number; readonly run: number; readonly total: number }
