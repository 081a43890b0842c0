/** The run-time side of `b`; `body-types.ts` documents every method. */
import { TRAP_CODES, type TrapCode, type Value } from '../lib/mir/index.ts';
import { array } from './array.ts';
import { fenceOrdering } from './atomic-place.ts';
import { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import { choose, doWhileLoop, endlessLoop, forLoop, ifElse, leaveLoop, switchOn, whileLoop } from './control-flow.ts';
import { definitionOf } from './function.ts';
import { indexType } from './index-type.ts';
import { hostDefinitionOf } from './host.ts';
import { literal } from './literals.ts';
import { LabelImpl, readTarget } from './label.ts';
import { makePlace } from './place.ts';
import { formatTypes, giveResults, readArguments } from './signature.ts';
import { tableDefinitionOf } from './table.ts';
import { bool, i32, isMemoryType, isValueType, layoutOf, ptr, sameTypes, u8, unit, type MemoryType, type RuntimeMemoryType, type RuntimeType } from './types.ts';
import { describe, remedyFor, usageError } from './usage.ts';
import { Variable } from './variable.ts';

/** An index beyond any table. */
const NO_ENTRY = -1;
const asRuntime = (t: unknown): RuntimeType => t as RuntimeType;

export class BodyImpl {
  readonly #c: FunctionContext;
  readonly memory: MemoryImpl;
  constructor(c: FunctionContext) {
    this.#c = c;
    this.memory = new MemoryImpl(c);
    bindMethods(this);
  }
  #begin(what: string): FunctionContext { return this.#c.begin(what); }

  ret(...values: readonly unknown[]): void {
    const c = this.#begin('b.ret');
    if (values.length !== c.results.length) {
      throw usageError(`b.ret in function '${c.name}' takes ${c.results.length} value${c.results.length === 1 ? '' : 's'}, not ${values.length}`, `The function's result is (${c.results.map((r) => r.name).join(', ')}).`);
    }
    c.ret(c.results.map((r, i) => c.operand(r, values[i], `b.ret in function '${c.name}'`)));
  }
  tailCall(callee: unknown, ...args: readonly unknown[]): void {
    const c = this.#begin('b.tailCall');
    const f = definitionOf(callee) ?? hostDefinitionOf(callee);
    const reference = callee instanceof BaseValue && callee.type.kind === 'function' ? callee : undefined;
    const signature = f ?? reference?.type.signature;
    if (signature === undefined) throw usageError(`b.tailCall wants a function, not ${describe(callee)}`, 'Give a function made by fn, or a function reference.');
    if (!sameTypes(signature.results, c.results)) {
      throw usageError(`b.tailCall from function '${c.name}' to one that is ${formatTypes(signature)}`, `The callee's result becomes this function's: it must be (${c.results.map((r) => r.name).join(', ')}).`);
    }
    const ids = readArguments(c, f === undefined ? 'the function reference' : `function '${f.name}'`, signature.params, args);
    if (reference !== undefined) {
      c.checkUsable(reference);
      c.tailCallIndirect(signature.params.map((p) => p.mir), signature.results.map((r) => r.mir), reference.id, ids);
      return;
    }
    const definition = definitionOf(callee), imported = hostDefinitionOf(callee);
    if (definition !== undefined) c.module.useFunction(definition);
    else c.module.useHost(imported!, c.name);
    c.tailCall(f!.name, ids);
  }
  trap(code: TrapCode = 'user'): void {
    const c = this.#begin('b.trap');
    if (!TRAP_CODES.includes(code)) throw usageError(`${describe(code)} is not a trap code`, `Use one of ${TRAP_CODES.join(', ')}.`);
    c.trap(code);
  }
  unreachable(): void { this.#begin('b.unreachable').trap('unreachable'); }

  const(type: unknown, value: unknown): BaseValue {
    const c = this.#begin('b.const'), t = valueType(type, 'b.const');
    if (value instanceof BaseValue) throw usageError('b.const wants a JavaScript value, not a value of the program', 'Use the value itself, or convert it.');
    return c.wrap(t, t.vector === undefined ? c.operand(t, value, 'b.const') : c.fb.const(t.mir, literal(t, value)));
  }
  var(type: unknown, initial: unknown): Variable {
    const c = this.#begin('b.var');
    return new Variable(c, valueType(type, 'b.var'), initial);
  }
  select(condition: unknown, whenTrue: unknown, whenFalse: unknown): BaseValue {
    const c = this.#begin('b.select');
    const sample = whenTrue instanceof BaseValue ? whenTrue : whenFalse;
    if (!(sample instanceof BaseValue)) throw usageError('b.select wants a value on at least one side', 'Use b.const(type, literal) on one side, so that the type is known.');
    const test = c.condition(condition, 'b.select');
    return c.wrap(sample.type, c.fb.select(test, c.operand(sample.type, whenTrue, 'b.select'), c.operand(sample.type, whenFalse, 'b.select')));
  }
  choose(type: unknown, condition: unknown, whenTrue: unknown, whenFalse: unknown): BaseValue {
    return choose(this.#begin('b.choose'), valueType(type, 'b.choose'), condition, whenTrue, whenFalse, 'b.choose');
  }
  and(left: unknown, right: unknown): BaseValue { return choose(this.#begin('b.and'), asRuntime(bool), left, right, () => false, 'b.and'); }
  or(left: unknown, right: unknown): BaseValue { return choose(this.#begin('b.or'), asRuntime(bool), left, () => true, right, 'b.or'); }
  callIndirect(table: unknown, index: unknown, ...args: readonly unknown[]): unknown {
    const c = this.#begin('b.callIndirect'), t = tableDefinitionOf(table);
    if (t === undefined) throw usageError(`b.callIndirect wants a table, not ${describe(table)}`, 'Give a table made by table(name, [functions]).');
    const length = t.entries.length;
    const id = c.operand(indexType(index), index, 'the index of b.callIndirect');
    const ids = readArguments(c, `an entry of table '${t.name}'`, t.params, args);
    // An index outside of this table must not reach a neighbour in the module's one table.
    const inside = c.fb.compare('ult', id, c.fb.const('i32', length));
    const entry = c.fb.select(inside, c.fb.binary('add', id, c.module.tableBase(c, t)), c.fb.const('i32', NO_ENTRY));
    const results = c.fb.callIndirect({ params: t.params.map((p) => p.mir), results: t.results.map((r) => r.mir) }, entry, ids);
    return giveResults(c, t.results, t.tuple, results);
  }

  if(condition: unknown, then: unknown, otherwise?: unknown): void { ifElse(this.#begin('b.if'), condition, then, otherwise); }
  while(condition: unknown, body: unknown): void { whileLoop(this.#begin('b.while'), condition, body); }
  doWhile(body: unknown, condition: unknown): void { doWhileLoop(this.#begin('b.doWhile'), body, condition); }
  for(range: unknown, body: unknown): void { forLoop(this.#begin('b.for'), range, body); }
  loop(body: unknown): void { endlessLoop(this.#begin('b.loop'), body); }
  break(loop?: unknown): void { leaveLoop(this.#begin('b.break'), 'break', loop); }
  continue(loop?: unknown): void { leaveLoop(this.#begin('b.continue'), 'continue', loop); }
  switch(value: unknown, cases: unknown, otherwise?: unknown): void { switchOn(this.#begin('b.switch'), value, cases, otherwise); }

  block(...params: readonly unknown[]): LabelImpl {
    const c = this.#begin('b.block');
    return new LabelImpl(c, params.map((p) => valueType(p, 'b.block')));
  }
  enter(label: unknown): readonly BaseValue[] {
    const c = this.#begin('b.enter');
    return labelOf(label, 'b.enter').enter(c);
  }
  jump(label: unknown, ...args: readonly unknown[]): void {
    const c = this.#begin('b.jump'), l = labelOf(label, 'b.jump');
    c.leaveTo(l.blockIn(c), readArguments(c, 'the label', l.params, args));
  }
  br(condition: unknown, then: unknown, otherwise: unknown): void {
    const c = this.#begin('b.br');
    const test = c.condition(condition, 'b.br');
    const a = readTarget(c, then), b = readTarget(c, otherwise);
    c.leaveBy(test, a.block, b.block, a.args, b.args);
  }

  slot(type: unknown): unknown {
    const c = this.#begin('b.slot');
    if (!isMemoryType(type) || (type as RuntimeMemoryType).kind === 'unit') throw usageError(`b.slot wants a type, not ${describe(type)}`, 'Use b.slot(i32), b.slot(MyStruct) or b.array(element, length).');
    const { size, align } = layoutOf(type, c.module.memoryModel);
    const slot = c.fb.addSlot(size, Math.min(16, align), type.name);
    return makePlace(type, { root: { kind: 'slot', context: c, slot }, index: undefined, scale: 1, offset: 0 });
  }
  array(element: unknown, length: unknown): unknown { return this.slot(array(element as MemoryType, length as number)); }
  get heapBase(): BaseValue {
    const c = this.#begin('b.heapBase');
    return c.wrap(asRuntime(ptr(unit)), c.module.heapBase(c));
  }
  pointer(type: unknown, address: unknown): BaseValue {
    const c = this.#begin('b.pointer');
    if (!isMemoryType(type)) throw usageError(`b.pointer wants a type, not ${describe(type)}`, 'Write b.pointer(i32, 1024).');
    const t = asRuntime(ptr(type as unknown as MemoryType));
    return c.wrap(t, c.operand(t, address, 'b.pointer'));
  }
  null(type: unknown): BaseValue { return this.pointer(type, null); }
  fence(ordering?: unknown): void { this.#begin('b.fence').fb.fence(fenceOrdering(ordering)); }
  safepoint(): void { this.#begin('b.safepoint').fb.safepoint(); }
}

/** Linear memory as a whole. */
class MemoryImpl {
  readonly #c: FunctionContext;
  constructor(c: FunctionContext) {
    this.#c = c;
    bindMethods(this);
  }
  #pointer(x: unknown, what: string): Value {
    if (x === null) return this.#c.fb.const('ptr', 0);
    if (!(x instanceof BaseValue) || x.type.kind !== 'pointer') throw usageError(`${what} wants a pointer, not ${describe(x)}`, remedyFor(x, 'Give a pointer; the address of a place is place.$ptr.'));
    this.#c.checkUsable(x);
    return x.id;
  }
  #count(x: unknown, what: string): Value {
    const c = this.#c;
    const type = indexType(x), id = c.operand(type, x, what);
    return c.module.memoryModel === 'linear' ? id : c.fb.convert(type.signed ? 'sext' : 'zext', id, 'i64');
  }
  #linear(what: string): FunctionContext {
    const c = this.#c.begin(what);
    if (c.module.memoryModel !== 'linear') throw usageError(`${what} is used in module '${c.module.name}', whose memory is native`, 'Only linear memory has a size: use { memoryModel: \'linear\' }.');
    return c;
  }
  size(): BaseValue {
    const c = this.#linear('b.memory.size');
    return c.wrap(asRuntime(i32), c.fb.memorySize());
  }
  grow(pages: unknown): BaseValue {
    const c = this.#linear('b.memory.grow');
    return c.wrap(asRuntime(i32), c.fb.memoryGrow(this.#count(pages, 'b.memory.grow')));
  }
  copy(destination: unknown, source: unknown, bytes: unknown): void {
    const c = this.#c.begin('b.memory.copy');
    c.fb.memoryCopy(this.#pointer(destination, 'b.memory.copy'), this.#pointer(source, 'b.memory.copy'), this.#count(bytes, 'b.memory.copy'));
  }
  fill(destination: unknown, value: unknown, bytes: unknown): void {
    const c = this.#c.begin('b.memory.fill');
    const to = this.#pointer(destination, 'b.memory.fill');
    const byte = value instanceof BaseValue ? c.fb.convert('zext', c.operand(asRuntime(u8), value, 'b.memory.fill'), 'i32') : c.fb.const('i32', Number(literal(asRuntime(u8), value)) & 0xff);
    c.fb.memoryFill(to, byte, this.#count(bytes, 'b.memory.fill'));
  }
}

/** Methods that work without their object, so that a body may take `b` apart: `({ ret, memory }, x) => ...`. */
function bindMethods(object: object): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object) as object))) {
    if (typeof value === 'function' && name !== 'constructor') Object.defineProperty(object, name, { value: value.bind(object) as unknown });
  }
}

function valueType(x: unknown, what: string): RuntimeType {
  if (!isValueType(x)) throw usageError(`${what} wants a type of values, not ${describe(x)}`, 'Use bool, i8 to i64, u8 to u64, f32, f64, a vector type or ptr(T); structs and arrays live in memory: b.slot(T).');
  return x;
}
function labelOf(x: unknown, what: string): LabelImpl {
  if (!(x instanceof LabelImpl)) throw usageError(`${what} wants a label, not ${describe(x)}`, 'Give a label made by b.block(...).');
  return x;
}
