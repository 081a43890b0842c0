/**
 * Generates memory instructions. Ordinary accesses stay inside an object in scope (heap window, global, stack slot,
 * pointer argument), through every form of address; a few are wild, above the end of memory or across it, and trap.
 */
import { MEMORY_ORDERINGS, PAGE_SIZE, RMW_OPS, sizeOf, type AddressInput, type FunctionBuilder, type MemoryOrdering, type Type, type Value } from '../../lib/mir/index.ts';
import type { Choices } from './choices.ts';
import type { Expressions } from './expressions.ts';
import { HEAP, HEAP_SIZE, type ModulePlan } from './program.ts';
import type { Pointer, Scope } from './scope.ts';

const STORED = ['i32', 'i64', 'i8', 'i16', 'f64', 'f32', 'ptr'] as const;
const ATOMIC = ['i32', 'i64', 'i8', 'i16'] as const;
const LOADS = ['seq_cst', 'relaxed', 'acquire'] as const, STORES = ['seq_cst', 'relaxed', 'release'] as const, FENCES = ['seq_cst', 'acquire', 'release', 'acq_rel'] as const;
/** Every `WILD`-th access may trap. */
const WILD = 48;

export class Accesses {
  readonly #b: FunctionBuilder;
  readonly #c: Choices;
  readonly #scope: Scope;
  readonly #x: Expressions;
  readonly #plan: ModulePlan;
  readonly #slots: readonly number[];

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, x: Expressions, plan: ModulePlan, slots: readonly number[]) {
    this.#b = b;
    this.#c = c;
    this.#scope = scope;
    this.#x = x;
    this.#plan = plan;
    this.#slots = slots;
  }

  /** A constant of the type that indices and sizes have. */
  length(n: number): Value { return this.#plan.options.native ? this.#b.const('i64', BigInt(n)) : this.#b.const('i32', n); }
  /** A value of that type in [0, mask], `mask` one less than a power of two. */
  #masked(mask: number): Value { return this.#b.binary('and', this.#x.pick(this.#plan.options.native ? 'i64' : 'i32'), this.length(mask)); }

  /** Something with at least `size` bytes behind it (at most 128). */
  pointer(size: number, allowLocal = true): Pointer {
    const b = this.#b, c = this.#c, s = this.#scope;
    const way = c.below(6);
    if (way >= 3) {
      const known = s.pickPointer(c, size, allowLocal);
      if (known !== undefined) return known;
    }
    if (way === 2 && allowLocal && this.#slots.length > 0) {
      const k = c.below(this.#slots.length);
      if (this.#slots[k] >= size) return s.addPointer({ value: b.slotAddr(k), size: this.#slots[k], local: true });
    }
    if (way === 1) {
      const g = this.#plan.globals[c.below(this.#plan.globals.length)];
      if (g.size >= size) return s.addPointer({ value: b.globalAddr(g.name), size: g.size, local: false });
    }
    // Few different windows, so that accesses meet each other.
    const at = HEAP + 8 * c.below(16);
    return s.addPointer({ value: b.const('ptr', at), size: 256, local: false });
  }

  /** An address inside an object: constant or computed offset, any scale, also with an index that may be negative. */
  address(size: number): AddressInput {
    const b = this.#b, c = this.#c, p = this.pointer(size), room = p.size - size;
    const form = c.below(8);
    if (form === 0 || room < 16) return { base: p.value, offset: c.below(room + 1) };
    if (form === 1) {
      // Back to a power of two, so that the index can be cut with a mask.
      const scale = 1 << c.below(4), most = Math.floor(room / scale), mask = (1 << 31 - Math.clz32(most + 1)) - 1;
      const index = this.#masked(mask);
      return { base: p.value, index, scale, offset: c.below(room - mask * scale + 1) };
    }
    if (form === 2) {
      const scale = 1 << c.below(4), half = Math.floor(room / scale / 2), mask = (1 << 31 - Math.clz32(half + 1)) - 1;
      const index = b.binary('sub', this.#masked(mask), this.length(mask));
      return { base: p.value, index, scale, offset: mask * scale + c.below(room - mask * scale + 1) };
    }
    if (form === 3) {
      const skip = c.below(room + 1);
      const base = b.lea({ base: p.value, offset: skip });
      if (room - skip + size >= 8) this.#scope.addPointer({ value: base, size: room - skip + size, local: p.local });
      return { base, offset: c.below(room - skip + 1) };
    }
    if (form === 4 || form === 5) {
      // Indices that are sums or shifted, which an address may take in.
      const shift = form === 4 ? 0 : 1 + c.below(2), scale = 1 << c.below(3), most = Math.floor(room / (scale << shift));
      const more = form === 4 ? c.below(Math.min(most, 15) + 1) : 0, mask = (1 << 31 - Math.clz32(most - more + 1)) - 1, index = this.#masked(mask);
      const whole = form === 4 ? b.binary('add', index, this.length(more)) : b.binary('shl', index, this.length(shift));
      return { base: p.value, index: whole, scale, offset: c.below(room - ((mask + more) * scale << shift) + 1) };
    }
    const mask = (1 << 31 - Math.clz32(room + 1)) - 1;
    if (form === 6) {
      // Addresses as numbers.
      const number = b.convert('ptrtoint', p.value, this.#plan.options.native ? 'i64' : 'i32');
      return { base: b.convert('inttoptr', b.binary('add', number, this.#masked(mask)), 'ptr'), offset: c.below(room - mask + 1) };
    }
    const distance = b.convert('zext', b.binary('and', this.#x.pick('i8'), b.const('i8', Math.min(mask, 127))), this.#plan.options.native ? 'i64' : 'i32');
    return { base: b.lea({ base: p.value, index: distance, scale: 1 }), offset: c.below(room - Math.min(mask, 127) + 1) };
  }

  /** An address near the end of memory or past it: accesses there trap, or touch bytes that nothing else uses. */
  #wildAddress(): AddressInput {
    const b = this.#b, c = this.#c;
    // Raw addresses: the last 64 KiB of the address space, which are the system's. Anything else may be somebody's.
    if (this.#plan.options.native) return { base: b.convert('inttoptr', b.const('i64', BigInt(-65536 + c.below(60000))), 'ptr'), offset: c.below(128) };
    switch (c.below(4)) {
      case 0: return { base: b.const('ptr', 4294967295 - c.below(64)), offset: c.below(2) === 0 ? 0 : c.below(2147483648) };
      case 1: {
        const end = b.binary('mul', b.memorySize(), b.const('i32', PAGE_SIZE));
        return { base: b.convert('inttoptr', b.binary('sub', end, b.const('i32', 1 + c.below(16))), 'ptr') };
      }
      case 2: {
        const high = b.binary('or', this.#x.pick('i32'), b.const('i32', -2147483648));
        return { base: b.const('ptr', 0), index: high, scale: 1, offset: c.below(65536) };
      }
      default: return { base: b.const('ptr', HEAP), offset: 2147483647 - c.below(1024) };
    }
  }

  #anyAddress(size: number): AddressInput { return this.#c.below(WILD) === WILD - 1 ? this.#wildAddress() : this.address(size); }

  emit(): void {
    const b = this.#b, c = this.#c, s = this.#scope, { atomics } = this.#plan.options;
    const options = (): { align: number; volatile: boolean } => ({ align: 1 << c.below(4), volatile: c.below(16) === 15 });
    switch (c.below(atomics ? 12 : 10)) {
      case 0: case 1: case 2: case 3: {
        const type = this.#storedType();
        b.store(this.#anyAddress(sizeOf(type, this.#plan.options.native ? 'native' : 'linear')), this.#x.pickExact(type), options());
        return;
      }
      case 4: case 5: case 6: case 7: {
        const type = this.#storedType();
        s.add(type, b.load(type, this.#anyAddress(sizeOf(type, this.#plan.options.native ? 'native' : 'linear')), options()));
        return;
      }
      case 8: this.#bulk(); return;
      case 9: this.#sizes(); return;
      default: this.#atomic();
    }
  }

  #storedType(): Type {
    const { vectors, wide } = this.#plan.options, k = this.#c.below(!vectors ? 7 : wide ? 11 : 9);
    return k < 7 ? STORED[k] : k < 9 ? 'v128' : 'v256';
  }

  #bulk(): void {
    const b = this.#b, c = this.#c, p = this.pointer(64);
    const at = (pointer: Pointer): Value => b.lea({ base: pointer.value, offset: c.below(33) });
    const wild = !this.#plan.options.native && c.below(WILD) === WILD - 1;
    const size = wild ? b.binary('or', this.#x.pick('i32'), b.const('i32', -65536)) : c.below(2) === 0 ? this.length(c.below(32)) : this.#masked(31);
    if (c.below(2) === 0) b.memoryFill(at(p), this.#x.pick('i32'), size);
    else b.memoryCopy(at(p), at(c.below(2) === 0 ? p : this.pointer(64)), size);
  }

  #sizes(): void {
    const b = this.#b, c = this.#c;
    if (this.#plan.options.native) this.#bulk();
    else if (c.below(3) === 0) this.#scope.add('i32', b.memoryGrow(b.const('i32', c.below(8) === 7 ? -1 : c.below(3))));
    else this.#scope.add('i32', b.memorySize());
  }

  #atomic(): void {
    const b = this.#b, c = this.#c, s = this.#scope, type = ATOMIC[c.below(4)], size = sizeOf(type, 'linear');
    // Aligned by construction; now and then any address, which may trap.
    const any = c.below(24), at: AddressInput = any === 23 ? this.#wildAddress() : any >= 21 ? this.address(size)
      : { base: b.const('ptr', HEAP + HEAP_SIZE / 2), index: this.#masked(7), scale: size, offset: size * c.below(4) };
    const of = (list: readonly MemoryOrdering[]): MemoryOrdering => list[c.below(list.length)];
    switch (c.below(6)) {
      case 0: s.add(type, b.atomicLoad(type, at, of(LOADS))); return;
      case 1: b.atomicStore(at, this.#x.pick(type), of(STORES)); return;
      case 2: s.add(type, b.atomicCmpxchg(at, this.#x.pick(type), this.#x.pick(type), of(MEMORY_ORDERINGS))); return;
      case 3: {
        // What is there, so that the exchange happens.
        const expected = b.atomicLoad(type, at, of(LOADS));
        s.add(type, b.atomicCmpxchg(at, expected, this.#x.pick(type), of(MEMORY_ORDERINGS)));
        return;
      }
      default: {
        if (c.below(8) === 0) { b.fence(of(FENCES)); return; }
        // Often nobody wants what was there before, which has shorter code.
        const before = b.atomicRmw(RMW_OPS[c.below(RMW_OPS.length)], at, this.#x.pick(type), of(MEMORY_ORDERINGS));
        if (c.below(3) !== 2) s.add(type, before);
      }
    }
  }
}
