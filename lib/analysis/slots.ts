/** Which stack slots are private to their function, and what is read and written in them. */
import type { Instruction, Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachTerminatorOperand } from '../mir/operands.ts';
import { int32, uint8 } from './slab.ts';

/** The slot a pointer points into and where; `slot` −1 when it is no known place of a slot. */
export interface SlotPlace { readonly slot: number; readonly offset: number }

const NOWHERE: SlotPlace = { slot: -1, offset: 0 };

/** Follows a pointer through `lea`s with constant offset to a `slot_addr`. */
export function slotPlace(v: Value, definitions: readonly (Instruction | undefined)[]): SlotPlace {
  let offset = 0;
  for (let hop = 0; hop < 16; hop++) {
    const d = definitions[v];
    if (d?.kind === 'slot_addr') return { slot: d.slot, offset };
    if (d?.kind !== 'lea' || d.index !== NO_VALUE) return NOWHERE;
    offset += d.offset;
    v = d.base;
  }
  return NOWHERE;
}

/**
 * 1 for each slot whose address is used for anything but plain loads and stores (as their base) and `lea`s that are
 * themselves so used: some other code may know the address.
 */
export function escapingSlots(f: MirFunction): Uint8Array {
  const escapes = uint8(f.slots.length);
  if (f.slots.length === 0) return escapes;
  // Root slot of each pointer derived by lea, −1 for others.
  const root = int32(f.valueTypes.length).fill(-1);
  let any = true;
  const escape = (v: Value): void => { if (root[v] >= 0) escapes[root[v]] = 1; };
  // Definitions may follow uses in block order; a second sweep settles what the first could not see.
  while (any) {
    any = false;
    for (const b of f.blocks) {
      for (const i of b.instructions) {
        if (i.kind !== 'slot_addr' && i.kind !== 'lea') continue;
        const r: number = i.kind === 'slot_addr' ? i.slot : root[i.base];
        if (r >= 0 && root[i.result] !== r) {
          root[i.result] = r;
          any = true;
        }
      }
    }
  }
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
