/**
 * Structured control flow. Loops have the shape that later passes look for: a header that holds the condition, a body,
 * one latch that jumps back, one exit.
 */
import type { Value } from '../lib/mir/index.ts';
import { BaseValue } from './base-value.ts';
import type { FunctionContext, LoopFrame } from './context.ts';
import { literal } from './literals.ts';
import { i32, i64, type RuntimeType } from './types.ts';
import { describe, usageError } from './usage.ts';

type Callback = (...args: readonly unknown[]) => unknown;

/** Checks that `f` is a function. */
export function callback(f: unknown, what: string): Callback {
  if (typeof f !== 'function') throw usageError(`${what} is not a function but ${describe(f)}`, 'Give a function that describes the code: () => { ... }.');
  return f as Callback;
}

export function ifElse(c: FunctionContext, condition: unknown, then: unknown, otherwise: unknown): void {
  const run = callback(then, 'the then part of b.if');
  const other = otherwise === undefined ? undefined : callback(otherwise, 'the else part of b.if');
  const test = c.condition(condition, 'b.if');
  const thenBlock = c.createBlock('then'), elseBlock = other && c.createBlock('else'), join = c.createBlock('join'), branch = c.ssa.branch();
  c.branchTo(test, thenBlock, elseBlock ?? join);
  const loc = c.fb.loc;
  c.open(thenBlock);
  c.body('b.if', run);
  c.fb.loc = loc;
  c.jumpTo(join);
  if (other !== undefined && elseBlock !== undefined) {
    c.open(elseBlock);
    c.body('b.if', other);
    c.fb.loc = loc;
    c.jumpTo(join);
  }
  c.openJoin(join, branch);
}

/** A value chosen by a branch: only one side is computed. */
export function choose(c: FunctionContext, type: RuntimeType, condition: unknown, whenTrue: unknown, whenFalse: unknown, what: string): BaseValue {
  const yes = callback(whenTrue, `the first part of ${what}`), no = callback(whenFalse, `the second part of ${what}`);
  const test = c.condition(condition, what);
  const thenBlock = c.createBlock('then'), elseBlock = c.createBlock('else'), join = c.createBlock('join');
  const result = c.fb.addBlockParam(join, type.mir), branch = c.ssa.branch();
  c.branchTo(test, thenBlock, elseBlock);
  const loc = c.fb.loc;
  for (const [block, side] of [[thenBlock, yes], [elseBlock, no]] as const) {
    c.open(block);
    let id: Value = -1;
    c.body(what, () => { id = c.operand(type, side(), what); });
    c.fb.loc = loc;
    c.jumpTo(join, [id]);
  }
  c.openJoin(join, branch);
  return c.wrap(type, result);
}

