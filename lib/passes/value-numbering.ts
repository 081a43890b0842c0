/**
 * Simplification and value numbering in one walk: the driver behind the passes `simplify` and `gvn`.
 *
 * The walk goes down the dominator tree, so every operand has been visited before its uses (edge arguments
 * included). Each instruction has its operands replaced, is simplified by the rules until none applies, and is then
 * looked up among the expressions that are already available. The table is scoped: on leaving a subtree its entries
 * are taken out again (last in, first out), so whatever the look-up finds dominates the place it is used at. With
 * `scope: 'block'` it is emptied at every block instead.
 *
 * A trapping instruction may be replaced by an equal one that dominates it (that one would have trapped first); it
 * is never moved. Branch conditions are remembered along edges that only one predecessor takes.
 *
 * Source of the scheme: Briggs, Cooper, Simpson, "Value Numbering" (Software: Practice and Experience, 1997),
 * section on dominator-tree value numbering.
 */
import type { Cfg } from '../analysis/cfg.ts';
import type { Dominators } from '../analysis/dominators.ts';
import type { Edge, Instruction, PairInst, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { singleResult } from '../mir/operands.ts';
import type { MemoryModel, Type } from '../mir/types.ts';
import { cutTo, put, renameOperands, renameTerminator, replaceBlock } from './clone.ts';
import { hashExpression, NOT_NUMBERED, sameExpression } from './expression.ts';
import { simplifyAccess, simplifyLea } from './rules/address.ts';
import { foldPair, simplifyCompare, simplifyNot, simplifySelect } from './rules/compare.ts';
import { simplifyConvert } from './rules/convert.ts';
import { simplifyFloat, simplifyTernary, simplifyUnary } from './rules/float.ts';
import { complementOf, simplifyInteger } from './rules/integer.ts';
import { BY_BINARY, BY_COMPARE, BY_CONST, BY_CONVERT, BY_LEA, BY_OTHER, BY_UNARY, RuleSite, type Simplified } from './rules/site.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import { ValueTypes } from './value-types.ts';

/** How far an available expression reaches. */
export type Scope = 'block' | 'dominator';

/** How often one instruction may be rewritten in a row; rules shrink or canonicalise, so this is never reached. */
const MAX_REWRITES = 16;
/** Expressions of one place in the table that are looked at: they can be chosen so that many have one hash. */
const MAX_CHAIN = 64;

/** The function as it is now, the same object when nothing changed; and whether its edges are those of before, in order. */
export interface Numbered { readonly after: MirFunction; readonly sameEdges: boolean }

/** Runs the driver on a function without unreachable blocks. */
export function numberValues(f: MirFunction, cfg: Cfg, dom: Dominators, model: MemoryModel, scope: Scope): Numbered {
  return new ValueNumbering(f, cfg, dom, model, scope).run();
}

class ValueNumbering extends RuleSite {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  readonly #dom: Dominators;
  readonly #scope: Scope;
  /** What each old value is now. */
  readonly #replacement: Int32Array;
  readonly #types: ValueTypes;

  // Available expressions: `heads[hash]` chains entries through `next`; entries are a stack.
  readonly #heads: Int32Array;
  readonly #hashMask: number;
  readonly #entries: Instruction[] = [];
  /** Next entry of the chain, and full hash, of each entry. */
  #next: Int32Array;
  #hashes: Int32Array;
  /** Truth of conditions known here, one more than it: 0 for unknown; entries of `knownStack` are undone on leaving. */
  readonly #known: Uint8Array;
  #knownStack: Value[] = [];

  #out: Instruction[] | undefined;
  #changed = false;
  #sameEdges = true;

  constructor(f: MirFunction, cfg: Cfg, dom: Dominators, model: MemoryModel, scope: Scope) {
    super(f.valueTypes.length, model);
    this.#f = f;
    this.#cfg = cfg;
    this.#dom = dom;
    this.#scope = scope;
    this.#types = new ValueTypes(f.valueTypes);
    const count = f.valueTypes.length, replacement = int32(count);
    for (let v = 0; v < replacement.length; v++) replacement[v] = v;
    this.#replacement = replacement;
    let size = 16;
    while (size < count && size < 1 << 20) size *= 2;
    this.#heads = int32(size).fill(-1);
    this.#hashMask = size - 1;
    this.#next = int32(count);
    this.#hashes = int32(count);
    this.#known = uint8(count);
  }

  run(): Numbered {
    const blocks = this.#f.blocks, dom = this.#dom, out: Block[] = blocks.slice();
    // Marks of the scopes we are in, by depth in the tree.
    const depthStack: number[] = [], entryMarks: number[] = [], knownMarks: number[] = [];
    for (let k = 0; k < dom.preorder.length; k++) {
      const b = dom.preorder[k], depth = dom.depth[b];
      while (depthStack.length > 0 && depthStack[depthStack.length - 1] >= depth) {
        depthStack.pop();
        this.#dropEntries(entryMarks.pop()!);
        this.#dropKnown(knownMarks.pop()!);
      }
      if (this.#scope === 'block') this.#dropEntries(0);
      depthStack.push(depth);
      entryMarks.push(this.#entries.length);
      knownMarks.push(this.#knownStack.length);
      if (this.#scope === 'dominator') this.#learnFromEdge(b);
      out[b] = this.#block(blocks[b]);
    }
    if (!this.#changed) return { after: this.#f, sameEdges: true };
    return { after: { ...this.#f, blocks: out, valueTypes: this.#types.finish() }, sameEdges: this.#sameEdges };
  }

  #block(b: Block): Block {
    const list = b.instructions;
    this.#source = list;
    this.#out = undefined;
    for (let k = 0; k < list.length; k++) {
      const before = list[k];
      this.#position = k;
      const after = this.#instruction(before);
      if (after === before && this.#out === undefined) continue;
      const out = this.#writing();
      if (after !== undefined) this.#written = put(out, this.#written, after);
    }
    this.#position = list.length;
    const terminator = this.#terminator(b.terminator), out = this.#out as Instruction[] | undefined;
    if (out === undefined && terminator === b.terminator) return b;
    this.#changed = true;
    if (out !== undefined) cutTo(out, this.#written);
    return replaceBlock(b, b.params, out ?? list, terminator);
  }
  #position = 0;
  #source: readonly Instruction[] = [];
  /** The block's new instructions, of which those before place `#written` are settled. */
  #writing(): Instruction[] {
    if (this.#out !== undefined) return this.#out;
    this.#written = this.#position;
    return this.#out = this.#source.slice();
  }
  #written = 0;

  newValue(type: Type): Value { return this.#types.add(type); }

  emit(i: Instruction): Value {
    const found = this.#lookUp(i, hashExpression(i));
    if (found !== undefined) return singleResult(found);
    this.#written = put(this.#writing(), this.#written, i);
    this.#define(i);
    return singleResult(i);
  }

  /** What takes the place of an instruction; undefined: nothing, its results are other values now. */
  #instruction(before: Instruction): Instruction | undefined {
    let i = renameOperands(before, this.#replacement);
    for (let round = 0; round < MAX_REWRITES; round++) {
      const r = this.#simplify(i);
      if (r === i) break;
      if (typeof r === 'number') {
        this.#replacement[singleResult(i)] = r;
        return undefined;
      }
      i = r;
    }
    if (i.kind === 'pair') {
      const folded = foldPair(this, i);
      if (folded !== undefined) {
        this.#replacement[i.result] = folded[0];
        this.#replacement[i.result2] = folded[1];
        return undefined;
      }
    }
    const hash = hashExpression(i), found = hash === NOT_NUMBERED ? undefined : this.#lookUp(i, hash);
    if (found === undefined) {
      this.#define(i);
      return i;
    }
    if (i.kind === 'pair') {
      this.#replacement[i.result] = (found as PairInst).result;
      this.#replacement[i.result2] = (found as PairInst).result2;
    } else {
      this.#replacement[singleResult(i)] = singleResult(found);
    }
    return undefined;
  }

  /** Notes what defines the results of an instruction that stays. */
  #define(i: Instruction): void {
    switch (i.kind) {
      case 'const': this.define(i.result, i, BY_CONST); return;
      case 'binary': this.define(i.result, i, BY_BINARY); return;
      case 'compare': this.define(i.result, i, BY_COMPARE); return;
      case 'convert': this.define(i.result, i, BY_CONVERT); return;
      case 'unary': this.define(i.result, i, BY_UNARY); return;
      case 'lea': this.define(i.result, i, BY_LEA); return;
      case 'load': this.define(i.result, i, BY_OTHER); return;
      case 'store': return;
      case 'pair':
        this.define(i.result, i, BY_OTHER);
        this.define(i.result2, i, BY_OTHER);
        return;
      default: {
        const r = singleResult(i);
        if (r >= 0) this.define(r, i, BY_OTHER);
      }
    }
  }

  #simplify(i: Instruction): Simplified {
    switch (i.kind) {
      case 'binary': {
        if (i.type === 'f32' || i.type === 'f64') return simplifyFloat(this, i);
        if (i.type === 'i1' && i.op === 'xor' && this.valueOf(i.b) === 1) {
          const inverse = simplifyNot(this, i.a, i.result, i.loc);
          if (inverse !== undefined) return inverse;
        }
        return simplifyInteger(this, i);
      }
      case 'compare': return simplifyCompare(this, i);
      case 'convert': return simplifyConvert(this, i);
      case 'unary': return simplifyUnary(this, i);
      case 'ternary': return simplifyTernary(this, i);
      case 'select': {
        const known = this.#truth(i.condition);
        return known >= 0 ? (known === 1 ? i.a : i.b) : simplifySelect(this, i);
      }
      case 'lea': return simplifyLea(this, i);
      case 'load': case 'store': return simplifyAccess(this, i);
      default: return i;
    }
  }

  #terminator(before: Terminator): Terminator {
    const t = renameTerminator(before, this.#replacement);
    if (t.kind === 'br') {
      const known = this.#truth(t.condition);
      const inner = known >= 0 ? -1 : complementOf(this, t.condition);
      if (known < 0 && inner < 0) return t;
      this.#sameEdges = false;
      if (known >= 0) return { kind: 'jump', target: known === 1 ? t.then : t.else, loc: t.loc };
      return { ...t, condition: inner, then: t.else, else: t.then };
    }
    if (t.kind === 'switch') {
      const k = this.valueOf(t.value);
      if (k === undefined) return t;
      this.#sameEdges = false;
      let target: Edge = t.default;
      for (const c of t.cases) if (c.value === k) target = c.target;
      return { kind: 'jump', target, loc: t.loc };
    }
    return t;
  }

  /** 1, 0, or −1 when a condition is not known here. */
  #truth(v: Value): number {
    const k = this.valueOf(v);
    if (k !== undefined) return Number(k);
    return v < this.#known.length ? this.#known[v] - 1 : -1;
  }

  /** On the only edge into a block from a `br`, its condition is known. */
  #learnFromEdge(b: number): void {
    const cfg = this.#cfg, start = cfg.predStart[b];
    if (cfg.predStart[b + 1] - start !== 1) return;
    const t = this.#f.blocks[cfg.preds[start]].terminator;
    if (t.kind !== 'br' || t.then.block === t.else.block) return;
    const v = this.#replacement[t.condition];
    this.#learn(v, t.then.block === b ? 1 : 0);
    const inner = complementOf(this, v);
    if (inner >= 0) this.#learn(inner, t.then.block === b ? 0 : 1);
  }
  #learn(v: Value, truth: number): void {
    if (v >= this.#known.length || this.#known[v] !== 0) return;
    this.#known[v] = truth + 1;
    this.#knownStack.push(v);
  }
  #dropKnown(mark: number): void {
    while (this.#knownStack.length > mark) this.#known[this.#knownStack.pop()!] = 0;
  }

  /** An equal available expression; when there is none, `i` becomes available. */
  #lookUp(i: Instruction, hash: number): Instruction | undefined {
    const slot = hash & this.#hashMask;
    let left = MAX_CHAIN;
    for (let e = this.#heads[slot]; e >= 0 && left > 0; e = this.#next[e], left--) {
      if (this.#hashes[e] === hash && sameExpression(this.#entries[e], i)) return this.#entries[e];
    }
    const e = this.#entries.push(i) - 1;
    if (e >= this.#next.length) {
      this.#next = longer(this.#next);
      this.#hashes = longer(this.#hashes);
    }
    this.#next[e] = this.#heads[slot];
    this.#hashes[e] = hash;
    this.#heads[slot] = e;
    return undefined;
  }
  #dropEntries(mark: number): void {
    while (this.#entries.length > mark) {
      this.#entries.pop();
      const e = this.#entries.length;
      this.#heads[this.#hashes[e] & this.#hashMask] = this.#next[e];
    }
  }
}

function longer(a: Int32Array): Int32Array {
  const more = int32(a.length * 2 + 16);
  more.set(a);
  return more;
}
