/**
 * Loop inversion: `while (c) body` becomes `if (c) do body while (c)`. One jump less per round, and code before the
 * loop runs exactly when the loop is entered, which is what code motion needs.
 *
 * For a loop whose header H tests (one edge B stays inside, the other E leaves) and whose back edges are plain jumps:
 *
 * ```text
 * H:      as before, the guard; its edges now lead to B' and E'
 * H':     a copy of H, entered by the back edges; its edges lead to B' and E' too
 * B'(..): a parameter for each value of H that the loop's blocks read; jumps to B with the arguments of H's edge
 * E'(..): the same for what is read behind the exit; jumps to E
 * ```
 *
 * A value of H now has two definitions. A read of it inside the loop becomes the parameter of B'; a read that only
 * the exit edge leads to, the parameter of E'; a read that only the body edge leads to (behind a `break`), that of
 * B'. A loop with a read that neither edge dominates is left as it is. Every value belongs to at most one header, so
 * all loops of a function, nested ones too, are turned in one walk with one renaming.
 */
import type { Cfg } from '../analysis/cfg.ts';
import { dominates, type Dominators } from '../analysis/dominators.ts';
import { inLoop, isDeeplyNested, type Loops } from '../analysis/loops.ts';
import type { BlockId, BranchTerm, Edge, Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachResult, forEachTerminatorOperand, mapEdges } from '../mir/operands.ts';
import { copyInstruction, renameAll, renameTerminator, replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { inOrder } from './simplify-cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';
import { ValueTypes } from './value-types.ts';

/** Largest header that is copied, in instructions. */
const MAX_HEADER = 20;

/** The pass `rotate-loops`. */
export const rotateLoops = ownFunctionPass('rotate-loops', 'while loops become guarded do-while loops', (f, context) => {
  const g = inOrder(f, context.analyses);
  const loops = context.analyses.loops(g);
  if (loops.count === 0 || isDeeplyNested(loops)) return g;
  return new Rotation(g, context.analyses.cfg(g), context.analyses.dominators(g), loops).run();
});

class Rotation {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  readonly #dom: Dominators;
  readonly #loops: Loops;
  /** Loops to turn. */
  readonly #chosen: Uint8Array;
  /** Loop whose header defines the value, −1 for most values. */
  readonly #owner: Int32Array;
  /** Whether a value of a header needs a parameter in B' or E'. */
  readonly #needs: Uint8Array;
  /** Parameters made for it, and its copy in H'. */
  readonly #inBody: Int32Array;
  readonly #inExit: Int32Array;
  readonly #copy: Int32Array;
  /** Values of headers that block `b` reads, repeated: `#reads[#readStart[b]] .. #reads[#readStart[b + 1]]`. */
  readonly #reads: Value[] = [];
  readonly #readStart: Int32Array;
  readonly #types: ValueTypes;

  constructor(f: MirFunction, cfg: Cfg, dom: Dominators, loops: Loops) {
    const n = f.valueTypes.length;
    this.#f = f;
    this.#cfg = cfg;
    this.#dom = dom;
    this.#loops = loops;
    this.#chosen = uint8(loops.count);
    this.#owner = int32(n).fill(-1);
    this.#needs = uint8(n);
    this.#inBody = int32(n).fill(-1);
    this.#inExit = int32(n).fill(-1);
    this.#copy = int32(n).fill(-1);
    this.#readStart = int32(f.blocks.length + 1);
    this.#types = new ValueTypes(f.valueTypes);
  }

  run(): MirFunction {
    for (let l = 0; l < this.#loops.count; l++) if (this.#isCandidate(l)) this.#choose(l);
    if (!this.#chosen.includes(1)) return this.#f;
    this.#checkReads();
    if (!this.#chosen.includes(1)) return this.#f;
    return this.#rebuild();
  }

  #isCandidate(l: number): boolean {
    const h = this.#loops.headers[l], block = this.#f.blocks[h], t = block.terminator, cfg = this.#cfg;
    if (h === 0 || t.kind !== 'br' || block.instructions.length > MAX_HEADER) return false;
    const thenIn = inLoop(this.#loops, t.then.block, l), elseIn = inLoop(this.#loops, t.else.block, l);
    if (thenIn === elseIn || t.then.block === h || t.else.block === h) return false;
    for (let e = cfg.predStart[h]; e < cfg.predStart[h + 1]; e++) {
      const p = cfg.preds[e];
      if (inLoop(this.#loops, p, l) && this.#f.blocks[p].terminator.kind !== 'jump') return false;
    }
    return block.instructions.every((i) => i.kind !== 'call' && i.kind !== 'call_indirect' && i.kind !== 'stack_map' && i.kind !== 'patch_point');
  }

  #choose(l: number): void {
    this.#chosen[l] = 1;
    const block = this.#f.blocks[this.#loops.headers[l]];
    const own = (v: Value): void => { this.#owner[v] = l; };
    block.params.forEach(own);
    for (const i of block.instructions) forEachResult(i, own);
  }

  /** The successor of a chosen loop's header inside, or outside. */
  #edge(l: number, inside: boolean): Edge {
    const t = this.#f.blocks[this.#loops.headers[l]].terminator as BranchTerm;
    return inLoop(this.#loops, t.then.block, l) === inside ? t.then : t.else;
  }

  /** True when every path to `u` takes the edge from the header to `s` last. */
  #edgeDominates(h: BlockId, s: BlockId, u: BlockId): boolean {
    if (!dominates(this.#dom, s, u)) return false;
    const cfg = this.#cfg;
    for (let e = cfg.predStart[s]; e < cfg.predStart[s + 1]; e++) {
      const p = cfg.preds[e];
      if (p !== h && !dominates(this.#dom, s, p)) return false;
    }
    return true;
  }

  /** Where a read of a value of loop `l`'s header in block `u` gets it from: 0 the header itself, 1 B', 2 E', −1 unclear. */
  #side(l: number, u: BlockId): number {
    const h = this.#loops.headers[l];
    if (u === h) return 0;
    if (inLoop(this.#loops, u, l)) return 1;
    if (this.#edgeDominates(h, this.#edge(l, false).block, u)) return 2;
    return this.#edgeDominates(h, this.#edge(l, true).block, u) ? 1 : -1;
  }

  #checkReads(): void {
    const { blocks } = this.#f, owner = this.#owner;
    let u = 0;
    const read = (v: Value): void => { if (owner[v] >= 0) this.#read(u, v); };
    for (; u < blocks.length; u++) {
      const { instructions, terminator } = blocks[u];
      this.#readStart[u] = this.#reads.length;
      for (let k = 0; k < instructions.length; k++) {
        const i = instructions[k];
        switch (i.kind) { // the frequent kinds without a call per operand
          case 'const': break;
          case 'binary': case 'compare':
            if (owner[i.a] >= 0) this.#read(u, i.a);
            if (owner[i.b] >= 0) this.#read(u, i.b);
            break;
          case 'load':
            if (owner[i.base] >= 0) this.#read(u, i.base);
            if (i.index >= 0 && owner[i.index] >= 0) this.#read(u, i.index);
            break;
          case 'store':
            if (owner[i.base] >= 0) this.#read(u, i.base);
            if (i.index >= 0 && owner[i.index] >= 0) this.#read(u, i.index);
            if (owner[i.value] >= 0) this.#read(u, i.value);
            break;
          default: forEachOperand(i, read);
        }
      }
      forEachTerminatorOperand(terminator, read);
    }
    this.#readStart[blocks.length] = this.#reads.length;
    // The edges of H give arguments to B and E from within B' and E'.
    for (let l = 0; l < this.#loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      for (const v of this.#edge(l, true).args) if (this.#owner[v] === l) this.#needs[v] |= 1;
      for (const v of this.#edge(l, false).args) if (this.#owner[v] === l) this.#needs[v] |= 2;
    }
  }

  #read(u: BlockId, v: Value): void {
    const l = this.#owner[v];
    if (this.#chosen[l] === 0) return;
    this.#reads.push(v);
    const side = this.#side(l, u);
    if (side < 0) this.#chosen[l] = 0; else this.#needs[v] |= side;
  }

  /** A value as block `u` reads it. */
  #rename(u: BlockId, v: Value): Value {
    const l = v < this.#owner.length ? this.#owner[v] : -1;
    if (l < 0 || this.#chosen[l] === 0) return v;
    switch (this.#side(l, u)) {
      case 1: return this.#inBody[v];
      case 2: return this.#inExit[v];
      default: return v;
    }
  }

  #rebuild(): MirFunction {
    const { blocks } = this.#f, loops = this.#loops, n = blocks.length;
    const fresh = (v: Value): Value => this.#types.add(this.#f.valueTypes[v]);
    // Numbers of H', B', E' of each chosen loop. A block that only H leads to, without arguments, is B' (or E') itself.
    const copies = int32(loops.count).fill(-1), inside = int32(loops.count), outside = int32(loops.count);
    let next = n;
    for (let l = 0; l < loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      copies[l] = next++;
      inside[l] = this.#isOwn(this.#edge(l, true)) ? this.#edge(l, true).block : next++;
      outside[l] = this.#isOwn(this.#edge(l, false)) ? this.#edge(l, false).block : next++;
    }
    for (let v = 0; v < this.#owner.length; v++) {
      const l = this.#owner[v];
      if (l < 0 || this.#chosen[l] === 0) continue;
      this.#copy[v] = fresh(v);
      if ((this.#needs[v] & 1) !== 0) this.#inBody[v] = fresh(v);
      if ((this.#needs[v] & 2) !== 0) this.#inExit[v] = fresh(v);
    }
    /** Edges to a chosen header from inside its loop go to its copy. */
    const redirect = (from: BlockId, e: Edge): Edge => {
      const l = loops.loopOf[e.block];
      if (l < 0 || this.#chosen[l] === 0 || loops.headers[l] !== e.block || !inLoop(loops, from, l)) return e;
      return { block: copies[l], args: e.args };
    };
    const params: (readonly Value[] | undefined)[] = new Array<readonly Value[] | undefined>(n).fill(undefined);
    for (let l = 0; l < loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      if (inside[l] < n) params[inside[l]] = this.#carried(l, true).map((v) => this.#inBody[v]);
      if (outside[l] < n) params[outside[l]] = this.#carried(l, false).map((v) => this.#inExit[v]);
    }
    const out: Block[] = [], to = int32(this.#f.valueTypes.length);
    for (let v = 0; v < to.length; v++) to[v] = v;
    for (let b = 0; b < n; b++) {
      const block = blocks[b], l = loops.loopOf[b], first = this.#readStart[b], end = this.#readStart[b + 1];
      for (let r = first; r < end; r++) to[this.#reads[r]] = this.#rename(b, this.#reads[r]);
      const instructions = first < end ? renameAll(block.instructions, to) : block.instructions;
      const isChosen = l >= 0 && this.#chosen[l] !== 0 && loops.headers[l] === b;
      const t = block.terminator;
      const terminator: Terminator = isChosen && t.kind === 'br' ? this.#test(l, inside[l], outside[l], t, to[t.condition], (v) => v)
        : mapEdges(first < end ? renameTerminator(t, to) : t, (e) => redirect(b, e));
      for (let r = first; r < end; r++) to[this.#reads[r]] = this.#reads[r];
      const entered = params[b] ?? block.params;
      out.push(instructions === block.instructions && terminator === t && entered === block.params ? block : replaceBlock(block, entered, instructions, terminator));
    }
    for (let l = 0; l < loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      const h = loops.headers[l], block = blocks[h], t = block.terminator as BranchTerm;
      const copied = (v: Value): Value => (this.#owner[v] === l ? this.#copy[v] : this.#rename(h, v));
      const inBody = (v: Value): Value => (this.#owner[v] === l ? this.#inBody[v] : this.#rename(h, v));
      const inExit = (v: Value): Value => (this.#owner[v] === l ? this.#inExit[v] : this.#rename(h, v));
      const instructions: Instruction[] = block.instructions.map((i) => copyInstruction(i, copied, (r) => this.#copy[r]));
      out.push(replaceBlock(block, block.params.map((p) => this.#copy[p]), instructions, this.#test(l, inside[l], outside[l], t, copied(t.condition), copied)));
      for (const [within, map] of [[true, inBody], [false, inExit]] as const) {
        if ((within ? inside[l] : outside[l]) < n) continue;
        const e = this.#edge(l, within);
        const target = redirect(h, { block: e.block, args: e.args.map(map) });
        out.push({ params: this.#carried(l, within).map(map), instructions: [], terminator: { kind: 'jump', target, loc: t.loc } });
      }
    }
    return { ...this.#f, blocks: out, valueTypes: this.#types.finish() };
  }

  /** True for an edge without arguments that is the only one to its block. */
  #isOwn(e: Edge): boolean {
    return e.args.length === 0 && this.#cfg.predStart[e.block + 1] - this.#cfg.predStart[e.block] === 1;
  }

  /** Values of a header that B' (or E') gets as arguments. */
  #carried(l: number, inside: boolean): Value[] {
    const list: Value[] = [], bit = inside ? 1 : 2;
    const add = (v: Value): void => { if ((this.#needs[v] & bit) !== 0) list.push(v); };
    const block = this.#f.blocks[this.#loops.headers[l]];
    block.params.forEach(add);
    for (const i of block.instructions) forEachResult(i, add);
    return list;
  }

  /** The test of H or H', with edges to B' and E'. */
  #test(l: number, inside: BlockId, outside: BlockId, t: BranchTerm, condition: Value, map: (v: Value) => Value): Terminator {
    const body: Edge = { block: inside, args: this.#carried(l, true).map(map) };
    const exit: Edge = { block: outside, args: this.#carried(l, false).map(map) };
    const thenIn = inLoop(this.#loops, t.then.block, l);
    return { kind: 'br', condition, then: thenIn ? body : exit, else: thenIn ? exit : body, loc: t.loc };
  }
}
