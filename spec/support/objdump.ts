/** GNU binutils as seen by tests and by whoever debugs generated code: disassemble bytes, assemble text. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One instruction as objdump prints it: `bytes` in hex with spaces, `text` in Intel syntax, spaces normalised. */
export interface DisassembledInstruction { readonly offset: number; readonly bytes: string; readonly text: string }

/** Why disassembly is not possible here, or undefined when it is. */
export function binutilsMissing(): string | undefined {
  for (const tool of ['as', 'objdump']) {
    const r = spawnSync(tool, ['--version'], { encoding: 'utf8' });
    if (r.error || r.status !== 0) return `GNU ${tool} is not installed`;
  }
  return undefined;
}

/**
 * Disassembles raw x86-64 code.
 *
 * @throws Error when objdump is missing or fails
 * @example disassemble(new Uint8Array([0xc3])) // => [{ offset: 0, bytes: 'c3', text: 'ret' }]
 */
export function disassemble(code: Uint8Array): DisassembledInstruction[] {
  return inTemporaryFolder((folder) => {
    const file = join(folder, 'code.bin');
    writeFileSync(file, code);
    return parse(run('objdump', ['-D', '-z', '-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel', '--insn-width=16', file]));
  });
}

/** The instructions as lines of text, for printing while debugging. */
export function listing(code: Uint8Array): string {
  return disassemble(code).map((i) => `${i.offset.toString(16).padStart(6)}  ${i.bytes.padEnd(32)} ${i.text}`).join('\n');
}

/** Assembles Intel-syntax text with GNU as, and disassembles the result. @throws Error with as's messages */
export function assemble(lines: readonly string[]): DisassembledInstruction[] {
  return inTemporaryFolder((folder) => {
    const source = join(folder, 'code.s'), object = join(folder, 'code.o');
    writeFileSync(source, `.intel_syntax noprefix\n.text\n${lines.join('\n')}\n`);
    run('as', ['--64', '-o', object, source]);
    return parse(run('objdump', ['-d', '-z', '-M', 'intel', '--insn-width=16', object]));
  });
}

function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lamella-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(tool: string, args: readonly string[]): string {
  const r = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (r.error) throw r.error;
  if (r.status !== 0) throw new Error(`${tool} failed:\n${r.stderr.slice(0, 4000)}`);
  return r.stdout;
}

function parse(output: string): DisassembledInstruction[] {
  const instructions: DisassembledInstruction[] = [];
  for (const line of output.split('\n')) {
    const m = /^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$/.exec(line);
    if (m === null) continue;
    const text = m[3].replace(/\s*#.*$/, '').replace(/\s+<.*>$/, '').replace(/\s+/g, ' ').trim();
    instructions.push({ offset: parseInt(m[1], 16), bytes: m[2].trim(), text });
  }
  return instructions;
}
