/** Branches, references and padding of x86-64 for the architecture-neutral code buffer. */
import type { CodeTarget } from '../../lib/codegen/code-buffer.ts';

/** Branch kinds: 0–15 are the condition codes of `jcc`. */
export const BRANCH_JMP = 16;

/** Reference kinds. */
/** Signed 32 bits, relative to the reference's own address; the addend corrects for the bytes that follow it. */
export const REFERENCE_REL32 = 0;

/** Recommended multi-byte NOPs (Intel SDM vol. 2B, NOP), by length. */
export const NOPS: readonly (readonly number[])[] = [
  [], [0x90], [0x66, 0x90], [0x0f, 0x1f, 0x00], [0x0f, 0x1f, 0x40, 0x00], [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00], [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00], [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

export const X86_64_CODE: CodeTarget = {
  alignment: 64,
  branchSize(kind, long) { return long ? (kind === BRANCH_JMP ? 5 : 6) : 2; },
  shortReaches(_kind, at, target) {
    const distance = target - (at + 2);
    return distance >= -128 && distance <= 127;
  },
  writeBranch(code, at, kind, long, target) {
    if (!long) {
      code[at] = kind === BRANCH_JMP ? 0xeb : 0x70 | kind;
      code[at + 1] = target - (at + 2);
      return;
    }
    if (kind === BRANCH_JMP) code[at++] = 0xe9;
    else {
      code[at++] = 0x0f;
      code[at++] = 0x80 | kind;
    }
    write32(code, at, target - (at + 4));
  },
  writeReference(code, at, _kind, target, addend) { write32(code, at, target + addend - at); },
  writePadding(code, at, count) {
    while (count > 0) {
      const nop = NOPS[Math.min(count, 9)];
      code.set(nop, at);
      at += nop.length;
      count -= nop.length;
    }
  },
};

function write32(code: Uint8Array, at: number, v: number): void {
  code[at] = v;
  code[at + 1] = v >> 8;
  code[at + 2] = v >> 16;
  code[at + 3] = v >> 24;
}
