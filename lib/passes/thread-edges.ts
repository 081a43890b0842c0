/**
 * Edges led around empty blocks, and terminators that decide nothing: constant branches and switches, branches whose
 * edges agree.
 *
 * An edge may be led around a block only when the block is empty and its parameters are read by its own terminator
 * alone: then no definition stops dominating a use, since everything else such a block mentions dominates it, and so
 * every predecessor too. A conditional branch is bypassed where the edge that arrives decides it, except at a block
 * with a retreating edge (bypassing a loop header could give the loop a second entry).
 */
import type { Cfg } from '../analysis/cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import { constantsAmong, countUses } from '../analysis/uses.ts';
import type { BlockId, ConstInst, Edge, Instruction, SwitchCase, SwitchTerm, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachEdge, forEachTerminatorOperand, mapEdges, mapTerminatorOperands } from '../mir/operands.ts';
import { isFloat, isVector, type Type } from '../mir/types.ts';
import { replaceBlock } from './clone.ts';

/** Longest chain of empty blocks followed for one edge; also what stops a cycle of them. */
const MAX_HOPS = 16;

const NOTHING = new Int32Array(0);
const NO_CONSTANTS: ReadonlyMap<Value, ConstInst> = new Map();

/** The function with every edge where it leads in the end; the same object when nothing changed. Blocks stay in their places. */
export function threadEdges(f: MirFunction, cfg: Cfg): MirFunction { return new Threader(f, cfg).run(); }

/** Follows edges through empty blocks and folds terminators that decide nothing. */
class Threader {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  /** The constants among the values that decide branches, from here or from behind an edge. */
  readonly #constants: ReadonlyMap<Value, ConstInst>;
  /** 1 for a block an edge may be led around. */
  readonly #transparent: Uint8Array;
  /** For a parameter of an empty block: that block, and its position there. Empty when no such block has parameters. */
  #home: Int32Array = NOTHING;
  #position: Int32Array = NOTHING;
  /** Whether a retreating edge enters a block: 0 not asked yet, 1 no, 2 yes. */
  readonly #retreat: Uint8Array;
  /** Where the cases of a long switch lead, by its block. */
  readonly #targets = new Map<BlockId, ReadonlyMap<number | bigint, Edge>>();
  #types: Type[] | undefined;
  /** Arguments that edges led around blocks may still have in all: every edge into a block would get a copy of what leaves it. */
  #room: number;

  constructor(f: MirFunction, cfg: Cfg) {
    this.#f = f;
    this.#cfg = cfg;
    this.#room = 4096 + 8 * f.valueTypes.length;
    const n = f.blocks.length, marked = uint8(f.valueTypes.length);
    this.#transparent = uint8(n);
    this.#retreat = uint8(n);
    let withParams = false, decides = false, asked = false;
    for (let b = 1; b < n; b++) {
      if (f.blocks[b].instructions.length > 0) continue;
      this.#transparent[b] = 1;
      const { params, terminator } = f.blocks[b];
      if (terminator.kind === 'br' || terminator.kind === 'switch') decides = true;
      if (params.length === 0) continue;
      if (!withParams) {
        withParams = true;
        this.#home = int32(f.valueTypes.length);
        this.#position = int32(f.valueTypes.length);
      }
      for (let k = 0; k < params.length; k++) { this.#home[params[k]] = b; this.#position[params[k]] = k; }
    }
    if (withParams) this.#closeReadElsewhere();
    for (let b = 0; b < n; b++) {
      const block = f.blocks[b], v = deciding(block);
      if (v < 0) continue;
      marked[v] = 1;
      asked = true;
    }
    // What arrives at an empty block counts when such a block decides something.
    const markArgs = (e: Edge): void => { if (this.#transparent[e.block] !== 0) for (let k = 0; k < e.args.length; k++) marked[e.args[k]] = 1; };
    if (decides) for (let b = 0; b < n; b++) forEachEdge(f.blocks[b].terminator, markArgs);
    this.#constants = decides || asked ? constantsAmong(f, marked) : NO_CONSTANTS;
  }

  /** An empty block whose parameters others read must stay. */
  #closeReadElsewhere(): void {
    const f = this.#f, uses = countUses(f), own = int32(f.valueTypes.length);
    const count = (v: Value): void => { own[v]++; };
    for (let b = 1; b < f.blocks.length; b++) {
      const { params, terminator } = f.blocks[b];
      if (this.#transparent[b] === 0 || params.length === 0) continue;
      for (let k = 0; k < params.length; k++) own[params[k]] = 0;
      forEachTerminatorOperand(terminator, count);
      for (let k = 0; k < params.length; k++) if (uses[params[k]] !== own[params[k]]) this.#transparent[b] = 0;
    }
  }

  /** True when some retreating edge enters the block. */
  #isRetreatTarget(b: BlockId): boolean {
    if (this.#retreat[b] !== 0) return this.#retreat[b] === 2;
    const cfg = this.#cfg;
    let found = 1;
    for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) if (cfg.rpoIndex[cfg.preds[e]] >= cfg.rpoIndex[b]) found = 2;
    this.#retreat[b] = found;
    return found === 2;
  }

  /** Where the switch that ends block `b` leads for a constant. */
  #switchTarget(b: BlockId, t: SwitchTerm, k: number | bigint): Edge {
    if (t.cases.length <= 8) return t.cases.find((c) => c.value === k)?.target ?? t.default;
    let table = this.#targets.get(b);
    if (table === undefined) this.#targets.set(b, table = new Map(t.cases.map((c) => [c.value, c.target] as const)));
    return table.get(k) ?? t.default;
  }

  /** A value that empty block `b` reads, as an edge with these arguments gives it. */
  #through(v: Value, b: BlockId, args: readonly Value[]): Value {
    return v < this.#home.length && this.#home[v] === b ? args[this.#position[v]] : v;
  }

