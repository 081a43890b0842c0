/**
 * The part of instruction selection that no architecture sees: which values are used how often, which instructions
 * need not be emitted, and which may be *folded*, that is emitted as a part of their only user.
 *
 * Legality of folding: the definition moves down to the place where its user is emitted (which may itself be folded
 * further down). Values are immutable, so a pure definition may always move within its block. A definition that may
 * trap or reads memory moves only when no instruction between the two places may trap or has a side effect: so it
 * reads the same memory, and traps come in the program's order. Nothing moves to another block.
 *
 * A compare that only conditions use (of branches and selects) is *repeated* at each of them instead of being kept as
 * a value: setting the flags again is cheaper than saving them. Nothing may be folded into a repeated compare.
 *
 * A value that is used under another type (see {@link AliasPredicate}) is not folded: its user would read its own type's
 * width from memory.
 *
 * The architecture says what it *wants* to fold ({@link FoldPredicate}); what it then does not manage to fold, it
 * emits right before the user, which is just as legal.
 */
import { int32, uint8 } from '../analysis/slab.ts';
import { NO_VALUE, type Instruction, type Terminator, type Value } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { BINARY_OPS, CONVERT_OPS } from '../mir/ops.ts';
import { forEachOperand, forEachResult, forEachTerminatorOperand, hasSideEffect, isPure, mayTrap, singleResult } from '../mir/operands.ts';
import { planBlocks, type BlockOrder } from './block-order.ts';

/** True when `definition`, whose only use is `user`, should be folded into it. */
export type FoldPredicate = (s: SelectionInput, definition: Instruction, user: Instruction | Terminator, userPosition: number) => boolean;
/** The operand whose register also holds the conversion's result (as when bits already are as they should be), or −1. */
export type AliasPredicate = (definition: Instruction) => Value;

/** What selection of one function starts from. Positions number instructions and terminators of reachable blocks. */
export interface SelectionInput {
  readonly f: MirFunction;
  readonly blocks: BlockOrder;
  /** Position of the first instruction of each block; its terminator is at `+ instructions.length`. −1 if unreachable. */
  readonly blockBase: Int32Array;
  /** The instruction that defines each value; undefined for parameters. */
  readonly definitions: (Instruction | undefined)[];
  /** Position of the definition of each value, −1 for parameters. */
  readonly definedAt: Int32Array;
  /** The value whose register each value shares (itself, mostly). Follow it before any other table. */
  readonly alias: Int32Array;
  /** Uses by what is emitted. */
  readonly useCount: Int32Array;
  /** Position of the last counted user of each value. */
  readonly userAt: Int32Array;
  /** The block parameter each value is passed to (the last such), −1 for none: they want one register. */
  readonly feeds: Int32Array;
  /** Block of each position. */
  readonly blockAt: Int32Array;
  /** 1 for instructions that need not be emitted: dead, or only another name. By position. */
  readonly skip: Uint8Array;
  /** 1 for values that are emitted with their user (or, for repeated compares, with each of them). */
  readonly folded: Uint8Array;
  /** 1 for values that are used under another type, through a conversion that is only another name. */
  readonly retyped: Uint8Array;
  /** 1 for values made of nothing: constants, addresses of globals and stack slots. */
  readonly literal: Uint8Array;
  /** Instructions before each position that may trap or have an effect. */
  readonly barriers: Int32Array;
  /** What the instruction at each position does: {@link BARRIER}, {@link PURE}, {@link PLAIN_LOAD}. */
  readonly effects: Uint8Array;
  /** The single result of the instruction at each position, or −1. */
  readonly resultAt: Int32Array;
  /** Where the instruction at each position is emitted when it is folded (into an instruction that may be folded itself). */
  readonly emitAt: Int32Array;
  readonly folds: FoldPredicate;
}

/** May trap or has a side effect. */
const BARRIER = 1;
/** See {@link isPure}. */
const PURE = 2;
/** Reads memory and does nothing else. */
const PLAIN_LOAD = 4;

const TRAPPING: ReadonlySet<string> = new Set(Object.entries({ ...BINARY_OPS, ...CONVERT_OPS }).filter(([, spec]) => 'traps' in spec).map(([op]) => op));

/** Most places a compare is repeated at. */
const MOST_REPEATS = 4;

/** True when nothing strictly between two positions may trap or has an effect. */
export function quietBetween(s: SelectionInput, from: number, to: number): boolean {
  return s.barriers[to] - s.barriers[from + 1] === 0;
}

/** The instruction or terminator that uses `v` last (its only user when the use count is 1). */
export function userOf(s: SelectionInput, v: Value): Instruction | Terminator {
  const at = s.userAt[v], b = s.blockAt[at], block = s.f.blocks[b], k = at - s.blockBase[b];
  return k < block.instructions.length ? block.instructions[k] : block.terminator;
}

/**
 * Plans blocks, counts uses, finds what to skip and what to fold: linear in the function.
 *
 * Uses are counted in reverse postorder: so every value's alias is final before it is read. A constant must not be
 * read under another type, so a renaming of a constant is left to be emitted.
 */
