/**
 * The module's function table while it grows: tables one after the other, and a place for each function that is referred
 * to. Where references exist, entry 0 is nobody's and everything lies one further on, so that a null reference is 0 and
 * memory of zeros holds none. Whether they exist is known at the end only: until then indices are constants to be set.
 */
import type { FunctionBuilder, PendingConst, Value } from '../lib/mir/index.ts';
import type { FunctionDefinition, TableDefinition } from './module-context.ts';

export class FunctionTable {
  readonly #entries: (string | null)[] = [];
  readonly #bases = new Map<TableDefinition, number>();
  readonly #indices = new Map<FunctionDefinition, number>();
  readonly #pending: { readonly constant: PendingConst; readonly index: number }[] = [];
  /** True when the module has references to functions, null ones included. */
  hasReferences = false;

  has(t: TableDefinition): boolean { return this.#bases.has(t); }
  /** A constant: the index of a table's first entry. */
  base(fb: FunctionBuilder, t: TableDefinition): Value {
    let at = this.#bases.get(t);
    if (at === undefined) {
      this.#bases.set(t, at = this.#entries.length);
      for (const e of t.entries) this.#entries.push(e === null ? null : e.name);
    }
    return this.#constant(fb, at);
  }
  /** A constant: the index of a function that is referred to. */
  index(fb: FunctionBuilder, f: FunctionDefinition): Value {
    let at = this.#indices.get(f);
    if (at === undefined) this.#indices.set(f, at = this.#entries.push(f.name) - 1);
    return this.#constant(fb, at);
  }
  #constant(fb: FunctionBuilder, index: number): Value {
    const constant = fb.pendingConst('i32');
    this.#pending.push({ constant, index });
    return constant.value;
  }
  /** The table; sets all constants. */
  finish(): readonly (string | null)[] {
    const first = this.hasReferences ? 1 : 0;
    for (const { constant, index } of this.#pending) constant.set(first + index);
    return this.hasReferences ? [null, ...this.#entries] : this.#entries;
  }
}
