/**
 * Register allocation: linear scan on SSA form. The order of things:
 * uses → live ranges → loops → pieces → linear scan → spill slots → operand locations and moves → edits.
 */
import { IntBuffer } from './growable.ts';
import { linearScan } from './linear-scan.ts';
import { collectUses } from './live-range.ts';
import { FIRST_SPILL_LOCATION, isDefinition, type Allocation, type MachineFunction, type RegisterFile } from './machine-function.ts';
import { LIVENESS_LIMITS, computeLiveRanges, type LivenessLimits } from './machine-liveness.ts';
import { findMachineLoops } from './machine-loops.ts';
import { MoveList } from './move-list.ts';
import { IN_MEMORY, PieceTable } from './piece-table.ts';
import { resolveAllocation } from './resolve-allocation.ts';
import { assignSpillSlots } from './spill-slots.ts';

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
  const pieces = new PieceTable(f.vregClass.length, ranges, uses.useStart, uses.usePosition);
  const scanSteps = linearScan(f, file, uses, loops, pieces);

  const vregs = f.vregClass.length;
  const inMemory = new Uint8Array(vregs), spilled: number[] = [];
  for (let p = 0; p < pieces.count; p++) {
    const v = pieces.vreg[p];
    if (pieces.location[p] !== IN_MEMORY || inMemory[v] === 1 || f.vregRemat[v] >= 0) continue;
    inMemory[v] = 1;
    spilled.push(v);
  }
  const slots = assignSpillSlots(f, ranges, spilled);
  const memoryOf = slots.slotOf;
  let slotCount = slots.count;
  for (let v = 0; v < ranges.resident.length; v++) {
    if (ranges.resident[v] === 0 || f.vregRemat[v] >= 0) continue;
    if (f.vregBytes[v] === 16) slotCount += slotCount & 1;
    memoryOf[v] = FIRST_SPILL_LOCATION + slotCount;
    slotCount += f.vregBytes[v] >> 3;
  }
  for (let v = 0; v < vregs; v++) if (f.vregRemat[v] >= 0) memoryOf[v] = ~f.vregRemat[v];

  const operandLocation = new Int32Array(f.operandVReg.length).fill(-1);
  const moves = new MoveList();
  resolveAllocation(f, uses, ranges, loops, pieces, memoryOf, operandLocation, moves);
  const { edits, editBytes, spillSlots } = moves.finish(f, file.scratch, slotCount);
  return { operandLocation, edits, editBytes, spillSlots, usedCalleeSaved: usedCalleeSaved(f, file, operandLocation, edits), steps: ranges.steps + scanSteps };
}

/** Callee-saved registers that are written: by definitions, clobbers or edits. */
function usedCalleeSaved(f: MachineFunction, file: RegisterFile, operandLocation: Int32Array, edits: Int32Array): number[] {
  const written = new Uint8Array(FIRST_SPILL_LOCATION);
  for (let o = 0; o < operandLocation.length; o++) {
    const at = operandLocation[o];
    if (at >= 0 && at < FIRST_SPILL_LOCATION && isDefinition(f.operandInfo[o])) written[at] = 1;
  }
  for (let k = 2; k < edits.length; k += 3) if (edits[k] < FIRST_SPILL_LOCATION) written[edits[k]] = 1;
  const sets = new Uint8Array(f.clobberSets.length);
  for (let i = 0; i < f.clobber.length; i++) sets[f.clobber[i]] = 1;
  for (let s = 0; s < sets.length; s++) if (sets[s] === 1) for (const r of f.clobberSets[s]) written[r] = 1;
  const used = new IntBuffer(16);
  for (const r of file.calleeSaved) if (written[r] === 1) used.push(r);
  return [...used.finish().sort()];
}
