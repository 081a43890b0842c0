/** The script of the worker threads in `workers.spec.ts`: does what it is told and says how it went. */
import { parentPort } from 'node:worker_threads';
import { TrapError } from '../../lib/mir/errors.ts';
import { RunInterruptedError } from '../../lib/runtime/run-errors.ts';
import { compile, fn, i64, module } from '../../lib/index.ts';
import { bench } from './hand-code.ts';

const b = bench();
const i = b.instance();
const say = (m: unknown): void => { parentPort?.postMessage(m); };

function outcome(name: string, args: readonly unknown[], deadline?: number): string {
  try {
    const value = i.call(name, args, deadline === undefined ? {} : { deadline });
    return `ok ${String(value)}`;
  } catch (e) {
    if (e instanceof TrapError) return e.trap;
    if (e instanceof RunInterruptedError) return e.reason;
    return `error ${String(e)}`;
  }
}

/** How late runs were stopped, in milliseconds, for `count` deadlines. */
function overshoots(count: number, deadline: number): number[] {
  const late: number[] = [];
  for (let k = 0; k < count; k++) {
    const before = performance.now(), how = outcome('spin', [], deadline);
    if (how !== 'deadline') throw new Error(how);
    late.push(performance.now() - before - deadline);
  }
  return late;
}

parentPort?.on('message', (m: { do: string; name?: string; args?: unknown[]; deadline?: number; count?: number }) => {
  switch (m.do) {
    case 'call': say(outcome(m.name ?? '', m.args ?? [], m.deadline)); return;
    case 'many': {
      const seen: Record<string, number> = {};
      for (let k = 0; k < (m.count ?? 0); k++) {
        for (const how of [outcome('unreachable', []), outcome('sdiv', [1, 0]), outcome('sdiv', [-(2 ** 31), -1]), outcome('load', [1 << 30]), outcome('recurse', []), outcome('spin', [], 0.02), outcome('add', [1n, 2n])]) seen[how] = (seen[how] ?? 0) + 1;
      }
      say(seen);
      return;
    }
    case 'overshoot': say(overshoots(m.count ?? 0, m.deadline ?? 1)); return;
    case 'compile': {
      const n = compile(module('m').export({ f: fn('f', [i64], i64, (b, x) => b.ret(x.add(1n))) }).build());
      say(n.f(41n));
      return;
    }
    case 'exit':
      // Everything that is not disposed here goes with the thread.
      b.arena.abandon();
      say('bye');
      process.exit(0);
  }
});
say({ threadId: b.thread.threadId, contextAddress: b.thread.contextAddress, context: b.thread.context });
