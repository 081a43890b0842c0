/** Idioms of vectors: trees, lanes in and out, memory; see `idioms.ts`. */
import { LANES, LANE_COUNT, LANE_TYPE, VECTOR_TYPE, type AddressInput, type Lanes, type Type, type Value } from '../../lib/mir/index.ts';
import { isFloatType } from './program.ts';
import type { Numeric, Trees } from './trees.ts';
import { MASKS, TREE_ROWS, type VectorTrees } from './vector-trees.ts';

export class VectorIdioms {
  readonly #t: Trees;
  readonly #v: VectorTrees;
  /** Puts something between a load and what is made of it. */
  readonly #between: (at: AddressInput, type: Type) => void;

  constructor(t: Trees, v: VectorTrees, between: (at: AddressInput, type: Type) => void) {
    this.#t = t;
    this.#v = v;
    this.#between = between;
  }

  tree(): void {
    const c = this.#t.c, type = this.#v.type(), leaves = this.#v.leaves(type), way = c.below(4);
    if (way === 3) {
      const rows = MASKS[type], [op, lanes] = rows[c.below(rows.length)];
      this.#t.scope.add('i32', this.#t.b.vector(op, lanes, [c.below(2) === 0 ? this.#v.compared(type, leaves) : this.#v.tree(type, leaves, 1)]));
    } else if (way === 2) this.#t.scope.add('i1', this.#v.condition());
    else this.#t.scope.add(type, this.#v.tree(type, leaves, 1 + c.below(3)));
  }
  /** Lanes in and out, through memory and widths. */
  lanes(): void {
    const b = this.#t.b, c = this.#t.c, s = this.#t.scope, lanes = this.#lanesOf(), lane = LANE_TYPE[lanes] as Numeric, type = VECTOR_TYPE[lanes], at = c.below(LANE_COUNT[lanes]);
    const scalar = (): Value => {
      if (isFloatType(lane)) return this.#t.x.canonical(lane, this.#t.loadedOr(lane));
      return c.below(3) === 2 ? this.#t.thereAndBack(lane, this.#t.loadedOr(lane)) : this.#t.loadedOr(lane);
    };
    switch (c.below(5)) {
      case 0: s.add(type, b.splat(lanes, scalar())); return;
      case 1: s.add(type, b.insertLane(lanes, at, this.#t.loadedOr(type), scalar())); return;
      case 2: {
        const v = b.extractLane(lanes, at, this.#t.loadedOr(type));
        if (isFloatType(lane)) s.add(lane, v);
        else if (lane === 'i64') s.add(lane, this.#t.tree(lane, [v, this.#t.constant(lane)], 1));
        else s.add('i64', this.#t.extended(v, 'i64'));
        return;
      }
      case 3: {
        const v = b.extractLane(lanes, at, this.#t.x.pick(type));
        b.store(this.#t.place(lane), isFloatType(lane) ? this.#t.x.canonical(lane, v) : v);
        return;
      }
      // One lane after another, as a vector is built from scalars.
      default: {
        let v = c.below(2) === 0 ? b.const(type, 0n) : this.#t.x.pick(type);
        for (let k = 0; k < LANE_COUNT[lanes]; k++) if (c.below(4) !== 3) v = b.insertLane(lanes, k, v, isFloatType(lane) ? this.#t.x.pickExact(lane) : this.#t.x.pick(lane));
        s.add(type, v);
      }
    }
  }
  #lanesOf(): Lanes {
    const all = this.#t.options.wide ? LANES : LANES.filter((l) => VECTOR_TYPE[l] === 'v128');
    return all[this.#t.c.below(all.length)];
  }
  /** Memory that is read, changed and written as vectors. */
  memory(): void {
    const b = this.#t.b, c = this.#t.c, type = this.#v.type(), at = this.#t.place(type), loaded = b.load(type, at, { align: 1 << c.below(5) });
    const rows = TREE_ROWS[type], [op, lanes] = rows[c.below(rows.length)], leaves = [loaded, this.#t.x.pick(type)];
    if (c.below(4) === 3) this.#between(at, type);
    const v = b.vector(op, lanes, this.#v.operands(type, op, leaves, 1));
    b.store(c.below(2) === 0 ? at : this.#t.place(type), v);
    if (c.below(4) === 3) this.#t.scope.add(type, v);
  }
}
