/** Places at run time: an address in the making, kept as base + index * scale + offset until it is accessed. */
import type { AddressInput, Value } from '../lib/mir/index.ts';
import { AtomicPlace } from './atomic-place.ts';
import { BaseValue } from './base-value.ts';
import { currentContext, type FunctionContext, type Scope } from './context.ts';
import type { GlobalDefinition } from './module-context.ts';
import { isValueType, layoutOf, ptr, type MemoryType, type RuntimeMemoryType, type RuntimeType } from './types.ts';
import { describe, REMEDY, remedyFor, usageError, withArticle } from './usage.ts';

/** Where a place is rooted. The address of a slot or global is taken anew at each access. */
export type Root =
  | { readonly kind: 'pointer'; readonly value: BaseValue }
  | { readonly kind: 'address'; readonly context: FunctionContext; readonly id: Value }
  | { readonly kind: 'slot'; readonly context: FunctionContext; readonly slot: number }
  | { readonly kind: 'global'; readonly global: GlobalDefinition };

/**
 * An address in the making. `index` is of pointer width; `offset` is never negative; `bound` says where the index was
 * computed, which is where the place may be used.
 */
export interface Spot { readonly root: Root; readonly index: Value | undefined; readonly scale: number; readonly offset: number; readonly bound?: Bound }
interface Bound { readonly context: FunctionContext; readonly scope: Scope }

/** The function in which a place is used. */
export function contextOf(root: Root): FunctionContext {
  switch (root.kind) {
    case 'pointer': return root.value.context;
    case 'address': case 'slot': return root.context;
    case 'global': return currentContext(`global '${root.global.name}' is used`);
    default: return root satisfies never;
  }
}

/** The operands of a load or store at `spot`. Call after `begin`. */
export function addressOf(c: FunctionContext, spot: Spot): AddressInput {
  if (spot.bound !== undefined) c.checkScope(spot.bound, 'a place');
  const base = baseOf(c, spot.root);
  return spot.index === undefined ? { base, offset: spot.offset } : { base, index: spot.index, scale: spot.scale, offset: spot.offset };
}
function baseOf(c: FunctionContext, root: Root): Value {
  switch (root.kind) {
    case 'pointer': c.checkUsable(root.value); return root.value.id;
    case 'address': return root.id;
    case 'slot': return c.fb.slotAddr(root.slot);
    case 'global': c.module.useGlobal(root.global); return c.fb.globalAddr(root.global.name);
    default: return root satisfies never;
  }
}

/** The address as a pointer value. */
export function pointerTo(c: FunctionContext, spot: Spot): Value {
  const a = addressOf(c, spot);
  return a.index === undefined && (a.offset ?? 0) === 0 ? a.base : c.fb.lea(a);
}

const LIMIT = 2 ** 31;

/** `spot` moved on by `index * size` bytes. Constant indices go into the offset, others into the index. */
export function advance(c: FunctionContext, spot: Spot, index: unknown, size: number, what: string): Spot {
  if (typeof index === 'number') {
    if (!Number.isInteger(index)) throw usageError(`${describe(index)} is not an index`, 'Use a whole number, or an i32 or u32 value.');
    const offset = spot.offset + index * size;
    if (offset >= 0 && offset < LIMIT) return { ...spot, offset };
    if (Math.abs(index * size) >= LIMIT) throw usageError(`${what} by ${describe(index)} elements of ${size} bytes is out of range`, 'Stay within 2 GiB of the base.');
    return withIndex(c, spot, c.fb.const(c.module.memoryModel === 'linear' ? 'i32' : 'i64', c.module.memoryModel === 'linear' ? index * size : BigInt(index * size)), 1);
  }
  if (!(index instanceof BaseValue)) throw usageError(`${what} wants an index, not ${describe(index)}`, remedyFor(index, 'Use a whole number, or an i32 or u32 value.'));
  c.checkUsable(index);
  const native = c.module.memoryModel === 'native';
  let id = index.id;
  if (index.type.surface === 'i32' || index.type.surface === 'u32') {
    if (native) id = c.fb.convert(index.type.signed ? 'sext' : 'zext', id, 'i64');
  } else {
    throw usageError(`${what} wants an i32 or u32 index, not ${index.type.name}`, index.type.mir === 'i64' ? 'Narrow it with .toI32() or .toU32().' : 'Convert it with .toI32().');
  }
  if (size === 1 || size === 2 || size === 4 || size === 8) return withIndex(c, spot, id, size);
  return withIndex(c, spot, c.fb.binary('mul', id, native ? c.fb.const('i64', BigInt(size)) : c.fb.const('i32', size)), 1);
}

