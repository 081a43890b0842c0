/**
 * Writes the golden files of encodings from GNU as and objdump.
 *
 * Usage: `npm run build && node dist/spec/encodings/regenerate.js`; then read the difference before committing it.
 */
import { writeFileSync } from 'node:fs';
import { binutilsMissing } from '../support/objdump.ts';
import { encodingCases } from './cases.ts';
import { goldenLines, goldenPath } from './golden.ts';

const missing = binutilsMissing();
if (missing !== undefined) {
  process.stderr.write(`cannot regenerate: ${missing}\n`);
  process.exitCode = 1;
} else {
  for (const [group, cases] of encodingCases().groups) {
    const lines = goldenLines(cases);
    writeFileSync(goldenPath(group), `# GNU as, Intel syntax; written by spec/encodings/regenerate.ts\n${lines.join('\n')}\n`);
    process.stdout.write(`${group}: ${lines.length} cases, ${lines.filter((l) => l.split('\t').length > 2).length} with another valid encoding\n`);
  }
}
