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
import { forEachOperand, forEachResult, forEachTerminatorOperand, mapEdges, mapTerminatorOperands } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { mapAll } from './block-params.ts';
import { copyInstruction, replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { withoutUnreachable } from './simplify-cfg.ts';
import { int32, uint8 } from '../analysis/slab.ts';

/** Largest header that is copied, in instructions. */
const MAX_HEADER = 20;

/** The pass `rotate-loops`. */
export const rotateLoops = ownFunctionPass('rotate-loops', 'while loops become guarded do-while loops', (f, context) => {
  const g = withoutUnreachable(f, context.analyses.cfg(f));
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
  /** 1 for a block that reads values of a header. */
  readonly #reads: Uint8Array;
  #types: Type[] = [];

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
    this.#reads = uint8(f.blocks.length);
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
    let u = 0;
    const read = (v: Value): void => {
      const l = this.#owner[v];
      if (l < 0 || this.#chosen[l] === 0) return;
      this.#reads[u] = 1;
      const side = this.#side(l, u);
      if (side < 0) this.#chosen[l] = 0; else this.#needs[v] |= side;
    };
    for (; u < this.#f.blocks.length; u++) {
      const b = this.#f.blocks[u];
      for (const i of b.instructions) forEachOperand(i, read);
      forEachTerminatorOperand(b.terminator, read);
    }
    // The edges of H give arguments to B and E from within B' and E'.
    for (let l = 0; l < this.#loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      for (const v of this.#edge(l, true).args) if (this.#owner[v] === l) this.#needs[v] |= 1;
      for (const v of this.#edge(l, false).args) if (this.#owner[v] === l) this.#needs[v] |= 2;
    }
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
    this.#types = this.#f.valueTypes.slice();
    const fresh = (v: Value): Value => this.#types.push(this.#f.valueTypes[v]) - 1;
    // Numbers of H', B', E' of each chosen loop.
    const first = int32(loops.count).fill(-1);
    let next = n;
    for (let l = 0; l < loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      first[l] = next;
      next += 3;
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
      return { block: first[l], args: e.args };
    };
    const out: Block[] = [];
    for (let b = 0; b < n; b++) {
      const block = blocks[b], l = loops.loopOf[b];
      const map = (v: Value): Value => this.#rename(b, v);
      const instructions = this.#reads[b] !== 0 ? mapAll(block.instructions, map) : block.instructions;
      if (l >= 0 && this.#chosen[l] !== 0 && loops.headers[l] === b) {
        const t = block.terminator as BranchTerm;
        out.push(replaceBlock(block, block.params, instructions, this.#test(l, first[l], t, map(t.condition), (v) => v)));
        continue;
      }
      const terminator: Terminator = mapEdges(this.#reads[b] !== 0 ? mapTerminatorOperands(block.terminator, map) : block.terminator, (e) => redirect(b, e));
      out.push(instructions === block.instructions && terminator === block.terminator ? block : replaceBlock(block, block.params, instructions, terminator));
    }
    for (let l = 0; l < loops.count; l++) {
      if (this.#chosen[l] === 0) continue;
      const h = loops.headers[l], block = blocks[h], t = block.terminator as BranchTerm;
      const copied = (v: Value): Value => (this.#owner[v] === l ? this.#copy[v] : this.#rename(h, v));
      const inBody = (v: Value): Value => (this.#owner[v] === l ? this.#inBody[v] : this.#rename(h, v));
      const inExit = (v: Value): Value => (this.#owner[v] === l ? this.#inExit[v] : this.#rename(h, v));
      const instructions: Instruction[] = block.instructions.map((i) => copyInstruction(i, copied, (r) => this.#copy[r]));
      out.push(replaceBlock(block, block.params.map((p) => this.#copy[p]), instructions, this.#test(l, first[l], t, copied(t.condition), copied)));
      for (const [inside, map] of [[true, inBody], [false, inExit]] as const) {
        const e = this.#edge(l, inside);
        const target = redirect(h, { block: e.block, args: e.args.map(map) });
        out.push({ params: this.#carried(l, inside).map(map), instructions: [], terminator: { kind: 'jump', target, loc: t.loc } });
      }
    }
    return { ...this.#f, blocks: out, valueTypes: this.#types };
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
  #test(l: number, first: BlockId, t: BranchTerm, condition: Value, map: (v: Value) => Value): Terminator {
    const body: Edge = { block: first + 1, args: this.#carried(l, true).map(map) };
    const exit: Edge = { block: first + 2, args: this.#carried(l, false).map(map) };
    const thenIn = inLoop(this.#loops, t.then.block, l);
    return { kind: 'br', condition, then: thenIn ? body : exit, else: thenIn ? exit : body, loc: t.loc };
  }
}
