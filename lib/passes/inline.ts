/**
 * Function inlining, callees first, so that what is copied has had its own calls inlined already.
 *
 * A call becomes: the callee's blocks with fresh values, its parameters replaced by the arguments, its returns jumps
 * to a new block whose parameters are the call's results. A tail call inside the copy becomes a call followed by that
 * jump: the frame it used to replace is gone, so the stack is no deeper than before. Locations are kept, so a trap
 * still names the line it happened at.
 *
 * What is copied: small callees; larger ones that have this one call; and a small directly recursive function into
 * itself a few times, which divides the number of calls it makes.
 */
import { mayBeReentered, type CallGraph } from '../analysis/call-graph.ts';
import { summarise, type FunctionSummary, type Summaries } from '../analysis/function-summary.ts';
import type { CallInst, Edge, Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction, Module, StackSlot } from '../mir/module.ts';
import { mapEdges, mapTerminatorOperands } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { copyInstruction, replaceBlock } from './clone.ts';
import type { AnalysisManager } from './context.ts';
import { ownPass, type Pass } from './pass.ts';
import { int32, uint8 } from '../analysis/slab.ts';

/** How eager inlining is; sizes count instructions without constants. */
export interface InlineLimits {
  /** Callees up to this size are copied to every call. */
  readonly small: number;
  /** Callees up to this size are copied when theirs is the only call. */
  readonly single: number;
  /** A function does not grow past this. */
  readonly caller: number;
  /** A directly recursive function is copied into itself while it stays within this; 0: never. */
  readonly recursive: number;
}

export const INLINE_O2: InlineLimits = Object.freeze({ small: 30, single: 300, caller: 3000, recursive: 80 });
export const INLINE_O3: InlineLimits = Object.freeze({ small: 70, single: 1000, caller: 8000, recursive: 160 });

/**
 * Most bytes of stack slots that inlining may add to a function, all its copies together. A copy's slots are part of the
 * frame for as long as the function runs, also while it calls others, so they make the stack deeper than the calls
 * did. In a function that has one activation at a time this is all they cost; one that may be on the stack many times
 * gets none (see {@link mayBeReentered}).
 */
const MAX_SLOT_BYTES = 512;

/** In `able`: a function whose only call has been replaced by a copy, so that nothing needs it any more. */
const COPIED = 2;

/**
 * What may be copied in a whole module: `size` as {@link InlineLimits} count, and `bulk`. Limits per function bound its
 * size, but along a chain of calls the same instructions are copied again at every level, and constants, unused values and
 * operands have no size; this bounds the work to a multiple of the module.
 */
interface Budget { size: number; bulk: number }

function copyBudget(module: Module, summaryOf: Summaries): Budget {
  let size = 0, bulk = 0;
  for (const f of module.functions) {
    for (const b of f.blocks) size += b.instructions.length + 1;
    bulk += summaryOf(f).bulk;
  }
  return { size: 20_000 + 8 * size, bulk: 200_000 + 16 * bulk };
}

/** The pass `inline` with the limits of a level. */
export function inlinePass(limits: InlineLimits): Pass {
  return ownPass({
    name: 'inline', description: 'small and singly called functions are copied to their calls', stage: 'optimise',
    run: (module, context) => inlineCalls(module, limits, context.analyses, (n) => context.count('inlined', n)),
  });
}

