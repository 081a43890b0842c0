/**
 * Whether two memory accesses can touch a common byte.
 *
 * An access that does not trap lies at `base + index * scale + offset` modulo the size of the address space, whether
 * or not the parts wrap on the way. So addresses are compared as sums: a root (a value, a slot, or an absolute
 * address), a scaled index, and a constant, and two with equal root and index are apart when their constants are, in
 * either direction around. Nothing is assumed about distinct pointers: MIR has no undefined behaviour to lean on.
 */
import type { Address, Instruction, Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { MemoryLayout } from '../mir/layout.ts';
import type { MirFunction, Module } from '../mir/module.ts';
import { sizeOf, type Type } from '../mir/types.ts';
import { escapingSlots } from './slots.ts';

/** In {@link Location.index}: several indices, or too many to follow; equal to nothing. */
const UNKNOWN = -2;

/** An address taken apart. */
export interface Location {
  readonly root: 'value' | 'slot' | 'absolute';
  /** The value, or the number of the slot; 0 for an absolute address. */
  readonly id: number;
  readonly index: Value;
  readonly scale: number;
  readonly constant: number;
  readonly size: number;
}

/** What the analysis knows of one function. */
export interface AliasFacts {
  readonly definitions: readonly (Instruction | undefined)[];
  readonly escapes: Uint8Array;
  readonly slotSizes: readonly number[];
  readonly module: Module;
  /** Layout of the linear memory; undefined in the native model, where globals have no known address. */
  readonly layout: MemoryLayout | undefined;
}

export function aliasFacts(f: MirFunction, module: Module, layout: MemoryLayout | undefined, definitions: readonly (Instruction | undefined)[]): AliasFacts {
  return { definitions, escapes: escapingSlots(f), slotSizes: f.slots.map((s) => s.size), module, layout };
}

/** Takes the address of an access of `type` apart. */
export function locate(a: Address, type: Type, facts: AliasFacts): Location {
  let base = a.base, index = a.index, scale = a.scale, constant = a.offset;
  const size = sizeOf(type, facts.module.memoryModel);
  for (let hop = 0; hop < 8; hop++) {
    const d = facts.definitions[base];
    if (d?.kind !== 'lea' || d.index !== NO_VALUE && index !== NO_VALUE) break;
    if (d.index !== NO_VALUE) { index = d.index; scale = d.scale; }
    constant += d.offset;
    base = d.base;
  }
  for (let hop = 0; index !== NO_VALUE && hop < 4; hop++) {
    const x = facts.definitions[index];
    if (x?.kind === 'const') {
      if (!isExact(x.value)) break;
      constant += Number(x.value) * scale;
      index = NO_VALUE;
    } else if (x?.kind === 'binary' && x.op === 'add') {
      const k = facts.definitions[x.b];
      if (k?.kind !== 'const' || !isExact(k.value)) break;
      constant += Number(k.value) * scale;
      index = x.a;
    } else break;
  }
  if (index === NO_VALUE) scale = 1;
  // Two indices on the way: the place is unknown, but the object it starts from is not.
  for (let hop = 0; facts.definitions[base]?.kind === 'lea'; hop++) {
    if (hop === 64) return { root: 'value', id: base, index: UNKNOWN, scale: 1, constant: 0, size };
    base = (facts.definitions[base] as Address).base;
    index = UNKNOWN;
    scale = 1;
  }
  const d = facts.definitions[base];
  if (d?.kind === 'slot_addr') return { root: 'slot', id: d.slot, index, scale, constant, size };
  if (d?.kind === 'const' && typeof d.value === 'number' && isExact(d.value)) return { root: 'absolute', id: 0, index, scale, constant: constant + d.value, size };
  if (d?.kind === 'global_addr' && facts.layout !== undefined) {
    // In the native model the layout tells where globals lie among each other, not where they lie.
    return { root: 'absolute', id: facts.module.memoryModel === 'linear' ? 0 : 1, index, scale, constant: constant + (facts.layout.globalByName.get(d.global) ?? 0), size };
  }
  return { root: 'value', id: base, index, scale, constant, size };
}

/** Sums of a few such constants, times a scale, are exact and far from going around 64 bits. */
function isExact(k: number | bigint): boolean { return k < EXACT && k > -EXACT; }
const EXACT = 2 ** 44;

/** False only when the two accesses can have no byte in common. */
export function mayAlias(x: Location, y: Location, facts: AliasFacts): boolean {
  if (x.root === y.root && x.id === y.id && x.index === y.index && x.index !== UNKNOWN && (x.index === NO_VALUE || x.scale === y.scale)) {
    return overlaps(x.constant, x.size, y.constant, y.size, facts.module.memoryModel === 'linear');
  }
  if (x.root === 'slot' && (y.root !== 'slot' || y.id !== x.id)) return !isApart(x, y, facts);
  if (y.root === 'slot' && x.root !== 'slot') return !isApart(y, x, facts);
  return true;
}

/** The slot access `x` against an access elsewhere. */
function isApart(x: Location, y: Location, facts: AliasFacts): boolean {
  if (!isInside(x, facts)) return false;
  // No pointer from anywhere else leads to a slot that does not escape.
  if (facts.escapes[x.id] === 0 && y.root !== 'slot' && y.index !== UNKNOWN) return true;
  if (y.root === 'slot') return isInside(y, facts);
  // A slot is never inside a global; the exact place must be known to lie below the stack.
  return y.root === 'absolute' && y.index === NO_VALUE && facts.layout !== undefined
    && y.constant >= 0 && y.constant + y.size <= facts.layout.stackLow;
}

/** An access at a constant place inside its slot. */
function isInside(x: Location, facts: AliasFacts): boolean {
  return x.index === NO_VALUE && x.constant >= 0 && x.constant + x.size <= facts.slotSizes[x.id];
}

function overlaps(a: number, sizeA: number, b: number, sizeB: number, linear: boolean): boolean {
  const d = b - a;
  // So near, the other way around is too far: no need for remainders, which are slow on numbers this large.
  if (!linear || d < 0x40000000 && d > -0x40000000) return d < sizeA && -d < sizeB;
  const space = 2 ** 32, around = ((d % space) + space) % space;
  return around < sizeA || space - around < sizeB;
}