export function prepareSelection(f: MirFunction, folds: FoldPredicate, aliasOf: AliasPredicate): SelectionInput {
  const blocks = planBlocks(f), values = f.valueTypes.length, { rpo, singleEntry } = blocks;
  const blockBase = int32(f.blocks.length).fill(-1);
  let positions = 0;
  for (let b = 0; b < f.blocks.length; b++) {
    if (blocks.position[b] < 0) continue;
    blockBase[b] = positions;
    positions += f.blocks[b].instructions.length + 1;
  }
  const s: SelectionInput = {
    f, blocks, blockBase, definitions: new Array<Instruction | undefined>(values).fill(undefined), definedAt: int32(values).fill(-1),
    alias: blocks.alias, useCount: int32(values), userAt: int32(values).fill(-1), feeds: int32(values).fill(-1), blockAt: int32(positions),
    skip: uint8(positions), folded: uint8(values), retyped: uint8(values), literal: uint8(values), barriers: int32(positions + 1), effects: uint8(positions),
    resultAt: int32(positions).fill(-1), emitAt: int32(positions), folds,
  };
  const { alias, barriers, effects, useCount } = s;
  // How many of a value's uses are as a condition.
  const conditions = int32(values);
  const visitor = new UseVisitor(s, conditions);
  for (let k = 0; k < rpo.length; k++) {
    const b = rpo[k], { params, instructions, terminator } = f.blocks[b];
    if (singleEntry[b] === 1) for (let p = 0; p < params.length; p++) alias[params[p]] = alias[alias[params[p]]];
    s.blockAt.fill(b, blockBase[b], blockBase[b] + instructions.length + 1);
    visitor.at = blockBase[b];
    for (let n = 0; n < instructions.length; n++) {
      visitor.instruction(instructions[n], aliasOf);
      visitor.at++;
    }
    visitor.terminator(terminator, b);
  }
  for (let at = 0; at < positions; at++) barriers[at + 1] = barriers[at] + (effects[at] & BARRIER);
  findFeeds(s);
  if (skipDead(s)) recount(s, conditions, visitor);
  for (let v = 0; v < values; v++) {
    if (useCount[v] > 1 && useCount[v] <= MOST_REPEATS && conditions[v] === useCount[v] && s.definitions[v]?.kind === 'compare') s.folded[v] = 1;
  }
  for (let b = 0; b < f.blocks.length; b++) if (blockBase[b] >= 0) foldBlock(s, b);
  return s;
}

/** Decides which definitions of a block are folded, users before what they use. */
function foldBlock(s: SelectionInput, b: number): void {
  const { skip, resultAt, useCount, userAt, literal, retyped, effects, emitAt, folded } = s;
  const { instructions, terminator } = s.f.blocks[b], base = s.blockBase[b], end = base + instructions.length;
  emitAt[end] = end;
  for (let at = end - 1; at >= base; at--) {
    emitAt[at] = at;
    const v = resultAt[at];
    if (v < 0 || useCount[v] !== 1 || literal[v] === 1 || retyped[v] === 1 || skip[at] === 1) continue;
    const user = userAt[v];
    if (user <= at || user > end) continue;
    const place = emitAt[user];
    if ((effects[at] & PURE) === 0 && ((effects[at] & PLAIN_LOAD) === 0 || !quietBetween(s, at, place))) continue;
    const r = user < end ? resultAt[user] : -1;
    // Nothing is folded into a repeated compare.
    if (r >= 0 && folded[r] === 1 && useCount[r] > 1) continue;
    if (!s.folds(s, instructions[at - base], user === end ? terminator : instructions[user - base], place)) continue;
    folded[v] = 1;
    emitAt[at] = place;
  }
}

