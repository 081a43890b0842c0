/**
 * The code of one function between selection and encoding: a flat list of instructions with symbolic labels, from
 * which the binary and the text form are both written.
 *
 * Columns per instruction: opcode, two immediates, the trap site (see `sites.ts`), the location. Labels are block
 * numbers; `block`, `loop`, `br` and `br_if` carry one. A `loop` whose second immediate is 1 gives the function's results. A `block` that nothing branches to is dropped by the encoder.
 */
import { IntBuffer } from '../../lib/codegen/growable.ts';

export class CodeList {
  readonly op = new IntBuffer(256);
  readonly a = new IntBuffer(256);
  readonly b = new IntBuffer(256);
  readonly site = new IntBuffer(256);
  readonly loc = new IntBuffer(256);
  /** Targets of `br_table`, default last; bytes of vector constants and shuffles. By the instruction's first immediate. */
  readonly lists: number[][] = [];
  /** Branches to each label. */
  readonly references: Int32Array;

  constructor(labels: number) { this.references = new Int32Array(labels); }

  get length(): number { return this.op.length; }

  emit(op: number, a = 0, b = 0, site = 0, loc = 0): void {
    this.op.push(op); this.a.push(a); this.b.push(b); this.site.push(site); this.loc.push(loc);
  }

  /** Forgets the last `n` instructions. */
  drop(n: number): void {
    this.op.length -= n; this.a.length -= n; this.b.length -= n; this.site.length -= n; this.loc.length -= n;
  }
}
