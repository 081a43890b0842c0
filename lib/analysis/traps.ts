/** Which of the instructions that can trap are known not to. */
import type { Instruction, LoadInst, StoreInst } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { MirFunction, Module } from '../mir/module.ts';
import { mayTrap } from '../mir/operands.ts';
import { sizeOf } from '../mir/types.ts';

/** Bytes of each global by name, for {@link cannotTrap}. */
export function globalSizes(m: Module): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const g of m.globals) sizes.set(g.name, g.size);
  return sizes;
}

/** What {@link cannotTrap} needs to know. */
export interface TrapFacts {
  readonly function: MirFunction;
  readonly module: Module;
  readonly globals: ReadonlyMap<string, number>;
  readonly definitions: readonly (Instruction | undefined)[];
}

/** True when this instruction is known to finish: it is of a kind that never traps, or its operands show it. */
export function cannotTrap(i: Instruction, facts: TrapFacts): boolean {
  if (!mayTrap(i)) return true;
  switch (i.kind) {
    case 'binary': {
      const d = facts.definitions[i.b];
      if (d?.kind !== 'const' || d.value === 0 || d.value === 0n) return false;
      return i.op !== 'sdiv' || d.value !== -1 && d.value !== -1n;
    }
    case 'load': case 'store': return isInsideObject(i, facts);
    default: return false;
  }
}

/** True when an access at a constant offset lies inside a stack slot or global. */
function isInsideObject(i: LoadInst | StoreInst, facts: TrapFacts): boolean {
  if (i.index !== NO_VALUE) return false;
  let offset = i.offset, d = facts.definitions[i.base];
  if (d?.kind === 'lea' && d.index === NO_VALUE) {
    offset += d.offset;
    d = facts.definitions[d.base];
  }
  const end = offset + sizeOf(i.type, facts.module.memoryModel);
  if (d?.kind === 'slot_addr') return end <= facts.function.slots[d.slot].size;
  if (d?.kind === 'global_addr') return end <= (facts.globals.get(d.global) ?? 0);
  return false;
}
