/**
 * Dead code elimination, aggressive in values, never in control flow: everything starts dead; what has an effect,
 * can trap, or decides control is alive, and so is what the living read. Dead block parameters go with their edge
 * arguments, so a loop variable that only feeds itself disappears too. Loops are never removed: one may not end.
 */
import { incomingEdges, type Cfg } from '../analysis/cfg.ts';
import { cannotTrap, type TrapFacts } from '../analysis/traps.ts';
import { forEachDirectOperand, type Definitions } from '../analysis/uses.ts';
import type { Edge, Instruction, Value } from '../mir/instruction.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import { forEachOperand, hasSideEffect, mapEdges, mayTrap } from '../mir/operands.ts';
import { replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { uint8 } from '../analysis/slab.ts';

/** The pass `dce`. */
export const deadCode = ownFunctionPass('dce', 'removes instructions and block parameters whose results nobody needs', (f, context) => {
  const { analyses, module } = context;
  const after = removeDeadCode(f, analyses.cfg(f), analyses.definitions(f), module, analyses.globals(module));
  analyses.preserve(f, after);
  return after;
});

/** The function without dead instructions and parameters; the same object when all are alive. */
export function removeDeadCode(f: MirFunction, cfg: Cfg, definitions: Definitions, module: Module, globals: ReadonlyMap<string, number>): MirFunction {
  const facts: TrapFacts = { function: f, module, globals, definitions: definitions.instruction };
  let total = 0;
  for (const b of f.blocks) total += b.instructions.length;
  const roots = uint8(total), alive = markAlive(f, cfg, definitions, facts, roots);
  let blocks: Block[] | undefined;
  // Which blocks lose parameters, so that edges to them lose arguments.
  const shrinks = uint8(f.blocks.length);
  for (let b = 1; b < f.blocks.length; b++) {
    for (const p of f.blocks[b].params) if (alive[p] === 0) shrinks[b] = 1;
  }
  const shrinkEdge = (e: Edge): Edge => {
    if (shrinks[e.block] === 0) return e;
    const params = f.blocks[e.block].params;
    return { block: e.block, args: e.args.filter((_, k) => alive[params[k]] !== 0) };
  };
  let at = 0;
  for (let b = 0; b < f.blocks.length; b++) {
    const block = f.blocks[b], list = block.instructions;
    let kept: Instruction[] | undefined;
    for (let k = 0; k < list.length; k++) {
      const i = list[k];
      if (roots[at++] !== 0 || isResultAlive(i, alive)) { kept?.push(i); continue; }
      kept ??= list.slice(0, k);
    }
    const params = shrinks[b] !== 0 ? block.params.filter((p) => alive[p] !== 0) : block.params;
    const terminator = mapEdges(block.terminator, shrinkEdge);
    if (kept === undefined && params === block.params && terminator === block.terminator) continue;
    (blocks ??= f.blocks.slice())[b] = replaceBlock(block, params, kept ?? list, terminator);
  }
  return blocks === undefined ? f : { ...f, blocks };
}

function isRoot(i: Instruction, facts: TrapFacts): boolean {
  if (i.kind === 'const' || i.kind === 'compare') return false;
  return hasSideEffect(i) || mayTrap(i) && !cannotTrap(i, facts);
}

function isResultAlive(i: Instruction, alive: Uint8Array): boolean {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': case 'call': case 'call_indirect': return false;
    case 'pair': return alive[i.result] !== 0 || alive[i.result2] !== 0;
    default: return alive[i.result] !== 0;
  }
}

/** Marks living values, and in `roots`, by position in the function, the instructions that live by themselves. */
function markAlive(f: MirFunction, cfg: Cfg, definitions: Definitions, facts: TrapFacts, roots: Uint8Array): Uint8Array {
  const alive = uint8(f.valueTypes.length);
  const work: Value[] = [];
  const mark = (v: Value): void => { if (alive[v] === 0) { alive[v] = 1; work.push(v); } };
  for (const p of f.blocks[0].params) alive[p] = 1;
  let at = 0;
  for (const b of f.blocks) {
    for (let k = 0; k < b.instructions.length; k++) {
      const i = b.instructions[k];
      if (isRoot(i, facts)) { roots[at] = 1; forEachOperand(i, mark); }
      at++;
    }
    forEachDirectOperand(b.terminator, mark);
  }
  // Arguments of edges into the entry, should there be any, are needed as its parameters stay.
  const incoming = incomingEdges(f, cfg);
  for (let e = cfg.predStart[0]; e < cfg.predStart[1]; e++) incoming[e].args.forEach(mark);
  while (work.length > 0) {
    const v = work.pop()!, i = definitions.instruction[v];
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
    const b = definitions.block[v];
    if (b < 0) continue;
    for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) mark(incoming[e].args[definitions.param[v]]);
  }
  return alive;
}
