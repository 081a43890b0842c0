/** Splats, single lanes, shuffles. */
import type { ExtractLaneInst, InsertLaneInst, ShuffleInst, SplatInst } from '../../lib/mir/instruction.ts';
import type { SelectContext } from './select-context.ts';

/** Emits the instruction; false when there is no code for it. */
export function lowerLanes(_s: SelectContext, _i: SplatInst | ExtractLaneInst | InsertLaneInst): boolean { return false; }
export function lowerShuffle(_s: SelectContext, _i: ShuffleInst): boolean { return false; }
