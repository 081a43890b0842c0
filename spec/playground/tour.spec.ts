/** The tour runs in either tier of the sandbox, and what it finds out is the same. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../support/project-root.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('tour');
/** Lines that say how long something took. */
const TIMES = /^ {2}(?:native|WebAssembly) .*ratio|past its deadline$|^The whole tour took/;
/** Only native code knows which address an access out of bounds had. */
const ADDRESS = / at address 0x[0-9a-f]+/;
/** What the part about policy shows at its end: a call of the C library, which the tier `wasm` has none of. */
const LIBRARY = { worker: ['  | written by guest code through the C library', '  write returned 48'], wasm: ['  status "compile": compile: module friendly was refused: module friendly imports the C library function write, which the tier "wasm" cannot call'] };

/** The results that the tour prints. */
function tour(isolation: 'worker' | 'wasm'): Promise<readonly string[]> {
  const script = join(projectRoot(), 'dist/playground/tour.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--enable-source-maps', script, '--isolation', isolation, '--file', join(projectRoot(), 'package-lock.json')], { encoding: 'utf8', timeout: 120_000 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`the tour with --isolation ${isolation} failed: ${error.message}\n${stderr}`));
      else resolve(stdout.split('\n').slice(1).filter((l) => !TIMES.test(l)).map((l) => l.replace(ADDRESS, '')));
    });
  });
}

/** The lines without the end of the part about policy, which must be there. */
function withoutLibrary(lines: readonly string[], end: readonly string[]): readonly string[] {
  const at = lines.indexOf(end[0]);
  assert.ok(at > 0, `missing: ${end[0]}`);
  assert.equal(lines.slice(at, at + end.length), end);
  return [...lines.slice(0, at), ...lines.slice(at + end.length)];
}

if (skipUnlessNative('the tour in both tiers')) {
  test('--isolation wasm gives the results that native code gives', async () => {
    const [native, wasm] = await Promise.all([tour('worker'), tour('wasm')]);
    const here = withoutLibrary(wasm, LIBRARY.wasm);
    assert.equal(here, withoutLibrary(native, LIBRARY.worker));
    assert.ok(here.length > 30, `${here.length} lines`);
    assert.ok(here.some((l) => l.includes('664579 primes below 10000000')));
    assert.is(here.filter((l) => /every (?:byte|bit) as plain JavaScript/.test(l)).length, 3, 'the vector product, the blurred picture, the parallel picture');
    assert.ok(here.some((l) => /the next run: 42/.test(l)));
  });
}

test.run();
