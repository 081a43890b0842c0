/** Raw blocks at run time, for people who bring their own control flow. */
import type { BlockId, Value } from '../lib/mir/index.ts';
import type { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import { Origin } from './location.ts';
import { readArguments } from './signature.ts';
import type { RuntimeType } from './types.ts';
import { describe, usageError } from './usage.ts';

export class LabelImpl {
  readonly params: readonly RuntimeType[];
  readonly #context: FunctionContext;
  readonly #block: BlockId;
  readonly #values: readonly Value[];
  readonly origin = new Origin();
  #entered = false;
  constructor(c: FunctionContext, params: readonly RuntimeType[]) {
    this.#context = c;
    this.params = params;
    this.#block = c.ssa.createBlock('block', true);
    c.labels.push(this);
    this.#values = params.map((p) => c.fb.addBlockParam(this.#block, p.mir));
  }
  #requireIn(c: FunctionContext): void {
    if (this.#context !== c) throw usageError(`a label of function '${this.#context.name}' is used in function '${c.name}'`, 'Labels belong to one function.');
  }
  /** The block, for a jump from `c`. */
  blockIn(c: FunctionContext): BlockId {
    this.#requireIn(c);
    if (c.ssa.isSealed(this.#block)) throw usageError('a jump to a label that was sealed', 'Seal a label after the last jump to it, or not at all.');
    return this.#block;
  }
  with(...args: readonly unknown[]): TargetImpl { return new TargetImpl(this, args); }
  seal(): void { this.#context.begin('seal').ssa.seal(this.#block); }
  enter(c: FunctionContext): readonly BaseValue[] {
    this.#requireIn(c);
    if (this.#entered) throw usageError('a label is entered twice', 'Write each block in one piece; make another label for the rest.');
    if (c.isLive) throw usageError('b.enter in the middle of code that goes on', 'End the code before it: b.jump(label, ...), b.br, b.ret or b.trap.');
    this.#entered = true;
    c.ssa.noteLabel();
    c.enter(this.#block);
    return this.#values.map((id, i) => c.wrap(this.params[i], id));
  }
  /** True when something jumps here but no code was written for it. */
  get isDangling(): boolean { return !this.#entered && this.#context.ssa.hasPredecessors(this.#block); }
}

/** A label with its arguments, not yet turned into values. */
export class TargetImpl {
  readonly label: LabelImpl;
  readonly args: readonly unknown[];
  constructor(label: LabelImpl, args: readonly unknown[]) {
    this.label = label;
    this.args = args;
  }
}

/** The block and argument values of a target; a label without parameters may stand for itself. */
export function readTarget(c: FunctionContext, x: unknown): { readonly block: BlockId; readonly args: readonly Value[] } {
  const target = x instanceof LabelImpl ? x.with() : x;
  if (!(target instanceof TargetImpl)) throw usageError(`b.br wants a target, not ${describe(x)}`, 'Give label.with(...arguments).');
  return { block: target.label.blockIn(c), args: readArguments(c, 'the label', target.label.params, target.args) };
}
