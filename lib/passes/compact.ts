/**
 * Renumbering at the end: values dense in order of definition, value names and unused stack slots cleaned up. Later
 * stages index arrays by value, so holes cost them time.
 */
import type { Instruction, Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachResult } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { ownFunctionPass } from './pass.ts';
import { withoutUnreachable } from './simplify-cfg.ts';
import { copyInstruction, renameList, renameOperands, renameTerminator, replaceBlock } from './clone.ts';
import { int32, uint8 } from '../analysis/slab.ts';

/** The pass `compact`. */
export const compact = ownFunctionPass('compact', 'dense value numbers, no unused stack slots', (f, context) => {
  const g = withoutUnreachable(f, context.analyses.cfg(f));
  const after = compactFunction(g);
  context.analyses.preserve(g, after);
  return after;
});

/** The function with values numbered in order of definition; the same object when they are already. */
export function compactFunction(f: MirFunction): MirFunction {
  const number = int32(f.valueTypes.length).fill(-1);
  const types: Type[] = [];
  let dense = true, v = 0;
  const define = (value: Value): void => {
    if (value !== v) dense = false;
    number[value] = v++;
    types.push(f.valueTypes[value]);
  };
  const usedSlots = uint8(f.slots.length);
  for (const b of f.blocks) {
    for (const p of b.params) define(p);
    for (let k = 0; k < b.instructions.length; k++) {
      const i = b.instructions[k];
      if (i.kind === 'slot_addr') usedSlots[i.slot] = 1;
      switch (i.kind) {
        case 'binary': case 'const': case 'load': case 'compare': define(i.result); break;
        case 'store': break;
        default: forEachResult(i, define);
      }
    }
  }
  const g = usedSlots.includes(0) ? dropSlots(f, usedSlots) : f;
  if (dense && v === f.valueTypes.length) return g;
  const map = (value: Value): Value => number[value];
  const blocks: Block[] = [];
  for (const b of g.blocks) {
    const instructions: Instruction[] = [];
    for (let k = 0; k < b.instructions.length; k++) instructions.push(renumbered(b.instructions[k], number, map));
    blocks.push(replaceBlock(b, renameList(b.params, number), instructions, renameTerminator(b.terminator, number)));
  }
  const out: MirFunction = { ...g, blocks, valueTypes: types };
  if (f.valueNames === undefined) return out;
  const valueNames: Record<number, string> = {};
  for (const key of Object.keys(f.valueNames)) {
    const at = number[Number(key)];
    if (at !== undefined && at >= 0) valueNames[at] = f.valueNames[Number(key)];
  }
  return { ...out, valueNames };
}

/** The instruction with operands and results by the table; the frequent kinds without a call per value. */
function renumbered(i: Instruction, to: Int32Array, map: (v: Value) => Value): Instruction {
  switch (i.kind) {
    case 'const': return i.result === to[i.result] ? i : { kind: 'const', type: i.type, value: i.value, result: to[i.result], loc: i.loc };
    case 'binary': return { kind: 'binary', op: i.op, type: i.type, a: to[i.a], b: to[i.b], result: to[i.result], loc: i.loc };
    case 'compare': return { kind: 'compare', op: i.op, type: i.type, a: to[i.a], b: to[i.b], result: to[i.result], loc: i.loc };
    case 'load':
      return {
        kind: 'load', type: i.type, base: to[i.base], index: i.index === NO_VALUE ? NO_VALUE : to[i.index], scale: i.scale, offset: i.offset,
        align: i.align, volatile: i.volatile, result: to[i.result], loc: i.loc,
      };
    case 'store': return renameOperands(i, to);
    default: return copyInstruction(i, map, map);
  }
}

function dropSlots(f: MirFunction, used: Uint8Array): MirFunction {
  const number = int32(used.length);
  let n = 0;
  for (let s = 0; s < used.length; s++) number[s] = used[s] !== 0 ? n++ : -1;
  const renumber = (i: Instruction): Instruction => (i.kind === 'slot_addr' && number[i.slot] !== i.slot ? { ...i, slot: number[i.slot] } : i);
  const blocks = f.blocks.map((b) => (b.instructions.some((i) => i.kind === 'slot_addr' && number[i.slot] !== i.slot) ? { ...b, instructions: b.instructions.map(renumber) } : b));
  return { ...f, blocks, slots: f.slots.filter((_, s) => used[s] !== 0) };
}
