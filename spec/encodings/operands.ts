/** Operands of encoding cases, as text and as the encoder takes them. */
import type { Assembler } from '../../backends/x86_64/encoder.ts';
import { Mem, NO_REGISTER } from '../../backends/x86_64/memory-operand.ts';

const LEGACY = ['a', 'c', 'd', 'b'] as const;
const INDEXED = ['sp', 'bp', 'si', 'di'] as const;

/** Name of a register at a size in bytes; vector registers are 32 + n. */
export function registerName(r: number, size: number): string {
  if (r >= 32) return `xmm${r - 32}`;
  if (r >= 8) return `r${r}${size === 8 ? '' : size === 4 ? 'd' : size === 2 ? 'w' : 'b'}`;
  const prefix = size === 8 ? 'r' : size === 4 ? 'e' : '';
  if (r < 4) return size === 1 ? `${LEGACY[r]}l` : `${prefix}${LEGACY[r]}x`;
  return size === 1 ? `${INDEXED[r - 4]}l` : `${prefix}${INDEXED[r - 4]}`;
}

/** The size keyword of a memory operand. */
export function sizeWord(size: number): string {
  switch (size) {
    case 1: return 'BYTE';
    case 2: return 'WORD';
    case 4: return 'DWORD';
    case 8: return 'QWORD';
    default: return 'XMMWORD';
  }
}

export interface MemoryCase { readonly text: string; operand(asm: Assembler): Mem }

/** `[base+index*scale+disp]`, `gs:` before it when asked. */
export function memoryCase(base: number, index: number, scale: number, disp: number, gs = false): MemoryCase {
  const parts: string[] = [];
  if (base >= 0) parts.push(registerName(base, 8));
  if (index >= 0) parts.push(`${registerName(index, 8)}*${scale}`);
  let inner = parts.join('+');
  if (disp !== 0 || inner === '') inner += disp < 0 || inner === '' ? String(disp) : `+${disp}`;
  const m = new Mem().indexed(base, index, scale, disp);
  if (gs) m.inSegment(0x65);
  // Without a register, as needs the segment spelt out to see a memory operand.
  return { text: `${gs ? 'gs:' : base < 0 && index < 0 ? 'ds:' : ''}[${inner}]`, operand: () => m };
}

/** Relative to a label at the instruction's own start. */
function ripCase(disp: number): MemoryCase {
  const m = new Mem();
  return {
    text: `[rip+1b${disp < 0 ? disp : `+${disp}`}]`,
    operand: (asm) => {
      const here = asm.code.newLabel();
      asm.code.bind(here);
      return m.rip(here, disp);
    },
  };
}

/** A rotation of awkward and ordinary memory operands, for every form. */
export const NARROW: readonly MemoryCase[] = [
  memoryCase(0, -1, 1, 0), memoryCase(4, -1, 1, 8), memoryCase(5, -1, 1, 0), memoryCase(12, -1, 1, 0), memoryCase(13, -1, 1, 0),
  memoryCase(15, 7, 1, 0), memoryCase(3, 9, 8, -4), memoryCase(NO_REGISTER, 6, 4, 256), memoryCase(-1, -1, 1, 0x1234), memoryCase(-1, -1, 1, 1152, true),
  ripCase(64), memoryCase(4, 12, 2, 1000), memoryCase(13, 13, 4, 0), memoryCase(10, 5, 1, 127), memoryCase(8, 15, 8, 128, true),
];

/** All addressing forms at the edges of their displacements. */
export function everyMemoryCase(): MemoryCase[] {
  const all: MemoryCase[] = [];
  for (let base = 0; base < 16; base++) {
    for (const disp of [0, 1, -1, 127, -128, 128, -129, 0x7fffffff, -0x80000000]) all.push(memoryCase(base, -1, 1, disp));
  }
  for (const index of [0, 5, 8, 12, 13, 15]) for (const scale of [1, 2, 4, 8]) all.push(memoryCase(-1, index, scale, index * 100));
  for (const disp of [0, 64, 0x7fffffff]) {
    all.push(memoryCase(-1, -1, 1, disp), memoryCase(-1, -1, 1, disp, true));
    all.push(memoryCase(3, -1, 1, disp, true), memoryCase(13, 12, 8, disp, true));
  }
  for (const disp of [0, 5, -100, 100000]) all.push(ripCase(disp));
  return all;
}
