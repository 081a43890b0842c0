/** What a stranger's module may call: nothing, until it is granted. `node dist/playground/policy.js`. */
import { fn, global, host, i32, i64, module, ptr, u8 } from 'lamella';
import { heading, isMain, newSandbox, say } from './support.ts';

const write = host('write', [i32, ptr(u8), i64], i64, { libc: true, capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
const socket = host('socket', [i32, i32, i32], i32, { libc: true });
const system = host('system', [ptr(u8)], i32, { libc: true });
const text = global.bytes('text', '  | written by guest code through the C library\n');

const greet = fn('greet', [], i64, (b) => b.ret(write(1, text.$ptr, BigInt(text.length))));
const attack = fn('attack', [], i32, (b) => {
  write(1, text.$ptr, 3n);
  socket(2, 1, 0);
  b.ret(system(text.$ptr));
});
const stranger = module('stranger').export({ greet, attack }).import({ write, socket, system }).build();
const friendly = module('friendly').export({ greet }).import({ write }).build();

export async function main(): Promise<void> {
  heading('A policy refusal');
  await using sandbox = newSandbox();
  const refused = await sandbox.run(stranger, 'attack', []);
  if (refused.status !== 'policy') throw new Error(`expected a refusal, got ${refused.status}`);
  say(`status "policy", ${refused.error.violations.length} violations, before anything was compiled:`);
  for (const v of refused.error.violations) say(`  ${v.kind} "${v.symbol}" in ${v.functionName}`);
  sandbox.setConfig({ allowFileIo: true });
  say('with allowFileIo, a module that only writes does write:');
  const granted = await sandbox.run(friendly, 'greet', []);
  if (granted.status === 'ok') say(`write returned ${granted.value}`);
  // The C library is native code: the tier of WebAssembly has none.
  else if (granted.status === 'compile' && granted.metrics.isolation === null) say(`status "compile": ${granted.error.message.split('\n')[0]}`);
  else throw granted.error;
}

if (isMain(import.meta.url)) await main();
