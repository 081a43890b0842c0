/**
 * The function being written: where instructions go, which scopes and loops are open, and the checks that every
 * operation makes. One context is current at a time, because bodies are traced one after the other.
 */
import { FunctionBuilder, type BlockId, type TrapCode, type Type, type UsageError, type Value } from '../lib/mir/index.ts';
import { BaseValue } from './base-value.ts';
import { formatPlace, Origin } from './location.ts';
import { isLiteral, literal } from './literals.ts';
import type { ModuleContext } from './module-context.ts';
import { Ssa, type Branch, type SsaVariable } from './ssa.ts';
import { bool, sameType, type RuntimeType } from './types.ts';
import { describe, remedyFor, usageError, withArticle } from './usage.ts';

/** A stretch of the body whose values end with it. */
export interface Scope { readonly what: string; readonly origin: number; open: boolean }

/** An open loop. */
export interface LoopFrame {
  readonly breakTo: BlockId;
  readonly continueTo: BlockId;
  open: boolean;
}

/** Makes the run-time value object of a type; given by the factory, so that value classes need not know each other. */
export type Wrap = (context: FunctionContext, type: RuntimeType, id: Value) => BaseValue;

let current: FunctionContext | undefined;

/** The function being written. @throws UsageError outside of a body */
export function currentContext(what: string): FunctionContext {
  if (current === undefined) throw usageError(`${what} outside of a function body`, 'Use it inside the body given to fn(...). To run a function, build a module and compile it: compile(module).name(...).');
  return current;
}
/** Runs `body` with `context` as the function being written. */
export function withContext<T>(context: FunctionContext, body: () => T): T {
  const before = current;
  current = context;
  try { return body(); } finally { current = before; }
}

export class FunctionContext {
  readonly name: string;
  readonly results: readonly RuntimeType[];
  readonly module: ModuleContext;
  readonly fb: FunctionBuilder;
  readonly ssa: Ssa;
  /** Blocks in the order they were entered. */
  readonly order: BlockId[] = [0];
  readonly loops: LoopFrame[] = [];
  /** Raw blocks, to check at the end that each was written. */
  readonly labels: { readonly isDangling: boolean; readonly origin: Origin }[] = [];
  /** The first error that was thrown inside of a control construct, which is unfinished since. */
  failure: { readonly what: string; readonly error: unknown } | undefined;
  readonly #variables = new Map<SsaVariable, { readonly name: string; readonly origin: Origin }>();
  readonly #wrap: Wrap;
  scope: Scope = { what: 'function', origin: 0, open: true };

  constructor(name: string, params: readonly RuntimeType[], results: readonly RuntimeType[], module: ModuleContext, wrap: Wrap, loc: number) {
    this.name = name;
    this.results = results;
    this.module = module;
    this.#wrap = wrap;
    this.fb = new FunctionBuilder(name, { params: params.map((t) => t.mir), results: results.map((t) => t.mir) }, loc);
    this.fb.loc = loc;
    this.ssa = new Ssa(this.fb, (v) => this.#undefinedVariable(v));
  }

  // --- every operation starts here ---

  /** Checks that this is the function being written, and notes where the operation was written. */
  begin(what: string): this {
    if (current !== this) throw this.#elsewhere(what);
    this.fb.loc = this.module.locations.mark();
    return this;
  }
  #elsewhere(what: string): UsageError {
    return current === undefined
      ? usageError(`${what} of function '${this.name}' is used after the function's body has ended`, 'Use values only inside the body they were made in.')
      : usageError(`${what} of function '${this.name}' is used in function '${current.name}'`, 'Pass it as an argument, or keep it in a global: values belong to one function.');
  }

