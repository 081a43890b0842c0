/** The README's program is the playground's, and prints what the page says. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './support/project-root.ts';
import { skipUnlessNative } from './support/native.ts';

const test = suite('readme');
const readme = readFileSync(join(projectRoot(), 'README.md'), 'utf8');
const [, program] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
const [, output] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];

test('the program on the page is the one in the playground', () => {
  assert.is(readFileSync(join(projectRoot(), 'playground/readme.ts'), 'utf8').replace(/^\/\*\*.*\n/, ''), program);
  assert.ok(program.split('\n').filter((l) => l.trim() !== '').length <= 15);
});

if (skipUnlessNative('readme output')) {
  test('it prints what the page says', () => {
    assert.is(execFileSync(process.execPath, [join(projectRoot(), 'dist/playground/readme.js')], { encoding: 'utf8' }), output);
  });
}

test.run();
