/**
 * Verification of one function in time linear in its size (dominators: almost linear): value table, single
 * definition, then every use against its type and the dominator tree.
 *
 * A use is in order when its definition comes earlier in the same block or in a block that dominates it. In a block
 * that cannot be reached from the entry, definitions of other blocks count as dominating (nothing runs there, and a
 * pass may leave such blocks behind).
 */
import type { Edge, Instruction, Terminator, Value } from './instruction.ts';
import type { Block, MirFunction, Module } from './module.ts';
import { MAX_ARITY, arityOf } from './module.ts';
import { forEachEdge, forEachResult } from './operands.ts';
import { blockDominates, computeDominance, type Dominance } from './dominance.ts';
import { show } from './show.ts';
import type { Signature, Type } from './types.ts';
import { TYPES } from './types.ts';
import type { VerifyRule, VerifySink } from './verify-errors.ts';
import { verifyInstruction } from './verify-instruction.ts';
import { ANY, NO_TYPE, count, isBelow, isPowerOfTwo, typeCode, type RuleContext, type TypeCode } from './verify-rules.ts';
import { verifyTerminator } from './verify-terminator.ts';
import { codeText } from './verify-text.ts';

/** What functions share: looked up once per module. */
export interface ModuleFacts {
  readonly module: Module;
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly globals: ReadonlySet<string>;
}

/** The tree of every function of one block. */
const SINGLE_BLOCK: Dominance = { idom: Int32Array.of(-1), enter: new Int32Array(1), leave: new Int32Array(1) };

/** Reports everything wrong with `f` to the sink. */
export function verifyFunction(facts: ModuleFacts, f: MirFunction, index: number, sink: VerifySink): void {
  sink.place.function = f.name;
  sink.place.functionIndex = index;
  sink.place.block = -1;
  sink.place.instruction = -1;
  sink.place.loc = f.loc;
  new FunctionVerifier(facts, f, sink).run();
  sink.place.function = undefined;
  sink.place.functionIndex = -1;
  sink.place.block = -1;
  sink.place.instruction = -1;
  sink.place.loc = 0;
}

/** Reports a signature with too many or unknown types; shared with imports. */
export function verifySignature(s: Signature, sink: VerifySink): void {
  verifyTypes('parameter', s.params, sink);
  verifyTypes('result', s.results, sink);
}

function verifyTypes(what: string, list: readonly Type[], sink: VerifySink): void {
  const arity = arityOf(list);
  if (arity > MAX_ARITY) sink.report('signature', `${count(arity, what)}${arity > list.length ? ', a v256 counted as two' : ''}, at most ${MAX_ARITY} are possible`);
  for (let k = 0; k < list.length; k++) {
    if (typeCode(list[k]) === NO_TYPE) sink.report('signature', `${what} ${k} has no type: there is no ${show(list[k])}`);
  }
}

class FunctionVerifier implements RuleContext {
  readonly model: Module['memoryModel'];
  readonly results: readonly Type[];
  readonly blockCount: number;
  readonly slotCount: number;
  readonly #facts: ModuleFacts;
  readonly #f: MirFunction;
  readonly #sink: VerifySink;
  readonly #valueCount: number;
  readonly #types: Uint8Array;
  /** Block that defines each value, −1 when none does. */
  readonly #definedIn: Int32Array;
  /** Index of the defining instruction in its block, −1 for a block parameter. */
  readonly #definedAt: Int32Array;
  #dominance: Dominance | undefined;
  #reachable = true;
  #block = 0;
  #at = 0;
  #instruction: Instruction | undefined;
  #terminator: Terminator | undefined;
  #described: object | undefined;
  #text = '';

  constructor(facts: ModuleFacts, f: MirFunction, sink: VerifySink) {
    this.#facts = facts;
    this.#f = f;
    this.#sink = sink;
    this.model = facts.module.memoryModel;
    this.results = f.results;
    this.blockCount = f.blocks.length;
    this.slotCount = f.slots.length;
    this.#valueCount = f.valueTypes.length;
    this.#types = new Uint8Array(this.#valueCount);
    this.#definedIn = new Int32Array(this.#valueCount).fill(-1);
    this.#definedAt = new Int32Array(this.#valueCount).fill(-1);
    sink.describe = () => this.#describe();
  }

