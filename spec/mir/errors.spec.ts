/** Names of error classes survive a bundler that shortens those of classes: they are made from the code. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LamellaError } from '../../lib/mir/index.ts';
import { projectRoot } from '../support/project-root.ts';

const test = suite('errors');

test('the name comes from the code, whatever the class is called', () => {
  const m = class extends LamellaError {};
  const e = new m('no-such-thing', 'nothing there', 'Look elsewhere.');
  assert.is(e.name, 'NoSuchThingError');
  assert.is(String(e), 'NoSuchThingError: nothing there\n  Look elsewhere.');
});

test('every class is called what its errors say', () => {
  const root = projectRoot();
  let count = 0;
  for (const file of ['lib', 'dsl', 'backends'].flatMap((room) => readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((f) => join(room, f))).filter((f) => f.endsWith('.ts'))) {
    for (const [, name, body] of readFileSync(join(root, file), 'utf8').matchAll(/^export class (\w+) extends LamellaError \{([\s\S]*?)^\}/gm)) {
      const given = /this\.name = '(\w+)'/.exec(body)?.[1], code = /super\(\s*'([\w-]+)'/.exec(body)?.[1];
      const said = given ?? (code === undefined ? 'no code' : new LamellaError(code, '', '').name);
      assert.is(said, name, file);
      count++;
    }
  }
  assert.ok(count > 15, `${count} classes`);
});

test.run();
