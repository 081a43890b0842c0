/**
 * Which values live on the wasm stack: each block's nodes in the order in which they are written, with `local.get`,
 * `local.set` and `local.tee` of the values that need a local.
 *
 * A block is walked backwards and its code is built in reverse, so that a node is followed at once by the code of its
 * last operand, and so on: no recursion, however deep an expression is. A use of a value becomes the value's own code
 * (and no local is needed, or a `tee` when there are later uses) when this is its first use in evaluation order, its
 * definition is in the same block, and moving it here changes nothing:
 *
 * - a node without effects may move anywhere;
 * - a node with effects (memory, calls, anything that may trap) only when it is the last of its kind not yet placed,
 *   so the order of effects is always the original one.
 *
 * Invariant: `pending[v]` is the number of uses of v in its own block that the backward walk has not met yet.
 * Constants are written again at every use. Code for the arguments of conditional edges is only what may move and has
 * no other use. A node without effects that nothing needs is left out.
 */
import { IntBuffer } from '../../lib/codegen/growable.ts';
import { incomingEdges } from '../../lib/analysis/index.ts';
import type { Edge } from '../../lib/mir/instruction.ts';
import { isConstant, isEffect } from './nodes.ts';
import type { Selected } from './select.ts';

/** Kinds of schedule entries; an entry is `number * 8 + kind`, the number a node or a value. */
export const NODE = 0, GET = 1, SET = 2, TEE = 3, DROP = 4, SEPARATOR = 5;

export interface Schedule {
  readonly entries: Int32Array;
  /** Block b: its code and its terminator's operands are `start[b] .. firstArm[b]`; arguments of its edges follow. */
  readonly start: Int32Array;
  /** First edge's (`then` or the only one's) arguments, each closed by a separator: `firstArm[b] .. secondArm[b]`. */
  readonly firstArm: Int32Array;
  /** Second edge's (`else`) arguments: `secondArm[b] .. end[b]`. */
  readonly secondArm: Int32Array;
  readonly end: Int32Array;
  /** Uses of each value; block parameters without any are not passed. */
  readonly uses: Int32Array;
}

export function schedule(s: Selected): Schedule {
  return new Scheduler(s).run();
}

class Scheduler {
  readonly #s: Selected;
  readonly #uses: Int32Array;
  readonly #pending: Int32Array;
  /** Block of each value's definition, or −1. */
  readonly #defBlock: Int32Array;
  /** Node of each value with a single result, or −1. */
  readonly #defNode: Int32Array;
  readonly #needed: Uint8Array;
  readonly #placed: Uint8Array;
  readonly #out = new IntBuffer(256);
  readonly #reversed = new IntBuffer(256);
  readonly #work: number[] = [];
  /** The last effect not yet placed, walking backwards, or −1. */
  #lastEffect = -1;
  #block = 0;

  constructor(s: Selected) {
    this.#s = s;
    const values = s.nodes.types.length;
    this.#uses = new Int32Array(values);
    this.#pending = new Int32Array(values);
    this.#defBlock = new Int32Array(values).fill(-1);
    this.#defNode = new Int32Array(values).fill(-1);
    this.#needed = new Uint8Array(values);
    this.#placed = new Uint8Array(s.nodes.count);
  }

