/**
 * Control-flow clean-up: what edges lead to ({@link threadEdges}), straight-line merging, unreachable blocks; blocks
 * come out in reverse postorder.
 */
import { renumberedCfg, type Cfg } from '../analysis/cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import type { Edge, Instruction } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { mapEdges } from '../mir/operands.ts';
import { propagateCopies } from './block-params.ts';
import { renameAll, renameTerminator, replaceBlock } from './clone.ts';
import type { AnalysisManager } from './context.ts';
import { ownFunctionPass } from './pass.ts';
import { threadEdges } from './thread-edges.ts';

/** The pass `simplify-cfg`. */
export const simplifyControlFlow = ownFunctionPass('simplify-cfg', 'constant branches, jump threading, merging, unreachable blocks',
  (f, context) => simplifyCfg(f, context.analyses));

/** The pass `copy-propagation`. */
export const copyPropagation = ownFunctionPass('copy-propagation', 'block parameters that always take one value are that value',
  (f, context) => {
    const g = inOrder(f, context.analyses);
    const after = propagateCopies(g, context.analyses.cfg(g));
    context.analyses.preserve(g, after);
    return after;
  });

/** All clean-ups once; the same object when nothing applied. */
export function simplifyCfg(f: MirFunction, analyses: AnalysisManager): MirFunction {
  if (f.blocks.length === 1) return f;
  const cfg = analyses.cfg(f), threaded = threadEdges(f, cfg);
  return mergeChains(threaded, threaded === f ? cfg : analyses.cfg(threaded), analyses);
}

/** {@link withoutUnreachable}; the analyses know the graph of what comes out. */
export function inOrder(f: MirFunction, analyses: AnalysisManager): MirFunction {
  const cfg = analyses.cfg(f), after = withoutUnreachable(f, cfg);
  if (after !== f) analyses.provideCfg(after, renumberedCfg(cfg, cfg.rpo.length, cfg.rpo, cfg.rpoIndex));
  return after;
}

/** Drops unreachable blocks and numbers the others in reverse postorder; the same object when that is how they are. */
export function withoutUnreachable(f: MirFunction, cfg: Cfg): MirFunction {
  const n = f.blocks.length;
  let same = cfg.rpo.length === n;
  for (let k = 0; same && k < n; k++) same = cfg.rpo[k] === k;
  if (same) return f;
  const move = (e: Edge): Edge => (cfg.rpoIndex[e.block] === e.block ? e : { block: cfg.rpoIndex[e.block], args: e.args });
  const blocks: Block[] = [];
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = f.blocks[cfg.rpo[k]], terminator = mapEdges(b.terminator, move);
    blocks.push(terminator === b.terminator ? b : replaceBlock(b, b.params, b.instructions, terminator));
  }
  return { ...f, blocks };
}

/**
 * Appends every block that has one predecessor, which only jumps to it, to that predecessor; drops unreachable blocks
 * and numbers the others in reverse postorder. A chain is contiguous in that order, so the order without the blocks that
 * were appended is a reverse postorder of what remains.
 */
function mergeChains(f: MirFunction, cfg: Cfg, analyses: AnalysisManager): MirFunction {
  const n = f.blocks.length, { rpo } = cfg;
  const absorbed = uint8(n);
  // Edges from unreachable blocks do not count.
  const entries = int32(n);
  entries[0] = 1;
  for (let k = 0; k < rpo.length; k++) {
    const b = rpo[k];
    for (let e = cfg.succStart[b]; e < cfg.succStart[b + 1]; e++) entries[cfg.succs[e]]++;
  }
  let found = false, replaces = false;
  for (let k = 0; k < rpo.length; k++) {
    const b = rpo[k], t = f.blocks[b].terminator;
    if (t.kind !== 'jump' || entries[t.target.block] !== 1 || t.target.block === b) continue;
    absorbed[t.target.block] = 1;
    found = true;
    if (t.target.args.length > 0) replaces = true;
  }
  if (!found) return inOrder(f, analyses);
  const replacement = int32(replaces ? f.valueTypes.length : 0);
  for (let v = 0; v < replacement.length; v++) replacement[v] = v;
  const number = int32(n);
  let count = 0;
  for (let k = 0; k < rpo.length; k++) if (absorbed[rpo[k]] === 0) number[rpo[k]] = count++;
  const move = (e: Edge): Edge => (number[e.block] === e.block ? e : { block: number[e.block], args: e.args });
  const blocks: Block[] = [], ends = int32(count);
  // In reverse postorder, so that an argument is mapped before the parameter that becomes it is met.
  for (let k = 0; k < rpo.length; k++) {
    if (absorbed[rpo[k]] !== 0) continue;
    const head = f.blocks[rpo[k]];
    let end = rpo[k], tail = head, instructions = replaces ? renameAll(head.instructions, replacement) : head.instructions, joined: Instruction[] | undefined;
    for (;;) {
      const t = tail.terminator;
      if (t.kind !== 'jump' || absorbed[t.target.block] === 0) break;
      end = t.target.block;
      const next = f.blocks[end];
      for (let p = 0; p < next.params.length; p++) replacement[next.params[p]] = replacement[t.target.args[p]];
      tail = next;
      if (next.instructions.length === 0) continue;
      const list = replaces ? renameAll(next.instructions, replacement) : next.instructions;
      if (instructions.length === 0) { instructions = list; continue; }
      if (joined === undefined) instructions = joined = instructions.slice();
      for (let i = 0; i < list.length; i++) joined.push(list[i]);
    }
    ends[blocks.length] = end;
    const terminator = mapEdges(replaces ? renameTerminator(tail.terminator, replacement) : tail.terminator, move);
    blocks.push(instructions === head.instructions && terminator === head.terminator ? head : replaceBlock(head, head.params, instructions, terminator));
  }
  const after: MirFunction = { ...f, blocks };
  analyses.provideCfg(after, renumberedCfg(cfg, count, ends, number));
  return after;
}
