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
import { inOrder } from './simplify-cfg.ts';
import { copyInstruction, renameList, renameOperands, renameTerminator, replaceBlock } from './clone.ts';
import { int32, uint8 } from '../analysis/slab.ts';

/** The pass `compact`. */
export const compact = ownFunctionPass('compact', 'dense value numbers, no unused stack slots', (f, context) => {
  const g = inOrder(f, context.analyses);
  const after = compactFunction(g);
  context.analyses.preserve(g, after);
  return after;
});

/**
 * The function, its blocks in reverse postorder, with values numbered in order of definition; the same object when they
 * are already. In that order every definition comes before its uses, so one walk does all.
 */
function compactFunction(given: MirFunction): MirFunction {
  const f = given.slots.length === 0 ? given : withoutUnusedSlots(given);
  const number = int32(f.valueTypes.length), types: Type[] = f.valueTypes.slice();
  let count = 0;
  const map = (value: Value): Value => number[value];
  const define = (value: Value): Value => {
    types[count] = f.valueTypes[value];
    return number[value] = count++;
  };
  let blocks: Block[] | undefined;
  for (let b = 0; b < f.blocks.length; b++) {
    const block = f.blocks[b], list = block.instructions, { params } = block;
    for (let k = 0; k < params.length; k++) define(params[k]);
    let instructions: Instruction[] | undefined;
    for (let k = 0; k < list.length; k++) {
      const i = list[k], after = renumbered(i, number, map, define);
      if (after !== i) (instructions ??= list.slice())[k] = after;
    }
    const renamed = renameList(params, number), terminator = renameTerminator(block.terminator, number);
    if (instructions === undefined && renamed === params && terminator === block.terminator) { blocks?.push(block); continue; }
    (blocks ??= f.blocks.slice(0, b)).push(replaceBlock(block, renamed, instructions ?? list, terminator));
  }
  if (blocks === undefined && count === types.length) return f;
  types.length = count;
  const out: MirFunction = { ...f, blocks: blocks ?? f.blocks, valueTypes: types };
  if (f.valueNames === undefined) return out;
  const defined = uint8(f.valueTypes.length);
  for (const b of f.blocks) {
    for (const p of b.params) defined[p] = 1;
    for (const i of b.instructions) forEachResult(i, (v) => { defined[v] = 1; });
  }
  const valueNames: Record<number, string> = {};
  for (const key of Object.keys(f.valueNames)) if (defined[Number(key)] === 1) valueNames[number[Number(key)]] = f.valueNames[Number(key)];
  return { ...out, valueNames };
}

/** The instruction with operands by the table and results newly defined; the frequent kinds without a call per operand. */
function renumbered(i: Instruction, to: Int32Array, map: (v: Value) => Value, define: (v: Value) => Value): Instruction {
  switch (i.kind) {
    case 'const': {
      const result = define(i.result);
      return i.result === result ? i : { kind: 'const', type: i.type, value: i.value, result, loc: i.loc };
    }
    case 'binary': {
      const a = to[i.a], b = to[i.b], result = define(i.result);
      return i.result === result && i.a === a && i.b === b ? i : { kind: 'binary', op: i.op, type: i.type, a, b, result, loc: i.loc };
    }
    case 'compare': {
      const a = to[i.a], b = to[i.b], result = define(i.result);
      return i.result === result && i.a === a && i.b === b ? i : { kind: 'compare', op: i.op, type: i.type, a, b, result, loc: i.loc };
    }
    case 'load': {
      const base = to[i.base], index = i.index === NO_VALUE ? NO_VALUE : to[i.index], result = define(i.result);
      return i.result === result && i.base === base && i.index === index ? i : {
        kind: 'load', type: i.type, base, index, scale: i.scale, offset: i.offset, align: i.align, volatile: i.volatile, result, loc: i.loc,
      };
    }
    case 'store': return renameOperands(i, to);
    default: {
      forEachResult(i, define);
      return copyInstruction(i, map, map);
    }
  }
}

/** Drops the slots that nothing names; the same object when there are none. */
function withoutUnusedSlots(f: MirFunction): MirFunction {
  const used = uint8(f.slots.length);
  for (const b of f.blocks) for (const i of b.instructions) if (i.kind === 'slot_addr') used[i.slot] = 1;
  return used.includes(0) ? dropSlots(f, used) : f;
}

function dropSlots(f: MirFunction, used: Uint8Array): MirFunction {
  const number = int32(used.length);
  let n = 0;
  for (let s = 0; s < used.length; s++) number[s] = used[s] !== 0 ? n++ : -1;
  const renumber = (i: Instruction): Instruction => (i.kind === 'slot_addr' && number[i.slot] !== i.slot ? { ...i, slot: number[i.slot] } : i);
  const blocks = f.blocks.map((b) => (b.instructions.some((i) => i.kind === 'slot_addr' && number[i.slot] !== i.slot) ? { ...b, instructions: b.instructions.map(renumber) } : b));
  return { ...f, blocks, slots: f.slots.filter((_, s) => used[s] !== 0) };
}
