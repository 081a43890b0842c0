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
  const root = rootSlots(f);
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

/** The slot each pointer is derived from by `lea`s, −1 for other values. Blocks come in any order, so definitions are followed. */
function rootSlots(f: MirFunction): Int32Array {
  const root = int32(f.valueTypes.length).fill(-1), base = int32(f.valueTypes.length).fill(-1);
  for (const b of f.blocks) {
    for (const i of b.instructions) {
      if (i.kind === 'slot_addr') root[i.result] = i.slot;
      else if (i.kind === 'lea') base[i.result] = i.base;
    }
  }
  const chain: number[] = [];
  for (let v = 0; v < base.length; v++) {
    let at = v;
    // A link that has been followed is cut, so every one is followed once; in code that is never reached they may form a ring.
    while (base[at] >= 0) {
      chain.push(at);
      const next = base[at];
      base[at] = -1;
      at = next;
    }
    for (let k = chain.pop(); k !== undefined; k = chain.pop()) root[k] = root[at];
  }
  return root;
}