/** The handle a loop's body gets. */
export class LoopHandle {
  readonly #context: FunctionContext;
  readonly #frame: LoopFrame;
  constructor(context: FunctionContext, frame: LoopFrame) {
    this.#context = context;
    this.#frame = frame;
  }
  break(): void { this.#leave('break', this.#frame.breakTo); }
  continue(): void { this.#leave('continue', this.#frame.continueTo); }
  #leave(what: string, to: number): void {
    const c = this.#context.begin(`loop.${what}`);
    if (!this.#frame.open) throw usageError(`loop.${what} is used after its loop`, 'Use it inside the body that it was given to.');
    c.leaveTo(to);
  }
}

function runBody(c: FunctionContext, what: string, breakTo: number, continueTo: number, body: (loop: LoopHandle) => void): void {
  const frame: LoopFrame = { breakTo, continueTo, open: true };
  c.loops.push(frame);
  const loc = c.fb.loc;
  try { c.body(what, () => body(new LoopHandle(c, frame))); } finally {
    frame.open = false;
    c.loops.pop();
  }
  c.fb.loc = loc;
}

export function whileLoop(c: FunctionContext, condition: unknown, body: unknown): void {
  if (condition instanceof BaseValue) throw usageError('the condition of b.while is a value, computed once before the loop', 'Give a function, which is computed before each round: b.while(() => i.get().lt(n), ...).');
  const test = callback(condition, 'the condition of b.while'), run = callback(body, 'the body of b.while');
  const header = c.createBlock('while'), bodyBlock = c.createBlock('body'), exit = c.createBlock('exit');
  const loc = c.fb.loc;
  c.jumpTo(header);
  c.enter(header);
  const value = c.part('b.while', () => c.condition(test(), 'b.while'));
  c.fb.loc = loc;
  c.branchTo(value, bodyBlock, exit);
  c.open(bodyBlock);
  runBody(c, 'b.while', exit, header, (loop) => run(loop));
  c.jumpTo(header);
  c.ssa.seal(header);
  c.open(exit);
}

export function doWhileLoop(c: FunctionContext, body: unknown, condition: unknown): void {
  const run = callback(body, 'the body of b.doWhile'), test = callback(condition, 'the condition of b.doWhile');
  const header = c.createBlock('do'), latch = c.createBlock('latch'), exit = c.createBlock('exit');
  const loc = c.fb.loc;
  c.jumpTo(header);
  c.enter(header);
  runBody(c, 'b.doWhile', exit, latch, (loop) => run(loop));
  c.jumpTo(latch);
  c.open(latch);
  let value: Value = -1;
  c.body('b.doWhile', () => { value = c.condition(test(), 'b.doWhile'); });
  c.fb.loc = loc;
  c.branchTo(value, header, exit);
  c.ssa.seal(header);
  c.open(exit);
}

export function endlessLoop(c: FunctionContext, body: unknown): void {
  const run = callback(body, 'the body of b.loop');
  const header = c.createBlock('loop'), exit = c.createBlock('exit');
  c.jumpTo(header);
  c.enter(header);
  runBody(c, 'b.loop', exit, header, (loop) => run(loop));
  c.jumpTo(header);
  c.ssa.seal(header);
  c.open(exit);
}

export function forLoop(c: FunctionContext, range: unknown, body: unknown): void {
  const run = callback(body, 'the body of b.for');
  const list: readonly unknown[] = Array.isArray(range) ? range : [typeof range === 'bigint' || (range instanceof BaseValue && range.type.mir === 'i64') ? 0n : 0, range];
  if (list.length < 2 || list.length > 3) throw usageError(`b.for takes [start, end] or [start, end, step], not ${list.length} values`, 'Write b.for([0, n], i => ...) or b.for(n, i => ...).');
  const sample = list.find((x) => x instanceof BaseValue);
  const type = sample !== undefined ? sample.type : (list.some((x) => typeof x === 'bigint') ? i64 : i32) as unknown as RuntimeType;
  if (type.kind !== 'scalar' || type.surface === 'bool' || type.surface === 'f32' || type.surface === 'f64') throw usageError(`b.for cannot count in ${type.name}`, 'Count in an integer type and convert the counter.');
  const step = list[2] === undefined ? (type.mir === 'i64' ? 1n : 1) : list[2];
  const number = typeof step === 'number' || typeof step === 'bigint' ? Number(step) : NaN;
  const down = number < 0;
  if (number === 0) throw usageError('the step of b.for is 0', 'Use a step that moves towards the end.');
  const start = c.operand(type, list[0], 'the start of b.for'), end = c.operand(type, list[1], 'the end of b.for');
  // An unsigned counter goes down by subtracting the step's magnitude.
  const magnitude = step instanceof BaseValue ? step : down ? (typeof step === 'bigint' ? -step : -(step as number)) : step;
  if (step instanceof BaseValue) c.operand(type, step, 'the step of b.for');
  else literal(type, magnitude);

  const header = c.createBlock('for'), bodyBlock = c.createBlock('body'), latch = c.createBlock('latch'), exit = c.createBlock('exit');
  const counter = c.fb.addBlockParam(header, type.mir);
  c.jumpTo(header, [start]);
  c.enter(header);
  const test = c.fb.compare(type.signed ? (down ? 'sgt' : 'slt') : (down ? 'ugt' : 'ult'), counter, end);
  c.branchTo(test, bodyBlock, exit);
  c.open(bodyBlock);
  runBody(c, 'b.for', exit, latch, (loop) => run(c.wrap(type, counter), loop));
  c.jumpTo(latch);
  c.open(latch);
  c.jumpTo(header, [c.fb.binary(down ? 'sub' : 'add', counter, c.operand(type, magnitude, 'the step of b.for'))]);
  c.ssa.seal(header);
  c.open(exit);
}

/** The innermost open loop, or the one behind `loop`. */
export function leaveLoop(c: FunctionContext, what: 'break' | 'continue', loop: unknown): void {
  if (loop !== undefined) {
    if (!(loop instanceof LoopHandle)) throw usageError(`b.${what} wants a loop, not ${describe(loop)}`, `Give the loop that a body was given: b.loop(outer => { ... b.${what}(outer) ... }).`);
    loop[what]();
    return;
  }
  const frame = c.loops[c.loops.length - 1];
  if (frame === undefined) throw usageError(`b.${what} is used outside of a loop`, 'Use it inside the body of b.for, b.while, b.doWhile or b.loop.');
  c.leaveTo(what === 'break' ? frame.breakTo : frame.continueTo);
}

/** The label that a key of a case object is. */
function labelOf(type: RuntimeType, key: string): number | bigint {
  if (!/^-?\d+$/.test(key)) throw usageError(`${describe(key)} is no label of b.switch`, 'Use integers as keys: { 0: () => { ... }, 1: () => { ... } }.');
  return type.mir === 'i64' ? BigInt(key) : Number(key);
}

export function switchOn(c: FunctionContext, value: unknown, cases: unknown, otherwise: unknown): void {
  if (!(value instanceof BaseValue) || value.type.kind !== 'scalar' || !/^[iu]/.test(value.type.surface)) throw usageError(`b.switch wants an integer value, not ${describe(value)}`, 'Switch on i8 to i64 or u8 to u64.');
  const { type } = value;
  const id = c.operand(type, value, 'b.switch');
  const list: { readonly labels: readonly unknown[]; readonly run: Callback }[] = [];
  if (Array.isArray(cases)) {
    for (const entry of cases as readonly unknown[]) {
      if (!Array.isArray(entry)) throw usageError(`a case of b.switch is ${describe(entry)}`, 'Give [label, () => { ... }], or [[label, ...], () => { ... }].');
      const [labels, run] = entry as readonly unknown[];
      list.push({ labels: Array.isArray(labels) ? labels as readonly unknown[] : [labels], run: callback(run, 'a case of b.switch') });
    }
  } else if (typeof cases === 'object' && cases !== null) {
    for (const [key, run] of Object.entries(cases)) list.push({ labels: [labelOf(type, key)], run: callback(run, `case ${key} of b.switch`) });
  } else {
    throw usageError(`the cases of b.switch are ${describe(cases)}`, 'Give [[label, () => { ... }], ...] or { label: () => { ... } }.');
  }
  const seen = new Set<number | bigint>();
  const edges: { value: number | bigint; block: number }[] = [];
  const blocks = list.map(({ labels }) => {
    const block = c.createBlock('case');
    for (const l of labels) {
      const constant = literal(type, l);
      if (seen.has(constant)) throw usageError(`b.switch has two cases for ${describe(l)}`, 'Merge or remove one of them.');
      seen.add(constant);
      edges.push({ value: constant, block });
    }
    return block;
  });
  const other = otherwise === undefined ? undefined : callback(otherwise, 'the default of b.switch');
  const join = c.createBlock('join'), fallback = other === undefined ? join : c.createBlock('default');
  const branch = c.ssa.branch();
  c.switchTo(id, edges, fallback);
  const loc = c.fb.loc;
  list.forEach(({ run }, i) => {
    c.open(blocks[i]);
    c.body('b.switch', () => run());
    c.fb.loc = loc;
    c.jumpTo(join);
  });
  if (other !== undefined) {
    c.open(fallback);
    c.body('b.switch', () => other());
    c.fb.loc = loc;
    c.jumpTo(join);
  }
  c.openJoin(join, branch);
}
