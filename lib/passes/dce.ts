/**
 * Dead code elimination, aggressive in values, never in control flow: everything starts dead; what has an effect,
 * can trap, or decides control is alive, and so is what the living read. Dead block parameters go with their edge
 * arguments, so a loop variable that only feeds itself disappears too. Loops are never removed: one may not end.
 */
import { incomingEdges, type Cfg } from '../analysis/cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import { cannotTrap, type TrapFacts } from '../analysis/traps.ts';
import { forEachDirectOperand } from '../analysis/uses.ts';
import type { Edge, Instruction, Value } from '../mir/instruction.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import { forEachOperand, hasSideEffect, mapEdges, mayTrap, singleResult } from '../mir/operands.ts';
import { cutTo, replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { inOrder } from './simplify-cfg.ts';

/** The pass `dce`. */
export const deadCode = ownFunctionPass('dce', 'removes instructions and block parameters whose results nobody needs', (f, context) => {
  const { analyses, module } = context, g = inOrder(f, analyses);
  const after = removeDeadCode(g, analyses.cfg(g), module, analyses.globals(module));
  analyses.preserve(g, after);
  return after;
});

/** In {@link Liveness.result}: look at the instruction itself. */
const SEVERAL = -2;

interface Liveness {
  /** 1 for values that are needed. */
  readonly alive: Uint8Array;
  /** By position in the function: 1 for an instruction that lives by itself. */
  readonly roots: Uint8Array;
  /** By position in the function: the value an instruction defines, NO_VALUE or {@link SEVERAL}. */
  readonly result: Int32Array;
}

/** The function, its blocks in reverse postorder, without dead instructions and parameters; the same object when all are alive. */
function removeDeadCode(f: MirFunction, cfg: Cfg, module: Module, globals: ReadonlyMap<string, number>): MirFunction {
  const { alive, roots, result } = findLiving(f, cfg, module, globals);
  let blocks: Block[] | undefined;
  // Which blocks lose parameters, so that edges to them lose arguments.
  const shrinks = uint8(f.blocks.length);
  for (let b = 1; b < f.blocks.length; b++) {
    const { params } = f.blocks[b];
    for (let k = 0; k < params.length; k++) if (alive[params[k]] === 0) shrinks[b] = 1;
  }
  const shrinkEdge = (e: Edge): Edge => {
    if (shrinks[e.block] === 0) return e;
    return { block: e.block, args: living(e.args, f.blocks[e.block].params, alive) };
  };
  let at = 0;
  for (let b = 0; b < f.blocks.length; b++) {
    const block = f.blocks[b], list = block.instructions;
    let kept: Instruction[] | undefined, n = 0;
    for (let k = 0; k < list.length; k++, at++) {
      const r = result[at];
      if (roots[at] !== 0 || r >= 0 && alive[r] !== 0 || r === SEVERAL && isPairAlive(list[k], alive)) { if (kept !== undefined) kept[n] = list[k]; n++; } else kept ??= list.slice();
    }
    if (kept !== undefined) cutTo(kept, n);
    const params = shrinks[b] !== 0 ? living(block.params, block.params, alive) : block.params;
    const terminator = mapEdges(block.terminator, shrinkEdge);
    if (kept === undefined && params === block.params && terminator === block.terminator) continue;
    (blocks ??= f.blocks.slice())[b] = replaceBlock(block, params, kept ?? list, terminator);
  }
  return blocks === undefined ? f : { ...f, blocks };
}

/** Those of `list` whose partner in `params` is alive. */
function living(list: readonly Value[], params: readonly Value[], alive: Uint8Array): Value[] {
  const kept: Value[] = [];
  for (let k = 0; k < list.length; k++) if (alive[params[k]] !== 0) kept.push(list[k]);
  return kept;
}

function isRoot(i: Instruction, facts: TrapFacts): boolean {
  switch (i.kind) {
    case 'const': case 'compare': case 'select': return false;
    default: return hasSideEffect(i) || mayTrap(i) && !cannotTrap(i, facts);
  }
}

function isPairAlive(i: Instruction, alive: Uint8Array): boolean {
  return i.kind === 'pair' && (alive[i.result] !== 0 || alive[i.result2] !== 0);
}

/** One walk finds definitions and what lives by itself; from there to all that is read. */
function findLiving(f: MirFunction, cfg: Cfg, module: Module, globals: ReadonlyMap<string, number>): Liveness {
  const { blocks } = f, count = f.valueTypes.length;
  let total = 0;
  for (let b = 0; b < blocks.length; b++) total += blocks[b].instructions.length;
  const alive = uint8(count), roots = uint8(total), result = int32(total);
  const definitions = new Array<Instruction | undefined>(count).fill(undefined);
  // Block and position of parameters.
  const home = int32(count).fill(-1), position = int32(count);
  const facts: TrapFacts = { function: f, module, globals, definitions };
  const work: Value[] = [];
  const mark = (v: Value): void => { if (alive[v] === 0) { alive[v] = 1; work.push(v); } };
  for (let at = 0, b = 0; b < blocks.length; b++) {
    const { params, instructions, terminator } = blocks[b];
    for (let k = 0; k < params.length; k++) { home[params[k]] = b; position[params[k]] = k; }
    for (let k = 0; k < instructions.length; k++, at++) {
      const i = instructions[k];
      switch (i.kind) { // the frequent kinds without further calls
        case 'const': case 'compare': case 'select': case 'unary':
          result[at] = i.result;
          definitions[i.result] = i;
          continue;
        case 'store':
          result[at] = -1;
          roots[at] = 1;
          mark(i.base);
          if (i.index >= 0) mark(i.index);
          mark(i.value);
          continue;
        case 'binary': case 'load': case 'convert':
          result[at] = i.result;
          definitions[i.result] = i;
          break;
        case 'pair':
          result[at] = SEVERAL;
          definitions[i.result] = i;
          definitions[i.result2] = i;
          break;
        case 'call': case 'call_indirect':
          result[at] = -1;
          for (let r = 0; r < i.results.length; r++) definitions[i.results[r]] = i;
          break;
        default: {
          const r = result[at] = singleResult(i);
          if (r >= 0) definitions[r] = i;
        }
      }
      if (isRoot(i, facts)) { roots[at] = 1; forEachOperand(i, mark); }
    }
    forEachDirectOperand(terminator, mark);
  }
  for (const p of blocks[0].params) alive[p] = 1;
  // Arguments of edges into the entry, should there be any, are needed as its parameters stay.
  const incoming = incomingEdges(f, cfg);
  for (let e = cfg.predStart[0]; e < cfg.predStart[1]; e++) incoming[e].args.forEach(mark);
  while (work.length > 0) {
    const v = work.pop()!, i = definitions[v];
    if (i !== undefined) {
      switch (i.kind) { // the frequent kinds without a call per operand
        case 'const': break;
        case 'binary': case 'compare':
          if (alive[i.a] === 0) { alive[i.a] = 1; work.push(i.a); }
          if (alive[i.b] === 0) { alive[i.b] = 1; work.push(i.b); }
          break;
        default: forEachOperand(i, mark);
      }
      continue;
    }
    const b = home[v];
    if (b < 0) continue;
    for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) mark(incoming[e].args[position[v]]);
  }
  return { alive, roots, result };
}
