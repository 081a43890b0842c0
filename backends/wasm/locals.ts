/**
 * Locals for the values that are not on the wasm stack: few of them, by colouring in SSA form.
 *
 * Interference graphs of SSA programs are chordal, and visiting definitions in the order of the dominator tree
 * colours them with as few colours as values are live at once (Hack, Grund and Goos, "Register allocation for
 * programs in SSA form", CC 2006), without building the graph. Each wasm type has its own colours; the function's
 * parameters are the first ones.
 *
 * A block parameter takes the local of one of its arguments, and an argument that of its parameter, where that is
 * free: most moves on edges then disappear. What moves remain are parallel by nature: all arguments are pushed before
 * the first parameter is set, and no parameter's local is that of another value live into its block.
 */
import type { Dominators } from '../../lib/analysis/index.ts';
import { IntBuffer } from '../../lib/codegen/growable.ts';
import { WasmLimitError } from './limits.ts';
import { GET, SET, TEE, type Schedule } from './schedule.ts';
import type { Selected } from './select.ts';

export interface Locals {
  /** Local of each value, or −1. */
  readonly of: Int32Array;
  /** Wasm type of each local, the parameters' first. */
  readonly types: readonly number[];
}

export function assignLocals(s: Selected, schedule: Schedule, dom: Dominators): Locals {
  const live = liveness(s, schedule);
  return new Colouring(s, schedule, live).run(dom.preorder);
}

/** Pairs of a value and a block it is live into: beyond, they would take gigabytes. */
const MAX_LIVE = 1 << 26;

/** Values live into each block, parameters of the block not among them. */
interface Liveness { readonly start: Int32Array; readonly values: Int32Array }

/** By use: from every block that reads a value before defining it, backwards to its definition. */
function liveness(s: Selected, schedule: Schedule): Liveness {
  const { f, cfg, nodes } = s, n = f.blocks.length, count = nodes.types.length;
  const defBlock = new Int32Array(count).fill(-1), entries = schedule.entries;
  for (const b of cfg.rpo) {
    for (const p of f.blocks[b].params) defBlock[p] = b;
    for (let k = schedule.start[b]; k < schedule.end[b]; k++) if ((entries[k] & 7) === SET || (entries[k] & 7) === TEE) defBlock[entries[k] >> 3] = b;
  }
  // Pairs (value, block that reads it), grouped by value.
  const used = new IntBuffer(256), usedIn = new IntBuffer(256), first = new Int32Array(count + 1), stamp = new Int32Array(count).fill(-1);
  for (const b of cfg.rpo) {
    for (let k = schedule.start[b]; k < schedule.end[b]; k++) {
      const v = entries[k] >> 3;
      if ((entries[k] & 7) !== GET || defBlock[v] === b || stamp[v] === b) continue;
      stamp[v] = b;
      used.push(v);
      usedIn.push(b);
      first[v + 1]++;
    }
  }
  for (let v = 0; v < count; v++) first[v + 1] += first[v];
  const grouped = new Int32Array(used.length), fill = first.slice();
  for (let k = 0; k < used.length; k++) grouped[fill[used.data[k]]++] = usedIn.data[k];
  const outBlock = new IntBuffer(256), outValue = new IntBuffer(256), seen = new Int32Array(n).fill(-1), start = new Int32Array(n + 1), work: number[] = [];
  for (let v = 0; v < count; v++) {
    for (let k = first[v]; k < first[v + 1]; k++) if (seen[grouped[k]] !== v) { seen[grouped[k]] = v; work.push(grouped[k]); }
    while (work.length > 0) {
      const b = work.pop()!;
      if (outBlock.length === MAX_LIVE) throw new WasmLimitError(`has values that are live in too many blocks: more than ${MAX_LIVE} pairs`, 'Part the function into smaller ones.', f.name);
      outBlock.push(b);
      outValue.push(v);
      start[b + 1]++;
      for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
        const p = cfg.preds[e];
        if (cfg.rpoIndex[p] < 0 || p === defBlock[v] || seen[p] === v) continue;
        seen[p] = v;
        work.push(p);
      }
    }
  }
  for (let b = 0; b < n; b++) start[b + 1] += start[b];
  const values = new Int32Array(outBlock.length), at = start.slice();
  for (let k = 0; k < outBlock.length; k++) values[at[outBlock.data[k]]++] = outValue.data[k];
  return { start, values };
}

class Colouring {
  readonly #s: Selected;
  readonly #schedule: Schedule;
  readonly #live: Liveness;
  /** Colour of each value within its type, or −1. */
  readonly #colour: Int32Array;
  /** Per type and colour: taken now, when it is {@link #now}; an earlier block's marks need no clearing. */
  readonly #taken: number[][] = [[], [], [], [], []];
  #now = 0;
  /** Per type: no free colour below this one. */
  readonly #lowest = [0, 0, 0, 0, 0];
  /** Parameter that each value is passed to, or −1. */
  readonly #passedTo: Int32Array;

  constructor(s: Selected, schedule: Schedule, live: Liveness) {
    this.#s = s;
    this.#schedule = schedule;
    this.#live = live;
    this.#colour = new Int32Array(s.nodes.types.length).fill(-1);
    this.#passedTo = new Int32Array(s.nodes.types.length).fill(-1);
  }

