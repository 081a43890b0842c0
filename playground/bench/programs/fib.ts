/** Calls and returns: the doubly recursive Fibonacci function. */
import { fn, i64, module } from 'lamella';
import type { BenchProgram } from '../program.ts';
import { I64, sleb, wasmModule } from '../wasm-bytes.ts';

const fibDsl = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fibDsl(n.sub(1n)).add(fibDsl(n.sub(2n))));
});

function fibJs(n: number): number {
  return n < 2 ? n : fibJs(n - 1) + fibJs(n - 2);
}

export const fib: BenchProgram = {
  name: 'fib',
  description: 'fib(32), doubly recursive',
  bytes: 0,
  args: [32n],
  c: { result: 'int64_t', params: ['int64_t'] },
  module: () => module('fib').export({ fib: fibDsl }).build(),
  javascript: () => () => fibJs(32),
  wasm: () => wasmModule('fib', [I64], I64, [], [
    0x20, 0, 0x42, ...sleb(2), 0x53, 0x04, 0x40, 0x20, 0, 0x0f, 0x0b, // if (n < 2) return n
    0x20, 0, 0x42, ...sleb(1), 0x7d, 0x10, 0, // fib(n - 1)
    0x20, 0, 0x42, ...sleb(2), 0x7d, 0x10, 0, // fib(n - 2)
    0x7c,
  ]),
};
