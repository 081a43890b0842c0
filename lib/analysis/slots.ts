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

/**
 * Follows slot addresses through `lea`s, however many. Blocks come in any order, so definitions are followed from each
 * pointer; a link that has been followed is cut, so each is followed once (where code is never reached they may form a ring).
 */
export function slotPointers(f: MirFunction): SlotPointers {
  const n = f.valueTypes.length, slot = int32(n).fill(-1), base = int32(n).fill(-1), offset = new Float64Array(n);
  for (const b of f.blocks) {
    for (const i of b.instructions) {
      if (i.kind === 'slot_addr') slot[i.result] = i.slot;
      else if (i.kind === 'lea') {
        base[i.result] = i.base;
        // From the base, until the base's own place is known.
        offset[i.result] = i.index !== NO_VALUE ? -1 : i.offset;
      }
    }
  }
  const chain: number[] = [];
  for (let v = 0; v < n; v++) {
    let at = v;
    while (base[at] >= 0) {
      chain.push(at);
      const next = base[at];
      base[at] = -1;
      at = next;
    }
    for (let p = chain.pop(); p !== undefined; at = p, p = chain.pop()) {
      slot[p] = slot[at];
      offset[p] = slot[at] >= 0 && (offset[at] < 0 || offset[p] < 0) ? -1 : offset[at] + offset[p];
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
