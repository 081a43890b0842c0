/** What passes over a whole module ask of each function, found in one walk: its size and whom it calls. */
import type { Edge } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachEdge } from '../mir/operands.ts';

export interface FunctionSummary {
  /** Instructions without constants, calls and terminators counted by what they cost. */
  readonly size: number;
  /** What a copy of the function is made of: instructions, blocks, values, operands in lists; whether they cost anything at run time or not. */
  readonly bulk: number;
  /** Names called directly, in order of the code, tail calls included, repeated per site. */
  readonly callees: readonly string[];
  /** Where the `call` instructions are, in order: pairs of block and position in it. Tail calls are not among them. */
  readonly calls: readonly number[];
  /** True when something is called through the table. */
  readonly callsIndirectly: boolean;
  /** True when it holds stack maps or patch points, whose ids name one place each. */
  readonly isMarked: boolean;
}

/** Summaries by function. */
export type Summaries = (f: MirFunction) => FunctionSummary;

const NONE: readonly never[] = [];

/** Walks the function. */
export function summarise(f: MirFunction): FunctionSummary {
  const blocks = f.blocks;
  let size = 0, bulk = f.valueTypes.length + f.slots.length, callees: string[] | undefined, calls: number[] | undefined, callsIndirectly = false, isMarked = false;
  const countEdge = (e: Edge): void => { bulk += e.args.length; };
  for (let b = 0; b < blocks.length; b++) {
    const { params, instructions, terminator: t } = blocks[b];
    size += instructions.length;
    bulk += 1 + params.length + instructions.length;
    forEachEdge(t, countEdge);
    for (let k = 0; k < instructions.length; k++) {
      const i = instructions[k];
      switch (i.kind) {
        case 'const': size--; break;
        case 'call':
          size += 2 + i.args.length;
          bulk += i.args.length;
          (callees ??= []).push(i.callee);
          (calls ??= []).push(b, k);
          break;
        case 'call_indirect':
          size += 2 + i.args.length;
          bulk += i.args.length;
          callsIndirectly = true;
          break;
        case 'stack_map': case 'patch_point': isMarked = true; break;
        default: break;
      }
    }
    size += t.kind === 'switch' ? t.cases.length : 1;
    if (t.kind === 'tail_call') (callees ??= []).push(t.callee);
    else if (t.kind === 'tail_call_indirect') callsIndirectly = true;
  }
  return { size, bulk, callees: callees ?? NONE, calls: calls ?? NONE, callsIndirectly, isMarked };
}
