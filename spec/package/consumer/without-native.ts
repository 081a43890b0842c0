/** What works where native code does not: everything but running it, which says why and what to do. */
import { compile, createCompiler, fn, hostTarget, i64, Interpreter, module, nativeAvailable } from 'lamella';
import { x86_64 } from 'lamella/backends';
import { parseModule, printModule, verifyModule } from 'lamella/mir';
import { Pipeline } from 'lamella/passes';
import { Sandbox } from 'lamella/sandbox';

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const demo = module('demo').export({ fib }).build();
const { module: optimised } = Pipeline.standard('O2').run(demo);
const parsed = parseModule(printModule(optimised));

const report = {
  errors: verifyModule(parsed).length,
  interpreted: String(new Interpreter(parsed).call('fib', [20n]).values[0]),
  bytes: x86_64.compile(optimised).code.length,
  native: nativeAvailable(),
  refusals: [] as string[],
};

async function refusal(name: string, attempt: () => unknown): Promise<void> {
  try {
    await attempt();
    report.refusals.push(`${name}: it worked`);
  } catch (error) {
    report.refusals.push(`${name}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
}
await refusal('hostTarget', () => hostTarget());
await refusal('compile', () => compile(demo));
await refusal('createCompiler', () => createCompiler().compile(demo));
await refusal('sandbox', async () => {
  const outcome = await new Sandbox(hostTarget()).run(demo, 'fib', [10n]);
  return outcome.status;
});
console.log(JSON.stringify(report));
