/**
 * Where the prologue goes. A function that begins with a test and often returns at once should not save registers
 * first: as long as blocks from the entry on need no frame, end in a branch, and one way of it returns without a
 * frame too, the prologue moves to the other way.
 *
 * The block it moves to has one predecessor (machine IR has no critical edges), so it dominates everything that needs
 * the frame. Blocks before it hold nothing that can trap: whoever walks the stack at a trap relies on the frame.
 */
import { uint8 } from '../../lib/analysis/slab.ts';
import { FIRST_SPILL_LOCATION, type Allocation } from '../../lib/codegen/machine-function.ts';
import { X86_64_REGISTERS } from './convention.ts';
import type { Frame } from './frame.ts';
import {
  MODE_NONE, MODE_POOL, OP_ALU, OP_ALU_IMM, OP_ARGS, OP_CMOV, OP_CONST, OP_COUNT, OP_FBINARY, OP_FCONST, OP_FUNARY, OP_IMUL_IMM, OP_JCC,
  OP_LEA, OP_LOAD, OP_MOV, OP_RET, OP_SETCC, OP_SHIFT_IMM, OP_UNARY, modeOf,
} from './opcodes.ts';
import type { SelectedFunction } from './select.ts';

export interface ProloguePlace {
  /** The block that begins with the prologue. */
  readonly block: number;
  /** 1 for blocks that run without the frame. */
  readonly frameless: Uint8Array;
}

/** Finds the place; `forward` as in emission (an empty block is no place). */
export function placePrologue(s: SelectedFunction, allocation: Allocation, frame: Frame, forward: Int32Array): ProloguePlace {
  const f = s.machine, frameless = uint8(f.loopDepth.length);
  let block = 0;
  if (frame.size === 0 || frame.linearSize > 0) return { block, frameless };
  const { edits } = allocation;
  let rests = needsNoFrame(s, allocation, edits, 0, OP_JCC);
  while (rests) {
    const a = f.succs[f.succStart[block]], b = f.succs[f.succStart[block] + 1];
    const out = forward[a] === a && needsNoFrame(s, allocation, edits, a, OP_RET) ? a : forward[b] === b && needsNoFrame(s, allocation, edits, b, OP_RET) ? b : -1;
    if (out < 0) break;
    const on = out === a ? b : a;
    if (forward[on] !== on) break;
    frameless[block] = frameless[out] = 1;
    block = on;
    rests = needsNoFrame(s, allocation, edits, block, OP_JCC);
  }
  return { block, frameless };
}

/** True when block `b` ends with `last` and touches neither frame nor callee-saved registers, nor can trap. */
function needsNoFrame(s: SelectedFunction, allocation: Allocation, edits: Int32Array, b: number, last: number): boolean {
  const f = s.machine, from = f.blockStart[b], to = f.blockStart[b + 1];
  if (f.opcode[to - 1] !== last || to - from > 16) return false;
  for (let i = from; i < to; i++) if (!isPlain(f.opcode[i], f.data0[i])) return false;
  for (let k = f.operandStart[from]; k < f.operandStart[to]; k++) if (!isScratch(allocation.operandLocation[k])) return false;
  for (let e = firstEdit(edits, 2 * from); e < edits.length && edits[e] < 2 * to; e += 3) {
    if (!isScratch(edits[e + 2]) || (edits[e + 1] >= 0 && !isScratch(edits[e + 1]))) return false;
  }
  return true;
}

function isScratch(location: number): boolean { return location >= 0 && location < FIRST_SPILL_LOCATION && !X86_64_REGISTERS.calleeSaved.has(location); }

/** Index of the first edit at or after a point. */
function firstEdit(edits: Int32Array, point: number): number {
  let lo = 0, hi = edits.length / 3;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (edits[mid * 3] < point) lo = mid + 1; else hi = mid;
  }
  return lo * 3;
}

function isPlain(opcode: number, data: number): boolean {
  switch (opcode) {
    case OP_ARGS: case OP_MOV: case OP_CONST: case OP_FCONST: case OP_LEA: case OP_ALU_IMM: case OP_UNARY: case OP_SHIFT_IMM: case OP_RET: return true;
    case OP_ALU: case OP_LOAD: case OP_IMUL_IMM: case OP_COUNT: case OP_SETCC: case OP_CMOV: case OP_JCC: case OP_FBINARY: case OP_FUNARY: {
      const mode = modeOf(data);
      return mode === MODE_NONE || mode === MODE_POOL;
    }
    default: return false;
  }
}
