/** Runs every `.mir` file of this folder (and those below it), as a test each. See `filetest.ts` for their form. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project-root.ts';
import { COMMANDS } from './commands.ts';
import { FileTest } from './filetest.ts';

const test = suite('filetests');
const folder = join(projectRoot(), 'spec', 'filetests');
const update = process.env['LAMELLA_UPDATE'] === '1';

for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.mir')).sort()) {
  test(file, async () => {
    const path = join(folder, file), before = readFileSync(path, 'utf8');
    const after = await check(new FileTest(file, before));
    if (update && after !== before) writeFileSync(path, after);
  });
}

/** Runs a test's commands; returns the file's text as it should be, which differs only when updating. */
async function check(t: FileTest): Promise<string> {
  const sections = new Map(t.sections), lines = t.source.split('\n'), used = new Set<string>();
  if (t.directives.length === 0) throw new Error('there is no `; test COMMAND` line');
  for (const d of t.directives) {
    if (!Object.hasOwn(COMMANDS, d.command)) throw new Error(`there is no command \`${d.command}\` (${Object.keys(COMMANDS).join(', ')})`);
    const title = `${d.command} ${d.args}`.trim(), result = await COMMANDS[d.command].run(t, d.args);
    const output = (result.output ?? '').trimEnd();
    used.add(title);
    if (!update) assert.snapshot(output, t.sections.get(title) ?? '', `\`test ${title}\` gives something else than its section`);
    else if (output === '') sections.delete(title);
    else sections.set(title, output);
    result.runs?.forEach((line, k) => {
      const run = t.runs[k], is = line.slice(line.lastIndexOf(' == ') + 4);
      if (update) lines[run.line] = `; run ${line}`;
      else if (is !== run.expected) assert.is(line, `${line.slice(0, line.length - is.length)}${run.expected}`, `\`test ${title}\`, line ${run.line + 1}`);
    });
  }
  for (const title of sections.keys()) if (!used.has(title)) throw new Error(`the section \`;--- ${title}\` belongs to no \`; test\` line`);
  return [lines.join('\n').trimEnd(), ...[...sections].map(([title, text]) => `;--- ${title}\n${text}`)].join('\n') + '\n';
}

test('every command of the registry is used', () => {
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.mir')).map((f) => readFileSync(join(folder, f), 'utf8'));
  for (const name of Object.keys(COMMANDS)) assert.ok(texts.some((t) => t.includes(`; test ${name}`)), name);
});

test.run();
