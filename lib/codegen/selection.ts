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
 * The architecture says what it *wants* to fold ({@link FoldPredicate}); what it then does not manage to fold, it
 * emits right before the user, which is just as legal.
 */
import type { Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachTerminatorOperand, hasSideEffect, isPure, mayTrap, singleResult } from '../mir/operands.ts';
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
  readonly definitions: readonly (Instruction | undefined)[];
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
  /** Instructions before each position that may trap or have an effect. */
  readonly barriers: Int32Array;
}

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

/** Plans blocks, counts uses, finds what to skip and what to fold: linear in the function. */
export function prepareSelection(f: MirFunction, folds: FoldPredicate, aliasOf: AliasPredicate): SelectionInput {
  const blocks = planBlocks(f), alias = blocks.alias, values = f.valueTypes.length;
  const blockBase = new Int32Array(f.blocks.length).fill(-1);
  let positions = 0;
  const reachable: number[] = [];
  for (let b = 0; b < f.blocks.length; b++) {
    if (blocks.position[b] < 0) continue;
    blockBase[b] = positions;
    reachable.push(b);
    positions += f.blocks[b].instructions.length + 1;
  }
  const definitions = new Array<Instruction | undefined>(values).fill(undefined);
  const definedAt = new Int32Array(values).fill(-1), barriers = new Int32Array(positions + 1);
  const blockAt = new Int32Array(positions);
  const skip = new Uint8Array(positions);
  for (const b of reachable) {
    const list = f.blocks[b].instructions;
    let at = blockBase[b];
    blockAt.fill(b, at, at + list.length + 1);
    for (let k = 0; k < list.length; k++, at++) {
      const i = list[k];
      barriers[at + 1] = barriers[at] + (mayTrap(i) || hasSideEffect(i) ? 1 : 0);
      defineResults(i, at, definitions, definedAt);
    }
    barriers[at + 1] = barriers[at] + 1;
  }
  resolveAliases(f, blocks, definitions, aliasOf);

  const useCount = new Int32Array(values), userAt = new Int32Array(values).fill(-1), feeds = new Int32Array(values).fill(-1);
  const conditions = new Int32Array(values);
  countUses(f, reachable, blockBase, blocks, definitions, definedAt, alias, useCount, userAt, skip, feeds, conditions);

  const folded = new Uint8Array(values), emitAt = new Int32Array(positions);
  const input: SelectionInput = { f, blocks, blockBase, definitions, definedAt, alias, useCount, userAt, feeds, blockAt, skip, folded, barriers };
  for (let v = 0; v < values; v++) {
    if (useCount[v] > 1 && useCount[v] <= MOST_REPEATS && conditions[v] === useCount[v] && definitions[v]?.kind === 'compare') folded[v] = 1;
  }
  for (const b of reachable) {
    const { instructions, terminator } = f.blocks[b], base = blockBase[b];
    emitAt[base + instructions.length] = base + instructions.length;
    for (let k = instructions.length - 1; k >= 0; k--) {
      const at = base + k, i = instructions[k];
      emitAt[at] = at;
      if (skip[at] === 1) continue;
      const v = singleResult(i);
      if (v < 0 || useCount[v] !== 1) continue;
      const user = userAt[v];
      if (user <= at || user > base + instructions.length) continue;
      const place = emitAt[user];
      if (!isPure(i) && (i.kind !== 'load' || i.volatile || !quietBetween(input, at, place))) continue;
      if (isRepeated(input, user)) continue;
      const u = user === base + instructions.length ? terminator : instructions[user - base];
      if (!folds(input, i, u, place)) continue;
      folded[v] = 1;
      emitAt[at] = place;
    }
  }
  return input;
}

/** True when the user at a position is a repeated compare. */
function isRepeated(s: SelectionInput, at: number): boolean {
  const b = s.blockAt[at], block = s.f.blocks[b], k = at - s.blockBase[b];
  if (k >= block.instructions.length) return false;
  const i = block.instructions[k];
  return i.kind === 'compare' && s.folded[i.result] === 1 && s.useCount[i.result] > 1;
}

