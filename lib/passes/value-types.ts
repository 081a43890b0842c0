/** Types of a function's values while a pass adds some. */
import type { Value } from '../mir/instruction.ts';
import type { Type } from '../mir/types.ts';

/** The list stays as it is until the end: one copy of the right length, and none when nothing was added. */
export class ValueTypes {
  readonly #old: readonly Type[];
  readonly #added: Type[] = [];

  constructor(old: readonly Type[]) { this.#old = old; }

  /** A new value. */
  add(type: Type): Value { return this.#old.length + this.#added.push(type) - 1; }
  of(v: Value): Type { return v < this.#old.length ? this.#old[v] : this.#added[v - this.#old.length]; }
  /** The types of all values by now. */
  finish(): readonly Type[] { return this.#added.length === 0 ? this.#old : this.#old.concat(this.#added); }
}
