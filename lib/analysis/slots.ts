/** Which stack slots are private to their function, and what is read and written in them. */
import type { Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachTerminatorOperand } from '../mir/operands.ts';
import { int32, uint8 } from './slab.ts';

/** What the pointers of a function that are computed from slot addresses point to, by value. */
export interface SlotPointers {
  /** The slot, −1 for every other value. */
  readonly slot: Int32Array;
  /** Bytes from its start, −1 when an index on the way hides them. */
  readonly offset: Float64Array;
}

/** Follows slot addresses through `lea`s, however many. */
export function slotPointers(f: MirFunction): SlotPointers {
  const slot = int32(f.valueTypes.length).fill(-1), offset = new Float64Array(f.valueTypes.length);
  // Definitions may follow uses in block order; a second sweep settles what the first could not see.
  for (let any = true; any;) {
    any = false;
    for (const b of f.blocks) {
      for (const i of b.instructions) {
        if (i.kind !== 'slot_addr' && i.kind !== 'lea' || slot[i.result] >= 0) continue;
        if (i.kind === 'slot_addr') {
          slot[i.result] = i.slot;
        } else if (slot[i.base] >= 0) {
          slot[i.result] = slot[i.base];
          offset[i.result] = i.index !== NO_VALUE || offset[i.base] < 0 ? -1 : offset[i.base] + i.offset;
        } else continue;
        any = true;
      }
    }
  }
  return { slot, offset };
}

/**
 * 1 for each slot whose address is used for anything but plain loads and stores (as their base) and `lea`s that are
 * themselves so used: some other code may know the address.
 */
export function escapingSlots(f: MirFunction, pointers?: SlotPointers): Uint8Array {
  const escapes = uint8(f.slots.length);
  if (f.slots.length === 0) return escapes;
  const root = (pointers ?? slotPointers(f)).slot;
  const escape = (v: Value): void => { if (root[v] >= 0) escapes[root[v]] = 1; };
  for (const b of f.blocks) {
    for (const i of b.instructions) {
      switch (i.kind) {
        case 'load': if (i.index !== NO_VALUE) escape(i.index); break;
        case 'store': if (i.index !== NO_VALUE) escape(i.index); escape(i.value); break;
        case 'lea': if (i.index !== NO_VALUE) escape(i.index); break;
        default: forEachOperand(i, escape);
      }
    }
    forEachTerminatorOperand(b.terminator, escape);
  }
  return escapes;
}
