/**
 * Programs that must not compile, and exactly what the compiler says about each. `LAMELLA_UPDATE=1` rewrites
 * `wrong/expected.txt` after a change; read the difference as the person would who gets the message.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('wrong programs');

/** Twice what it costs today; a type that grows quadratically breaks through it at once. */
const CEILING = 10000;
const root = process.cwd();
const folder = join(root, 'spec/types/wrong'), expectation = join(folder, 'expected.txt');

/** Runs the TypeScript compiler over some files with the project's options. */
function compile(files: readonly string[], extra: readonly string[] = []): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'lamella-types-'));
  const config = join(scratch, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: true, declaration: false, declarationMap: false, rootDir: root, typeRoots: [join(root, 'node_modules/@types')], noUnusedLocals: false },
    files, include: [], exclude: [],
  }));
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config, '--pretty', 'false', ...extra], { cwd: root, maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
      rmSync(scratch, { recursive: true, force: true });
      resolve(stdout + stderr);
    });
  });
}

test('each wrong program gets the message that is written down for it', async () => {
  const files = readdirSync(folder).filter((f) => f.endsWith('.ts')).sort();
  assert.ok(files.length >= 30);
  const output = await compile(files.map((f) => join(folder, f)));
  const byFile = new Map<string, string[]>(files.map((f) => [f, []]));
  let current: string[] | undefined;
  for (const line of output.split('\n')) {
    const head = /^(\S+\.ts)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line);
    if (head !== null) {
      current = byFile.get(basename(head[1]));
      assert.ok(current !== undefined && relative(folder, join(root, head[1])) === basename(head[1]), `an error outside of the wrong programs: ${line}`);
      current!.push(`${head[2]}:${head[3]} ${head[4]} ${head[5]}`);
    } else if (/^\s+\S/.test(line)) {
      current!.push(line);
    }
  }
  for (const [f, lines] of byFile) assert.ok(lines.length > 0, `${f} compiles, and must not`);
  const actual = [...byFile].map(([f, lines]) => `${f}\n${lines.map((l) => `  ${l}\n`).join('')}`).join('\n');
  if (process.env['LAMELLA_UPDATE'] === '1') writeFileSync(expectation, actual);
  assert.is(actual, readFileSync(expectation, 'utf8'));
});

test('types stay cheap: a ceiling on instantiations for a representative program', async () => {
  const output = await compile([join(root, 'spec/types/representative.ts')], ['--extendedDiagnostics']);
  assert.not.match(output, /error TS/);
  const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(output)![1]);
  const base = Number(/^Instantiations:\s+(\d+)$/m.exec(await compile([join(root, 'spec/types/representative-baseline.ts')], ['--extendedDiagnostics']))![1]);
  process.stdout.write(`\nseed none; ${instantiations - base} type instantiations for the representative program (ceiling ${CEILING}; ${base} for the import alone)\n`);
  assert.ok(instantiations - base <= CEILING, `${instantiations - base} type instantiations, more than ${CEILING}`);
});

test.run();
