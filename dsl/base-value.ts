/** What all values share at run time: an SSA value number and the function it belongs to. */
import type { Value } from '../lib/mir/index.ts';
import type { FunctionContext, Scope } from './context.ts';
import type { RuntimeType } from './types.ts';

export abstract class BaseValue {
  readonly context: FunctionContext;
  readonly type: RuntimeType;
  readonly id: Value;
  /** The body it was computed in; it is gone when that body ends. */
  readonly scope: Scope;

  constructor(context: FunctionContext, type: RuntimeType, id: Value) {
    this.context = context;
    this.type = type;
    this.id = id;
    this.scope = context.scope;
  }
  toString(): string { return `${this.type.name} value of function '${this.context.name}'`; }
  /** What console.log shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string { return `<${this.toString()}>`; }
  toJSON(): string { return this.toString(); }
  /** A value has no number yet: the program has not run. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw this.context.arithmeticOutside(this);
  }
}
