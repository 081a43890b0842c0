/**
 * SSA construction for mutable variables while blocks are being written.
 *
 * Source: M. Braun, S. Buchwald, S. Hack, R. Leißa, C. Mallon, A. Zwinkau, "Simple and Efficient Construction of Static
 * Single Assignment Form", CC 2013, sections 2.1-2.3, with block parameters in place of phis. Recursion over the
 * control-flow graph is replaced by a queue; trivial parameters are removed once at the end (`tidy.ts`), not on the fly.
 *
 * Invariants:
 * - a variable's `defs` maps a block to the value at the end of what has been written of that block;
 * - a sealed block gets no further predecessors; reading in an unsealed one makes an incomplete parameter, whose edge
 *   arguments are appended when the block is sealed;
 * - per block, parameters are created, and their edge arguments appended, in the same order;
 * - an edge out of a dead block is not recorded, so dead code never feeds a parameter;
 * - a join that remembers its branch is reached only by way of that branch, through code written between the two: a
 *   variable that this code does not write has at the join the value it had at the branch. (Without it a function of
 *   v variables and n branches gets v * n parameters, to be removed again.)
 */
import type { BlockId, FunctionBuilder, Type, Value } from '../lib/mir/index.ts';

/** A mutable variable. */
export interface SsaVariable {
  readonly type: Type;
  /** Its value at the end of what has been written of a block, by block. */
  readonly defs: Map<BlockId, Value>;
  /** When it was written, ascending. */
  readonly writes: number[];
}

/** A point from which paths part: the block that ends there, and how much had been written by then. */
export interface Branch { readonly block: BlockId; readonly time: number; readonly labels: number }
/** The branch whose paths meet in a block, and when the last of them had been written. */
interface Meeting { readonly branch: Branch; readonly until: number }

interface BlockState {
  /** The first predecessor and the number of its edge; -1: none. Most blocks have no other. */
  pred: BlockId;
  predEdge: number;
  /** Block and edge number of further predecessors, flattened. */
  more: number[] | undefined;
  sealed: boolean;
  /** A label may be jumped to later, so code in it counts as live before its first predecessor is known. */
  readonly label: boolean;
  /** Variables that got a parameter while the block was unsealed. */
  incomplete: SsaVariable[] | undefined;
  meeting: Meeting | undefined;
}

export class Ssa {
  readonly #fb: FunctionBuilder;
  readonly #blocks: BlockState[] = [];
  /** Parameters whose edge arguments are still to be appended. */
  readonly #queue: { readonly block: BlockId; readonly variable: SsaVariable }[] = [];
  readonly #onUndefined: (variable: SsaVariable) => never;
  /** Writes so far, and labels: code behind a label is reached from anywhere. */
  #time = 0;
  #labels = 0;

  /** `onUndefined` is called when a variable is read that has no value on some path; it throws. */
  constructor(fb: FunctionBuilder, onUndefined: (variable: SsaVariable) => never) {
    this.#fb = fb;
    this.#onUndefined = onUndefined;
    this.#blocks.push({ pred: -1, predEdge: 0, more: undefined, sealed: true, label: false, incomplete: undefined, meeting: undefined });
  }

  createVariable(type: Type): SsaVariable { return { type, defs: new Map(), writes: [] }; }

  /** A new block, not sealed. */
  createBlock(name: string | undefined, label = false): BlockId {
    this.#blocks.push({ pred: -1, predEdge: 0, more: undefined, sealed: false, label, incomplete: undefined, meeting: undefined });
    return this.#fb.createBlock(name);
  }

