/**
 * Register allocation: linear scan on SSA form. The order of things:
 * uses → live ranges → loops → pieces → linear scan → spill slots → operand locations and moves → edits.
 */
import { int32 } from '../analysis/slab.ts';
import { releaseShared, sharedBuffer, type IntBuffer } from './growable.ts';
import { linearScan } from './linear-scan.ts';
import { collectUses, type UseTable } from './live-range.ts';
import { FIRST_SPILL_LOCATION, type Allocation, type MachineFunction, type RegisterFile } from './machine-function.ts';
import { LIVENESS_LIMITS, computeLiveRanges, type LivenessLimits } from './machine-liveness.ts';
import { findMachineLoops } from './machine-loops.ts';
import { MoveList } from './move-list.ts';
import { PieceTable } from './piece-table.ts';
import { resolveAllocation } from './resolve-allocation.ts';
import { Scratch } from './scratch.ts';
import { assignSpillSlots } from './spill-slots.ts';

// Used again from function to function.
const PIECES = new PieceTable(), MOVES = new MoveList(), SPILLED = sharedBuffer();
const WRITTEN = new Scratch(Uint8Array), SETS = new Scratch(Uint8Array);

/**
 * Gives every operand of `f` a location and lists the moves to insert.
 *
 * `f` must hold the invariants of machine IR (`verifyMachineFunction` tells). The result is deterministic.
 *
 * @throws InternalError if one instruction needs more registers of a class at once than the file has
 */
export function allocateRegisters(f: MachineFunction, file: RegisterFile, limits: LivenessLimits = LIVENESS_LIMITS): Allocation {
  const uses = collectUses(f);
  const ranges = computeLiveRanges(f, uses, limits);
  const loops = findMachineLoops(f);
  PIECES.restart(f.vregClass.length, ranges, uses.useStart, uses.usePosition);
  const spilled = SPILLED.reuse();
  const scanSteps = linearScan(f, file, uses, loops, PIECES, spilled);

  const slots = assignSpillSlots(f, ranges, storedOf(spilled, uses.remat));
  const memoryOf = slots.slotOf;
  let slotCount = slots.count;
  for (let v = 0; v < f.vregClass.length; v++) {
    if (uses.remat[v] >= 0) memoryOf[v] = ~uses.remat[v];
    else if (ranges.resident[v] === 1) {
      if (f.vregBytes[v] > 8) slotCount += slotCount & 1;
      memoryOf[v] = FIRST_SPILL_LOCATION + slotCount;
      slotCount += f.vregBytes[v] >> 3;
    }
  }

  const operandLocation = int32(f.operandVReg.length);
  MOVES.restart();
  resolveAllocation(f, uses, ranges, loops, PIECES, memoryOf, operandLocation, MOVES);
  const { edits, editBytes, spillSlots } = MOVES.finish(f, file.scratch, slotCount), saved = usedCalleeSaved(f, file, uses, edits);
  MOVES.restart();
  PIECES.release();
  releaseShared();
  return { operandLocation, edits, editBytes, spillSlots, usedCalleeSaved: saved, steps: ranges.steps + scanSteps };
}

/** Those that are not recomputed instead. */
function storedOf(spilled: IntBuffer, remat: Int32Array): Int32Array {
  let n = 0;
  for (let k = 0; k < spilled.length; k++) if (remat[spilled.data[k]] < 0) spilled.data[n++] = spilled.data[k];
  return spilled.data.subarray(0, n);
}

/** Callee-saved registers that are written: by definitions, clobbers or edits. */
function usedCalleeSaved(f: MachineFunction, file: RegisterFile, uses: UseTable, edits: Int32Array): number[] {
  const written = WRITTEN.filled(FIRST_SPILL_LOCATION, 0);
  const { location, count } = PIECES;
  for (let p = 0; p < count; p++) if (location[p] >= 0) written[location[p]] = 1;
  for (let e = 0; e < uses.fixedCount; e++) if (uses.fixedOwner[e] < 0) written[uses.fixedRegister[e]] = 1;
  for (let k = 2; k < edits.length; k += 3) if (edits[k] < FIRST_SPILL_LOCATION) written[edits[k]] = 1;
  const sets = SETS.filled(f.clobberSets.length, 0), insts = f.clobber.length;
  for (let i = 0; i < insts; i++) sets[f.clobber[i]] = 1;
  for (let s = 0; s < f.clobberSets.length; s++) if (sets[s] === 1) for (const r of f.clobberSets[s]) written[r] = 1;
  const used: number[] = [];
  for (const r of file.calleeSaved) if (written[r] === 1) used.push(r);
  return used.sort((x, y) => x - y);
}
