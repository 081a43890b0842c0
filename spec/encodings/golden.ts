/**
 * The golden files of encodings: one line a case, `bytes<TAB>text`. Where our encoding is another valid one, the line is
 * `bytes of GNU as<TAB>text<TAB>our bytes<TAB>disassembly`, the disassembly being that of both.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { X86_64_CODE } from '../../backends/x86_64/code-target.ts';
import { VectorAssembler } from '../../backends/x86_64/vector-assembler.ts';
import { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { assemble, disassemble } from '../support/objdump.ts';
import { projectRoot } from '../support/project-root.ts';
import type { EncodingCase } from './cases.ts';

export function goldenPath(group: string): string { return join(projectRoot(), 'spec', 'encodings', `${group}.txt`); }

export function readGolden(group: string): string[] {
  return readFileSync(goldenPath(group), 'utf8').split('\n').filter((l) => l !== '' && !l.startsWith('#'));
}

/** Our bytes of one case, as hex with spaces. */
export function ourBytes(c: EncodingCase): string {
  const code = new CodeBuffer(X86_64_CODE), asm = new VectorAssembler(code);
  code.beginFunction(-1, 1);
  c.emit(asm);
  code.endFunction();
  return hex(code.finish().code);
}

/** The golden lines of a group, from GNU as. @throws Error when one of our encodings means something else */
export function goldenLines(cases: readonly EncodingCase[]): string[] {
  const theirs = assemble(cases.map((c) => (c.text.includes('1b') && c.text.includes('rip') ? `1: ${c.text}` : c.text)));
  if (theirs.length !== cases.length) throw new Error(`${cases.length} cases gave ${theirs.length} instructions`);
  const ours = cases.map(ourBytes), different: number[] = [];
  for (let i = 0; i < cases.length; i++) if (ours[i] !== theirs[i].bytes) different.push(i);
  const meaning = new Map<number, string>();
  if (different.length > 0) {
    const a = disassemble(fromHex(different.map((i) => ours[i]).join(' '))), b = disassemble(fromHex(different.map((i) => theirs[i].bytes).join(' ')));
    if (a.length !== different.length || b.length !== different.length) throw new Error(`not one instruction each: ${different.map((i) => `${cases[i].text}: ${ours[i]}, GNU ${theirs[i].bytes}`).join('\n')}`);
    const wrong: string[] = [];
    different.forEach((i, k) => {
      if (meaningOf(a[k].text) !== meaningOf(b[k].text)) wrong.push(`${cases[i].text}: ours ${ours[i]} is "${a[k].text}", GNU as gives ${theirs[i].bytes} "${b[k].text}"`);
      meaning.set(i, a[k].text);
    });
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }
  return cases.map((c, i) => `${theirs[i].bytes}\t${c.text}${meaning.has(i) ? `\t${ours[i]}\t${meaning.get(i)}` : ''}`);
}

/** The disassembly with the operands of an exchange in a fixed order: it has no direction. */
function meaningOf(text: string): string {
  const m = /^(xchg|test) ([^\[,]+),([^\[,]+)$/.exec(text);
  return m === null ? text : `${m[1]} ${[m[2], m[3]].sort().join(',')}`;
}

export function hex(bytes: Uint8Array): string { return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' '); }

function fromHex(text: string): Uint8Array { return Uint8Array.from(text.split(' '), (b) => parseInt(b, 16)); }
