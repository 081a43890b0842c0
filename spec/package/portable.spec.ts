/**
 * What works where native code cannot run: without koffi, on another machine, without Node's globals. The package is
 * the packed one, so that nothing of the project helps it.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { projectRoot } from '../support/project-root.ts';
import { install, type Installed, type Ran } from './installed.ts';

const test = suite('portable');
let it: Installed;
test.before(async () => {
  it = await install(['koffi', '@koromix']);
  it.copy('without-native.ts', 'wasm-tier.ts');
  const said = await it.typeCheck(['without-native.ts', 'wasm-tier.ts'], { types: ['node'], typeRoots: [join(projectRoot(), 'node_modules', '@types')] });
  assert.is(said, '');
});
test.after(() => { it.dispose(); });

/** What `consumer/without-native.ts` prints. */
interface Report { readonly errors: number; readonly interpreted: string; readonly bytes: number; readonly native: boolean; readonly refusals: readonly string[] }

function reportOf(ran: Ran): Report {
  assert.is(ran.stderr, '');
  const report = JSON.parse(ran.stdout) as Report;
  assert.is(report.errors, 0);
  assert.is(report.interpreted, '6765');
  assert.ok(report.bytes > 50, 'machine code is bytes: it can be made anywhere');
  assert.is(report.native, false);
  return report;
}

/** Pretends that the process runs elsewhere. */
function elsewhere(platform: string, arch: string): readonly string[] {
  const text = `for (const [k, value] of Object.entries({ platform: '${platform}', arch: '${arch}' })) Object.defineProperty(process, k, { value });\n`;
  it.write(`${platform}-${arch}.mjs`, text);
  return ['--import', `./${platform}-${arch}.mjs`];
}

if (process.platform === 'linux' && process.arch === 'x64') {
  test('without koffi: all but running native code works, and that says what to install', async () => {
    const { refusals } = reportOf(await it.node('without-native.js'));
    for (const refusal of refusals.filter((r) => !r.startsWith('hostTarget'))) {
      assert.match(refusal, /NativeUnavailableError: native code cannot be reached: the package koffi could not be loaded \(Cannot find module 'koffi'\)\n {2}Install it with `npm install koffi` .* or run the module in the sandbox's tier "wasm"/);
    }
    assert.is(refusals.length, 4);
  });
}

for (const [platform, arch] of [['darwin', 'arm64'], ['win32', 'x64'], ['linux', 'arm64']]) {
  test(`on ${platform} ${arch}: the same, and the error names the machine and what works`, async () => {
    const { refusals } = reportOf(await it.node(...elsewhere(platform, arch), 'without-native.js'));
    assert.is(refusals.length, 4);
    for (const refusal of refusals) {
      assert.match(refusal, new RegExp(`UnsupportedMachineError: native code cannot run here: this is ${platform} on ${arch}\\n  Native code needs Linux on x86-64`));
      assert.match(refusal, /What works everywhere: the sandbox, new Sandbox\(sandboxTarget\(\)\)/);
    }
  });
}

/** What `consumer/wasm-tier.ts` prints, with the line of its division. */
function sandboxReport(ran: Ran): void {
  assert.is(ran.stderr, '');
  const line = readFileSync(join(projectRoot(), 'spec/package/consumer/wasm-tier.ts'), 'utf8').split('\n').findIndex((l) => l.includes('// HERE')) + 1;
  assert.equal(JSON.parse(ran.stdout), [
    'ok 6765 wasm', `trap integer-divide-by-zero wasm-tier.ts:${line} wasm`, 'timeout  wasm', 'ok 42 wasm', 'cancelled  wasm', 'memory  null',
  ]);
}

test('the sandbox works without native code, in the tier wasm', async () => {
  sandboxReport(await it.node('--enable-source-maps', 'wasm-tier.js'));
  for (const [platform, arch] of [['darwin', 'arm64'], ['win32', 'x64']]) sandboxReport(await it.node('--enable-source-maps', ...elsewhere(platform, arch), 'wasm-tier.js'));
});

test('with no global of Node at all, as in a browser', async () => {
  it.write('browser.mjs', `
const print = console.log;
for (const name of ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', 'require']) delete globalThis[name];
const { compile, fn, i64, Interpreter, module, nativeAvailable, Pipeline } = await import('lamella');
const { printModule, parseModule } = await import('lamella/mir');
const { x86_64 } = await import('lamella/backends');
await import('lamella/analysis');
await import('lamella/codegen');
await import('lamella/runtime');
const twice = fn('twice', [i64], i64, (b, n) => b.ret(n.add(n)));
const m = module('m').export({ twice }).build();
const optimised = Pipeline.standard('O2').run(m).module;
print(new Interpreter(parseModule(printModule(optimised))).call('twice', [21n]).values[0], x86_64.compile(optimised).code.length > 0, nativeAvailable());
// Immer, which the passes for plugins use, asks for this constant; every bundler puts it in.
globalThis.process = { env: { NODE_ENV: 'production' } };
print(typeof (await import('lamella/passes')).editModule);
try { compile(m); } catch (e) { print(e.name, e.message.split('\\n')[0]); }
`);
  const ran = await it.node('browser.mjs');
  assert.is(ran.stderr, '');
  assert.is(ran.stdout, '42n true false\nfunction\nUnsupportedMachineError native code cannot run here: this is no operating system known on unknown architecture\n');
});

/** Static imports and re-exports, as the compiler writes them: one a line, from its start. */
const IMPORT = /^(?:import|export)\s(?:[^'"`;=(]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;

/** Every module that the static imports of `entry` reach, and every package or built-in module they name. */
function reach(entry: string): { readonly files: ReadonlySet<string>; readonly bare: ReadonlyMap<string, string> } {
  const files = new Set<string>(), bare = new Map<string, string>(), open = [entry];
  for (let f = open.pop(); f !== undefined; f = open.pop()) {
    if (files.has(f)) continue;
    files.add(f);
    const text = readFileSync(join(it.package, f), 'utf8');
    for (const [, name] of text.matchAll(IMPORT)) {
      if (name.startsWith('.')) open.push(posix.join(posix.dirname(f), name));
      else bare.set(name, f);
    }
  }
  return { files, bare };
}

test('the import graph of every entry names neither koffi nor a module of Node', () => {
  for (const entry of ['lib/index', 'dsl/index', 'lib/mir/index', 'lib/analysis/index', 'lib/passes/index', 'lib/codegen/index', 'backends/index', 'lib/runtime/index', 'lib/sandbox/index']) {
    const { files, bare } = reach(`dist/${entry}.js`);
    assert.ok(files.size > 5, `${entry} reaches ${files.size} files`);
    for (const [name, by] of bare) assert.ok(name === 'immer' || name === 'ts-pattern', `${entry} reaches ${name}, imported by ${by}`);
  }
  assert.is(reach('dist/lib/mir/index.js').bare.size, 0, 'MIR imports no package');
  assert.is(reach('dist/dsl/index.js').bare.size, 0, 'the DSL imports no package');
  assert.is(reach('dist/lib/analysis/index.js').bare.size, 0, 'analyses import no package');
});

test.run();
