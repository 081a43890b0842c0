/** The house rules of the design (section 1), held against the imports of the source. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { projectRoot } from './support/project-root.ts';

const test = suite('house');
const root = projectRoot();

/** The room of a file, and the rooms its imports may lead to (itself always). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'lib/mir': [],
  'lib/analysis': ['lib/mir'],
  'lib/passes': ['lib/mir', 'lib/analysis'],
  'lib/codegen': ['lib/mir', 'lib/analysis'],
  'backends': ['lib/mir', 'lib/analysis', 'lib/codegen'],
  'lib/runtime': ['lib/mir', 'lib/codegen'],
  'lib/sandbox': ['lib/mir', 'lib/analysis', 'lib/passes', 'lib/codegen', 'lib/runtime'],
  'dsl': ['lib/mir'],
  // The composition root: the files directly in lib.
  'lib': ['lib/mir', 'lib/analysis', 'lib/passes', 'lib/codegen', 'lib/runtime', 'lib/sandbox', 'backends', 'dsl'],
  'playground': [],
};
/** Packages each room may use. `ts-pattern` and `immer` stay at the edges, koffi in the runtime (section 7). */
const PACKAGES: Readonly<Record<string, readonly RegExp[]>> = {
  'lib/passes': [/^immer$/], 'lib/runtime': [/^koffi$/, /^node:/], 'lib/sandbox': [/^immer$/, /^ts-pattern$/, /^node:/],
  'playground': [/^lamella(\/|$)/, /^node:/, /^koffi$/, /^fast-png$/, /^ts-pattern$/],
};

interface Import { readonly from: string; readonly to: string; readonly typeOnly: boolean }

function roomOf(file: string): string {
  const rooms = Object.keys(MAY_IMPORT).filter((r) => r !== 'lib' && file.startsWith(`${r}/`));
  return rooms[0] ?? (file.startsWith('lib/') ? 'lib' : file.split('/')[0]);
}

function importsOf(file: string): Import[] {
  // Examples in comments are not imports.
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const m of text.matchAll(/^(?:import|export)\s+(type\s)?([^'"`;]*?\bfrom\s+)?['"]([^'"]+)['"]/gm)) {
    const names = m[2] ?? '';
    // `import { type A, type B }` is erased as well.
    const onlyTypes = m[1] !== undefined || (/^\{/.test(names.trim()) && names.replace(/\bfrom\s+$/, '').replace(/[{}]/g, '').split(',').every((n) => n.trim() === '' || n.trim().startsWith('type ')));
    found.push({ from: file, to: m[3].startsWith('.') ? normalize(join(dirname(file), m[3])) : m[3], typeOnly: onlyTypes });
  }
  // Written where they are used: imports of a type, and imports at run time.
  for (const m of text.matchAll(/\bimport\('(\.[^']+)'\)/g)) found.push({ from: file, to: normalize(join(dirname(file), m[1])), typeOnly: true });
  return found;
}

const files = ['lib', 'dsl', 'backends', 'playground'].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts')).map((f) => `${room}/${f}`));
const imports = files.flatMap(importsOf);

test('rooms import only what their floor allows', () => {
  const wrong = imports.filter((i) => {
    const room = roomOf(i.from);
    if (!/\.(ts|js)$/.test(i.to)) return !(PACKAGES[room] ?? []).some((p) => p.test(i.to)) && !(i.typeOnly && i.to.startsWith('node:'));
    const target = roomOf(i.to);
    return target !== room && !MAY_IMPORT[room].includes(target);
  });
  assert.equal(wrong.map((i) => `${i.from} -> ${i.to}`), []);
  assert.ok(imports.length > 500);
});

test('a backend never imports another backend', () => {
  const wrong = imports.filter((i) => /^backends\/\w+\//.test(i.from) && /^backends\/\w+\//.test(i.to) && i.from.split('/')[1] !== i.to.split('/')[1]);
  assert.equal(wrong, []);
});

test('no import cycles', () => {
  const next = new Map<string, string[]>();
  for (const i of imports) if (!i.typeOnly && /\.ts$/.test(i.to)) next.set(i.from, [...(next.get(i.from) ?? []), i.to]);
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (f: string, path: readonly string[]): void => {
    if (state.get(f) === 'done') return;
    if (state.get(f) === 'open') { cycles.push([...path.slice(path.indexOf(f)), f].join(' -> ')); return; }
    state.set(f, 'open');
    for (const to of next.get(f) ?? []) visit(to, [...path, f]);
    state.set(f, 'done');
  };
  for (const f of files) visit(f, []);
  assert.equal(cycles, []);
});

test('nothing else grows at the top', () => {
  const known = new Set(['.ci', '.git', '.gitignore', '.build', 'node_modules', 'dist', 'lib', 'dsl', 'backends', 'spec', 'playground', 'package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']);
  assert.equal(readdirSync(root).filter((f) => !known.has(f) && !f.endsWith('.tgz') && !f.endsWith('.log')), []);
});

test.run();
