/**
 * Redundant loads and stores.
 *
 * Along the blocks in reverse postorder a small set of facts "the bytes at this address are that value" is kept:
 * - a load or store adds one; a load that matches one (same address, size and castable type) becomes the value, and
 *   a store of the very value that is there already goes;
 * - a store drops the facts it may alias; calls, bulk operations, atomics, fences and safepoints drop all but those
 *   of slots that do not escape;
 * - where control merges, a fact holds that all predecessors share; at a loop's head what the loop may overwrite
 *   is dropped first, and a cycle that is no natural loop starts with nothing.
 *
 * A forwarded load cannot trap: an access of the same bytes came before it on every path, and memory never shrinks.
 * Volatile accesses are left alone. No load or store is moved, so which trap comes first does not change.
 */
import { aliasFacts, locate, mayAlias, type AliasFacts, type Location } from '../analysis/alias.ts';
import type { Cfg } from '../analysis/cfg.ts';
import { dominates, type Dominators } from '../analysis/dominators.ts';
import { loopClobbers, overwrites, type Clobber } from '../analysis/loop-memory.ts';
import { isDeeplyNested, type Loops } from '../analysis/loops.ts';
import type { ConvertInst, Instruction, LoadInst, StoreInst, Value } from '../mir/instruction.ts';
import type { MemoryLayout } from '../mir/layout.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import type { Type } from '../mir/types.ts';
import { cutTo, put, renameOperands, renameTerminator, replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { inOrder } from './simplify-cfg.ts';
import { int32 } from '../analysis/slab.ts';
import { ValueTypes } from './value-types.ts';

/** Facts kept at a time. */
const MAX_FACTS = 24;

/** The pass `memory-forward`. */
export const forwardMemory = ownFunctionPass('memory-forward', 'loads of what is known to be in memory, stores of what is there already', (f, context) => {
  if (!touchesMemory(f)) return f;
  const { analyses, module } = context;
  const g = inOrder(f, analyses);
  if (isDeeplyNested(analyses.loops(g))) return g;
  const after = new Forwarding(g, module, analyses.layout(module), analyses.definitions(g).instruction, analyses.cfg(g), analyses.dominators(g), analyses.loops(g)).run();
  analyses.preserve(g, after);
  return after;
});

function touchesMemory(f: MirFunction): boolean {
  for (const b of f.blocks) for (const i of b.instructions) if (i.kind === 'load') return true;
  return false;
}

interface Fact { readonly access: LoadInst | StoreInst; readonly at: Location; readonly value: Value }

class Forwarding {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  readonly #dom: Dominators;
  readonly #loops: Loops;
  readonly #facts: AliasFacts;
  readonly #replacement: Int32Array;
  #clobbers: readonly Clobber[] = [];
  /** Whether any value is another one now. */
  #replaces = false;
  readonly #types: ValueTypes;

  constructor(f: MirFunction, module: Module, layout: MemoryLayout | undefined, definitions: readonly (Instruction | undefined)[], cfg: Cfg, dom: Dominators, loops: Loops) {
    this.#f = f;
    this.#cfg = cfg;
    this.#dom = dom;
    this.#loops = loops;
    this.#types = new ValueTypes(f.valueTypes);
    this.#facts = aliasFacts(f, module, layout, definitions);
    const replacement = this.#replacement = int32(f.valueTypes.length);
    for (let v = 0; v < replacement.length; v++) replacement[v] = v;
  }

  run(): MirFunction {
    const { blocks } = this.#f, cfg = this.#cfg;
    this.#clobbers = loopClobbers(this.#f, this.#loops, this.#facts);
    const ends: Fact[][] = new Array<Fact[]>(blocks.length);
    let out: Block[] | undefined;
    for (let k = 0; k < cfg.rpo.length; k++) {
      const b = cfg.rpo[k], facts = this.#entryFacts(b, ends);
      const after = this.#block(blocks[b], facts);
      ends[b] = facts;
      if (after !== blocks[b]) (out ??= blocks.slice())[b] = after;
    }
    return out === undefined ? this.#f : { ...this.#f, blocks: out, valueTypes: this.#types.finish() };
  }

  #entryFacts(b: number, ends: readonly Fact[][]): Fact[] {
    const cfg = this.#cfg;
    let facts: Fact[] | undefined, isHeader = false;
    for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
      const p = cfg.preds[e];
      if (cfg.rpoIndex[p] >= cfg.rpoIndex[b]) {
        if (!dominates(this.#dom, b, p)) return [];
        isHeader = true;
        continue;
      }
      const end = ends[p];
      if (facts === undefined) facts = end.slice(); else keepCommon(facts, end);
    }
    if (facts === undefined) return [];
    if (isHeader) {
      if (this.#loops.irreducible) return [];
      const clobber = this.#clobbers[this.#loops.loopOf[b]];
      if (clobber.all) return this.#privateOnly(facts, clobber.places);
      for (const place of clobber.places) this.#drop(facts, place);
    }
    return facts;
  }

  /** Forgets what a store to `place` may overwrite. */
  #drop(facts: Fact[], place: Location): void {
    let n = 0;
    for (let k = 0; k < facts.length; k++) if (!mayAlias(facts[k].at, place, this.#facts)) facts[n++] = facts[k];
    cutTo(facts, n);
  }

  /** What survives code that may write anywhere: facts of private slots that the listed stores leave alone. */
  #privateOnly(facts: readonly Fact[], places: readonly Location[] | undefined): Fact[] {
    if (places !== undefined) return []; // the list is cut: stores to slots may be missing from it
    return facts.filter((x) => x.at.root === 'slot' && this.#facts.escapes[x.at.id] === 0 && x.at.index < 0 && x.at.constant >= 0 && x.at.constant + x.at.size <= this.#facts.slotSizes[x.at.id]);
  }

  /** Rewrites a block; `facts` becomes what holds at its end. */
  #block(block: Block, facts: Fact[]): Block {
    let out: Instruction[] | undefined, n = 0;
    const list = block.instructions;
    for (let k = 0; k < list.length; k++) {
      const before = list[k];
      const i = this.#replaces ? renameOperands(before, this.#replacement) : before;
      if (i !== before && out === undefined) { out = list.slice(); n = k; }
      switch (i.kind) {
        case 'load': {
          if (i.volatile) break;
          const known = find(facts, i);
          if (known === undefined) {
            add(facts, { access: i, at: locate(i, i.type, this.#facts), value: i.result });
            break;
          }
          if (out === undefined) { out = list.slice(); n = k; }
          this.#replaces = true;
          const cast = castTo(i, known, this.#types);
          this.#replacement[i.result] = cast === undefined ? known.value : cast.result;
          if (cast !== undefined) n = put(out, n, cast);
          continue;
        }
        case 'store': {
          if (i.volatile) { this.#forget(facts); break; }
          const known = find(facts, i);
          if (known !== undefined && known.value === i.value && known.access.type === i.type) {
            if (out === undefined) { out = list.slice(); n = k; }
            continue;
          }
          const at = locate(i, i.type, this.#facts);
          this.#drop(facts, at);
          // An i1 is stored as a byte: what is read back is not that value's type.
          if (i.type !== 'i1') add(facts, { access: i, at, value: i.value });
          break;
        }
        case 'const': case 'binary': case 'compare': case 'convert': case 'select': break;
        default: if (overwrites(i) !== 'nothing') this.#forget(facts);
      }
      if (out !== undefined) n = put(out, n, i);
    }
    const terminator = this.#replaces ? renameTerminator(block.terminator, this.#replacement) : block.terminator;
    if (out === undefined && terminator === block.terminator) return block;
    if (out !== undefined) cutTo(out, n);
    return replaceBlock(block, block.params, out ?? list, terminator);
  }

  /** Anything may be written here. */
  #forget(facts: Fact[]): void {
    const kept = this.#privateOnly(facts, undefined);
    facts.length = 0;
    facts.push(...kept);
  }
}

/** What turns the known bits into the type of a load, unless they are of that type. */
function castTo(i: LoadInst, { access, value }: Fact, types: ValueTypes): ConvertInst | undefined {
  if (access.type === i.type) return undefined;
  return { kind: 'convert', op: 'bitcast', from: access.type, type: i.type, a: value, result: types.add(i.type), loc: i.loc };
}

function sameAccess(x: LoadInst | StoreInst, y: LoadInst | StoreInst): boolean {
  return x.base === y.base && x.index === y.index && x.offset === y.offset && x.scale === y.scale && x.type === y.type;
}

function find(facts: readonly Fact[], i: LoadInst | StoreInst): Fact | undefined {
  for (let k = facts.length - 1; k >= 0; k--) {
    const a = facts[k].access;
    if (a.base === i.base && a.index === i.index && a.offset === i.offset && (a.index < 0 || a.scale === i.scale) && castable(a.type, i.type)) return facts[k];
  }
  return undefined;
}

function castable(a: Type, b: Type): boolean {
  return a === b && a !== 'i1' || a === 'i32' && b === 'f32' || a === 'f32' && b === 'i32' || a === 'i64' && b === 'f64' || a === 'f64' && b === 'i64';
}

function add(facts: Fact[], fact: Fact): void {
  if (facts.length === MAX_FACTS) facts.shift();
  facts.push(fact);
}

/** Keeps the facts that are in `other` too. */
function keepCommon(facts: Fact[], other: readonly Fact[]): void {
  let n = 0;
  for (let k = 0; k < facts.length; k++) {
    const x = facts[k];
    for (let j = 0; j < other.length; j++) {
      const y = other[j];
      if (x === y || x.value === y.value && sameAccess(x.access, y.access)) { facts[n++] = x; break; }
    }
  }
  cutTo(facts, n);
}
