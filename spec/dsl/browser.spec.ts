import { execFile } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('dsl without node');

/** Runs a module in a Node whose own globals have been taken away. */
function runBare(code: string): Promise<string> {
  const entry = new URL('../../dsl/index.js', import.meta.url).href, mir = new URL('../../lib/mir/index.js', import.meta.url).href;
  const script = `const out = console.log, exit = process.exit.bind(process);
    delete globalThis.process; delete globalThis.Buffer; delete globalThis.global;
    const dsl = await import(${JSON.stringify(entry)}), mir = await import(${JSON.stringify(mir)});
    ${code}`;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (error, stdout, stderr) => error ? reject(new Error(stderr)) : resolve(stdout.trim()));
  });
}

test('loads, builds and interprets without process', async () => {
  assert.is(await runBare(`
    const { fn, i32, module } = dsl;
    const f = fn('f', [i32], i32, (b, n) => b.ret(n.mul(n)));
    out(mir.interpret(module('m').export({ f }).build(), 'f', [7]).values[0]);`), '49');
});

test('works in an engine without captureStackTrace', async () => {
  assert.is(await runBare(`
    delete Error.captureStackTrace;
    const { fn, i32, module } = dsl;
    const f = fn('f', [i32], i32, (b, n) => b.ret(n.mul(n)));
    const m = module('m').export({ f }).build();
    try { module('m').export({ f: 1 }); } catch (e) { out(e.name, m.locations.length); }`), 'UsageError 1');
});

test.run();