function defineResults(i: Instruction, at: number, definitions: (Instruction | undefined)[], definedAt: Int32Array): void {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': return;
    case 'pair':
      definitions[i.result] = i; definedAt[i.result] = at;
      definitions[i.result2] = i; definedAt[i.result2] = at;
      return;
    case 'call': case 'call_indirect':
      for (let k = 0; k < i.results.length; k++) { definitions[i.results[k]] = i; definedAt[i.results[k]] = at; }
      return;
    default: definitions[i.result] = i; definedAt[i.result] = at;
  }
}

/**
 * Points every renaming instruction's result (and names of names) at the value that has the register. In reverse
 * postorder a value's own alias is final before it is read. A constant must not be read under another type, so a
 * renaming of a constant is left to be emitted.
 */
function resolveAliases(f: MirFunction, blocks: BlockOrder, definitions: readonly (Instruction | undefined)[], aliasOf: AliasPredicate): void {
  const alias = blocks.alias;
  for (let k = 0; k < blocks.rpo.length; k++) {
    const b = blocks.rpo[k], { params, instructions } = f.blocks[b];
    if (blocks.singleEntry[b] === 1) for (let p = 0; p < params.length; p++) alias[params[p]] = alias[alias[params[p]]];
    for (let n = 0; n < instructions.length; n++) {
      const i = instructions[n];
      if (i.kind !== 'convert') continue;
      const a = aliasOf(i);
      if (a >= 0 && definitions[alias[a]]?.kind !== 'const') alias[i.result] = alias[a];
    }
  }
}

function countUses(
  f: MirFunction, reachable: readonly number[], blockBase: Int32Array, blocks: BlockOrder,
  definitions: readonly (Instruction | undefined)[], definedAt: Int32Array, alias: Int32Array,
  useCount: Int32Array, userAt: Int32Array, skip: Uint8Array, feeds: Int32Array,
  conditions: Int32Array,
): void {
  let at = 0;
  const count = (v: Value): void => {
    const a = alias[v];
    useCount[a]++;
    userAt[a] = at;
  };
  for (const b of reachable) {
    const { instructions, terminator } = f.blocks[b];
    at = blockBase[b];
    for (let k = 0; k < instructions.length; k++, at++) {
      const i = instructions[k];
      if (i.kind === 'convert' && alias[i.result] !== i.result) { skip[at] = 1; continue; }
      forEachOperand(i, count);
      if (i.kind === 'select') conditions[alias[i.condition]]++;
    }
    if (terminator.kind === 'jump' || terminator.kind === 'br' || terminator.kind === 'switch') {
      if (terminator.kind === 'br') {
        if (blocks.exits[b].length > 1) {
          count(terminator.condition);
          conditions[alias[terminator.condition]]++;
        }
      }
      else if (terminator.kind === 'switch') { if (blocks.exits[b].length > 1) count(terminator.value); }
      for (const e of blocks.exits[b]) {
        if (blocks.singleEntry[e.block] === 1) continue;
        const params = f.blocks[e.block].params;
        for (let k = 0; k < e.args.length; k++) {
          count(e.args[k]);
          feeds[alias[e.args[k]]] = params[k];
        }
      }
    } else forEachTerminatorOperand(terminator, count);
  }
  // Dead pure instructions release their operands, which may kill more of them.
  const work: number[] = [];
  const release = (v: Value): void => {
    const a = alias[v];
    if (--useCount[a] === 0) work.push(a);
  };
  for (let v = 0; v < alias.length; v++) {
    if (definedAt[v] >= 0 && alias[v] === v && useCount[v] === 0) work.push(v);
  }
  while (work.length > 0) {
    const v = work.pop()!, d = definitions[v];
    if (d === undefined || !isPure(d) || skip[definedAt[v]] === 1) continue;
    if (d.kind === 'pair' && (useCount[d.result] > 0 || useCount[d.result2] > 0)) continue;
    skip[definedAt[v]] = 1;
    if (d.kind === 'select') conditions[alias[d.condition]]--;
    forEachOperand(d, release);
  }
}
