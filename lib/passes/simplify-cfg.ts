/**
 * Control-flow clean-up: constant branches and switches, jumps through empty blocks, straight-line merging, branches
 * whose edges agree, unreachable blocks; blocks come out in reverse postorder.
 *
 * An edge may be led around a block only when the block is empty and its parameters are read by its own terminator
 * alone: then no definition stops dominating a use, since everything else such a block mentions dominates it, and so
 * every predecessor too. A conditional branch is bypassed where the edge that arrives decides it, except at a block
 * with a retreating edge (bypassing a loop header could give the loop a second entry).
 */
import type { Cfg } from '../analysis/cfg.ts';
import { countUses, type Definitions } from '../analysis/uses.ts';
import type { BlockId, Edge, Instruction, SwitchCase, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachTerminatorOperand, mapEdges, mapTerminatorOperands } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { mapAll, propagateCopies } from './block-params.ts';
import type { AnalysisManager } from './context.ts';
import { ownFunctionPass } from './pass.ts';
import { int32, uint8 } from '../analysis/slab.ts';

/** Longest chain of empty blocks followed for one edge; also what stops a cycle of them. */
const MAX_HOPS = 16;

/** The pass `simplify-cfg`. */
export const simplifyControlFlow = ownFunctionPass('simplify-cfg', 'constant branches, jump threading, merging, unreachable blocks',
  (f, context) => simplifyCfg(f, context.analyses));

/** The pass `copy-propagation`. */
export const copyPropagation = ownFunctionPass('copy-propagation', 'block parameters that always take one value are that value',
  (f, context) => {
    const g = withoutUnreachable(f, context.analyses.cfg(f));
    const after = propagateCopies(g, context.analyses.cfg(g), context.analyses.definitions(g));
    context.analyses.preserve(g, after);
    return after;
  });

/** All clean-ups once; the same object when nothing applied. */
export function simplifyCfg(f: MirFunction, analyses: AnalysisManager): MirFunction {
  if (f.blocks.length === 1) return f;
  const threaded = new Threader(f, analyses.cfg(f), analyses.definitions(f)).run();
  const merged = mergeChains(threaded, analyses.cfg(threaded));
  return withoutUnreachable(merged, analyses.cfg(merged));
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
    blocks.push(terminator === b.terminator ? b : { ...b, terminator });
  }
  return { ...f, blocks };
}

/** Follows edges through empty blocks and folds terminators that decide nothing. */
class Threader {
  readonly #f: MirFunction;
  readonly #definitions: readonly (Instruction | undefined)[];
  /** 1 for a block an edge may be led around. */
  readonly #transparent: Uint8Array;
  /** 1 for a block that some retreating edge enters. */
  readonly #retreat: Uint8Array;
  #types: Type[] | undefined;