/** Records what one instruction after another defines, uses and does. */
class UseVisitor {
  /** Position of the instruction or terminator. */
  at = 0;
  readonly #s: SelectionInput;
  readonly #conditions: Int32Array;
  readonly #use = (v: Value): void => { this.#count(v); };
  readonly #define = (v: Value): void => {
    this.#s.definitions[v] = this.#defining;
    this.#s.definedAt[v] = this.at;
  };
  #defining: Instruction | undefined;

  constructor(s: SelectionInput, conditions: Int32Array) {
    this.#s = s;
    this.#conditions = conditions;
  }

  #count(v: Value): void {
    const s = this.#s, a = s.alias[v];
    s.useCount[a]++;
    if (s.userAt[a] < this.at) s.userAt[a] = this.at;
    if (a !== v && s.f.valueTypes[a] !== s.f.valueTypes[v]) s.retyped[a] = 1;
  }
  #result(i: Instruction, v: Value, effects: number): void {
    const s = this.#s, at = this.at;
    s.definitions[v] = i;
    s.definedAt[v] = at;
    s.resultAt[at] = v;
    s.effects[at] = effects;
  }

  /** The usual kinds are told at once, the others by the general tables: both say the same. */
  instruction(i: Instruction, aliasOf: AliasPredicate): void {
    const s = this.#s;
    switch (i.kind) {
      case 'const': case 'slot_addr': case 'global_addr':
        this.#result(i, i.result, PURE);
        s.literal[i.result] = 1;
        return;
      case 'binary':
        this.#result(i, i.result, TRAPPING.has(i.op) ? BARRIER : PURE);
        this.#count(i.a);
        this.#count(i.b);
        return;
      case 'compare':
        this.#result(i, i.result, PURE);
        this.#count(i.a);
        this.#count(i.b);
        return;
      case 'load':
        this.#result(i, i.result, i.volatile ? BARRIER : BARRIER | PLAIN_LOAD);
        this.#count(i.base);
        if (i.index !== NO_VALUE) this.#count(i.index);
        return;
      case 'store':
        s.effects[this.at] = BARRIER;
        this.#count(i.base);
        if (i.index !== NO_VALUE) this.#count(i.index);
        this.#count(i.value);
        return;
      case 'convert': {
        this.#result(i, i.result, TRAPPING.has(i.op) ? BARRIER : PURE);
        const a = aliasOf(i);
        if (a >= 0 && s.definitions[s.alias[a]]?.kind !== 'const') {
          s.alias[i.result] = s.alias[a];
          s.skip[this.at] = 1;
        } else this.#count(i.a);
        return;
      }
      case 'select':
        this.#result(i, i.result, PURE);
        this.#count(i.condition);
        this.#count(i.a);
        this.#count(i.b);
        this.#conditions[s.alias[i.condition]]++;
        return;
      default:
        s.effects[this.at] = isPure(i) ? PURE : mayTrap(i) || hasSideEffect(i) ? BARRIER : 0;
        s.resultAt[this.at] = singleResult(i);
        this.#defining = i;
        forEachResult(i, this.#define);
        forEachOperand(i, this.#use);
    }
  }

  /** Records what an instruction uses. */
  uses(i: Instruction): void {
    forEachOperand(i, this.#use);
    if (i.kind === 'select') this.#conditions[this.#s.alias[i.condition]]++;
  }

  terminator(t: Terminator, b: number): void {
    const s = this.#s, { exits, singleEntry } = s.blocks;
    s.effects[this.at] = BARRIER;
    switch (t.kind) {
      case 'jump': break;
      case 'br':
        if (exits[b].length === 1) break;
        this.#count(t.condition);
        this.#conditions[s.alias[t.condition]]++;
        break;
      case 'switch': if (exits[b].length > 1) this.#count(t.value); break;
      default: forEachTerminatorOperand(t, this.#use); return;
    }
    for (let k = 0; k < exits[b].length; k++) {
      const e = exits[b][k];
      if (singleEntry[e.block] === 0) for (let n = 0; n < e.args.length; n++) this.#count(e.args[n]);
    }
  }
}

/** Which block parameter each value is passed to. */
function findFeeds({ f, blocks, blockBase, alias, feeds }: SelectionInput): void {
  for (let b = 0; b < blockBase.length; b++) {
    if (blockBase[b] < 0) continue;
    const exits = blocks.exits[b];
    for (let k = 0; k < exits.length; k++) {
      const { block, args } = exits[k];
      if (blocks.singleEntry[block] === 1) continue;
      const params = f.blocks[block].params;
      for (let n = 0; n < args.length; n++) feeds[alias[args[n]]] = params[n];
    }
  }
}

/** Dead pure instructions release their operands, which may kill more of them. True when an operand was released. */
function skipDead({ alias, definitions, definedAt, effects, skip, useCount }: SelectionInput): boolean {
  const work: number[] = [];
  let released = false;
  const release = (v: Value): void => {
    const a = alias[v];
    released = true;
    if (--useCount[a] === 0) work.push(a);
  };
  for (let v = 0; v < alias.length; v++) {
    if (useCount[v] === 0 && definedAt[v] >= 0 && alias[v] === v && (effects[definedAt[v]] & PURE) !== 0) work.push(v);
  }
  while (work.length > 0) {
    const v = work.pop()!, d = definitions[v];
    if (d === undefined || (effects[definedAt[v]] & PURE) === 0 || skip[definedAt[v]] === 1) continue;
    if (d.kind === 'pair' && (useCount[d.result] > 0 || useCount[d.result2] > 0)) continue;
    skip[definedAt[v]] = 1;
    forEachOperand(d, release);
  }
  return released;
}

/**
 * Counts again, without what is skipped: the last user of a value may have been a dead one, and what is folded must be
 * folded for the user that is left.
 */
function recount(s: SelectionInput, conditions: Int32Array, visitor: UseVisitor): void {
  const { f, blocks: { rpo }, blockBase } = s;
  s.useCount.fill(0);
  s.userAt.fill(-1);
  conditions.fill(0);
  for (let k = 0; k < rpo.length; k++) {
    const { instructions, terminator } = f.blocks[rpo[k]];
    visitor.at = blockBase[rpo[k]];
    for (let n = 0; n < instructions.length; n++, visitor.at++) if (s.skip[visitor.at] === 0) visitor.uses(instructions[n]);
    visitor.terminator(terminator, rpo[k]);
  }
}
