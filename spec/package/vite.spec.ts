/** The packed package bundled with Vite, and the bundle run in a real browser. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { browse, chromiumOrSkip, type BrowserSession } from '../support/chromium.ts';
import { projectRoot } from '../support/project-root.ts';
import { install, type Installed } from './installed.ts';

const test = suite('vite');
/** No koffi: a browser has no use for it, and nothing may ask for it. */
let it: Installed, warnings: string[] = [], browser: BrowserSession | undefined, shared: BrowserSession | undefined;
const executable = chromiumOrSkip('Lamella in a browser');

test.before(async () => {
  it = await install(['koffi', '@koromix']);
  cpSync(join(projectRoot(), 'spec', 'package', 'consumer', 'browser'), it.folder, { recursive: true });
  const heard = (text: string): void => { warnings.push(text); };
  await build({
    root: it.folder, base: './', configFile: false,
    customLogger: { info() {}, warn: heard, warnOnce: heard, error: heard, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false },
    // Dependencies are links into the project: taken by the name they have here.
    resolve: { preserveSymlinks: true },
    worker: { format: 'es' },
    build: { outDir: 'out', emptyOutDir: true, chunkSizeWarningLimit: 2_000, rolldownOptions: { input: pages(), output: { codeSplitting: { groups: [{ name: 'lamella', test: /node_modules/ }] } } } },
  });
  if (executable === undefined) return;
  browser = await browse(executable, join(it.folder, 'out'), false);
  shared = await browse(executable, join(it.folder, 'out'), true);
});
test.after(async () => {
  await browser?.close();
  await shared?.close();
  it.dispose();
});

function pages(): string[] { return readdirSync(it.folder).filter((f) => f.endsWith('.html')).map((f) => join(it.folder, f)); }

test('bundles without a warning, and without koffi or a module of Node', () => {
  assert.equal(warnings, []);
  const scripts = readdirSync(join(it.folder, 'out', 'assets')).filter((f) => f.endsWith('.js'));
  assert.ok(scripts.length >= 2);
  for (const f of scripts) {
    const text = readFileSync(join(it.folder, 'out', 'assets', f), 'utf8');
    assert.not.match(text, /\b(import|from)\s*\(?\s*["'`](node:|koffi)/, f);
  }
  assert.not.ok(existsSync(join(it.folder, 'node_modules', 'koffi')));
});

interface Sums { readonly level: string; readonly fib: string; readonly divide: string; readonly byZero: string; readonly endless: string; readonly outside: string; readonly wrong: string }

test('DSL, passes, text form, interpreter and WebAssembly backend in the page', async () => {
  if (browser === undefined) return;
  const r = await (await browser.open('index.html')).result() as { readonly sums: readonly Sums[]; readonly logged: readonly number[] } & Readonly<Record<string, unknown>>;
  const { sums, logged, ...rest } = r;
  assert.equal(rest, { node: false, native: false, interpreted: '610', roundTrip: true, wat: true });
  assert.equal(logged, [2.5, 2.5, 2.5, 2.5]);
  assert.equal(sums.map((s) => s.level), ['O0', 'O1', 'O2', 'O3']);
  for (const s of sums) {
    assert.is(s.fib, '75025', s.level);
    assert.is(s.divide, '-3', s.level);
    // The place is in the program's script, not in Lamella's.
    assert.match(s.byZero, /^TrapError: trap: integer-divide-by-zero in divide \(http:\/\/127\.0\.0\.1:\d+\/assets\/index-[^/]+\.js:\d+:\d+\)$/, s.level);
    assert.match(s.endless, /^TrapError: trap: stack-overflow in deep/, s.level);
    assert.match(s.outside, /^TrapError: trap: memory-out-of-bounds/, s.level);
    assert.match(s.wrong, /^UsageError: argument 0 of fib is 1/, s.level);
  }
});

interface SandboxResult { readonly isolated: boolean; readonly outcomes: Readonly<Record<string, string>>; readonly timeouts: string; readonly pages: number; readonly peak: number }

for (const isolated of [false, true]) {
  test(`the sandbox on workers of ${isolated ? 'an isolated page' : 'a page without shared memory'}`, async () => {
    const session = isolated ? shared : browser;
    if (session === undefined) return;
    const r = await (await session.open('sandbox.html')).result() as SandboxResult;
    assert.is(r.isolated, isolated, JSON.stringify(r));
    const { deep, zero, asked, thrown, refused, ...others } = r.outcomes;
    assert.equal(others, {
      fib: 'ok wasm 75025', timeout: 'timeout wasm timeout: spin was stopped at its deadline of 50 ms', after: 'ok wasm 55',
      once: 'ok wasm 1', again: 'ok wasm 1', input: 'ok wasm 42', cancelled: 'cancelled wasm cancelled: spin was stopped by its abort signal',
    });
    assert.match(deep, /^trap wasm trap: stack-overflow/);
    assert.match(zero, /^trap wasm trap: integer-divide-by-zero in divide \(http.*assets\/sandbox-[^/]+\.js:\d+:\d+\)$/);
    assert.match(refused, /^memory - memory: module demo needs up to/);
    if (isolated) {
      assert.is(asked, 'ok wasm 41');
      assert.is(thrown, 'host wasm host: a host function called from ask threw: no');
    } else {
      assert.match(asked, /^compile - compile: module asking was refused: module asking imports JavaScript functions, and threads share no memory here/);
      assert.match(thrown, /^compile - /);
    }
    assert.is(r.timeouts, 'timeout');
    // 8 MiB for everything: memory cannot take all of it.
    assert.ok(r.pages > 50 && r.peak < 8 * 1024 * 1024 && r.peak > 4 * 1024 * 1024, `${r.pages} pages, ${r.peak} bytes`);
  });
}

test.run();
