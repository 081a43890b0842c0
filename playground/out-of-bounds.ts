/** A wild index, and the line of TypeScript that used it. `node dist/playground/out-of-bounds.js`. */
import { array, fn, global, i32, module } from 'lamella';
import { heading, isMain, sandbox, say } from './support.ts';

const table = global('table', array(i32, 16));
const lookup = fn('lookup', [i32], i32, (b, index) => {
  b.ret(table.at(index).get()); // the index is not checked: the memory is
});
const outer = fn('outer', [i32], i32, (b, index) => {
  b.ret(lookup(index).add(1));
});
const demo = module('out-of-bounds').export({ outer }).build();

export async function main(): Promise<void> {
  heading('An out-of-bounds access');
  const outcome = await sandbox.run(demo, 'outer', [500_000_000]);
  if (outcome.status !== 'trap') throw new Error(`expected a trap, got ${outcome.status}`);
  say(`status "trap": ${outcome.error.message.split('\n')[0]}`);
  for (const f of outcome.error.frames) say(`  at ${f.functionName} (${f.location === undefined ? 'unknown' : `${f.location.file}:${f.location.line}:${f.location.column}`})`);
  say('plain JavaScript: new Int32Array(16)[500000000] is undefined, and nobody is told');
}

if (isMain(import.meta.url)) await main();