function inlineCalls(module: Module, limits: InlineLimits, analyses: AnalysisManager, count: (n: number) => void): Module {
  const graph = analyses.callGraph(module), index = analyses.functionIndex(module), summaryOf = analyses.summaries;
  const functions = module.functions.slice(), sizes = int32(functions.length), bulks = int32(functions.length), able = uint8(functions.length);
  // What is made here is summarised without being remembered: along a chain of calls most of it is dropped again.
  const reentered = mayBeReentered(module, graph, summaryOf, index);
  const budget = copyBudget(module, summaryOf);
  let changed = false;
  for (let k = 0; k < graph.bottomUp.length; k++) {
    const f = graph.bottomUp[k];
    let summary = summaryOf(functions[f]);
    if (graph.start[f + 1] > graph.start[f]) {
      const after = inlineInto(f, functions, summary, sizes, bulks, able, graph, index, limits, reentered[f] !== 0 ? 0 : MAX_SLOT_BYTES, budget, count);
      if (after !== functions[f]) { functions[f] = after; summary = summarise(after); changed = true; }
      // A callee that is dead now need not keep what was copied into it: along a chain of calls that would be a lot.
      for (let e = graph.start[f]; e < graph.start[f + 1]; e++) {
        const g = graph.callees[e];
        if (able[g] === COPIED) functions[g] = module.functions[g];
      }
    }
    sizes[f] = summary.size;
    bulks[f] = summary.bulk;
    able[f] = summary.isMarked ? 0 : 1;
    if (limits.recursive > 0 && graph.recursive[f] !== 0 && able[f] !== 0) {
      const after = unrollRecursion(functions[f], summary, limits, budget, count);
      if (after !== functions[f]) {
        functions[f] = after;
        const { size, bulk } = summarise(after);
        sizes[f] = size;
        bulks[f] = bulk;
        changed = true;
      }
    }
  }
  return changed ? { ...module, functions } : module;
}

function slotBytes(f: MirFunction): number {
  let bytes = 0;
  for (const s of f.slots) bytes += s.size + s.align;
  return bytes;
}

function inlineInto(
  f: number, functions: readonly MirFunction[], summary: FunctionSummary, sizes: Int32Array, bulks: Int32Array, able: Uint8Array, graph: CallGraph,
  index: ReadonlyMap<string, number>, limits: InlineLimits, room: number, budget: Budget, count: (n: number) => void,
): MirFunction {
  let { size } = summary;
  const choose = (call: CallInst): MirFunction | undefined => {
    const g = index.get(call.callee);
    // Functions of one component are not finished yet: their own turn comes in unrollRecursion.
    if (g === undefined || graph.component[g] === graph.component[f] || able[g] !== 1) return undefined;
    const single = graph.sites[g] === 1 && graph.root[g] === 0;
    if (sizes[g] > (single ? limits.single : limits.small) || size + sizes[g] > limits.caller) return undefined;
    // A recursive callee already unrolled is only worth copying when it is tiny.
    if (graph.recursive[g] !== 0 && !single && sizes[g] > 12) return undefined;
    const bytes = slotBytes(functions[g]);
    if (bytes > room || sizes[g] > budget.size || bulks[g] > budget.bulk) return undefined;
    room -= bytes;
    budget.size -= sizes[g];
    budget.bulk -= bulks[g];
    if (single) able[g] = COPIED;
    size += sizes[g];
    count(1);
    return functions[g];
  };
  return copyCalls(functions[f], summary, choose);
}

/** Copies a directly recursive function into itself, level by level, while it stays small enough. */
function unrollRecursion(f: MirFunction, { size, bulk }: FunctionSummary, limits: InlineLimits, budget: Budget, count: (n: number) => void): MirFunction {
  if (f.slots.length > 0) return f; // the slots of every level would be there at every depth
  let g = f, total = size;
  for (let round = 0; round < 4; round++) {
    // Each round replaces every call by one more level of the original.
    const now = g;
    const summary = summarise(now);
    let calls = 0;
    for (let k = 0; k < summary.calls.length; k += 2) {
      const i = now.blocks[summary.calls[k]].instructions[summary.calls[k + 1]];
      if (i.kind === 'call' && i.callee === f.name) calls++;
    }
    if (calls === 0 || total + calls * size > limits.recursive || calls * bulk > budget.bulk) break;
    total += calls * size;
    budget.bulk -= calls * bulk;
    g = copyCalls(now, summary, (call) => (call.callee === f.name ? f : undefined));
    count(calls);
  }
  return g;
}

