/** Mutable variables at run time. */
import type { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import type { SsaVariable } from './ssa.ts';
import type { RuntimeType } from './types.ts';
import { describe, REMEDY, usageError, withArticle } from './usage.ts';

export class Variable {
  readonly #context: FunctionContext;
  readonly #type: RuntimeType;
  readonly #ssa: SsaVariable;
  constructor(context: FunctionContext, type: RuntimeType, initial: unknown) {
    this.#context = context;
    this.#type = type;
    const value = context.operand(type, initial, 'b.var');
    this.#ssa = context.createVariable(type);
    context.ssa.write(this.#ssa, value);
  }
  get(): BaseValue {
    const c = this.#context.begin('a variable');
    return c.wrap(this.#type, c.ssa.read(this.#ssa));
  }
  set(value: unknown): void {
    const c = this.#context.begin('a variable');
    c.ssa.write(this.#ssa, c.operand(this.#type, value, 'set'));
  }
  update(change: (current: BaseValue) => unknown): void {
    if (typeof change !== 'function') throw usageError(`update wants a function, not ${describe(change)}`, 'Give what the new value is made of: v.update(x => x.add(1)).');
    this.set(change(this.get()));
  }
  toString(): string { return `${withArticle(this.#type.name)} variable`; }
  get [REMEDY](): string { return 'Read it with .get().'; }
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw usageError(`JavaScript arithmetic or comparison on ${this.toString()}`, 'Read it with .get(), and use the value\'s methods: v.get().add(b).');
  }
}
