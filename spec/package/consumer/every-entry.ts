/** Uses every entry of the package once. Prints one line each. */
import { compile, createCompiler, fn, hostTarget, i64, Interpreter, module } from 'lamella';
import { buildCfg, isReachable } from 'lamella/analysis';
import { x86_64 } from 'lamella/backends';
import { CTX, UnsupportedError } from 'lamella/codegen';
import { parseModule, printModule, verifyModule } from 'lamella/mir';
import { Pipeline } from 'lamella/passes';
import { contentHash, nativeAvailable } from 'lamella/runtime';
import { configure, restrictive, Sandbox } from 'lamella/sandbox';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const demo = module('demo').export({ fib }).build();

const native = compile(demo);
const result: bigint = native.fib(30n);
console.log('lamella', result);
native[Symbol.dispose]();

const compiler = createCompiler({ level: 'O1' });
compiler.compile(demo);
console.log('compiler', compiler.compile(demo).fib(20n), JSON.stringify(compiler.statistics));
compiler.dispose();

const text = printModule(demo);
console.log('mir', printModule(parseModule(text)) === text, verifyModule(demo).length, new Interpreter(demo).call('fib', [10n]).values);
console.log('analysis', isReachable(buildCfg(demo.functions[0]!), 0));
const { module: optimised } = Pipeline.standard('O3').run(demo);
console.log('passes', optimised.functions.length);
console.log('backends', x86_64.name, x86_64.compile(optimised).code.length > 0);
console.log('codegen', CTX.self, UnsupportedError.name);
console.log('runtime', nativeAvailable(), contentHash(demo) === contentHash(demo));

const sandbox = new Sandbox(hostTarget(), { ...restrictive(), maxExecutionTime: 500 });
const outcome = await sandbox.run(demo, 'fib', [30n]);
console.log('sandbox', outcome.status === 'ok' ? outcome.value : outcome.error.message, configure().maxMemory);
await sandbox.dispose();