function withIndex(c: FunctionContext, spot: Spot, index: Value, scale: number): Spot {
  const bound = { context: c, scope: c.scope };
  if (spot.index === undefined) return { ...spot, index, scale, bound };
  return { root: { kind: 'address', context: c, id: pointerTo(c, spot) }, index, scale, offset: 0, bound };
}

/** The place object of `type` at `spot`. */
export function makePlace(type: RuntimeMemoryType, spot: Spot): unknown {
  switch (type.kind) {
    case 'scalar': case 'vector': case 'pointer': case 'function': return new FieldPlaceImpl(type as RuntimeType, spot);
    case 'array': return new ArrayPlaceImpl(type, spot);
    case 'struct': return new (structPlaceClass(type))(type, spot);
    case 'unit': return new PlaceImpl(type, spot);
    default: return type.kind satisfies never;
  }
}

/** Any place: it has an address. */
export class PlaceImpl {
  // Names start with $ because a struct's field may have any other name.
  readonly $type: RuntimeMemoryType;
  readonly $spot: Spot;
  constructor(type: RuntimeMemoryType, spot: Spot) {
    this.$type = type;
    this.$spot = spot;
  }
  /** What console.log shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string { return `<place of ${withArticle(this.$type.name)}>`; }
  get [REMEDY](): string {
    switch (this.$type.kind) {
      case 'struct': return 'A struct is read part by part: place.field.get(). Its address is place.$ptr.';
      case 'array': return 'An array is read element by element: place.at(i).get(). Its address is place.$ptr.';
      default: return 'Read it with .get(). Its address is place.$ptr.';
    }
  }
  [Symbol.toPrimitive](hint: string): string {
    const text = `the place of ${withArticle(this.$type.name)}`;
    if (hint === 'string') return text;
    throw usageError(`JavaScript arithmetic or comparison on ${text}`, 'Read it with .get(), and use the value\'s methods: place.get().add(b).');
  }
  get $ptr(): BaseValue {
    const c = contextOf(this.$spot.root).begin('a place');
    const target = this.$type.kind === 'array' ? this.$type.element! : this.$type;
    return c.wrap(ptr(target as unknown as MemoryType) as unknown as RuntimeType, pointerTo(c, this.$spot));
  }
}

class FieldPlaceImpl extends PlaceImpl {
  /** Alignment in bytes where it is not the type's own. */
  readonly $align: number | undefined;
  /** Elements from here to the array's end, where that is known. */
  readonly $room: number | undefined;
  constructor(type: RuntimeMemoryType, spot: Spot, align?: number, room?: number) {
    super(type, spot);
    this.$align = align;
    this.$room = room;
  }
  #align(c: FunctionContext): number { return this.$align ?? layoutOf(this.$type, c.module.memoryModel).align; }
  #writable(): void {
    const { root } = this.$spot;
    if (root.kind === 'global' && !root.global.mutable) throw usageError(`global '${root.global.name}' is constant`, 'Declare it with { mutable: true }.');
  }
  get(options?: { readonly volatile?: boolean }): BaseValue {
    const type = this.$type as RuntimeType;
    const c = contextOf(this.$spot.root).begin('a place');
    const volatile = options?.volatile ?? false;
    // A bool is a byte in memory; any non-zero byte reads as true.
    if (type.mir === 'i1') {
      const byte = c.fb.load('i8', addressOf(c, this.$spot), { align: 1, volatile });
      return c.wrap(type, c.fb.compare('ne', byte, c.fb.const('i8', 0)));
    }
    return c.wrap(type, c.fb.load(type.mir, addressOf(c, this.$spot), { align: this.#align(c), volatile }));
  }
  set(value: unknown, options?: { readonly volatile?: boolean }): void {
    const type = this.$type as RuntimeType;
    const c = contextOf(this.$spot.root).begin('a place');
    this.#writable();
    const volatile = options?.volatile ?? false;
    const id = c.operand(type, value, 'set');
    if (type.mir === 'i1') c.fb.store(addressOf(c, this.$spot), c.fb.convert('zext', id, 'i8'), { align: 1, volatile });
    else c.fb.store(addressOf(c, this.$spot), id, { align: this.#align(c), volatile });
  }
  update(change: (current: BaseValue) => unknown): void {
    if (typeof change !== 'function') throw usageError(`update wants a function, not ${describe(change)}`, 'Give what the new value is made of: place.update(v => v.add(1)).');
    this.set(change(this.get()));
  }
  vector(of: unknown): FieldPlaceImpl {
    const lane = this.$type as RuntimeType, type = isValueType(of) ? of : undefined;
    if (type?.vector === undefined) throw usageError(`vector wants a vector type, not ${describe(of)}`, `Give one whose lanes are ${lane.name}.`);
    if (lane.kind !== 'scalar' || type.vector.lane.name !== lane.name) throw usageError(`a place of ${withArticle(lane.name)} cannot be read as ${type.name}`, `Take a vector type of ${lane.name} lanes, and then .as(${type.name}).`);
    const { length, laneBytes } = type.vector;
    if (this.$room !== undefined && length > this.$room) throw usageError(`${length} lanes go beyond the end of the array, ${this.$room} element${this.$room === 1 ? '' : 's'} on`, 'Begin further to the front, or take fewer lanes.');
    return new FieldPlaceImpl(type as unknown as RuntimeMemoryType, this.$spot, laneBytes);
  }
  get atomic(): AtomicPlace {
    const type = this.$type as RuntimeType, { $spot } = this;
    if (type.kind !== 'scalar' || !/^[iu]\d/.test(type.surface)) throw usageError(`a place of ${withArticle(type.name)} is not atomic`, 'Only integers of 8 to 64 bits are: keep the value in an integer of its size.');
    return new AtomicPlace({ type, begin: () => contextOf($spot.root).begin('a place'), address: (c) => addressOf(c, $spot), writable: () => this.#writable() });
  }
}

class ArrayPlaceImpl extends PlaceImpl {
  get length(): number { return this.$type.length!; }
  at(index: unknown): unknown {
    const c = contextOf(this.$spot.root).begin('a place');
    const element = this.$type.element!;
    if (typeof index === 'number' && (index < 0 || index >= this.length)) throw usageError(`index ${describe(index)} is outside of ${this.$type.name}`, `Use an index from 0 to ${this.length - 1}.`);
    const spot = advance(c, this.$spot, index, layoutOf(element, c.module.memoryModel).size, 'at');
    return typeof index === 'number' && element.kind === 'scalar' ? new FieldPlaceImpl(element, spot, undefined, this.length - index) : makePlace(element, spot);
  }
}

type PlaceClass = new (type: RuntimeMemoryType, spot: Spot) => PlaceImpl;
const structClasses = new WeakMap<RuntimeMemoryType, PlaceClass>();

/** One class per struct type, with a getter per field. */
function structPlaceClass(type: RuntimeMemoryType): PlaceClass {
  const known = structClasses.get(type);
  if (known !== undefined) return known;
  class StructPlaceImpl extends PlaceImpl {}
  for (const [name, field] of Object.entries(type.fields!)) {
    Object.defineProperty(StructPlaceImpl.prototype, name, {
      enumerable: true,
      get(this: PlaceImpl): unknown {
        const spot = this.$spot, c = contextOf(spot.root), offset = spot.offset + layoutOf(type, c.module.memoryModel).offsets![name];
        if (offset >= LIMIT) throw usageError(`field '${name}' of struct ${type.name} lies ${offset} bytes from the base of its address`, 'Stay within 2 GiB: take the address of a part nearby first, place.$ptr.');
        return makePlace(field, { ...spot, offset });
      },
    });
  }
  structClasses.set(type, StructPlaceImpl);
  return StructPlaceImpl;
}