  constructor(f: MirFunction, cfg: Cfg, definitions: Definitions) {
    this.#f = f;
    const n = f.blocks.length;
    this.#definitions = definitions.instruction;
    this.#transparent = uint8(n);
    this.#retreat = uint8(n);
    const uses = countUses(f), own = int32(f.valueTypes.length);
    let b = 1;
    const count = (v: Value): void => { if (definitions.block[v] === b) own[v]++; };
    for (; b < n; b++) {
      const block = f.blocks[b];
      for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
        if (cfg.rpoIndex[cfg.preds[e]] >= cfg.rpoIndex[b]) this.#retreat[b] = 1;
      }
      if (block.instructions.length > 0) continue;
      forEachTerminatorOperand(block.terminator, count);
      if (block.params.every((p) => uses[p] === own[p])) this.#transparent[b] = 1;
    }
  }

  run(): MirFunction {
    let blocks: Block[] | undefined;
    for (let b = 0; b < this.#f.blocks.length; b++) {
      const block = this.#f.blocks[b];
      const added: Instruction[] = [];
      const terminator = this.#terminator(block.terminator, b, added);
      if (terminator === block.terminator) continue;
      (blocks ??= this.#f.blocks.slice())[b] = { ...block, instructions: added.length > 0 ? [...block.instructions, ...added] : block.instructions, terminator };
    }
    if (blocks === undefined) return this.#f;
    return { ...this.#f, blocks, valueTypes: this.#types ?? this.#f.valueTypes };
  }

  #terminator(before: Terminator, from: BlockId, added: Instruction[]): Terminator {
    const t = mapEdges(before, (e, index) => this.#follow(e, from, before, index));
    switch (t.kind) {
      case 'jump': return this.#inlineEnd(t.target) ?? t;
      case 'br': {
        const k = this.#constant(t.condition);
        if (k !== undefined) return { kind: 'jump', target: k === 1 ? t.then : t.else, loc: t.loc };
        if (t.then.block !== t.else.block) return t;
        return this.#agree(t.condition, t.then, t.else, t.loc, added) ?? t;
      }
      case 'switch': return this.#switch(t, added);
      default: return t;
    }
  }

  #constant(v: Value): number | bigint | undefined {
    const d = this.#definitions[v];
    return d?.kind === 'const' ? d.value : undefined;
  }

  /** Where an edge leads in the end. */
  #follow(first: Edge, from: BlockId, source: Terminator, index: number): Edge {
    let e = first;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (this.#transparent[e.block] === 0) return e;
      const block = this.#f.blocks[e.block], t = block.terminator;
      let next: Edge | undefined;
      switch (t.kind) {
        case 'jump': next = t.target; break;
        case 'br': {
          if (this.#retreat[e.block] !== 0 || e.block === from) return e;
          const k = this.#decided(t.condition, block, e, source, index);
          if (k !== undefined) next = k === 1 ? t.then : t.else;
          break;
        }
        case 'switch': {
          if (this.#retreat[e.block] !== 0 || e.block === from) return e;
          const at = block.params.indexOf(t.value);
          const k = this.#constant(at >= 0 ? e.args[at] : t.value);
          if (k !== undefined) next = t.cases.find((c) => c.value === k)?.target ?? t.default;
          break;
        }
        default: break;
      }
      if (next === undefined || next.block === e.block) return e;
      e = { block: next.block, args: next.args.map((v) => substitute(v, block.params, e.args)) };
    }
    // A cycle of empty blocks: leave the edge as it was.
    return first;
  }

  /** The truth of the condition of an empty block as seen from one edge, when that edge decides it. */
  #decided(condition: Value, block: Block, e: Edge, source: Terminator, index: number): number | bigint | undefined {
    const at = block.params.indexOf(condition), v = at >= 0 ? e.args[at] : condition;
    const k = this.#constant(v);
    if (k !== undefined) return k;
    return source.kind === 'br' && source.condition === v && source.then.block !== source.else.block ? (index === 0 ? 1 : 0) : undefined;
  }

  /** A jump to an empty block that ends the function: the end itself. */
  #inlineEnd(e: Edge): Terminator | undefined {
    if (this.#transparent[e.block] === 0) return undefined;
    const { params, terminator: t } = this.#f.blocks[e.block];
    switch (t.kind) {
      case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap':
        return mapTerminatorOperands(t, (v) => substitute(v, params, e.args));
      default: return undefined;
    }
  }

  /** Two edges to one block: a jump, with a `select` for at most two integer arguments that differ. */
  #agree(condition: Value, a: Edge, b: Edge, loc: number, added: Instruction[]): Terminator | undefined {
    let differ = 0;
    for (let k = 0; k < a.args.length; k++) {
      if (a.args[k] === b.args[k]) continue;
      const type = this.#type(a.args[k]);
      if (type === 'f32' || type === 'f64' || type === 'v128' || ++differ > 2) return undefined;
    }
    const args = a.args.map((x, k) => {
      const y = b.args[k];
      if (x === y) return x;
      const type = this.#type(x), result = (this.#types ??= this.#f.valueTypes.slice()).push(type) - 1;
      added.push({ kind: 'select', type, condition, a: x, b: y, result, loc });
      return result;
    });
    return { kind: 'jump', target: { block: a.block, args }, loc };
  }
  #type(v: Value): Type { return (this.#types ?? this.#f.valueTypes)[v]; }

  #switch(t: Terminator & { readonly kind: 'switch' }, added: Instruction[]): Terminator {
    const k = this.#constant(t.value);
    if (k !== undefined) return { kind: 'jump', target: t.cases.find((c) => c.value === k)?.target ?? t.default, loc: t.loc };
    let cases: readonly SwitchCase[] = t.cases;
    if (cases.some((c) => sameEdge(c.target, t.default))) cases = cases.filter((c) => !sameEdge(c.target, t.default));
    if (cases.length === 0) return { kind: 'jump', target: t.default, loc: t.loc };
    if (cases.length === 1) {
      const types = this.#types ??= this.#f.valueTypes.slice();
      const constant = types.push(t.type) - 1, condition = types.push('i1') - 1;
      added.push({ kind: 'const', type: t.type, value: cases[0].value, result: constant, loc: t.loc });
      added.push({ kind: 'compare', op: 'eq', type: t.type, a: t.value, b: constant, result: condition, loc: t.loc });
      return { kind: 'br', condition, then: cases[0].target, else: t.default, loc: t.loc };
    }
    return cases === t.cases ? t : { ...t, cases };
  }
}