  run(): Schedule {
    const { f, cfg } = this.#s, n = f.blocks.length;
    this.#countUses();
    const start = new Int32Array(n), firstArm = new Int32Array(n), secondArm = new Int32Array(n), end = new Int32Array(n);
    for (const b of cfg.rpo) {
      this.#reversed.clear();
      const [first, second] = this.#scheduleBlock(b), length = this.#reversed.length, base = this.#out.length;
      const data = this.#reversed.data;
      for (let k = length - 1; k >= 0; k--) this.#out.push(data[k]);
      start[b] = base;
      secondArm[b] = base + length - second;
      firstArm[b] = base + length - first;
      end[b] = base + length;
    }
    return { entries: this.#out.finish(), start, firstArm, secondArm, end, uses: this.#uses };
  }

  #countUses(): void {
    const { f, cfg, nodes, epilogue } = this.#s;
    for (const b of cfg.rpo) {
      for (let n = nodes.blockStart[b]; n < nodes.blockEnd[b]; n++) {
        const from = nodes.resultStart.data[n], to = nodes.resultStart.data[n + 1];
        for (let r = from; r < to; r++) this.#defBlock[nodes.results.data[r]] = b;
        if (to - from === 1) this.#defNode[nodes.results.data[from]] = n;
      }
    }
    for (let n = epilogue.start; n < epilogue.end; n++) {
      const from = nodes.resultStart.data[n];
      if (nodes.resultStart.data[n + 1] > from) this.#defNode[nodes.results.data[from]] = n;
    }
    const dead = this.#deadParams();
    for (const b of cfg.rpo) {
      this.#eachNodeArg(nodes.blockStart[b], nodes.blockEnd[b], (v) => this.#use(v, b));
      this.#eachDirect(b, (v) => this.#use(v, b));
      if (this.#returns(b)) this.#eachNodeArg(epilogue.start, epilogue.end, (v) => this.#use(v, b));
      this.#eachEdge(b, (e) => {
        const params = f.blocks[e.block].params;
        for (let k = 0; k < params.length; k++) if (dead[params[k]] === 0) this.#use(this.#s.values[e.args[k]], b);
      });
    }
  }

  #eachNodeArg(from: number, to: number, visit: (v: number) => void): void {
    const { argStart, args } = this.#s.nodes;
    if (to > from) for (let a = argStart.data[from]; a < argStart.data[to]; a++) visit(args.data[a]);
  }
  #returns(b: number): boolean {
    const kind = this.#s.f.blocks[b].terminator.kind;
    return kind === 'ret' || kind === 'tail_call' || kind === 'tail_call_indirect';
  }

  /** Block parameters that nothing reads but other such parameters in front of them: they are not passed. */
  #deadParams(): Uint8Array {
    const { f, cfg, nodes, epilogue, values } = this.#s, count = new Int32Array(nodes.types.length), dead = new Uint8Array(count.length);
    const see = (v: number): void => { count[v]++; };
    this.#eachNodeArg(epilogue.start, epilogue.end, see);
    for (const b of cfg.rpo) {
      this.#eachNodeArg(nodes.blockStart[b], nodes.blockEnd[b], see);
      this.#eachDirect(b, see);
      this.#eachEdge(b, (e) => { for (const v of e.args) count[values[v]]++; });
    }
    const incoming = incomingEdges(f, cfg), position = new Int32Array(count.length).fill(-1), block = new Int32Array(count.length), work: number[] = [];
    for (const b of cfg.rpo) {
      f.blocks[b].params.forEach((p, k) => {
        position[p] = k;
        block[p] = b;
        if (count[p] === 0) work.push(p);
      });
    }
    while (work.length > 0) {
      const p = work.pop()!, b = block[p];
      dead[p] = 1;
      for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
        if (cfg.rpoIndex[cfg.preds[e]] < 0) continue;
        const v = values[incoming[e].args[position[p]]];
        if (--count[v] === 0 && position[v] >= 0) work.push(v);
      }
    }
    return dead;
  }

  #use(v: number, b: number): void {
    this.#uses[v]++;
    if (this.#defBlock[v] === b) this.#pending[v]++; else this.#needed[v] = 1;
  }

  /** Values the terminator reads itself, in evaluation order. */
  #eachDirect(b: number, visit: (v: number) => void): void {
    const t = this.#s.f.blocks[b].terminator;
    if (t.kind === 'br') visit(this.#s.values[t.condition]);
    else { const list = this.#s.passed.get(b); if (list !== undefined) for (const v of list) visit(v); }
  }
  #eachEdge(b: number, visit: (e: Edge) => void): void {
    const t = this.#s.f.blocks[b].terminator;
    if (t.kind === 'jump') visit(t.target); else if (t.kind === 'br') { visit(t.then); visit(t.else); }
  }

  /** Writes one block in reverse; gives the entries of both arms together and of the second arm alone. */
  #scheduleBlock(b: number): readonly [number, number] {
    const { f, nodes, epilogue } = this.#s, t = f.blocks[b].terminator;
    this.#block = b;
    this.#lastEffect = this.#previousEffect(nodes.blockEnd[b]);
    let second = 0, first = 0;
    if (t.kind === 'br') {
      this.#edge(t.else, true);
      second = this.#reversed.length;
      this.#edge(t.then, true);
      first = this.#reversed.length;
      this.#value(this.#s.values[t.condition], false);
    } else if (t.kind === 'jump') {
      this.#edge(t.target, false);
      first = this.#reversed.length;
    } else {
      if (this.#returns(b) && epilogue.end > epilogue.start) this.#node(epilogue.end - 1);
      const list = this.#s.passed.get(b);
      if (list !== undefined) for (let k = list.length - 1; k >= 0; k--) this.#value(list[k], false);
    }
    for (let n = nodes.blockEnd[b] - 1; n >= nodes.blockStart[b]; n--) if (this.#placed[n] === 0) this.#root(n);
    return [first, second];
  }

  #edge(e: Edge, conditional: boolean): void {
    const params = this.#s.f.blocks[e.block].params;
    for (let k = params.length - 1; k >= 0; k--) {
      this.#put(0, SEPARATOR);
      if (this.#uses[params[k]] > 0) this.#value(this.#s.values[e.args[k]], conditional);
    }
  }

  /** A node at its own place: with effects, or because its result is needed in a local. */
  #root(n: number): void {
    const { nodes } = this.#s, from = nodes.resultStart.data[n], to = nodes.resultStart.data[n + 1], op = nodes.op.data[n];
    if (isConstant(op)) return;
    if (!isEffect(op)) {
      let needed = false;
      for (let r = from; r < to; r++) if (this.#needed[nodes.results.data[r]] === 1) needed = true;
      if (!needed) { this.#forget(n); return; }
    }
    for (let r = from; r < to; r++) {
      const v = nodes.results.data[r];
      this.#put(this.#needed[v] === 1 ? v : 0, this.#needed[v] === 1 ? SET : DROP);
    }
    this.#node(n);
  }

  /** A node that is left out reads nothing. */
  #forget(n: number): void {
    const { nodes } = this.#s;
    this.#placed[n] = 1;
    for (let a = nodes.argStart.data[n]; a < nodes.argStart.data[n + 1]; a++) {
      const v = nodes.args.data[a];
      if (this.#defBlock[v] === this.#block) this.#pending[v]--;
    }
  }

  /** The code of a node after that of its operands: the node, then (in reverse) its operands, last first. */
  #node(n: number): void {
    const work = this.#work, base = work.length;
    this.#place(n);
    while (work.length > base) this.#operand(work.pop()!, false);
  }

  #place(n: number): void {
    const { nodes } = this.#s;
    this.#placed[n] = 1;
    if (n === this.#lastEffect) this.#lastEffect = this.#previousEffect(n);
    this.#put(n, NODE);
    // The last operand comes off the work list first.
    for (let a = nodes.argStart.data[n]; a < nodes.argStart.data[n + 1]; a++) this.#work.push(nodes.args.data[a]);
  }

  #value(v: number, conditional: boolean): void {
    const work = this.#work, base = work.length;
    this.#operand(v, conditional);
    while (work.length > base) this.#operand(work.pop()!, conditional);
  }

  #operand(v: number, conditional: boolean): void {
    const { nodes } = this.#s, n = this.#defNode[v];
    if (n >= 0) {
      const op = nodes.op.data[n];
      if (isConstant(op)) { this.#put(n, NODE); return; }
      if (n >= this.#s.epilogue.start && n < this.#s.epilogue.end) { this.#place(n); return; }
      if (this.#defBlock[v] === this.#block) {
        const left = --this.#pending[v];
        const moves = left === 0 && this.#placed[n] === 0 && (isEffect(op) ? !conditional && n === this.#lastEffect : true);
        if (moves && (!conditional || this.#uses[v] === 1)) {
          if (this.#needed[v] === 1) this.#put(v, TEE);
          this.#place(n);
          return;
        }
      }
    } else if (this.#defBlock[v] === this.#block) this.#pending[v]--;
    this.#needed[v] = 1;
    this.#put(v, GET);
  }

  #previousEffect(n: number): number {
    const { nodes } = this.#s, first = nodes.blockStart[this.#block];
    for (n--; n >= first; n--) if (this.#placed[n] === 0 && isEffect(nodes.op.data[n])) return n;
    return -1;
  }

  #put(n: number, kind: number): void { this.#reversed.push(n * 8 + kind); }
}

