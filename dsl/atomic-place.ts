/** Atomic access at run time; `atomic-types.ts` documents every method. */
import { MEMORY_ORDERINGS, type MemoryOrdering, type RmwOp, type Value } from '../lib/mir/index.ts';
import type { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import type { RuntimeType } from './types.ts';
import { describe, usageError } from './usage.ts';

/** What an atomic access needs of the place it is on. */
export interface AtomicSpot {
  readonly type: RuntimeType;
  /** The function being written. */
  begin(): FunctionContext;
  /** The address's operands. */
  address(c: FunctionContext): Parameters<FunctionContext['fb']['atomicLoad']>[1];
  /** Throws when the place may not be written. */
  writable(): void;
}

const ALL: readonly MemoryOrdering[] = MEMORY_ORDERINGS;
const LOAD = ALL.filter((o) => o !== 'release' && o !== 'acq_rel'), STORE = ALL.filter((o) => o !== 'acquire' && o !== 'acq_rel'), FENCE = ALL.filter((o) => o !== 'relaxed');

function readOrdering(x: unknown, what: string, allowed: readonly MemoryOrdering[]): MemoryOrdering {
  if (x === undefined) return 'seq_cst';
  if (!allowed.includes(x as MemoryOrdering)) throw usageError(`${what} cannot be ordered ${describe(x)}`, `Use one of ${allowed.join(', ')}.`);
  return x as MemoryOrdering;
}

/** The ordering of a fence. */
export function fenceOrdering(x: unknown): MemoryOrdering { return readOrdering(x, 'a fence', FENCE); }

/** The weakest ordering that is at least both: MIR's compare-exchange has one for both outcomes. */
export function joinOrderings(a: MemoryOrdering, b: MemoryOrdering): MemoryOrdering {
  if (a === 'seq_cst' || b === 'seq_cst') return 'seq_cst';
  const acquires = [a, b].some((o) => o === 'acquire' || o === 'acq_rel'), releases = [a, b].some((o) => o === 'release' || o === 'acq_rel');
  return acquires ? (releases ? 'acq_rel' : 'acquire') : releases ? 'release' : 'relaxed';
}

export class AtomicPlace {
  readonly #spot: AtomicSpot;
  constructor(spot: AtomicSpot) { this.#spot = spot; }

  load(ordering?: unknown): BaseValue {
    const o = readOrdering(ordering, 'an atomic load', LOAD), { type } = this.#spot, c = this.#spot.begin();
    return c.wrap(type, c.fb.atomicLoad(type.mir, this.#spot.address(c), o));
  }
  store(value: unknown, ordering?: unknown): void {
    const o = readOrdering(ordering, 'an atomic store', STORE), c = this.#writing(), id = this.#operand(c, value, 'store');
    c.fb.atomicStore(this.#spot.address(c), id, o);
  }
  add(value: unknown, ordering?: unknown): BaseValue { return this.#change('add', 'add', value, ordering); }
  sub(value: unknown, ordering?: unknown): BaseValue { return this.#change('sub', 'sub', value, ordering); }
  and(value: unknown, ordering?: unknown): BaseValue { return this.#change('and', 'and', value, ordering); }
  or(value: unknown, ordering?: unknown): BaseValue { return this.#change('or', 'or', value, ordering); }
  xor(value: unknown, ordering?: unknown): BaseValue { return this.#change('xor', 'xor', value, ordering); }
  exchange(value: unknown, ordering?: unknown): BaseValue { return this.#change('exchange', 'xchg', value, ordering); }
  compareExchange(expected: unknown, replacement: unknown, orderings: { readonly success?: unknown; readonly failure?: unknown } = {}): readonly [BaseValue, BaseValue] {
    if (typeof orderings !== 'object' || orderings === null) throw usageError(`the orderings of an atomic compare-exchange are ${describe(orderings)}`, 'Write { success: \'acquire\', failure: \'relaxed\' }, or leave them out.');
    const success = readOrdering(orderings.success, 'an atomic compare-exchange', ALL), failure = readOrdering(orderings.failure, 'an atomic compare-exchange that fails', LOAD);
    const c = this.#writing(), { type } = this.#spot;
    const old = this.#operand(c, expected, 'compareExchange'), next = this.#operand(c, replacement, 'compareExchange');
    const previous = c.fb.atomicCmpxchg(this.#spot.address(c), old, next, joinOrderings(success, failure));
    return [c.wrap(type, previous), c.wrapBool(c.fb.compare('eq', previous, old))];
  }

  #writing(): FunctionContext {
    const c = this.#spot.begin();
    this.#spot.writable();
    return c;
  }
  #operand(c: FunctionContext, x: unknown, name: string): Value { return c.operand(this.#spot.type, x, `atomic.${name}`); }
  #change(name: string, op: RmwOp, value: unknown, ordering: unknown): BaseValue {
    const o = readOrdering(ordering, `an atomic ${name}`, ALL), c = this.#writing(), id = this.#operand(c, value, name);
    return c.wrap(this.#spot.type, c.fb.atomicRmw(op, this.#spot.address(c), id, o));
  }
}