  run(): void {
    const f = this.#f, place = this.#sink.place;
    verifySignature(f, this.#sink);
    this.#location(f.loc);
    for (let v = 0; v < this.#valueCount; v++) {
      this.#types[v] = typeCode(f.valueTypes[v]);
      if (this.#types[v] === NO_TYPE) this.report('value', `v${v} has no type: there is no ${show(f.valueTypes[v])}`);
    }
    if (f.valueNames !== undefined) for (const key of Object.keys(f.valueNames)) {
      if (String(Number(key)) !== key || !isBelow(Number(key), this.#valueCount)) this.report('value', `a name is given to v${key}, which is no value (there are ${this.#valueCount})`);
    }
    this.#slots();
    if (this.blockCount === 0) return this.report('block', 'a function has at least one block');
    this.#define();
    this.#entry();
    this.#dominance = this.#flow();
    for (let b = 0; b < this.blockCount; b++) {
      place.block = b;
      this.#body(f.blocks[b], b);
    }
  }

  #slots(): void {
    const { slots } = this.#f;
    for (let k = 0; k < slots.length; k++) {
      const s = slots[k];
      if (!isBelow(s.size, 0x80000000) || s.size === 0) this.report('slot', `slot s${k}: size is 1 to 2^31-1 bytes, not ${show(s.size)}`);
      if (!isPowerOfTwo(s.align, 16)) this.report('slot', `slot s${k}: align is 1, 2, 4, 8 or 16, not ${show(s.align)}`);
    }
  }

  /** Notes where every value is defined. */
  #define(): void {
    const { blocks } = this.#f, place = this.#sink.place;
    let at = -1;
    const define = (v: Value): void => {
      if (!isBelow(v, this.#valueCount)) return this.report('value', `defines v${show(v)}, which is no value (there are ${this.#valueCount})`);
      if (this.#definedIn[v] >= 0) {
        const i = this.#definedAt[v];
        return this.report('single-definition', `v${v} is defined twice: already by b${this.#definedIn[v]} ${i < 0 ? 'as a parameter' : `#${i}`}`);
      }
      this.#definedIn[v] = place.block;
      this.#definedAt[v] = at;
    };
    for (let b = 0; b < blocks.length; b++) {
      const { params, instructions } = blocks[b];
      place.block = b;
      at = place.instruction = -1;
      for (let k = 0; k < params.length; k++) define(params[k]);
      for (let k = 0; k < instructions.length; k++) {
        const i = instructions[k];
        at = place.instruction = k;
        place.loc = i.loc;
        this.#instruction = i;
        switch (i.kind) { // the frequent kinds at once
          case 'store': break;
          case 'const': case 'binary': case 'compare': case 'load': case 'convert': case 'select': {
            const v = i.result;
            if (v >= 0 && v < this.#valueCount && (v | 0) === v && this.#definedIn[v] < 0) {
              this.#definedIn[v] = b;
              this.#definedAt[v] = k;
            } else define(v);
            break;
          }
          default: forEachResult(i, define);
        }
      }
    }
    place.block = place.instruction = -1;
    place.loc = this.#f.loc;
  }

  #entry(): void {
    const { params, blocks } = this.#f, entry = blocks[0].params;
    this.#sink.place.block = 0;
    if (entry.length !== params.length) {
      this.report('entry', `the entry block has ${count(entry.length, 'parameter')}, the function ${params.length}`);
    }
    for (let k = 0; k < entry.length && k < params.length; k++) {
      const t = this.typeOf(entry[k]);
      if (t !== NO_TYPE && t !== typeCode(params[k])) this.report('entry', `parameter ${k} is ${show(params[k])}, but v${entry[k]} of the entry block is ${TYPES[t]}`);
    }
    this.#sink.place.block = -1;
  }

  /** The dominator tree, from the edges whose targets exist. */
  #flow(): Dominance {
    const { blocks } = this.#f, n = blocks.length;
    const first = new Int32Array(n + 1);
    let edges = 0;
    const countEdge = (): void => { edges++; };
    for (let b = 0; b < n; b++) forEachEdge(blocks[b].terminator, countEdge);
    if (n === 1 && edges === 0) return SINGLE_BLOCK;
    const targets = new Int32Array(edges);
    let at = 0;
    const addTarget = (e: Edge): void => { if (isBelow(e.block, n)) targets[at++] = e.block; };
    for (let b = 0; b < n; b++) {
      forEachEdge(blocks[b].terminator, addTarget);
      first[b + 1] = at;
    }
    return computeDominance({ first, targets });
  }

  #body(b: Block, index: number): void {
    const place = this.#sink.place, { instructions } = b;
    this.#block = index;
    this.#reachable = (this.#dominance as Dominance).enter[index] >= 0;
    for (let k = 0; k < instructions.length; k++) {
      const i = instructions[k];
      this.#at = place.instruction = k;
      this.#instruction = i;
      place.loc = i.loc === 0 ? this.#f.loc : i.loc;
      this.#location(i.loc);
      verifyInstruction(this, i);
    }
    this.#at = place.instruction = instructions.length;
    this.#instruction = undefined;
    this.#terminator = b.terminator;
    place.loc = b.terminator.loc === 0 ? this.#f.loc : b.terminator.loc;
    this.#location(b.terminator.loc);
    verifyTerminator(this, b.terminator);
    place.instruction = -1;
    place.loc = this.#f.loc;
  }

  #location(loc: number): void {
    const n = this.#facts.module.locations.length;
    if (!isBelow(loc, n)) this.report('location', `loc is an index below ${n} (the module's locations), not ${show(loc)}`);
  }

  #describe(): string {
    const subject = this.#instruction ?? this.#terminator;
    if (subject === undefined || subject === this.#described) return this.#text;
    this.#described = subject;
    this.#text = codeText(this.#instruction, this.#terminator);
    return this.#text;
  }

  // --- what the rules ask ---

  signatureOf(callee: string): Signature | undefined { return this.#facts.signatures.get(callee); }
  hasGlobal(name: string): boolean { return this.#facts.globals.has(name); }
  paramsOf(block: number): readonly Value[] { return this.#f.blocks[block].params; }
  typeOf(v: Value): TypeCode { return isBelow(v, this.#valueCount) ? this.#types[v] : NO_TYPE; }
  report(rule: VerifyRule, what: string): void { this.#sink.report(rule, what); }

  use(v: Value, type: TypeCode, role: string): void {
    if (!(v >= 0 && v < this.#valueCount && (v | 0) === v)) {
      return this.report('value', `${role} is v${show(v)}, which is no value (there are ${this.#valueCount})`);
    }
    const block = this.#definedIn[v];
    if (block === this.#block) {
      if (this.#definedAt[v] >= this.#at) this.report('dominance', `${role} v${v} is used before its definition (#${this.#definedAt[v]} of this block)`);
    } else if (block < 0) {
      this.report('dominance', `${role} v${v} is never defined`);
    } else if (this.#reachable && !blockDominates(this.#dominance as Dominance, block, this.#block)) {
      this.report('dominance', `${role} v${v} is defined in b${block}, which does not dominate b${this.#block}: pass it as a block parameter`);
    }
    const actual = this.#types[v];
    if (actual !== type && type !== ANY && type !== NO_TYPE && actual !== NO_TYPE) this.report('type', `${role} v${v} is ${TYPES[actual]}, not ${TYPES[type]}`);
  }

  result(v: Value, type: TypeCode): void {
    const actual = this.typeOf(v);
    if (actual !== type && type !== ANY && type !== NO_TYPE && actual !== NO_TYPE) this.report('type', `result v${v} is declared ${TYPES[actual]}, but it is ${TYPES[type]}`);
  }
}
