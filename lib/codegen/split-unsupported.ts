/**
 * Legalisation of 256-bit vectors for targets that have them but not every operation: what is missing is done on
 * halves, which are taken out of the operands and put together again. Values, signatures and memory accesses stay whole.
 */
import { NO_VALUE, type Instruction, type Value } from '../mir/instruction.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import type { MemoryModel, Type } from '../mir/types.ts';
import { isWide, knownHalf, splitInstruction, type Half, type Halves } from './split-operation.ts';

/**
 * The module with every 256-bit instruction that `has` says no to done in 128 bits; the same object when there is none.
 *
 * @param has - asked for instructions on `v256`; must hold for `vlow vhigh vconcat`
 */
export function splitUnsupported(m: Module, has: (i: Instruction) => boolean): Module {
  let changed = false;
  const functions = m.functions.map((f) => {
    if (!f.valueTypes.includes('v256') || !f.blocks.some((b) => b.instructions.some((i) => isWide(i) && !has(i)))) return f;
    changed = true;
    return new UnsupportedSplitter(f, m.memoryModel, has).run();
  });
  return changed ? { ...m, functions } : m;
}

class UnsupportedSplitter implements Halves {
  readonly model: MemoryModel;
  readonly #f: MirFunction;
  readonly #has: (i: Instruction) => boolean;
  readonly #types: Type[];
  /** Halves taken out in this block, by 2·value + half. */
  readonly #taken = new Map<number, Value>();
  #out: Instruction[] = [];
  /** The instruction being split, and the halves of its result. */
  #current: Instruction | undefined;
  #halves: [Value, Value] = [NO_VALUE, NO_VALUE];

  constructor(f: MirFunction, model: MemoryModel, has: (i: Instruction) => boolean) {
    this.#f = f;
    this.model = model;
    this.#has = has;
    this.#types = [...f.valueTypes];
  }

  run(): MirFunction {
    const blocks = this.#f.blocks.map((b): Block => {
      if (!b.instructions.some((i) => isWide(i) && !this.#has(i))) return b;
      this.#out = [];
      this.#taken.clear();
      for (const i of b.instructions) if (isWide(i) && !this.#has(i)) this.#split(i); else this.#out.push(i);
      return { ...b, instructions: this.#out };
    });
    return { ...this.#f, valueTypes: this.#types, blocks };
  }

  #split(i: Instruction): void {
    this.#current = i;
    this.#halves = [NO_VALUE, NO_VALUE];
    splitInstruction(this, i);
    if (!('result' in i) || this.#types[i.result] !== 'v256') return;
    const args = [this.#half(i, 0), this.#half(i, 1)];
    this.emit({ kind: 'vector', op: 'vconcat', lanes: 'i8x32', args, result: i.result, loc: i.loc });
  }

  /** A half of the current instruction's result. */
  #half(i: Instruction, half: Half): Value {
    const known = knownHalf(i, half);
    if (known === undefined) return this.#halves[half];
    if (known.half === -1) return known.value;
    return 'result' in i && known.value === i.result ? this.#halves[known.half] : this.operand(known.value, known.half);
  }

  // --- Halves ---

  operand(v: Value, half: Half): Value {
    const key = 2 * v + half;
    let taken = this.#taken.get(key);
    if (taken === undefined) {
      taken = this.fresh('v128');
      this.emit({ kind: 'vector', op: half === 0 ? 'vlow' : 'vhigh', lanes: 'i8x32', args: [v], result: taken, loc: this.#current!.loc });
      this.#taken.set(key, taken);
    }
    return taken;
  }
  /** Asked once for each half. */
  result(_v: Value, half: Half): Value { return knownHalf(this.#current!, half) !== undefined ? NO_VALUE : this.#halves[half] = this.fresh('v128'); }
  fresh(type: Type): Value { return this.#types.push(type) - 1; }
  emit(i: Instruction): void { this.#out.push(i); }
}
