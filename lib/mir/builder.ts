/**
 * The raw builder of MIR functions: blocks, values and instructions, one call each. The fluent DSL stands on it;
 * language implementers may use it directly.
 */
import type { Address, BlockId, ConstInst, Edge, Instruction, SwitchCase, Terminator, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { InternalError } from './errors.ts';
import type { Block, MirFunction, StackSlot } from './module.ts';
import type { BinaryOp, CompareOp, ConvertOp, PairOp, RmwOp, TernaryOp, UnaryOp } from './ops.ts';
import { vectorResultType, type VectorOp } from './vector-ops.ts';
import type { Lanes, MemoryOrdering, Signature, TrapCode, Type } from './types.ts';
import { LANE_TYPE, VECTOR_TYPE } from './types.ts';

/** An address as the builder takes it: only `base` is required. */
export interface AddressInput { readonly base: Value; readonly index?: Value; readonly scale?: number; readonly offset?: number }

/** A constant emitted before its value is known. */
export interface PendingConst { readonly value: Value; set(value: number): void }

interface BuilderBlock { params: Value[]; instructions: Instruction[]; terminator: Terminator | undefined; name?: string }

/**
 * Builds one function. `current` is the block that `emit` methods append to; the entry block exists from the start.
 *
 * @example
 * const b = new FunctionBuilder('double', { params: ['i32'], results: ['i32'] });
 * b.ret([b.binary('add', b.params[0], b.params[0])]);
 * const f = b.finish(); // prints as: func @double(v0: i32) -> (i32) { ... }
 */
export class FunctionBuilder {
  readonly name: string;
  readonly signature: Signature;
  /** The function's parameters as values. */
  readonly params: readonly Value[];
  /** The block that instructions are appended to. */
  current: BlockId = 0;
  /** Location given to what is emitted next: an index into the module's locations. */
  loc = 0;
  readonly #types: Type[] = [];
  readonly #blocks: BuilderBlock[] = [];
  readonly #slots: StackSlot[] = [];
  readonly #names: Record<number, string> = {};
  readonly #loc: number;

  constructor(name: string, signature: Signature, loc = 0) {
    this.name = name;
    this.signature = copySignature(signature);
    this.#loc = loc;
    const entry = this.createBlock('entry');
    this.params = this.signature.params.map((t) => this.addBlockParam(entry, t));
  }

  // --- blocks and values ---

  createBlock(name?: string): BlockId {
    const block: BuilderBlock = { params: [], instructions: [], terminator: undefined };
    if (name !== undefined) block.name = name;
    return this.#blocks.push(block) - 1;
  }
  switchTo(block: BlockId): void { this.current = block; }
  addBlockParam(block: BlockId, type: Type): Value {
    const v = this.#value(type);
    this.#blocks[block].params.push(v);
    return v;
  }
  get blockCount(): number { return this.#blocks.length; }
  isTerminated(block: BlockId = this.current): boolean { return this.#blocks[block].terminator !== undefined; }
  typeOf(v: Value): Type { return this.#types[v]; }
  /** A value that nothing defines: only for code that can never run and is dropped before verification. */
  undefinedValue(type: Type): Value { return this.#value(type); }
  nameValue(v: Value, name: string): void { this.#names[v] = name; }
  addSlot(size: number, align = 16, name?: string): number {
    return this.#slots.push(name === undefined ? { size, align } : { size, align, name }) - 1;
  }
  /** Appends an argument to edge number `edge` of `block`'s terminator (for SSA construction after the fact). */
  addEdgeArgument(block: BlockId, edge: number, v: Value): void {
    const t = this.#blocks[block].terminator;
    if (t === undefined) throw new InternalError(`block ${block} has no terminator yet`);
    const e: Edge = t.kind === 'jump' ? t.target : t.kind === 'br' ? (edge === 0 ? t.then : t.else)
      : t.kind === 'switch' ? (edge < t.cases.length ? t.cases[edge].target : t.default) : fail(block);
    (e.args as Value[]).push(v);
  }
  /** The terminator of a block as far as it is known. */
  terminatorOf(block: BlockId): Terminator | undefined { return this.#blocks[block].terminator; }
  paramsOf(block: BlockId): readonly Value[] { return this.#blocks[block].params; }

  #value(type: Type): Value { return this.#types.push(type) - 1; }
  #push<I extends Instruction>(i: I): I {
    const b = this.#blocks[this.current];
    if (b.terminator !== undefined) throw new InternalError(`emit after the terminator of block ${this.current} in ${this.name}`);
    b.instructions.push(i);
    return i;
  }

  // --- instructions ---

  /** See `ConstInst` for the form of `value`. */
  const(type: Type, value: number | bigint): Value {
    const result = this.#value(type);
    this.#push({ kind: 'const', type, value, result, loc: this.loc });
    return result;
  }
  /** A constant whose value is known only at the end, such as the heap's base; 0 until it is set. */
  pendingConst(type: 'i32' | 'ptr'): PendingConst {
    const i: { -readonly [K in keyof ConstInst]: ConstInst[K] } = { kind: 'const', type, value: 0, result: this.#value(type), loc: this.loc };
    this.#push(i);
    return { value: i.result, set: (value) => { i.value = value; } };
  }
  binary(op: BinaryOp, a: Value, b: Value): Value {
    const type = this.#types[a], result = this.#value(type);
    this.#push({ kind: 'binary', op, type, a, b, result, loc: this.loc });
    return result;
  }
  unary(op: UnaryOp, a: Value): Value {
    const type = this.#types[a], result = this.#value(type);
    this.#push({ kind: 'unary', op, type, a, result, loc: this.loc });
    return result;
  }
  ternary(op: TernaryOp, a: Value, b: Value, c: Value): Value {
    const type = this.#types[a], result = this.#value(type);
    this.#push({ kind: 'ternary', op, type, a, b, c, result, loc: this.loc });
    return result;
  }
  compare(op: CompareOp, a: Value, b: Value): Value {
    const result = this.#value('i1');
    this.#push({ kind: 'compare', op, type: this.#types[a], a, b, result, loc: this.loc });
    return result;
  }
  pair(op: PairOp, a: Value, b: Value): [Value, Value] {
    const type = this.#types[a], result = this.#value(type);
    const result2 = this.#value(op.endsWith('_wide') ? type : 'i1');
    this.#push({ kind: 'pair', op, type, a, b, result, result2, loc: this.loc });
    return [result, result2];
  }
  convert(op: ConvertOp, a: Value, type: Type): Value {
    const result = this.#value(type);
    this.#push({ kind: 'convert', op, from: this.#types[a], type, a, result, loc: this.loc });
    return result;
  }
  select(condition: Value, a: Value, b: Value): Value {
    const type = this.#types[a], result = this.#value(type);
    this.#push({ kind: 'select', type, condition, a, b, result, loc: this.loc });
    return result;
  }
  load(type: Type, at: AddressInput, options: { align?: number; volatile?: boolean } = {}): Value {
    const result = this.#value(type);
    this.#push({ kind: 'load', type, ...address(at), align: options.align ?? 1, volatile: options.volatile ?? false, result, loc: this.loc });
    return result;
  }
  store(at: AddressInput, value: Value, options: { align?: number; volatile?: boolean } = {}): void {
    this.#push({ kind: 'store', type: this.#types[value], ...address(at), value, align: options.align ?? 1, volatile: options.volatile ?? false, loc: this.loc });
  }
  lea(at: AddressInput): Value {
    const result = this.#value('ptr');
    this.#push({ kind: 'lea', ...address(at), result, loc: this.loc });
    return result;
  }
  slotAddr(slot: number): Value {
    const result = this.#value('ptr');
    this.#push({ kind: 'slot_addr', slot, result, loc: this.loc });
    return result;
  }
  globalAddr(global: string): Value {
    const result = this.#value('ptr');
    this.#push({ kind: 'global_addr', global, result, loc: this.loc });
    return result;
  }
  memoryCopy(destination: Value, source: Value, size: Value): void {
    this.#push({ kind: 'memory_copy', destination, source, size, loc: this.loc });
  }
  memoryFill(destination: Value, value: Value, size: Value): void {
    this.#push({ kind: 'memory_fill', destination, value, size, loc: this.loc });
  }
  memorySize(): Value {
    const result = this.#value('i32');
    this.#push({ kind: 'memory_size', result, loc: this.loc });
    return result;
  }
  memoryGrow(pages: Value): Value {
    const result = this.#value('i32');
    this.#push({ kind: 'memory_grow', pages, result, loc: this.loc });
    return result;
  }
  call(callee: string, args: readonly Value[], resultTypes: readonly Type[]): Value[] {
    const results = resultTypes.map((t) => this.#value(t));
    this.#push({ kind: 'call', callee, args: [...args], results, loc: this.loc });
    return results;
  }
  callIndirect(signature: Signature, index: Value, args: readonly Value[]): Value[] {
    const results = signature.results.map((t) => this.#value(t));
    this.#push({ kind: 'call_indirect', signature: copySignature(signature), index, args: [...args], results, loc: this.loc });
    return results;
  }
  atomicLoad(type: Type, at: AddressInput, ordering: MemoryOrdering): Value {
    const result = this.#value(type);
    this.#push({ kind: 'atomic_load', type, ...address(at), ordering, result, loc: this.loc });
    return result;
  }
  atomicStore(at: AddressInput, value: Value, ordering: MemoryOrdering): void {
    this.#push({ kind: 'atomic_store', type: this.#types[value], ...address(at), value, ordering, loc: this.loc });
  }
  atomicRmw(op: RmwOp, at: AddressInput, value: Value, ordering: MemoryOrdering): Value {
    const type = this.#types[value], result = this.#value(type);
    this.#push({ kind: 'atomic_rmw', op, type, ...address(at), value, ordering, result, loc: this.loc });
    return result;
  }
  atomicCmpxchg(at: AddressInput, expected: Value, replacement: Value, ordering: MemoryOrdering): Value {
    const type = this.#types[expected], result = this.#value(type);
    this.#push({ kind: 'atomic_cmpxchg', type, ...address(at), expected, replacement, ordering, result, loc: this.loc });
    return result;
  }
  fence(ordering: MemoryOrdering): void { this.#push({ kind: 'fence', ordering, loc: this.loc }); }
  vector(op: VectorOp, lanes: Lanes, args: readonly Value[]): Value {
    const result = this.#value(vectorResultType(op, lanes));
    this.#push({ kind: 'vector', op, lanes, args: [...args], result, loc: this.loc });
    return result;
  }
  splat(lanes: Lanes, a: Value): Value {
    const result = this.#value(VECTOR_TYPE[lanes]);
    this.#push({ kind: 'splat', lanes, a, result, loc: this.loc });
    return result;
  }
  extractLane(lanes: Lanes, lane: number, a: Value): Value {
    const result = this.#value(LANE_TYPE[lanes]);
    this.#push({ kind: 'extract_lane', lanes, lane, a, result, loc: this.loc });
    return result;
  }
  insertLane(lanes: Lanes, lane: number, a: Value, b: Value): Value {
    const result = this.#value(VECTOR_TYPE[lanes]);
    this.#push({ kind: 'insert_lane', lanes, lane, a, b, result, loc: this.loc });
    return result;
  }
  /** The mask has as many indices as the vectors have bytes. */
  shuffle(mask: readonly number[], a: Value, b: Value): Value {
    const result = this.#value(this.#types[a]);
    this.#push({ kind: 'shuffle', mask: [...mask], a, b, result, loc: this.loc });
    return result;
  }
  safepoint(): void { this.#push({ kind: 'safepoint', loc: this.loc }); }
  stackMap(id: number, live: readonly Value[]): void { this.#push({ kind: 'stack_map', id, live: [...live], loc: this.loc }); }
  patchPoint(id: number, bytes: number, live: readonly Value[]): void { this.#push({ kind: 'patch_point', id, bytes, live: [...live], loc: this.loc }); }

  // --- terminators ---

  #end(t: Terminator): void {
    const b = this.#blocks[this.current];
    if (b.terminator !== undefined) throw new InternalError(`second terminator in block ${this.current} of ${this.name}`);
    b.terminator = t;
  }
  jump(block: BlockId, args: readonly Value[] = []): void { this.#end({ kind: 'jump', target: { block, args: [...args] }, loc: this.loc }); }
  br(condition: Value, then: BlockId, otherwise: BlockId, thenArgs: readonly Value[] = [], elseArgs: readonly Value[] = []): void {
    this.#end({ kind: 'br', condition, then: { block: then, args: [...thenArgs] }, else: { block: otherwise, args: [...elseArgs] }, loc: this.loc });
  }
  switch(value: Value, cases: readonly { readonly value: number | bigint; readonly block: BlockId; readonly args?: readonly Value[] }[], fallback: BlockId, fallbackArgs: readonly Value[] = []): void {
    const list: SwitchCase[] = cases.map((c) => ({ value: c.value, target: { block: c.block, args: [...(c.args ?? [])] } }));
    this.#end({ kind: 'switch', type: this.#types[value], value, cases: list, default: { block: fallback, args: [...fallbackArgs] }, loc: this.loc });
  }
  ret(args: readonly Value[] = []): void { this.#end({ kind: 'ret', args: [...args], loc: this.loc }); }
  tailCall(callee: string, args: readonly Value[]): void { this.#end({ kind: 'tail_call', callee, args: [...args], loc: this.loc }); }
  tailCallIndirect(signature: Signature, index: Value, args: readonly Value[]): void {
    this.#end({ kind: 'tail_call_indirect', signature: copySignature(signature), index, args: [...args], loc: this.loc });
  }
  trap(code: TrapCode): void { this.#end({ kind: 'trap', code, loc: this.loc }); }

  /** The finished function. A block left without a terminator gets `trap unreachable`. */
  finish(): MirFunction {
    const blocks: Block[] = this.#blocks.map((b) => {
      const terminator = b.terminator ?? { kind: 'trap' as const, code: 'unreachable' as const, loc: this.#loc };
      const block = { params: b.params, instructions: b.instructions, terminator };
      return b.name === undefined ? block : { ...block, name: b.name };
    });
    return {
      name: this.name, params: this.signature.params, results: this.signature.results, valueTypes: this.#types,
      blocks, slots: this.#slots, valueNames: this.#names, loc: this.#loc,
    };
  }
}

/** Modules are frozen, the caller's lists are not. */
function copySignature(s: Signature): Signature { return { params: [...s.params], results: [...s.results] }; }

function fail(block: BlockId): never { throw new InternalError(`block ${block} has no such edge`); }

function address(at: AddressInput): Address {
  return { base: at.base, index: at.index ?? NO_VALUE, scale: at.scale ?? 1, offset: at.offset ?? 0 };
}
