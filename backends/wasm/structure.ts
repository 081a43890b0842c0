/**
 * Structured control flow from the graph: N. Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control
 * Flow to Structured Control Flow", ICFP 2022.
 *
 * The graph is reducible. A block is translated where the dominator tree puts it:
 *
 * - a block with one forward edge into it is written in place of that edge;
 * - a block with several ("merge", and every target of a table) is written behind a wasm `block` opened by its
 *   immediate dominator X: forward edges to it are branches out of that `block`. X opens those of its merge children
 *   in order of descending reverse postorder number, so the innermost is the one that comes first;
 * - a loop header is wrapped in a `loop`; back edges branch to it.
 *
 * The paper's recursion is a stack of things to do, so any depth is fine. What lies on the stack below the current
 * thing also says what follows the code being written: a branch to a `block` whose end is what follows is no
 * instruction at all (the paper's fallthrough contexts), and a `block` that nothing branches to is dropped.
 */
import type { Cfg, Dominators } from '../../lib/analysis/index.ts';
import type { Edge, Terminator } from '../../lib/mir/instruction.ts';
import { TRAP_CODES } from '../../lib/mir/types.ts';
import { CodeList } from './code-list.ts';
import type { Locals } from './locals.ts';
import type { ModulePlan } from './module-plan.ts';
import { TRAP_IF } from './nodes.ts';
import { OP } from './opcodes.ts';
import { DROP, GET, NODE, SEPARATOR, SET, TEE, type Schedule } from './schedule.ts';
import { TRAP_GLOBAL, type Selected } from './select.ts';
import { CALL_SITE, INDIRECT_SITE } from './sites.ts';

/** Things to do: a tree, the end of a construct. An entry is `block * 8 + kind`. */
const TREE = 0, BODY = 1, END_BLOCK = 2, END_LOOP = 3, ELSE = 4, END_IF = 5, EDGE_ELSE = 6;
/** Things looked at to find what follows; deeper nests get a branch they could do without. */
const LOOK = 64;

/** Compares and their opposites, for conditions that are branched on when false. */
const OPPOSITE: ReadonlyMap<number, number> = new Map([
  [0x46, 0x47], [0x47, 0x46], [0x48, 0x4e], [0x4e, 0x48], [0x49, 0x4f], [0x4f, 0x49], [0x4a, 0x4c], [0x4c, 0x4a], [0x4b, 0x4d], [0x4d, 0x4b],
  [0x51, 0x52], [0x52, 0x51], [0x53, 0x59], [0x59, 0x53], [0x54, 0x5a], [0x5a, 0x54], [0x55, 0x57], [0x57, 0x55], [0x56, 0x58], [0x58, 0x56],
  [0x5b, 0x5c], [0x5c, 0x5b], [0x61, 0x62], [0x62, 0x61],
]);

export function structure(s: Selected, schedule: Schedule, locals: Locals, dom: Dominators, plan: ModulePlan): CodeList {
  return new Structurer(s, schedule, locals, dom, plan).run();
}

class Structurer {
  readonly #s: Selected;
  readonly #cfg: Cfg;
  readonly #schedule: Schedule;
  readonly #locals: Locals;
  readonly #dom: Dominators;
  readonly #plan: ModulePlan;
  readonly #code: CodeList;
  readonly #isMerge: Uint8Array;
  readonly #isHeader: Uint8Array;
  readonly #todo: number[] = [];
  /** Where each header's `loop` is. */
  readonly #loopAt = new Map<number, number>();
  /** True when the place being written can be reached. */
  #reachable = true;
  /** Index of the first instruction of the condition that may be rewritten: nothing ends or starts a construct after it. */
  #straight = 0;

  constructor(s: Selected, schedule: Schedule, locals: Locals, dom: Dominators, plan: ModulePlan) {
    this.#s = s;
    this.#cfg = s.cfg;
    this.#schedule = schedule;
    this.#locals = locals;
    this.#dom = dom;
    this.#plan = plan;
    const n = s.f.blocks.length;
    this.#code = new CodeList(2 * n);
    this.#isMerge = new Uint8Array(n);
    this.#isHeader = new Uint8Array(n);
    for (const b of s.cfg.rpo) this.#classify(b);
  }