  run(): MirFunction {
    let blocks: Block[] | undefined, added: Instruction[] = [];
    for (let b = 0; b < this.#f.blocks.length; b++) {
      const block = this.#f.blocks[b];
      const terminator = this.#terminator(block.terminator, b, added);
      if (terminator === block.terminator) continue;
      (blocks ??= this.#f.blocks.slice())[b] = replaceBlock(block, block.params, added.length > 0 ? [...block.instructions, ...added] : block.instructions, terminator);
      if (added.length > 0) added = [];
    }
    if (blocks === undefined) return this.#f;
    return { ...this.#f, blocks, valueTypes: this.#types ?? this.#f.valueTypes };
  }

  #terminator(before: Terminator, from: BlockId, added: Instruction[]): Terminator {
    switch (before.kind) {
      case 'jump': {
        const target = this.#follow(before.target, from, before, 0);
        return this.#inlineEnd(target) ?? (target === before.target ? before : { kind: 'jump', target, loc: before.loc });
      }
      case 'br': {
        const { condition, loc } = before, then = this.#follow(before.then, from, before, 0), otherwise = this.#follow(before.else, from, before, 1);
        const k = this.#constant(condition);
        if (k !== undefined) return { kind: 'jump', target: k === 1 ? then : otherwise, loc };
        const joined = then.block === otherwise.block ? this.#agree(condition, then, otherwise, loc, added) : undefined;
        if (joined !== undefined) return joined;
        return then === before.then && otherwise === before.else ? before : { kind: 'br', condition, then, else: otherwise, loc };
      }
      case 'switch': return this.#switch(this.#followAll(before, from), added);
      default: return before;
    }
  }
  #followAll(t: SwitchTerm, from: BlockId): SwitchTerm { return mapEdges(t, (e, index) => this.#follow(e, from, t, index)) as SwitchTerm; }

  #constant(v: Value): number | bigint | undefined {
    return this.#constants.size === 0 ? undefined : this.#constants.get(v)?.value;
  }

  /** Where an edge leads in the end. */
  #follow(first: Edge, from: BlockId, source: Terminator, index: number): Edge {
    let e = first;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (this.#transparent[e.block] === 0) return e;
      const t = this.#f.blocks[e.block].terminator;
      let next: Edge | undefined;
      switch (t.kind) {
        case 'jump': next = t.target; break;
        case 'br': {
          if (this.#isRetreatTarget(e.block) || e.block === from) return e;
          const k = this.#decided(t.condition, e, source, index);
          if (k !== undefined) next = k === 1 ? t.then : t.else;
          break;
        }
        case 'switch': {
          if (this.#isRetreatTarget(e.block) || e.block === from) return e;
          const k = this.#constant(this.#through(t.value, e.block, e.args));
          if (k !== undefined) next = this.#switchTarget(e.block, t, k);
          break;
        }
        default: break;
      }
      if (next === undefined || next.block === e.block || next.args.length > this.#room) return e;
      this.#room -= next.args.length;
      e = this.#past(e, next);
    }
    // A cycle of empty blocks: leave the edge as it was.
    return first;
  }

  /** The edge `next` out of an empty block as seen from the edge `e` into it. */
  #past(e: Edge, next: Edge): Edge {
    const args: Value[] = [];
    for (let k = 0; k < next.args.length; k++) args.push(this.#through(next.args[k], e.block, e.args));
    return { block: next.block, args };
  }

  /** The truth of the condition of an empty block as seen from one edge, when that edge decides it. */
  #decided(condition: Value, e: Edge, source: Terminator, index: number): number | bigint | undefined {
    const v = this.#through(condition, e.block, e.args);
    const k = this.#constant(v);
    if (k !== undefined) return k;
    return source.kind === 'br' && source.condition === v && source.then.block !== source.else.block ? (index === 0 ? 1 : 0) : undefined;
  }

  /** A jump to an empty block that ends the function: the end itself. */
  #inlineEnd(e: Edge): Terminator | undefined {
    if (this.#transparent[e.block] === 0) return undefined;
    const t = this.#f.blocks[e.block].terminator;
    switch (t.kind) {
      case 'ret': case 'tail_call': case 'tail_call_indirect':
        if (t.args.length > this.#room) return undefined;
        this.#room -= t.args.length;
        return this.#seenFrom(e, t);
      case 'trap': return t;
      default: return undefined;
    }
  }
  #seenFrom(e: Edge, t: Terminator): Terminator { return mapTerminatorOperands(t, (v) => this.#through(v, e.block, e.args)); }

  /** Two edges to one block: a jump, with a `select` for at most two integer arguments that differ. */
  #agree(condition: Value, a: Edge, b: Edge, loc: number, added: Instruction[]): Terminator | undefined {
    let differ = 0;
    for (let k = 0; k < a.args.length; k++) {
      if (a.args[k] === b.args[k]) continue;
      const type = this.#type(a.args[k]);
      if (isFloat(type) || isVector(type) || ++differ > 2) return undefined;
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

  #switch(t: SwitchTerm, added: Instruction[]): Terminator {
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

/** The value that decides where a block goes on, unless it is plain to see that it is no constant: −1. */
function deciding({ instructions, terminator: t }: Block): Value {
  if (t.kind === 'switch') return t.value;
  if (t.kind !== 'br') return -1;
  const last = instructions.length === 0 ? undefined : instructions[instructions.length - 1];
  return last !== undefined && last.kind === 'compare' && last.result === t.condition ? -1 : t.condition;
}

function sameEdge(a: Edge, b: Edge): boolean {
  return a.block === b.block && a.args.every((v, k) => v === b.args[k]);
}
