/** The packed package, used as its users do: every entry, types included, from a project that has only the tarball. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { projectRoot } from '../support/project-root.ts';
import { skipUnlessNative } from '../support/native.ts';
import { install, type Installed } from './installed.ts';

const test = suite('tarball');
let it: Installed;
test.before(async () => { it = await install(); });
test.after(() => { it.dispose(); });

/** Files at the top of the package. */
const PAPERS: readonly string[] = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'];
const STALE = 'a leftover of an older build? Remove dist and build again';

test('holds sources, what was built of them, and the papers: nothing else', () => {
  const files = new Set(it.files);
  for (const paper of PAPERS) assert.ok(files.has(paper), paper);
  for (const f of files) {
    if (PAPERS.includes(f)) continue;
    assert.match(f, /^(dist\/)?(lib|dsl|backends)\/[\w/-]+(\.ts|\.js|\.d\.ts|\.js\.map|\.d\.ts\.map)$/, `${f} is not wanted`);
    assert.not.match(f, /spec|playground|bench/, f);
    if (!f.startsWith('dist/')) continue;
    const source = f.slice('dist/'.length).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    assert.ok(files.has(source), `${f} has no source ${source}: ${STALE}`);
  }
  for (const f of files) {
    if (f.startsWith('dist/') || !f.endsWith('.ts')) continue;
    for (const ending of ['.js', '.d.ts', '.js.map', '.d.ts.map']) assert.ok(files.has(`dist/${f.replace(/\.ts$/, ending)}`), `dist has no ${f.replace(/\.ts$/, ending)}`);
  }
  assert.ok(files.has('dist/lib/sandbox/worker-main.js'), 'the worker script');
});

test('every source map points at sources that are there', () => {
  const files = new Set(it.files), maps = it.files.filter((f) => f.endsWith('.map'));
  assert.ok(maps.length > 100);
  for (const f of maps) {
    const map = JSON.parse(readFileSync(join(it.package, f), 'utf8')) as { readonly sources: readonly string[]; readonly sourceRoot?: string };
    for (const s of map.sources) assert.ok(files.has(posix.normalize(posix.join(dirname(f), map.sourceRoot ?? '', s))), `${f} points at ${s}`);
  }
});

test('every entry of the package is there, with types, and its dependencies are declared', () => {
  const files = new Set(it.files);
  const manifest = JSON.parse(readFileSync(join(it.package, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>; readonly dependencies: Readonly<Record<string, string>>; readonly scripts: Readonly<Record<string, string>>;
  };
  for (const [entry, target] of Object.entries(manifest.exports)) {
    for (const path of typeof target === 'string' ? [target] : Object.values(target)) assert.ok(files.has(path.replace(/^\.\//, '')), `${entry}: ${path}`);
  }
  for (const step of ['preinstall', 'install', 'postinstall']) assert.is(manifest.scripts[step], undefined, 'no install script');
  const bare = new Set<string>();
  for (const f of it.files.filter((n) => n.endsWith('.js'))) {
    for (const [, name] of readFileSync(join(it.package, f), 'utf8').matchAll(/\bfrom '([^.'][^']*)'/g)) if (!name.startsWith('node:') && !name.startsWith('lamella')) bare.add(name);
  }
  for (const name of bare) assert.ok(Object.hasOwn(manifest.dependencies, name), `${name} is imported and not declared`);
});

test('nothing in it mentions the machine it was built on', () => {
  for (const f of it.files) assert.not.ok(readFileSync(join(it.package, f), 'utf8').includes(projectRoot()), f);
});

/** The README's first program, then its handling of outcomes as a function. */
function readmePrograms(): readonly [string, string, string] {
  const [first, vectors, second] = [...readFileSync(join(it.package, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1]);
  return [first, `import type { Module } from 'lamella';\nimport { fn, hostTarget, i64, module } from 'lamella';\nimport { Sandbox } from 'lamella/sandbox';\n
const fib = fn('fib', [i64], i64, (b, n) => { b.ret(n); });\nconst demo = module('demo').export({ fib }).build();\nconst frozen: Module = demo;\nconst sandbox = new Sandbox(hostTarget());
export async function outcomes(signal: AbortSignal): Promise<Module> {\n${second}\nreturn frozen;\n}\n`, `import { array, compile, f32, f32x8, fn, global, module, u32 } from 'lamella';\n\n${vectors}console.log(native.scale(new Float32Array(8)));\n`];
}

test('its types check in a strict project without skipLibCheck, with and without the types of Node', async () => {
  it.copy('every-entry.ts', 'outcomes.ts', 'without-native.ts');
  const [first, second, vectors] = readmePrograms();
  it.write('readme.ts', first);
  it.write('readme-outcomes.ts', second);
  it.write('readme-vectors.ts', vectors);
  const files = ['every-entry.ts', 'outcomes.ts', 'without-native.ts', 'readme.ts', 'readme-outcomes.ts', 'readme-vectors.ts'];
  // `console` comes from the DOM's types in one, from Node's in the other.
  assert.is(await it.typeCheck(files, { noEmit: true, lib: ['es2022', 'dom'] }), '');
  const typeRoots = [join(projectRoot(), 'node_modules', '@types')];
  assert.is(await it.typeCheck(files, { types: ['node'], typeRoots, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true }), '');
});

test('its types refuse a wrong program', async () => {
  it.write('wrong.ts', `import { compile, fn, i64, module } from 'lamella';
const f = fn('f', [i64], i64, (b, n) => b.ret(n.add(1)));
const m = module('m').export({ f }).build();
compile(m).f('x');
`);
  const said = await it.typeCheck(['wrong.ts'], { noEmit: true, lib: ['es2023', 'esnext.disposable', 'dom'] });
  assert.match(said, /^wrong\.ts\(2,\d+\): error/m);
  assert.match(said, /^wrong\.ts\(4,\d+\): error/m);
});

if (skipUnlessNative('programs of users')) {
  test('every entry works', async () => {
    const ran = await it.node('every-entry.js');
    assert.is(ran.stderr, '');
    assert.is(ran.stdout, [
      'lamella 832040n', 'compiler 6765n {"cached":1,"hits":1,"misses":1}', 'mir true 0 [ 55n ]', 'analysis true', 'passes 1',
      'backends x86_64 true', 'codegen 0 UnsupportedError', 'runtime true true', 'sandbox 832040n 67108864', '',
    ].join('\n'));
  });

  test('the README’s program prints what the README says', async () => {
    const [, expected] = /```text\n([\s\S]*?)```/.exec(readFileSync(join(it.package, 'README.md'), 'utf8')) ?? [];
    const ran = await it.node('readme.js');
    assert.is(ran.stdout + ran.stderr, expected);
    const vectors = await it.node('readme-vectors.js');
    assert.is(vectors.stdout + vectors.stderr, '1\n');
  });

  test('a timeout, a trap with its line of TypeScript, and the next run; with and without source maps of Node', async () => {
    const line = readFileSync(join(it.folder, 'outcomes.ts'), 'utf8').split('\n').findIndex((l) => l.includes('// HERE')) + 1;
    const expected = `timeout 50\ninteger-divide-by-zero divide outcomes.ts:${line}\nok 42 worker\n`;
    for (const flags of [[], ['--enable-source-maps']]) {
      const ran = await it.node(...flags, 'outcomes.js');
      assert.is(ran.stdout + ran.stderr, expected);
    }
  });
}

test.run();