  #classify(b: number): void {
    const { rpoIndex, predStart, preds } = this.#cfg;
    let forward = 0;
    for (let e = predStart[b]; e < predStart[b + 1]; e++) {
      if (rpoIndex[preds[e]] < 0) continue;
      if (rpoIndex[preds[e]] >= rpoIndex[b]) this.#isHeader[b] = 1;
      else forward += this.#s.f.blocks[preds[e]].terminator.kind === 'switch' ? 2 : 1;
    }
    if (forward > 1) this.#isMerge[b] = 1;
  }

  run(): CodeList {
    const todo = this.#todo, code = this.#code;
    todo.push(0 * 8 + TREE);
    while (todo.length > 0) {
      const what = todo.pop()!, b = what >> 3;
      switch (what & 7) {
        case TREE: this.#tree(b); break;
        case BODY: this.#body(b); break;
        case END_BLOCK:
          code.emit(OP.end);
          if (code.references[b] > 0) this.#reachable = true;
          this.#straight = code.length;
          break;
        case END_LOOP: code.emit(OP.end); this.#straight = code.length; break;
        case ELSE: this.#else(b, todo); break;
        case END_IF: code.emit(OP.end); this.#reachable = true; this.#straight = code.length; break;
        case EDGE_ELSE: { const t = this.#s.f.blocks[b].terminator; if (t.kind === 'br') this.#edge(b, this.#elseEdge(b, t)); break; }
        default: break;
      }
    }
    // The end of a construct counts as reachable for a validator, which then misses the results.
    if (!this.#reachable && code.length > 0 && code.op.data[code.length - 1] === OP.end) code.emit(OP.unreachable);
    return code;
  }

  #tree(b: number): void {
    const { children, childStart } = this.#dom, todo = this.#todo, code = this.#code;
    this.#reachable = true;
    if (this.#isHeader[b] === 1) {
      this.#loopAt.set(b, code.length);
      code.emit(OP.loop, 2 * b + 1);
      todo.push(b * 8 + END_LOOP);
    }
    // Children are in reverse postorder: the last one's `block` is outermost.
    for (let k = childStart[b + 1] - 1; k >= childStart[b]; k--) {
      const child = children[k];
      if (this.#isMerge[child] === 0) continue;
      code.emit(OP.block, 2 * child);
      todo.push(child * 8 + TREE, child * 8 + END_BLOCK);
    }
    todo.push(b * 8 + BODY);
    this.#straight = code.length;
  }

  #body(b: number): void {
    const { start, firstArm } = this.#schedule, t = this.#s.f.blocks[b].terminator;
    this.#entries(start[b], firstArm[b]);
    switch (t.kind) {
      case 'jump': this.#edge(b, t.target); return;
      case 'br': this.#branch(b, t); return;
      case 'switch': this.#table(b, t); return;
      case 'ret':
        // At the end of the function values are returned by being there.
        if (this.#s.f.results.length === 0 ? this.#endsFunction() : this.#leavesLoopsOnly()) return;
        this.#code.emit(OP.return);
        this.#reachable = false;
        return;
      case 'tail_call': this.#code.emit(OP.returnCall, this.#plan.functionNumber.get(t.callee)!, 0, CALL_SITE, t.loc); this.#reachable = false; return;
      case 'tail_call_indirect':
        this.#code.emit(OP.returnCallIndirect, this.#plan.typeNumber(t.signature), 0, this.#plan.tableUse(t.signature).alwaysNull ? 1 + TRAP_CODES.indexOf('indirect-call-null') : INDIRECT_SITE, t.loc);
        this.#reachable = false;
        return;
      case 'trap': this.#trap(1 + TRAP_CODES.indexOf(t.code), t.loc); return;
      default: t satisfies never;
    }
  }

  #trap(site: number, loc: number): void {
    this.#code.emit(OP.i32Const, loc * 16 + site);
    this.#code.emit(OP.globalSet, TRAP_GLOBAL);
    this.#code.emit(OP.unreachable, 0, 0, site, loc);
    this.#reachable = false;
  }

  /** Scheduled code. */
  #entries(from: number, to: number): void {
    const { nodes } = this.#s, { entries } = this.#schedule, code = this.#code, of = this.#locals.of;
    for (let k = from; k < to; k++) {
      const x = entries[k] >> 3;
      switch (entries[k] & 7) {
        case NODE: {
          const op = nodes.op.data[x];
          if (op === TRAP_IF) this.#trapIf(nodes.site.data[x], nodes.loc.data[x]);
          else if (op === OP.v128Const || op === OP.shuffle) code.emit(op, code.lists.push(nodes.lists[nodes.a.data[x]]) - 1, 0, 0, nodes.loc.data[x]);
          else code.emit(op, nodes.a.data[x], nodes.b.data[x], nodes.site.data[x], nodes.loc.data[x]);
          break;
        }
        case GET: {
          const last = code.length - 1;
          if (last >= this.#straight && code.op.data[last] === OP.localSet && code.a.data[last] === of[x]) code.op.data[last] = OP.localTee;
          else code.emit(OP.localGet, of[x]);
          break;
        }
        case SET: code.emit(OP.localSet, of[x]); break;
        case TEE: code.emit(OP.localTee, of[x]); break;
        case DROP: code.emit(OP.drop); break;
        default: break;
      }
    }
  }

  #trapIf(site: number, loc: number): void {
    this.#code.emit(OP.if, -1);
    this.#trap(site, loc);
    this.#code.emit(OP.end);
    this.#reachable = true;
    this.#straight = this.#code.length;
  }

  // --- edges ---

  /** Local moves of an edge: arguments pushed, then set. */
  #moves(b: number, e: Edge): void {
    const params = this.#s.f.blocks[e.block].params;
    if (params.length === 0) return;
    const { entries, uses } = this.#schedule, of = this.#locals.of, code = this.#code;
    const written = this.#written(b, e), sets: number[] = [];
    let at = this.#armStart(b, e);
    for (let k = 0; k < params.length; k++) {
      const from = at;
      while ((entries[at] & 7) !== SEPARATOR) at++;
      const to = at++;
      if (uses[params[k]] === 0 || this.#stays(from, to, of[params[k]], written)) continue;
      this.#entries(from, to);
      sets.push(of[params[k]]);
    }
    for (let k = sets.length - 1; k >= 0; k--) code.emit(OP.localSet, sets[k]);
  }
  /**
   * True when an argument is already in its parameter's local, and still is after the arguments behind it: one of
   * those may be the value's last use and take the local over.
   */
  #stays(from: number, to: number, local: number, written: ReadonlyMap<number, number> | undefined): boolean {
    const { entries } = this.#schedule, of = this.#locals.of, entry = entries[from];
    if (to - from !== 1 || (entry & 7) !== GET || of[entry >> 3] !== local) return false;
    return written === undefined || (written.get(local) ?? -1) < to;
  }
  /** Where an edge's arguments write each local last; undefined when they write none, which is usual. */
  #written(b: number, e: Edge): ReadonlyMap<number, number> | undefined {
    const { entries, end } = this.#schedule;
    // Code of conditional edges writes none.
    if (this.#s.f.blocks[b].terminator.kind === 'br') return undefined;
    let last: Map<number, number> | undefined;
    for (let k = this.#armStart(b, e); k < end[b]; k++) if ((entries[k] & 7) === TEE) (last ??= new Map()).set(this.#locals.of[entries[k] >> 3], k);
    return last;
  }
  #armStart(b: number, e: Edge): number {
    const t = this.#s.f.blocks[b].terminator;
    return t.kind === 'br' && t.else === e ? this.#schedule.secondArm[b] : this.#schedule.firstArm[b];
  }
  #hasMoves(b: number, e: Edge): boolean {
    const params = this.#s.f.blocks[e.block].params;
    if (params.length === 0) return false;
    const { entries, uses } = this.#schedule;
    const written = this.#written(b, e);
    let at = this.#armStart(b, e);
    for (let k = 0; k < params.length; k++) {
      const from = at;
      while ((entries[at] & 7) !== SEPARATOR) at++;
      if (uses[params[k]] > 0 && !this.#stays(from, at, this.#locals.of[params[k]], written)) return true;
      at++;
    }
    return false;
  }

  #isBack(b: number, to: number): boolean { return this.#cfg.rpoIndex[to] <= this.#cfg.rpoIndex[b]; }
  /** True when the edge's target is written in place of the edge. */
  #isInline(b: number, to: number): boolean { return this.#isMerge[to] === 0 && !this.#isBack(b, to); }
  #label(b: number, to: number): number { return this.#isBack(b, to) ? 2 * to + 1 : 2 * to; }

  /** True when control that runs off the end of what is being written arrives at the edge's target. `skip` things on the stack are looked past. */
  #follows(b: number, to: number): boolean {
    if (this.#isBack(b, to) || this.#isMerge[to] === 0) return false;
    const todo = this.#todo;
    for (let k = todo.length - 1, n = 0; k >= 0 && n < LOOK; k--, n++) {
      switch (todo[k] & 7) {
        case END_BLOCK: if (todo[k] >> 3 === to) return true; return false;
        case END_LOOP: case ELSE: case END_IF: break;
        default: return false;
      }
    }
    return false;
  }
  /** True when nothing but ends of constructs lies between here and the end of the function. */
  #endsFunction(): boolean {
    const todo = this.#todo;
    for (let k = todo.length - 1, n = 0; k >= 0; k--, n++) {
      const kind = todo[k] & 7;
      if (n >= LOOK || kind !== END_LOOP && kind !== ELSE && kind !== END_IF) return false;
    }
    return true;
  }

  /** True when nothing but ends of loops lies between here and the end of the function; those loops then give the results. */
  #leavesLoopsOnly(): boolean {
    const todo = this.#todo;
    if (todo.length > LOOK) return false;
    for (const x of todo) if ((x & 7) !== END_LOOP) return false;
    for (const x of todo) this.#code.b.data[this.#loopAt.get(x >> 3)!] = 1;
    return true;
  }

  #goto(b: number, to: number): void {
    const label = this.#label(b, to);
    this.#code.emit(OP.br, label);
    this.#code.references[label >> 1] += label & 1 ? 0 : 1;
    this.#reachable = false;
  }

  /** The whole of an edge that is taken for certain. */
  #edge(b: number, e: Edge): void {
    this.#moves(b, e);
    if (this.#isInline(b, e.block)) this.#todo.push(e.block * 8 + TREE);
    else if (!this.#follows(b, e.block)) this.#goto(b, e.block);
  }

  #branchIf(b: number, to: number): void {
    const label = this.#label(b, to);
    this.#code.emit(OP.brIf, label);
    this.#code.references[label >> 1] += label & 1 ? 0 : 1;
  }

  /** Blocks whose branch is written the other way round: the edge called `else` is the `then` one. */
  readonly #swapped = new Set<number>();
  #elseEdge(b: number, t: Extract<Terminator, { readonly kind: 'br' }>): Edge { return this.#swapped.has(b) ? t.then : t.else; }

  #branch(b: number, t: Extract<Terminator, { readonly kind: 'br' }>): void {
    const thenMoves = this.#hasMoves(b, t.then), elseMoves = this.#hasMoves(b, t.else);
    const thenInline = this.#isInline(b, t.then.block), elseInline = this.#isInline(b, t.else.block);
    const thenFollows = !thenMoves && this.#follows(b, t.then.block), elseFollows = !elseMoves && this.#follows(b, t.else.block);
    if (thenFollows && elseFollows) { this.#code.emit(OP.drop); return; }
    // A plain branch on one side; the other side goes on.
    if (!thenInline && !thenMoves && !thenFollows) { this.#condition(false); this.#branchIf(b, t.then.block); this.#edge(b, t.else); return; }
    if (!elseInline && !elseMoves && !elseFollows) { this.#condition(true); this.#branchIf(b, t.else.block); this.#edge(b, t.then); return; }
    // One side is where control goes anyway: only the other is written. Else both, the one that leaves first.
    const swap = thenFollows || !elseFollows && thenInline && !elseInline;
    if (swap) this.#swapped.add(b);
    this.#condition(swap);
    this.#code.emit(OP.if, -1);
    this.#straight = this.#code.length;
    this.#todo.push(b * 8 + (thenFollows || elseFollows ? END_IF : ELSE));
    this.#edge(b, swap ? t.else : t.then);
  }

  #else(b: number, todo: number[]): void {
    const code = this.#code;
    if (this.#reachable) { code.emit(OP.else); todo.push(b * 8 + END_IF); } else { code.emit(OP.end); this.#reachable = true; }
    this.#straight = code.length;
    todo.push(b * 8 + EDGE_ELSE);
    this.#reachable = true;
  }

  /** The condition on top of the stack as `if` and `br_if` take it, or its opposite. */
  #condition(inverted: boolean): void {
    const code = this.#code, last = code.length - 1, op = code.op.data[last];
    if (last >= this.#straight) {
      if (op === OP.i32Ne && last > this.#straight && code.op.data[last - 1] === OP.i32Const && code.a.data[last - 1] === 0) {
        code.drop(2);
        if (inverted) code.emit(OP.i32Eqz);
        return;
      }
      if (inverted && op === OP.i32Eqz) { code.drop(1); return; }
      const opposite = inverted ? OPPOSITE.get(op) : undefined;
      if (opposite !== undefined) { code.op.data[last] = opposite; return; }
    }
    if (inverted) code.emit(OP.i32Eqz);
  }

  /** A table from the least case on; gaps go where the default goes. */
  #table(b: number, t: Extract<Terminator, { readonly kind: 'switch' }>): void {
    let least = t.cases[0].value, most = least;
    for (const c of t.cases) { if (c.value < least) least = c.value; if (c.value > most) most = c.value; }
    const other = this.#label(b, t.default.block);
    const list = new Array<number>(Number(BigInt(most) - BigInt(least)) + 1).fill(other);
    for (const c of t.cases) list[Number(BigInt(c.value) - BigInt(least))] = this.#label(b, c.target.block);
    list.push(other);
    for (const l of list) if ((l & 1) === 0) this.#code.references[l >> 1]++;
    this.#code.emit(OP.brTable, this.#code.lists.push(list) - 1);
    this.#reachable = false;
  }
}