/** The function with every chosen call replaced by a copy of what `choose` gives; the copies are not searched again. */
function copyCalls(f: MirFunction, { calls }: FunctionSummary, choose: (call: CallInst) => MirFunction | undefined): MirFunction {
  let copier: Copier | undefined;
  for (let c = 0; c < calls.length; c += 2) {
    const b = calls[c], k = calls[c + 1], i = f.blocks[b].instructions[k];
    if (i.kind !== 'call') continue;
    const callee = choose(i);
    if (callee !== undefined) (copier ??= new Copier(f)).copy(b, k, i, callee);
  }
  return copier === undefined ? f : copier.finish();
}

/** A function being put together from its own blocks, cut at calls, and copies of callees. */
class Copier {
  readonly #f: MirFunction;
  readonly #types: Type[];
  readonly #blocks: Block[];
  readonly #slots: StackSlot[];
  /** For the block of the original being cut: where its rest is now, and how many of its instructions went before. */
  #cut = -1;
  #rest = -1;
  #taken = 0;

  constructor(f: MirFunction) {
    this.#f = f;
    this.#types = f.valueTypes.slice();
    this.#blocks = f.blocks.slice();
    this.#slots = f.slots.slice();
  }

  finish(): MirFunction {
    this.#closeBlock();
    return { ...this.#f, blocks: this.#blocks, valueTypes: this.#types, slots: this.#slots };
  }

  /** Replaces the call at instruction `k` of original block `b`. Calls come in order. */
  copy(b: number, k: number, call: CallInst, callee: MirFunction): void {
    if (this.#cut !== b) {
      this.#closeBlock();
      this.#cut = b;
      this.#rest = b;
      this.#taken = 0;
    }
    const head = this.#blocks[this.#rest];
    const first = this.#blocks.length, after = first + callee.blocks.length;
    const values = this.#types.length, slots = this.#slots.length;
    for (const t of callee.valueTypes) this.#types.push(t);
    for (const s of callee.slots) this.#slots.push(s);
    const map = (v: Value): Value => values + v;
    const edge = (e: Edge): Edge => ({ block: first + e.block, args: e.args });
    const entry: Edge = { block: first, args: call.args };
    this.#blocks[this.#rest] = replaceBlock(head, head.params, this.#f.blocks[b].instructions.slice(this.#taken, k), { kind: 'jump', target: entry, loc: call.loc });
    for (const block of callee.blocks) {
      const instructions: Instruction[] = [];
      for (const i of block.instructions) {
        const copied = copyInstruction(i, map, map);
        instructions.push(copied.kind === 'slot_addr' ? { ...copied, slot: slots + copied.slot } : copied);
      }
      const t = mapEdges(mapTerminatorOperands(block.terminator, map), edge);
      this.#blocks.push(replaceBlock(block, block.params.map(map), instructions, this.#end(t, after, callee, instructions)));
    }
    // Its instructions follow when it is known where the next cut is.
    this.#blocks.push({ params: call.results, instructions: [], terminator: head.terminator });
    this.#rest = after;
    this.#taken = k + 1;
  }

  /** Gives the last piece of the block being cut what is left of it. */
  #closeBlock(): void {
    if (this.#cut < 0) return;
    const { instructions, terminator } = this.#f.blocks[this.#cut];
    this.#blocks[this.#rest] = { ...this.#blocks[this.#rest], instructions: instructions.slice(this.#taken), terminator };
  }

  /** How a copied block ends: returns go on after the call. */
  #end(t: Terminator, after: number, callee: MirFunction, instructions: Instruction[]): Terminator {
    switch (t.kind) {
      case 'ret': return { kind: 'jump', target: { block: after, args: t.args }, loc: t.loc };
      case 'tail_call': case 'tail_call_indirect': {
        const results = callee.results.map((r) => this.#types.push(r) - 1);
        instructions.push(t.kind === 'tail_call'
          ? { kind: 'call', callee: t.callee, args: t.args, results, loc: t.loc }
          : { kind: 'call_indirect', signature: t.signature, index: t.index, args: t.args, results, loc: t.loc });
        return { kind: 'jump', target: { block: after, args: results }, loc: t.loc };
      }
      default: return t;
    }
  }
}