  /** @param order - blocks in preorder of the dominator tree */
  run(order: Int32Array): Locals {
    const { f } = this.#s, types = this.#s.nodes.types.data;
    const fixed = f.blocks[0].params, fixedOf: number[][] = [[], [], [], [], []];
    fixed.forEach((p, k) => { this.#colour[p] = fixedOf[types[p]].push(k) - 1; });
    fixedOf.forEach((list, t) => list.forEach(() => this.#taken[t].push(0)));
    this.#collectHints();
    const remaining = new Int32Array(types.length), liveOut = new Int32Array(types.length).fill(-1);
    for (let k = 0; k < order.length; k++) this.#block(order[k], remaining, liveOut);
    // Colours to locals: parameters, then the rest by type.
    const list = fixed.map((p) => types[p]), first = [0, 0, 0, 0, 0];
    for (let t = 0; t < 5; t++) {
      first[t] = list.length - fixedOf[t].length;
      for (let c = fixedOf[t].length; c < this.#taken[t].length; c++) list.push(t);
    }
    const of = this.#colour;
    for (let v = 0; v < of.length; v++) {
      if (of[v] < 0) continue;
      const t = types[v];
      of[v] = of[v] < fixedOf[t].length ? fixedOf[t][of[v]] : first[t] + of[v];
    }
    return { of, types: list };
  }

  #collectHints(): void {
    const { f, cfg, values } = this.#s, uses = this.#schedule.uses;
    const note = (block: number, args: readonly number[]): void => {
      const params = f.blocks[block].params;
      for (let k = 0; k < params.length; k++) if (uses[params[k]] > 0) this.#passedTo[values[args[k]]] = params[k];
    };
    for (const b of cfg.rpo) {
      const t = f.blocks[b].terminator;
      if (t.kind === 'jump') note(t.target.block, t.target.args);
      else if (t.kind === 'br') { note(t.then.block, t.then.args); note(t.else.block, t.else.args); }
    }
  }

  #block(b: number, remaining: Int32Array, liveOut: Int32Array): void {
    const { f, cfg } = this.#s, { entries, start, end, uses } = this.#schedule, live = this.#live;
    this.#now++;
    this.#lowest.fill(0);
    for (let k = live.start[b]; k < live.start[b + 1]; k++) this.#take(live.values[k]);
    if (b === 0) {
      for (const p of f.blocks[0].params) if (uses[p] > 0) this.#take(p);
    } else this.#params(b);
    for (let e = cfg.succStart[b]; e < cfg.succStart[b + 1]; e++) {
      const t = cfg.succs[e];
      for (let k = live.start[t]; k < live.start[t + 1]; k++) liveOut[live.values[k]] = b;
    }
    for (let k = start[b]; k < end[b]; k++) if ((entries[k] & 7) === GET) remaining[entries[k] >> 3]++;
    for (const p of f.blocks[b].params) if (uses[p] > 0 && remaining[p] === 0 && liveOut[p] !== b) this.#free(p);
    for (let k = start[b]; k < end[b]; k++) {
      const v = entries[k] >> 3;
      switch (entries[k] & 7) {
        case GET: if (--remaining[v] === 0 && liveOut[v] !== b) this.#free(v); break;
        case SET: case TEE:
          this.#choose(v, this.#hint(v));
          if (remaining[v] === 0 && liveOut[v] !== b) this.#free(v);
          break;
        default: break;
      }
    }
  }

  /** Block parameters: all at once, those with a hint first. */
  #params(b: number): void {
    const { f, cfg, values } = this.#s, params = f.blocks[b].params, types = this.#s.nodes.types.data;
    const hints = params.map(() => -1);
    for (let e = cfg.predStart[b]; e < cfg.predStart[b + 1]; e++) {
      const from = cfg.preds[e];
      if (cfg.rpoIndex[from] < 0) continue;
      const t = f.blocks[from].terminator;
      const args = t.kind === 'jump' ? t.target.args : t.kind === 'br' ? (t.then.block === b ? t.then.args : t.else.args) : [];
      for (let k = 0; k < args.length; k++) {
        const c = this.#colour[values[args[k]]];
        if (c >= 0 && hints[k] < 0 && this.#taken[types[params[k]]][c] !== this.#now) hints[k] = c;
      }
    }
    for (let k = 0; k < params.length; k++) if (this.#schedule.uses[params[k]] > 0 && hints[k] >= 0) this.#choose(params[k], hints[k]);
    for (let k = 0; k < params.length; k++) if (this.#schedule.uses[params[k]] > 0 && hints[k] < 0) this.#choose(params[k], this.#hint(params[k]));
  }

  #hint(v: number): number { return this.#passedTo[v] < 0 ? -1 : this.#colour[this.#passedTo[v]]; }

  #choose(v: number, hint: number): void {
    const t = this.#s.nodes.types.data[v], taken = this.#taken[t];
    let c = hint;
    if (c < 0 || taken[c] === this.#now) {
      c = this.#lowest[t];
      while (c < taken.length && taken[c] === this.#now) c++;
      this.#lowest[t] = c;
    }
    taken[c] = this.#now;
    this.#colour[v] = c;
  }
  #take(v: number): void { this.#taken[this.#s.nodes.types.data[v]][this.#colour[v]] = this.#now; }
  #free(v: number): void {
    const t = this.#s.nodes.types.data[v], c = this.#colour[v];
    this.#taken[t][c] = 0;
    if (c < this.#lowest[t]) this.#lowest[t] = c;
  }
}