function sameEdge(a: Edge, b: Edge): boolean {
  return a.block === b.block && a.args.every((v, k) => v === b.args[k]);
}

function substitute(v: Value, params: readonly Value[], args: readonly Value[]): Value {
  const at = params.indexOf(v);
  return at >= 0 ? args[at] : v;
}

/** Appends every block that has one predecessor, which only jumps to it, to that predecessor. */
function mergeChains(f: MirFunction, cfg: Cfg): MirFunction {
  const n = f.blocks.length;
  const absorbed = uint8(n);
  // Edges from unreachable blocks do not count.
  const entries = int32(n);
  entries[0] = 1;
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k];
    for (let e = cfg.succStart[b]; e < cfg.succStart[b + 1]; e++) entries[cfg.succs[e]]++;
  }
  let found = false;
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k], t = f.blocks[b].terminator;
    if (t.kind === 'jump' && entries[t.target.block] === 1 && t.target.block !== b) { absorbed[t.target.block] = 1; found = true; }
  }
  if (!found) return f;
  const replacement = int32(f.valueTypes.length);
  for (let v = 0; v < replacement.length; v++) replacement[v] = v;
  const map = (v: Value): Value => replacement[v];
  const blocks: Block[] = f.blocks.slice();
  // In reverse postorder, so that an argument is mapped before the parameter that becomes it is met.
  for (let k = 0; k < cfg.rpo.length; k++) {
    const b = cfg.rpo[k];
    if (absorbed[b] !== 0) continue;
    const head = f.blocks[b];
    const instructions: Instruction[] = [];
    let tail = head;
    for (;;) {
      for (const i of mapAll(tail.instructions, map)) instructions.push(i);
      const t = tail.terminator;
      if (t.kind !== 'jump' || absorbed[t.target.block] === 0) break;
      const next = f.blocks[t.target.block];
      for (let p = 0; p < next.params.length; p++) replacement[next.params[p]] = replacement[t.target.args[p]];
      tail = next;
    }
    const terminator = mapTerminatorOperands(tail.terminator, map);
    const unchanged = tail === head && terminator === head.terminator && instructions.every((i, at) => i === head.instructions[at]);
    blocks[b] = unchanged ? head : { ...head, instructions, terminator };
  }
  // What was absorbed is empty and unreachable now.
  for (let b = 0; b < n; b++) {
    if (absorbed[b] !== 0 || cfg.rpoIndex[b] < 0) blocks[b] = { params: [], instructions: [], terminator: { kind: 'trap', code: 'unreachable', loc: 0 } };
  }
  return { ...f, blocks };
}
