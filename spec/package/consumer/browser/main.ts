/** A page that builds, checks, optimises, compiles and runs modules: Lamella with neither Node nor koffi. */
import { array, f64, fn, global, host, i32, i64, Interpreter, module, nativeAvailable, parseModule, Pipeline, printModule, u8, unit } from 'lamella';
import { formatWat, wasm } from 'lamella/backends';
import { instantiateWasm } from 'lamella/runtime';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const divide = fn('divide', [i32, i32], i32, (b, x, y) => b.ret(x.div(y)));
const deep = fn('deep', [i64], i64, (b, n) => b.ret(deep(n.add(1n)).add(1n)));
const text = global('text', array(u8, 16));
const far = fn('far', [i32], i32, (b, k) => b.ret(text.at(k).get().toI32()));
const log = host('log', [f64], unit);
const report = fn('report', [f64], unit, (b, x) => {
  log(x.mul(2));
  b.ret();
});
const demo = module('demo').import({ log }).export({ fib, divide, deep, far, report }).build();

function attempt(body: () => unknown): string {
  try {
    return `no error: ${String(body())}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
  }
}

const printed = printModule(demo), logged: number[] = [];
const sums = [];
for (const level of ['O0', 'O1', 'O2', 'O3'] as const) {
  const compiled = wasm.compile(Pipeline.standard(level).run(demo).module);
  const it = instantiateWasm(compiled, { locations: demo.locations, imports: { log: (x: number) => { logged.push(x); } } });
  it.call('report', [1.25]);
  sums.push({
    level, fib: String(it.call('fib', [25n])), divide: String(it.call('divide', [-7, 2])),
    byZero: attempt(() => it.call('divide', [1, 0])), endless: attempt(() => it.call('deep', [0n])), outside: attempt(() => it.call('far', [0x4000_0000])), wrong: attempt(() => it.call('fib', [1])),
  });
}
Object.assign(globalThis, { result: {
  node: 'process' in globalThis, native: nativeAvailable(),
  interpreted: String(new Interpreter(demo, { imports: { log: () => [] } }).call('fib', [15n]).values[0]),
  roundTrip: printModule(parseModule(printed)) === printed, wat: formatWat(demo).startsWith('(module'), sums, logged,
} });
