/**
 * A plugin pass: counts how often each function is entered, by adding code to every function of a module.
 * `node dist/playground/plugin-pass.js`.
 */
import { fn, i64, module } from 'lamella';
import { NO_VALUE, type Instruction, type Module } from 'lamella/mir';
import { Pipeline, type Pass } from 'lamella/passes';
import { compare, heading, isMain, newSandbox, say, timed, valueOf } from './support.ts';

/** One 8-byte counter per function, in a global that the pass adds. */
const COUNTERS = 'entry_counters';

/** The pass: a pure function from module to module. */
export const countEntries: Pass = {
  name: 'count-entries',
  description: 'counts how often each function is entered',
  stage: 'optimise',
  run(m: Module): Module {
    const functions = m.functions.map((f, k) => {
      const [base, one, before, after] = [0, 1, 2, 3].map((n) => f.valueTypes.length + n);
      const place = { base, index: NO_VALUE, scale: 1, offset: k * 8 };
      const added: Instruction[] = [
        { kind: 'global_addr', global: COUNTERS, result: base, loc: f.loc },
        { kind: 'const', type: 'i64', value: 1n, result: one, loc: f.loc },
        { kind: 'load', type: 'i64', ...place, align: 8, volatile: false, result: before, loc: f.loc },
        { kind: 'binary', op: 'add', type: 'i64', a: before, b: one, result: after, loc: f.loc },
        { kind: 'store', type: 'i64', ...place, value: after, align: 8, volatile: false, loc: f.loc },
      ];
      const [entry, ...rest] = f.blocks;
      return {
        ...f,
        valueTypes: [...f.valueTypes, 'ptr' as const, 'i64' as const, 'i64' as const, 'i64' as const],
        blocks: [{ ...entry, instructions: [...added, ...entry.instructions] }, ...rest],
      };
    });
    // Initial bytes make it data like any other; its address follows from the layout.
    return { ...m, functions, globals: [...m.globals, { name: COUNTERS, size: m.functions.length * 8, align: 8, mutable: true }] };
  },
};

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const demo = module('demo').export({ fib }).build();

function fibJs(n: number): { readonly value: number; readonly calls: number } {
  if (n < 2) return { value: n, calls: 1 };
  const a = fibJs(n - 1), b = fibJs(n - 2);
  return { value: a.value + b.value, calls: a.calls + b.calls + 1 };
}

export async function main(): Promise<void> {
  heading('A plugin pass');
  // The pass goes first, before inlining would hide calls; the module that runs is the instrumented one.
  const counted = Pipeline.standard('O0').append(countEntries).run(demo).module;
  await using sandbox = newSandbox();
  const outcome = valueOf(await sandbox.run(counted, 'fib', [25n], { outputs: [COUNTERS] }));
  const entries = new BigUint64Array(outcome.outputs[COUNTERS].buffer)[0];
  const js = timed(() => fibJs(25));
  say(`fib(25) = ${String(outcome.value)}; fib was entered ${entries} times`);
  if (entries !== BigInt(js.value.calls)) throw new Error(`plain JavaScript counts ${js.value.calls}`);
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main();
