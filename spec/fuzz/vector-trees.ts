/** Small trees of vector operations, and conditions made of lanes; see `idioms.ts`. */
import {
  HALF_LANES, LANES, LANE_TYPE, VECTOR_OPS, VECTOR_TYPE, divisionsOf, vectorResultType, type Lanes, type Type, type Value, type VectorOp,
} from '../../lib/mir/index.ts';
import { shuffleMask } from './masks.ts';
import { constantOf } from './scope.ts';
import type { Trees, Vector } from './trees.ts';

/** Operations on lanes of integers; those on floats make NaNs, whose bits must not be seen. */
const VECTOR_ROWS: readonly (readonly [VectorOp, Lanes])[] = (Object.keys(VECTOR_OPS) as VectorOp[])
  .flatMap((op) => divisionsOf(op).map((lanes) => [op, lanes] as const))
  .filter(([op, lanes]) => LANE_TYPE[lanes] !== 'f32' && LANE_TYPE[lanes] !== 'f64' && !op.startsWith('vcvt') && !VECTOR_OPS[op].operands.includes('h'));
function rowsOf(type: Vector, result: Type): readonly (readonly [VectorOp, Lanes])[] {
  return VECTOR_ROWS.filter(([op, lanes]) => VECTOR_TYPE[lanes] === type && vectorResultType(op, lanes) === result);
}
export const TREE_ROWS = { v128: rowsOf('v128', 'v128'), v256: rowsOf('v256', 'v256') };
const TESTS = { v128: rowsOf('v128', 'i1'), v256: rowsOf('v256', 'i1') };
export const MASKS = { v128: rowsOf('v128', 'i32'), v256: rowsOf('v256', 'i32') };
const INTEGER_LANES = LANES.filter((l) => HALF_LANES[l] !== 'f32x4' && HALF_LANES[l] !== 'f64x2' && l !== 'f32x4' && l !== 'f64x2');

export class VectorTrees {
  readonly #t: Trees;

  constructor(t: Trees) { this.#t = t; }

  type(): Vector { return this.#t.options.wide && this.#t.c.below(2) === 1 ? 'v256' : 'v128'; }
  leaves(type: Vector): readonly Value[] {
    const b = this.#t.b, c = this.#t.c, lanes = INTEGER_LANES.filter((l) => VECTOR_TYPE[l] === type), one = lanes[c.below(lanes.length)];
    return [this.#t.x.pick(type), b.const(type, constantOf(c, type)), this.#t.loadedOr(type), b.splat(one, this.#t.x.pick(LANE_TYPE[one]))];
  }
  tree(type: Vector, leaves: readonly Value[], depth: number): Value {
    const b = this.#t.b, c = this.#t.c;
    if (depth === 0) return this.#t.leaf(leaves);
    const rows = TREE_ROWS[type], way = c.below(8);
    if (way === 7) return b.shuffle(shuffleMask(c, type === 'v128' ? 16 : 32), this.tree(type, leaves, depth - 1), this.#t.leaf(leaves));
    if (way === 6) return b.vector('vbitselect', type === 'v128' ? 'i8x16' : 'i8x32', [this.#t.leaf(leaves), this.#t.leaf(leaves), this.compared(type, leaves)]);
    const [op, lanes] = rows[c.below(rows.length)];
    return b.vector(op, lanes, this.operands(type, op, leaves, depth));
  }
  operands(type: Vector, op: VectorOp, leaves: readonly Value[], depth: number): Value[] {
    const c = this.#t.c;
    return [...VECTOR_OPS[op].operands].map((kind) => {
      if (kind === 's') return c.below(2) === 0 ? this.#t.integer('i32', BigInt(c.below(66))) : this.#t.x.pick('i32');
      return c.below(2) === 0 ? this.#t.leaf(leaves) : this.tree(type, leaves, depth - 1);
    });
  }
  /** A compare of lanes. */
  compared(type: Vector, leaves: readonly Value[]): Value {
    const c = this.#t.c, rows = TREE_ROWS[type].filter(([op]) => /^v(eq|ne|[lg][te]_)/.test(op)), [op, lanes] = rows[c.below(rows.length)];
    return this.#t.b.vector(op, lanes, this.operands(type, op, leaves, 1));
  }
  condition(): Value {
    const c = this.#t.c, type = this.type(), leaves = this.leaves(type), rows = TESTS[type], [op, lanes] = rows[c.below(rows.length)];
    return this.#t.b.vector(op, lanes, [c.below(3) === 2 ? this.tree(type, leaves, 1) : this.compared(type, leaves)]);
  }
}