  /** True when code in `block` may run as far as is known. */
  isLive(block: BlockId): boolean {
    const b = this.#blocks[block];
    return block === 0 || b.pred !== -1 || (b.label && !b.sealed);
  }
  hasPredecessors(block: BlockId): boolean { return this.#blocks[block].pred !== -1; }
  isSealed(block: BlockId): boolean { return this.#blocks[block].sealed; }

  /** Records edge number `edge` of `from`'s terminator as an edge to `to`. */
  addEdge(from: BlockId, edge: number, to: BlockId): void {
    if (!this.isLive(from)) return;
    const b = this.#blocks[to];
    if (b.pred === -1) {
      b.pred = from;
      b.predEdge = edge;
    } else if (b.more === undefined) b.more = [from, edge];
    else b.more.push(from, edge);
  }

  /** Promises that `block` gets no further predecessors. */
  seal(block: BlockId): void {
    const b = this.#blocks[block];
    if (b.sealed) return;
    b.sealed = true;
    if (b.incomplete === undefined) return;
    for (const variable of b.incomplete) this.#queue.push({ block, variable });
    b.incomplete = undefined;
    this.#drain();
  }
  sealAll(): void {
    for (let b = 0; b < this.#blocks.length; b++) this.seal(b);
  }

  /** Says that code written from now on may be reached from anywhere in the function. */
  noteLabel(): void { this.#labels++; }
  /** The branch that is about to end the current block. */
  branch(): Branch { return { block: this.#fb.current, time: this.#time, labels: this.#labels }; }
  /** Says that `block`, about to be entered, is where the paths from `branch` meet, and reached in no other way. */
  meet(block: BlockId, branch: Branch): void {
    if (branch.labels === this.#labels) this.#blocks[block].meeting = { branch, until: this.#time };
  }

  write(variable: SsaVariable, v: Value): void {
    variable.defs.set(this.#fb.current, v);
    variable.writes.push(++this.#time);
  }

  read(variable: SsaVariable): Value {
    const v = this.#lookup(variable, this.#fb.current);
    this.#drain();
    return v;
  }

  /** The variable's value at the end of `block`, walking up while there is one predecessor. */
  #lookup(variable: SsaVariable, block: BlockId): Value {
    const passed: BlockId[] = [];
    let at = block, v: Value;
    for (;;) {
      const b = this.#blocks[at];
      const known = variable.defs.get(at);
      if (known !== undefined) { v = known; break; }
      if (!b.sealed) {
        v = this.#fb.addBlockParam(at, variable.type);
        if (b.incomplete === undefined) b.incomplete = [variable]; else b.incomplete.push(variable);
      } else if (b.pred === -1 || passed.length > this.#blocks.length) {
        if (at === 0) this.#onUndefined(variable);
        v = this.#fb.undefinedValue(variable.type);
      } else if (b.more === undefined) {
        passed.push(at);
        at = b.pred;
        continue;
      } else if (b.meeting !== undefined && !writtenBetween(variable.writes, b.meeting.branch.time, b.meeting.until)) {
        passed.push(at);
        at = b.meeting.branch.block;
        continue;
      } else {
        v = this.#fb.addBlockParam(at, variable.type);
        this.#queue.push({ block: at, variable });
      }
      variable.defs.set(at, v);
      break;
    }
    for (const p of passed) variable.defs.set(p, v);
    return v;
  }

  #drain(): void {
    for (let k = 0; k < this.#queue.length; k++) {
      const { block, variable } = this.#queue[k];
      const { pred, predEdge, more } = this.#blocks[block];
      if (pred === -1) continue;
      this.#fb.addEdgeArgument(pred, predEdge, this.#lookup(variable, pred));
      if (more !== undefined) for (let p = 0; p < more.length; p += 2) this.#fb.addEdgeArgument(more[p], more[p + 1], this.#lookup(variable, more[p]));
    }
    this.#queue.length = 0;
  }
}

/** True when one of the ascending `times` is after `from` and not after `until`. */
function writtenBetween(times: readonly number[], from: number, until: number): boolean {
  let lo = 0, hi = times.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (times[mid] > from) hi = mid; else lo = mid + 1;
  }
  return lo < times.length && times[lo] <= until;
}