  /** The value number for `x`, a value of `type` or a literal for one. */
  operand(type: RuntimeType, x: unknown, what: string): Value {
    if (x instanceof BaseValue) {
      this.checkUsable(x);
      if (x.type !== type && !sameType(x.type, type)) throw mixed(x.type, type, what);
      return x.id;
    }
    if (!isLiteral(x)) throw usageError(`${what} wants ${withArticle(type.name)}, not ${describe(x)}`, x instanceof Promise ? 'Function bodies are synchronous: do not await in them.' : remedyFor(x, `Give ${withArticle(type.name)} value or a literal.`));
    const constant = literal(type, x);
    if (type.mir === 'ptr' && constant > 0xffffffff && this.module.memoryModel === 'linear') throw usageError(`${describe(x)} is no address of linear memory`, 'Addresses there have 32 bits: use one below 2^32.');
    return this.fb.const(type.mir, constant);
  }
  /** Checks that a value may be used here. */
  checkUsable(x: BaseValue): void {
    if (x.context !== this || !x.scope.open) this.checkScope(x, 'a value');
  }
  /** Checks that something computed in a scope of a function may be used here. */
  checkScope(x: { readonly context: FunctionContext; readonly scope: Scope }, what: string): void {
    if (x.context !== this) {
      throw usageError(`${what} of function '${x.context.name}' is used in function '${this.name}'`, 'Pass it as an argument, or keep it in a global: values belong to one function.');
    }
    if (!x.scope.open) {
      throw usageError(`${what} computed inside ${x.scope.what}${formatPlace(this.module.locations.placeOf(x.scope.origin))} is used after it`, 'That code may not have run. Carry the value out in a variable: const v = b.var(type, initial).');
    }
  }
  condition(x: unknown, what: string): Value { return this.operand(bool as unknown as RuntimeType, x, what); }
  wrap(type: RuntimeType, id: Value): BaseValue { return this.#wrap(this, type, id); }
  wrapBool(id: Value): BaseValue { return this.#wrap(this, bool as unknown as RuntimeType, id); }
  arithmeticOutside(v: BaseValue): UsageError {
    return usageError(`JavaScript arithmetic or comparison on ${v.toString()}`, 'The program has not run yet: use the value\'s methods, a.add(b) or a.lt(b), and b.if(...) instead of if (...).');
  }

  // --- variables ---

  createVariable(type: RuntimeType): SsaVariable {
    const v = this.ssa.createVariable(type.mir);
    this.#variables.set(v, { name: type.name, origin: new Origin() });
    return v;
  }
  #undefinedVariable(v: SsaVariable): never {
    const known = this.#variables.get(v);
    throw usageError(`${withArticle(known?.name ?? '')} variable made by b.var${known?.origin.toString() ?? ''} is read where it may have no value`, 'Move b.var in front of the branch or loop in which it is made, so that every path sets it.');
  }

  // --- blocks ---

  createBlock(name?: string): BlockId { return this.ssa.createBlock(name); }
  enter(block: BlockId): void {
    this.fb.switchTo(block);
    this.order.push(block);
  }
  /** Seals and enters a block. */
  open(block: BlockId): void {
    this.ssa.seal(block);
    this.enter(block);
  }
  /** Seals and enters the block in which the paths from `branch` meet. */
  openJoin(block: BlockId, branch: Branch): void {
    this.ssa.meet(block, branch);
    this.open(block);
  }
  /** After a terminator: what follows can never run, is written to a block of its own, and is dropped at the end. */
  #afterTerminator(): void { this.open(this.createBlock()); }
  /** True when the code about to be written may run. */
  get isLive(): boolean { return this.ssa.isLive(this.fb.current); }

  /** Ends the current block with a jump; the caller then enters another. */
  jumpTo(block: BlockId, args: readonly Value[] = []): void {
    const from = this.fb.current;
    this.fb.jump(block, args);
    this.ssa.addEdge(from, 0, block);
  }
  branchTo(condition: Value, then: BlockId, otherwise: BlockId, thenArgs: readonly Value[] = [], elseArgs: readonly Value[] = []): void {
    const from = this.fb.current;
    this.fb.br(condition, then, otherwise, thenArgs, elseArgs);
    this.ssa.addEdge(from, 0, then);
    this.ssa.addEdge(from, 1, otherwise);
  }
  switchTo(value: Value, cases: readonly { readonly value: number | bigint; readonly block: BlockId }[], fallback: BlockId): void {
    const from = this.fb.current;
    this.fb.switch(value, cases, fallback);
    cases.forEach((c, i) => this.ssa.addEdge(from, i, c.block));
    this.ssa.addEdge(from, cases.length, fallback);
  }
  /** A jump out of the middle of a body (`break`, `continue`, `b.jump`). */
  leaveTo(block: BlockId, args: readonly Value[] = []): void {
    this.jumpTo(block, args);
    this.#afterTerminator();
  }
  leaveBy(condition: Value, then: BlockId, otherwise: BlockId, thenArgs: readonly Value[], elseArgs: readonly Value[]): void {
    this.branchTo(condition, then, otherwise, thenArgs, elseArgs);
    this.#afterTerminator();
  }
  ret(values: readonly Value[]): void { this.fb.ret(values); this.#afterTerminator(); }
  trap(code: TrapCode): void { this.fb.trap(code); this.#afterTerminator(); }
  tailCall(callee: string, args: readonly Value[]): void { this.fb.tailCall(callee, args); this.#afterTerminator(); }
  tailCallIndirect(params: readonly Type[], results: readonly Type[], index: Value, args: readonly Value[]): void {
    this.fb.tailCallIndirect({ params, results }, index, args);
    this.#afterTerminator();
  }
  /** Traps with `code` when `condition` is true; goes on otherwise. */
  trapIf(condition: Value, code: TrapCode): void {
    const trap = this.createBlock('trap'), next = this.createBlock();
    this.branchTo(condition, trap, next);
    this.open(trap);
    this.fb.trap(code);
    this.open(next);
  }

  /** Runs the callback of a control construct. */
  body(what: string, callback: () => unknown): void {
    const outer = this.scope;
    this.scope = { what, origin: this.fb.loc, open: true };
    const scope = this.scope;
    try {
      this.part(what, () => {
        const problem = notRun(callback());
        if (problem !== undefined) throw usageError(`the body of ${what} ${problem.what}`, problem.remedy);
      });
    } finally {
      scope.open = false;
      this.scope = outer;
    }
  }
  /** Runs a callback that stands in the middle of a control construct: an error in it leaves the function unfinished. */
  part<T>(what: string, callback: () => T): T {
    try { return callback(); } catch (error) {
      this.failure ??= { what, error };
      throw error;
    }
  }
}

/** What is wrong with a body that gave `given` and has not described its code, or not all of it; undefined when nothing is. */
export function notRun(given: unknown): { readonly what: string; readonly remedy: string } | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  if (given instanceof Promise) return { what: 'is asynchronous', remedy: 'Remove async and await: a body describes code, it does not run it.' };
  if (/Generator\]$/.test(Object.prototype.toString.call(given))) return { what: 'is a generator, which nobody runs', remedy: 'Write a plain function.' };
  return undefined;
}

/** The error for a value of one type where another is wanted. */
function mixed(from: RuntimeType, to: RuntimeType, what: string): UsageError {
  return usageError(`${what} wants ${withArticle(to.name)}, not ${withArticle(from.name)}`, remedy(from, to));
}
function remedy(from: RuntimeType, to: RuntimeType): string {
  if (from.kind === 'vector' || to.kind === 'vector') return vectorRemedy(from, to);
  if (to.surface === 'bool') return from.kind === 'pointer' ? 'Compare it, for example with .isNull().not().' : 'Compare it, for example with .ne(0).';
  if (to.kind === 'pointer') return from.kind === 'pointer' ? 'Convert it with .cast(type).' : 'An address becomes a pointer with .toPtr(type).';
  if (to.kind === 'function') return 'A function reference comes from f.ref().';
  if (from.kind === 'pointer') return 'Read what it points to with .get(), or take the address with .toU32().';
  if (from.kind === 'function') return 'Call it with .call(...).';
  return `Convert it with .to${to.name.toUpperCase()}().`;
}
function vectorRemedy(from: RuntimeType, to: RuntimeType): string {
  if (from.kind !== 'vector') return from.kind === 'scalar' ? `Spread it over the lanes: ${to.name}.splat(x).` : 'Vectors hold numbers.';
  if (to.kind === 'vector') return from.mir === to.mir ? `The same bits are .as(${to.name}).` : 'Take halves with .low() and .high(), or join them with .concat(high).';
  return to.surface === 'bool' ? 'A mask becomes a condition with .anyTrue() or .allTrue().' : 'Take one lane with .lane(0).';
}
