/**
 * Loop-invariant code motion.
 *
 * An instruction that never traps, and whose operands are defined outside a loop, moves before the loop: as far out
 * as its operands allow. "Defined outside" is a property of SSA values, so a variable that merely has one assignment
 * in the loop but another value on the first round is a block parameter of the header and stays inside.
 *
 * Constants and addresses of slots and globals do not move for their own sake (a backend folds them into their
 * users); when an instruction that moves reads one, the constant is repeated before the loop. Compares stay beside
 * the branches they are fused with.
 *
 * A load moves when nothing in the loop may overwrite it and either it is known to be inside an object, or it is the
 * first thing the loop's header does that could trap or be seen: then it runs exactly when the loop is entered
 * (inversion has made loops so), and as the first such thing, as before.
 */
import { aliasFacts, locate, mayAlias, type AliasFacts } from '../analysis/alias.ts';
import type { Cfg } from '../analysis/cfg.ts';
import { inLoop, isDeeplyNested, type Loops } from '../analysis/loops.ts';
import { loopClobbers, type Clobber } from '../analysis/loop-memory.ts';
import { cannotTrap, type TrapFacts } from '../analysis/traps.ts';
import type { Edge, Instruction, LoadInst, Value } from '../mir/instruction.ts';
import type { MemoryLayout } from '../mir/layout.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachResult, hasSideEffect, isPure, mapEdges, mapOperands, mayTrap } from '../mir/operands.ts';
import type { Type } from '../mir/types.ts';
import { replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { inOrder } from './simplify-cfg.ts';
import { int32 } from '../analysis/slab.ts';

/** Most values moved before one loop: each occupies a register all through it. */
const MAX_MOVED = 20;

/** The pass `licm`. */
export const hoistInvariants = ownFunctionPass('licm', 'computations that a loop repeats without change move before it', (f, context) => {
  const { analyses, module } = context;
  const g = inOrder(f, analyses), loops = analyses.loops(g);
  if (loops.count === 0 || isDeeplyNested(loops)) return g;
  const definitions = analyses.definitions(g);
  const trap: TrapFacts = { function: g, module, globals: analyses.globals(module), definitions: definitions.instruction };
  return new Motion(g, analyses.cfg(g), loops, trap, definitions.block, analyses.layout(module)).run();
});

class Motion {
  readonly #f: MirFunction;
  readonly #cfg: Cfg;
  readonly #loops: Loops;
  readonly #trap: TrapFacts;
  /** Innermost loop a value is now defined in, −1 for none. */
  readonly #loopOfValue: Int32Array;
  /** What goes before each loop. */
  readonly #moved: (Instruction[] | undefined)[];
  readonly #movedCount: Int32Array;
  /** Constants repeated before a loop: old value to new, per loop. */
  readonly #repeated: (Map<Value, Value> | undefined)[];
  readonly #layout: MemoryLayout | undefined;
  #clobbers: readonly Clobber[] | undefined;
  #alias: AliasFacts | undefined;
  #types: Type[] | undefined;

  constructor(f: MirFunction, cfg: Cfg, loops: Loops, trap: TrapFacts, blockOfValue: Int32Array, layout: MemoryLayout | undefined) {
    this.#f = f;
    this.#cfg = cfg;
    this.#loops = loops;
    this.#trap = trap;
    this.#layout = layout;
    this.#loopOfValue = int32(f.valueTypes.length);
    for (let v = 0; v < this.#loopOfValue.length; v++) this.#loopOfValue[v] = blockOfValue[v] < 0 ? -1 : loops.loopOf[blockOfValue[v]];
    this.#moved = new Array<Instruction[] | undefined>(loops.count).fill(undefined);
    this.#repeated = new Array<Map<Value, Value> | undefined>(loops.count).fill(undefined);
    this.#movedCount = int32(loops.count);
  }

  run(): MirFunction {
    const { blocks } = this.#f, out: Block[] = blocks.slice();
    let any = false;
    for (let k = 0; k < this.#cfg.rpo.length; k++) {
      const b = this.#cfg.rpo[k], innermost = this.#loops.loopOf[b];
      if (innermost < 0) continue;
      const list = blocks[b].instructions;
      let kept: Instruction[] | undefined;
      let quiet = this.#loops.headers[innermost] === b; // nothing before here in the loop can trap or be seen
      for (let at = 0; at < list.length; at++) {
        const i = list[at];
        const target = this.#isMovable(i) ? this.#outermost(i, innermost)
          : quiet && i.kind === 'load' && this.#isInvariantLoad(i, innermost) ? innermost : -1;
        if (target < 0) {
          if (hasSideEffect(i) || mayTrap(i) && !cannotTrap(i, this.#trap)) quiet = false;
          kept?.push(i);
          continue;
        }
        kept ??= list.slice(0, at);
        this.#move(i, target);
      }
      if (kept !== undefined) {
        out[b] = replaceBlock(blocks[b], blocks[b].params, kept, blocks[b].terminator);
        any = true;
      }
    }
    return any ? this.#place(out) : this.#f;
  }

  #isMovable(i: Instruction): boolean {
    switch (i.kind) {
      case 'const': case 'slot_addr': case 'global_addr': case 'compare': return false;
      case 'binary': return isPure(i) || cannotTrap(i, this.#trap);
      case 'load': return !i.volatile && cannotTrap(i, this.#trap) && this.#isInvariantLoad(i, -1);
      default: return isPure(i);
    }
  }

  /** Whether operand `v` is there (or can be repeated) before loop `l`. */
  #isOutside(v: Value, l: number): boolean {
    let d = this.#loopOfValue[v];
    while (d >= 0 && d < l) d = this.#loops.parents[d];
    return d !== l || this.#isRepeatable(v);
  }
  #isRepeatable(v: Value): boolean {
    const kind = this.#trap.definitions[v]?.kind;
    return kind === 'const' || kind === 'slot_addr' || kind === 'global_addr';
  }

  /** The outermost loop the instruction can leave, −1 for none. */
  #outermost(i: Instruction, innermost: number): number {
    let best = -1;
    for (let l = innermost; l >= 0; l = this.#loops.parents[l]) {
      let outside = true;
      forEachOperand(i, (v) => { if (outside && !this.#isOutside(v, l)) outside = false; });
      if (!outside || i.kind === 'load' && !this.#isUntouched(i, l)) break;
      if (this.#movedCount[l] < MAX_MOVED) best = l;
    }
    return best;
  }

  #isInvariantLoad(i: LoadInst, l: number): boolean {
    if (i.volatile) return false;
    if (l < 0) return true;
    return this.#movedCount[l] < MAX_MOVED && this.#isOutside(i.base, l) && (i.index < 0 || this.#isOutside(i.index, l)) && this.#isUntouched(i, l);
  }

  #isUntouched(i: LoadInst, l: number): boolean {
    const facts = this.#alias ??= aliasFacts(this.#f, this.#trap.module, this.#layout, this.#trap.definitions);
    this.#clobbers ??= loopClobbers(this.#f, this.#loops, facts);
    const c = this.#clobbers[l];
    if (c.all) return false;
    const at = locate(i, i.type, facts);
    return c.places.every((p) => !mayAlias(at, p, facts));
  }

  #move(i: Instruction, l: number): void {
    const list = this.#moved[l] ??= [];
    const after = mapOperands(i, (v) => {
      if (!this.#isRepeatable(v) || this.#isStrictlyOutside(v, l)) return v;
      const known = (this.#repeated[l] ??= new Map()).get(v);
      if (known !== undefined) return known;
      const d = this.#trap.definitions[v]!;
      if (d.kind !== 'const' && d.kind !== 'slot_addr' && d.kind !== 'global_addr') return v;
      const result = (this.#types ??= this.#f.valueTypes.slice()).push(this.#f.valueTypes[v]) - 1;
      list.push({ ...d, result });
      this.#repeated[l]!.set(v, result);
      return result;
    });
    list.push(after);
    this.#movedCount[l]++;
    forEachResult(i, (v) => { this.#loopOfValue[v] = this.#loops.parents[l]; });
  }
  #isStrictlyOutside(v: Value, l: number): boolean {
    let d = v < this.#loopOfValue.length ? this.#loopOfValue[v] : -1;
    while (d >= 0 && d < l) d = this.#loops.parents[d];
    return d !== l;
  }

  /** Puts what was moved at the end of the block before each loop, made where there is none of its own. */
  #place(out: Block[]): MirFunction {
    const cfg = this.#cfg, loops = this.#loops;
    const entry = new Map<number, number>(); // header block to the new block before it
    const types = (): Type[] => this.#types ??= this.#f.valueTypes.slice();
    for (let l = 0; l < loops.count; l++) {
      const moved = this.#moved[l];
      if (moved === undefined) continue;
      const h = loops.headers[l];
      const outside: number[] = [];
      for (let e = cfg.predStart[h]; e < cfg.predStart[h + 1]; e++) if (!inLoop(loops, cfg.preds[e], l)) outside.push(cfg.preds[e]);
      const only = outside[0], t = out[only].terminator;
      if (outside.length === 1 && t.kind === 'jump') {
        out[only] = replaceBlock(out[only], out[only].params, [...out[only].instructions, ...moved], t);
        continue;
      }
      const params = out[h].params.map((p) => types().push(this.#f.valueTypes[p]) - 1);
      entry.set(h, out.push({ params, instructions: moved, terminator: { kind: 'jump', target: { block: h, args: params }, loc: moved[0].loc } }) - 1);
    }
    if (entry.size > 0) {
      for (let b = 0; b < this.#f.blocks.length; b++) {
        const redirect = (e: Edge): Edge => {
          const to = entry.get(e.block);
          return to === undefined || inLoop(loops, b, loops.loopOf[e.block]) ? e : { block: to, args: e.args };
        };
        const terminator = mapEdges(out[b].terminator, redirect);
        if (terminator !== out[b].terminator) out[b] = replaceBlock(out[b], out[b].params, out[b].instructions, terminator);
      }
    }
    return { ...this.#f, blocks: out, valueTypes: this.#types ?? this.#f.valueTypes };
  }
}
