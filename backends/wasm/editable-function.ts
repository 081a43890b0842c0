/** A function being changed before selection: blocks and values may be added, the original stays as it is. */
import type { BlockId, Edge, Instruction, Terminator, Value } from '../../lib/mir/instruction.ts';
import type { Block, MirFunction } from '../../lib/mir/module.ts';
import { mapEdges } from '../../lib/mir/operands.ts';
import type { Type } from '../../lib/mir/types.ts';

export class EditableFunction {
  readonly #f: MirFunction;
  readonly #types: Type[];
  readonly #blocks: Block[];

  constructor(f: MirFunction) {
    this.#f = f;
    this.#types = [...f.valueTypes];
    this.#blocks = [...f.blocks];
  }

  get blockCount(): number { return this.#blocks.length; }
  block(b: BlockId): Block { return this.#blocks[b]; }
  typeOf(v: Value): Type { return this.#types[v]; }
  addValue(type: Type): Value { return this.#types.push(type) - 1; }
  addBlock(terminator: Terminator, params: readonly Value[] = [], instructions: readonly Instruction[] = []): BlockId {
    return this.#blocks.push({ params, instructions, terminator }) - 1;
  }
  setBlock(b: BlockId, block: Block): void { this.#blocks[b] = block; }
  setTerminator(b: BlockId, terminator: Terminator): void { this.#blocks[b] = { ...this.#blocks[b], terminator }; }
  append(b: BlockId, instructions: readonly Instruction[]): void {
    this.#blocks[b] = { ...this.#blocks[b], instructions: [...this.#blocks[b].instructions, ...instructions] };
  }
  /** Replaces every edge for which `map` gives another. */
  mapAllEdges(map: (e: Edge, from: BlockId) => Edge): void {
    for (let b = 0; b < this.#blocks.length; b++) {
      const t = this.#blocks[b].terminator, changed = mapEdges(t, (e) => map(e, b));
      if (changed !== t) this.setTerminator(b, changed);
    }
  }
  finish(): MirFunction { return { ...this.#f, valueTypes: this.#types, blocks: this.#blocks }; }
}
