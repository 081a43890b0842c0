/**
 * Generates what peepholes look for: small trees whose inner values have one use, over few leaves that come back, with
 * constants that go together. Instructions picked one by one hardly ever meet in such patterns, and rules of the
 * optimiser and of instruction selection would go untested.
 */
import {
  BINARY_OPS, COMPARE_OPS, HALF_LANES, LANES, LANE_COUNT, LANE_TYPE, UNARY_OPS, VECTOR_OPS, VECTOR_TYPE, divisionsOf, isVector, sizeOf, vectorResultType,
  type AddressInput, type BinaryOp, type CompareOp, type FunctionBuilder, type Lanes, type Type, type UnaryOp, type Value, type VectorOp,
} from '../../lib/mir/index.ts';
import type { Accesses } from './accesses.ts';
import type { Choices } from './choices.ts';
import type { Expressions } from './expressions.ts';
import { shuffleMask } from './masks.ts';
import { isFloatType, type ModulePlan } from './program.ts';
import { constantOf, type Scope } from './scope.ts';

type Integer = 'i8' | 'i16' | 'i32' | 'i64';
type Numeric = Integer | 'f32' | 'f64';
type Vector = 'v128' | 'v256';
const BITS: Readonly<Record<Integer, number>> = { i8: 8, i16: 16, i32: 32, i64: 64 };
const NUMERIC = ['i32', 'i64', 'i32', 'i64', 'i8', 'i16', 'f64', 'f32'] as const satisfies readonly Numeric[];
const INTEGERS = ['i32', 'i64', 'i8', 'i16'] as const satisfies readonly Integer[];
const DIVISIONS = ['udiv', 'urem', 'sdiv', 'srem'] as const;

type OpsByType<Op> = Readonly<Record<Numeric, readonly Op[]>>;
function byType<Op extends string>(table: Readonly<Record<Op, { readonly types: readonly Type[] }>>, keep: (op: Op) => boolean = () => true): OpsByType<Op> {
  const of = (t: Type): readonly Op[] => (Object.keys(table) as Op[]).filter((op) => table[op].types.includes(t) && keep(op));
  return { i8: of('i8'), i16: of('i16'), i32: of('i32'), i64: of('i64'), f32: of('f32'), f64: of('f64') };
}
/** Divisions have an idiom of their own; `fcopysign` might read the sign of a NaN. */
const BINARY = byType<BinaryOp>(BINARY_OPS, (op) => !('traps' in BINARY_OPS[op]) && op !== 'fcopysign');
const UNARY = byType<UnaryOp>(UNARY_OPS), COMPARE = byType<CompareOp>(COMPARE_OPS);
/** What most rules are made of. */
const COMMON = ['add', 'sub', 'and', 'or', 'xor', 'shl', 'lshr', 'ashr', 'mul'] as const satisfies readonly BinaryOp[];
/** Arithmetic that may be done in memory. */
const UPDATES = ['add', 'sub', 'and', 'or', 'xor', 'mul'] as const satisfies readonly BinaryOp[];

/** Operations on lanes of integers; those on floats make NaNs, whose bits must not be seen. */
const VECTOR_ROWS: readonly (readonly [VectorOp, Lanes])[] = (Object.keys(VECTOR_OPS) as VectorOp[])
  .flatMap((op) => divisionsOf(op).map((lanes) => [op, lanes] as const))
  .filter(([op, lanes]) => LANE_TYPE[lanes] !== 'f32' && LANE_TYPE[lanes] !== 'f64' && !op.startsWith('vcvt') && !VECTOR_OPS[op].operands.includes('h'));
function rowsOf(type: Vector, result: Type): readonly (readonly [VectorOp, Lanes])[] {
  return VECTOR_ROWS.filter(([op, lanes]) => VECTOR_TYPE[lanes] === type && vectorResultType(op, lanes) === result);
}
const TREE_ROWS = { v128: rowsOf('v128', 'v128'), v256: rowsOf('v256', 'v256') };
const TESTS = { v128: rowsOf('v128', 'i1'), v256: rowsOf('v256', 'i1') };
const MASKS = { v128: rowsOf('v128', 'i32'), v256: rowsOf('v256', 'i32') };
const INTEGER_LANES = LANES.filter((l) => HALF_LANES[l] !== 'f32x4' && HALF_LANES[l] !== 'f64x2' && l !== 'f32x4' && l !== 'f64x2');

export class Idioms {
  readonly #b: FunctionBuilder;
  readonly #c: Choices;
  readonly #scope: Scope;
  readonly #x: Expressions;
  readonly #memory: Accesses;
  readonly #options: ModulePlan['options'];

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, x: Expressions, memory: Accesses, options: ModulePlan['options']) {
    this.#b = b;
    this.#c = c;
    this.#scope = scope;
    this.#x = x;
    this.#memory = memory;
    this.#options = options;
  }

  /** One idiom; what comes out at its end is in scope, what is inside is not. */
  emit(): void {
    const c = this.#c;
    switch (c.below(this.#options.vectors ? 13 : 9)) {
      case 0: case 1: this.#algebra(); return;
      case 2: this.#widths(); return;
      case 3: this.#division(); return;
      case 4: this.#scope.add('i1', this.condition()); return;
      case 5: this.#selection(); return;
      case 6: this.#update(); return;
      case 7: this.#fromMemory(); return;
      case 8: this.#scaled(); return;
      case 9: case 10: this.#vectorTree(); return;
      case 11: this.#lanes(); return;
      default: this.#vectorMemory();
    }
  }

  /** A value that is used once, where it is passed on: a condition, something loaded, a little arithmetic; or one in scope. */
  once(type: Type): Value {
    const c = this.#c;
    if (type === 'i1') return c.below(3) === 2 ? this.condition() : this.#x.pick(type);
    if (type === 'ptr' || c.below(4) !== 3) return this.#x.pick(type);
    return isVector(type) || c.below(2) === 0 ? this.#loadedOr(type) : this.#tree(type, this.#leaves(type), 1);
  }

  // --- leaves ---

  #integer(type: Integer, value: bigint): Value {
    const v = BigInt.asIntN(BITS[type], value);
    return this.#b.const(type, type === 'i64' ? v : Number(v));
  }

  /** Numbers that rules ask for: counts of shifts, powers of two, masks, ends. */
  #telling(type: Integer): bigint {
    const c = this.#c, n = BigInt(c.below(BITS[type]));
    switch (c.below(6)) {
      case 0: return BigInt(c.below(4));
      case 1: return n;
      case 2: return 1n << n;
      case 3: return (1n << n) - 1n;
      case 4: return -(1n << n);
      default: return BigInt(constantOf(c, type));
    }
  }
  /** What goes with a number: the rest of the width, the opposite, the complement, the number itself, its neighbours. */
  #partner(type: Integer, k: bigint): bigint { return [k, BigInt(BITS[type]) - k, -k, ~k, k + 1n, k - 1n][this.#c.below(6)]; }
  #float(type: 'f32' | 'f64'): Value { return this.#b.const(type, [0, -0, 1, -1, 2, 0.5, Infinity, NaN, -2, 3][this.#c.below(10)]); }
  #constant(type: Numeric): Value { return isFloatType(type) ? this.#float(type) : this.#integer(type, this.#telling(type)); }

  /** Two values and two constants, which a tree takes its leaves from. */
  #leaves(type: Numeric): readonly Value[] {
    const x = this.#x.pick(type), y = this.#x.pick(type);
    if (isFloatType(type)) return [x, this.#float(type), y, this.#float(type)];
    const k = this.#telling(type);
    return [x, this.#integer(type, k), y, this.#integer(type, this.#partner(type, k))];
  }
  #leaf(leaves: readonly Value[]): Value { return leaves[this.#c.below(leaves.length)]; }

  // --- scalars ---

  /** A tree of one type over the leaves. */
  #tree(type: Numeric, leaves: readonly Value[], depth: number): Value {
    const b = this.#b, c = this.#c;
    if (depth === 0) return this.#leaf(leaves);
    const way = c.below(8), first = this.#tree(type, leaves, depth - 1);
    if (way === 7) return !isFloatType(type) && c.below(2) === 0 ? b.binary('xor', first, this.#integer(type, -1n)) : b.unary(UNARY[type][c.below(UNARY[type].length)], first);
    if (way === 6) return this.#thereAndBack(type, first);
    const ops = isFloatType(type) || c.below(4) === 3 ? BINARY[type] : COMMON, op = ops[c.below(ops.length)];
    const second = c.below(3) === 2 ? this.#tree(type, leaves, depth - 1) : this.#leaf(leaves);
    return c.below(2) === 0 ? b.binary(op, first, second) : b.binary(op, second, first);
  }

  #extended(v: Value, to: Type): Value { return this.#b.convert(this.#c.below(2) === 0 ? 'zext' : 'sext', v, to); }

  /** Through another width. */
  #thereAndBack(type: Numeric, v: Value): Value {
    const b = this.#b, c = this.#c;
    switch (type) {
      case 'f32': return b.convert('fdemote', b.convert('fpromote', v, 'f64'), 'f32');
      case 'f64': return b.convert('fpromote', b.convert('fdemote', v, 'f32'), 'f64');
      case 'i64': return this.#extended(b.convert('trunc', v, (['i32', 'i8', 'i16'] as const)[c.below(3)]), 'i64');
      case 'i32': return this.#extended(b.convert('trunc', v, (['i8', 'i16', 'i1'] as const)[c.below(3)]), 'i32');
      default: return b.convert('trunc', this.#extended(v, c.below(2) === 0 ? 'i32' : 'i64'), type);
    }
  }

  #algebra(): void {
    const c = this.#c, type = NUMERIC[c.below(NUMERIC.length)];
    this.#scope.add(type, this.#tree(type, this.#leaves(type), 1 + c.below(3)));
  }

  /** Arithmetic before and after a change of width, or of integers and floats. */
  #widths(): void {
    const b = this.#b, c = this.#c, s = this.#scope, wide = c.below(2) === 0 ? 'i64' : 'i32', way = c.below(4);
    if (way === 3) {
      const float = c.below(2) === 0 ? 'f64' : 'f32', from = b.convert(c.below(2) === 0 ? 'sitofp' : 'uitofp', this.#tree(wide, this.#leaves(wide), 1), float);
      const v = c.below(2) === 0 ? from : this.#tree(float, [from, this.#float(float)], 1);
      s.add(wide, b.convert(c.below(2) === 0 ? 'fptosi_sat' : 'fptoui_sat', v, wide));
      return;
    }
    const narrow = way === 2 && wide === 'i64' ? 'i32' : c.below(2) === 0 ? 'i8' : 'i16';
    const up = c.below(4) === 3 ? this.#extended(this.condition(), wide) : this.#extended(c.below(2) === 0 ? this.#loadedOr(narrow) : this.#tree(narrow, this.#leaves(narrow), c.below(2)), wide);
    const v = c.below(4) === 3 ? b.unary(UNARY[wide][c.below(UNARY[wide].length)], up) : this.#tree(wide, [up, this.#constant(wide), this.#x.pick(wide)], 1 + c.below(2));
    if (c.below(2) === 0) s.add(wide, v);
    else s.add(narrow, b.convert('trunc', v, narrow));
  }

  /** Quotient and remainder of the same, by constants of every kind; rarely by zero. */
  #division(): void {
    const b = this.#b, c = this.#c, type = INTEGERS[c.below(4)], a = c.below(2) === 0 ? this.#x.pick(type) : this.#tree(type, this.#leaves(type), 1);
    let by: Value;
    // The least number by −1, of which a quotient traps.
    if (c.below(32) === 31) {
      const least = b.select(this.#x.pick('i1'), this.#integer(type, 1n << BigInt(BITS[type] - 1)), a);
      this.#scope.add(type, b.binary(DIVISIONS[c.below(4)], least, c.below(2) === 0 ? this.#integer(type, -1n) : b.binary('or', this.#x.pick(type), this.#integer(type, -1n))));
      return;
    }
    if (c.below(3) === 2) by = b.binary('or', this.#x.pick(type), this.#integer(type, 1n));
    else {
      const k = BigInt.asIntN(BITS[type], this.#telling(type));
      by = this.#integer(type, (k === 0n || k === -1n) && c.below(8) !== 7 ? 7n : k);
    }
    for (let n = 1 + c.below(2); n > 0; n--) this.#scope.add(type, b.binary(DIVISIONS[c.below(4)], a, by));
  }

  /** An `i1` as compilers of languages write it. */
  condition(depth = 0): Value {
    const b = this.#b, c = this.#c, type = NUMERIC[c.below(NUMERIC.length)], ops = COMPARE[type], op = ops[c.below(ops.length)];
    switch (c.below(depth < 2 ? (this.#options.vectors ? 11 : 10) : 6)) {
      case 0: case 1: return b.compare(op, this.#tree(type, this.#leaves(type), c.below(2)), this.#constant(type));
      case 2: {
        const integer = INTEGERS[c.below(4)], kinds = COMPARE[integer];
        return b.compare(c.below(3) === 2 ? kinds[c.below(kinds.length)] : c.below(2) === 0 ? 'eq' : 'ne', b.binary('and', this.#loadedOr(integer), c.below(2) === 0 ? this.#constant(integer) : this.#x.pick(integer)), this.#integer(integer, 0n));
      }
      case 3: {
        const v = this.#loadedOr(type), w = c.below(2) === 0 ? this.#constant(type) : this.#loadedOr(type);
        return c.below(2) === 0 ? b.compare(op, v, w) : b.compare(op, w, v);
      }
      case 4: {
        const narrow = c.below(2) === 0 ? 'i8' : 'i16', wide = c.below(2) === 0 ? 'i32' : 'i64', kinds = COMPARE[wide], up = this.#extended(this.#x.pick(narrow), wide);
        return b.compare(kinds[c.below(kinds.length)], up, c.below(2) === 0 ? this.#constant(wide) : this.#extended(this.#x.pick(narrow), wide));
      }
      case 5: return b.convert('trunc', this.#tree('i32', this.#leaves('i32'), c.below(2)), 'i1');
      case 6: return b.binary('xor', this.condition(depth + 1), b.const('i1', 1));
      case 7: return b.binary((['and', 'or', 'xor'] as const)[c.below(3)], this.condition(depth + 1), this.condition(depth + 1));
      case 8: {
        const integer = INTEGERS[c.below(4)], kinds = COMPARE[integer], [k, l] = [this.#telling(integer), this.#telling(integer)];
        const v = c.below(2) === 0 ? b.select(this.condition(depth + 1), this.#integer(integer, k), this.#integer(integer, l)) : this.#extended(this.condition(depth + 1), integer);
        return b.compare(kinds[c.below(kinds.length)], v, this.#integer(integer, c.below(2) === 0 ? this.#partner(integer, k) : BigInt(c.below(3)) - 1n));
      }
      case 9: return b.select(this.condition(depth + 1), this.condition(depth + 1), c.below(2) === 0 ? b.const('i1', c.below(2)) : this.#x.pick('i1'));
      default: return this.#vectorCondition();
    }
  }

  /** Least and greatest, constants by a condition, speculated arithmetic, loads. */
  #selection(): void {
    const b = this.#b, c = this.#c, type = NUMERIC[c.below(NUMERIC.length)], ops = COMPARE[type], x = this.#x.pick(type);
    const give = (v: Value): void => { this.#scope.add(type, v); };
    switch (c.below(5)) {
      case 0: {
        const y = c.below(3) === 0 ? this.#constant(type) : this.#loadedOr(type), less = b.compare(ops[c.below(ops.length)], x, y);
        give(c.below(2) === 0 ? b.select(less, x, y) : b.select(less, y, x));
        return;
      }
      case 1: {
        if (isFloatType(type)) { give(b.select(this.condition(), this.#float(type), this.#float(type))); return; }
        const k = this.#telling(type);
        give(b.select(this.condition(), this.#integer(type, k), this.#integer(type, this.#partner(type, k))));
        return;
      }
      case 2: give(b.select(this.condition(), this.#tree(type, [x, this.#constant(type)], 1), x)); return;
      case 3: {
        const zero = isFloatType(type) ? b.const(type, 0) : this.#integer(type, 0n), way = b.compare(ops[c.below(ops.length)], x, zero);
        const opposite = isFloatType(type) ? b.unary('fneg', x) : b.binary('sub', zero, x);
        give(c.below(2) === 0 ? b.select(way, x, opposite) : b.select(way, opposite, x));
        return;
      }
      default: give(b.select(this.condition(), this.#loadedOr(type), this.#loadedOr(type)));
    }
  }

  /** Sums of products with 1 to 9, rotations by hand, counts that are cut to the width. */
  #scaled(): void {
    const b = this.#b, c = this.#c, type = INTEGERS[c.below(4)], bits = BITS[type], x = this.#x.pick(type), y = this.#x.pick(type), count = c.below(bits);
    const k = (v: number): Value => this.#integer(type, BigInt(v)), give = (v: Value): void => { this.#scope.add(type, v); };
    switch (c.below(5)) {
      case 0: {
        const sum = b.binary('add', c.below(2) === 0 ? x : this.#loadedOr(type), b.binary('shl', y, k(c.below(5))));
        give(c.below(2) === 0 ? sum : b.binary(c.below(2) === 0 ? 'add' : 'sub', sum, this.#constant(type)));
        return;
      }
      case 1: give(b.binary(c.below(2) === 0 ? 'add' : 'sub', b.binary('mul', c.below(2) === 0 ? x : this.#loadedOr(type), k(c.below(12))), c.below(2) === 0 ? y : this.#constant(type))); return;
      case 2: {
        const rest = c.below(8) === 7 ? count : bits - count, parts = [b.binary('shl', x, k(count)), b.binary(c.below(6) === 5 ? 'ashr' : 'lshr', c.below(8) === 7 ? y : x, k(rest))];
        give(b.binary((['or', 'add', 'xor'] as const)[c.below(3)], parts[c.below(2)], parts[1]));
        return;
      }
      case 3: give(b.binary((['shl', 'lshr', 'ashr', 'rotl', 'rotr'] as const)[c.below(5)], this.#loadedOr(type), b.binary('and', y, k(c.below(8) === 7 ? bits - 2 : bits - 1)))); return;
      default: {
        const left = b.binary('shl', x, y), right = b.binary('lshr', x, b.binary('sub', k(c.below(2) === 0 ? bits : 0), y));
        give(b.binary('or', left, right));
      }
    }
  }

  // --- memory ---

  #bytes(type: Type): number { return sizeOf(type, this.#options.native ? 'native' : 'linear'); }
  #place(type: Type): AddressInput { return this.#memory.address(this.#bytes(type)); }
  /** A load that nobody else reads, or a value in scope. */
  #loadedOr(type: Numeric | Vector): Value { return this.#c.below(2) === 0 ? this.#x.pick(type) : this.#b.load(type, this.#place(type)); }

  /** What a load must not move over: stores that may hit it, wholly or in part, and instructions that trap. */
  #between(at: AddressInput, type: Type): void {
    const b = this.#b, c = this.#c;
    switch (c.below(6)) {
      case 0: b.store(at, this.#x.pickExact(type)); return;
      case 1: b.store({ ...at, offset: (at.offset ?? 0) + c.below(this.#bytes(type)) }, this.#x.pick('i8')); return;
      case 2: this.#division(); return;
      case 3: this.#memory.emit(); return;
      default:
    }
  }

  /** Memory that is read, changed and written, by one operation or more; now and then something stands between. */
  #update(): void {
    const b = this.#b, c = this.#c, type = INTEGERS[c.below(4)], at = this.#place(type), volatile = c.below(16) === 15;
    const old = b.load(type, at, { volatile });
    if (c.below(4) === 3) this.#between(at, type);
    if (c.below(8) === 7) this.#scope.add(type, old);
    const with_ = c.below(2) === 0 ? this.#constant(type) : c.below(4) === 3 ? old : this.#x.pick(type), op = UPDATES[c.below(UPDATES.length)];
    const v = c.below(3) === 2 ? b.binary(op, with_, old) : b.binary(op, old, with_);
    b.store(c.below(12) === 11 ? this.#place(type) : at, c.below(8) === 7 ? b.binary('xor', v, this.#integer(type, -1n)) : v, { volatile: volatile && c.below(2) === 0 });
    if (c.below(8) === 7) this.#scope.add(type, v);
  }

  /** What is loaded goes straight into an operation of some kind; what is computed, straight to memory. */
  #fromMemory(): void {
    const b = this.#b, c = this.#c, s = this.#scope, type = NUMERIC[c.below(NUMERIC.length)], at = this.#place(type), loaded = b.load(type, at), ops = BINARY[type];
    if (c.below(3) === 2) this.#between(at, type);
    switch (c.below(6)) {
      case 0: s.add(type, b.binary(ops[c.below(ops.length)], this.#x.pick(type), loaded)); return;
      case 1: s.add(type, b.binary(ops[c.below(ops.length)], loaded, c.below(2) === 0 ? this.#constant(type) : this.#x.pick(type))); return;
      case 2: s.add(type, b.unary(UNARY[type][c.below(UNARY[type].length)], loaded)); return;
      case 3: {
        if (isFloatType(type)) {
          const args = [this.#x.pick(type), this.#x.pick(type)];
          args.splice(c.below(3), 0, loaded);
          s.add(type, b.ternary('fma', args[0], args[1], args[2]));
          return;
        }
        const float = c.below(2) === 0 ? 'f64' : 'f32';
        s.add(float, b.convert(c.below(2) === 0 ? 'sitofp' : 'uitofp', type === 'i8' || type === 'i16' ? this.#extended(loaded, 'i32') : loaded, float));
        return;
      }
      case 4: s.add(type, this.#thereAndBack(type, loaded)); return;
      default: {
        // Only of bits that are specified.
        const v = isFloatType(type) ? this.#x.canonical(type, b.binary(ops[c.below(ops.length)], loaded, this.#x.pick(type))) : this.#tree(type, [loaded, this.#constant(type)], 1);
        b.store(this.#place(type), v);
      }
    }
  }

  // --- vectors ---

  #vectorType(): Vector { return this.#options.wide && this.#c.below(2) === 1 ? 'v256' : 'v128'; }

  #vectorLeaves(type: Vector): readonly Value[] {
    const b = this.#b, c = this.#c, lanes = INTEGER_LANES.filter((l) => VECTOR_TYPE[l] === type), one = lanes[c.below(lanes.length)];
    return [this.#x.pick(type), b.const(type, constantOf(c, type)), this.#loadedOr(type), b.splat(one, this.#x.pick(LANE_TYPE[one]))];
  }

  #treeOfVectors(type: Vector, leaves: readonly Value[], depth: number): Value {
    const b = this.#b, c = this.#c;
    if (depth === 0) return this.#leaf(leaves);
    const rows = TREE_ROWS[type], way = c.below(8);
    if (way === 7) return b.shuffle(shuffleMask(c, type === 'v128' ? 16 : 32), this.#treeOfVectors(type, leaves, depth - 1), this.#leaf(leaves));
    if (way === 6) return b.vector('vbitselect', type === 'v128' ? 'i8x16' : 'i8x32', [this.#leaf(leaves), this.#leaf(leaves), this.#compared(type, leaves)]);
    const [op, lanes] = rows[c.below(rows.length)];
    return b.vector(op, lanes, this.#operands(type, op, leaves, depth));
  }
  #operands(type: Vector, op: VectorOp, leaves: readonly Value[], depth: number): Value[] {
    const c = this.#c;
    return [...VECTOR_OPS[op].operands].map((kind) => {
      if (kind === 's') return c.below(2) === 0 ? this.#integer('i32', BigInt(c.below(66))) : this.#x.pick('i32');
      return c.below(2) === 0 ? this.#leaf(leaves) : this.#treeOfVectors(type, leaves, depth - 1);
    });
  }
  /** A compare of lanes. */
  #compared(type: Vector, leaves: readonly Value[]): Value {
    const c = this.#c, rows = TREE_ROWS[type].filter(([op]) => /^v(eq|ne|[lg][te]_)/.test(op)), [op, lanes] = rows[c.below(rows.length)];
    return this.#b.vector(op, lanes, this.#operands(type, op, leaves, 1));
  }

  #vectorTree(): void {
    const c = this.#c, type = this.#vectorType(), leaves = this.#vectorLeaves(type), way = c.below(4);
    if (way === 3) {
      const rows = MASKS[type], [op, lanes] = rows[c.below(rows.length)];
      this.#scope.add('i32', this.#b.vector(op, lanes, [c.below(2) === 0 ? this.#compared(type, leaves) : this.#treeOfVectors(type, leaves, 1)]));
    } else if (way === 2) this.#scope.add('i1', this.#vectorCondition());
    else this.#scope.add(type, this.#treeOfVectors(type, leaves, 1 + c.below(3)));
  }

  #vectorCondition(): Value {
    const c = this.#c, type = this.#vectorType(), leaves = this.#vectorLeaves(type), rows = TESTS[type], [op, lanes] = rows[c.below(rows.length)];
    return this.#b.vector(op, lanes, [c.below(3) === 2 ? this.#treeOfVectors(type, leaves, 1) : this.#compared(type, leaves)]);
  }

  /** Lanes in and out, through memory and widths. */
  #lanes(): void {
    const b = this.#b, c = this.#c, s = this.#scope, lanes = this.#lanesOf(), lane = LANE_TYPE[lanes] as Numeric, type = VECTOR_TYPE[lanes], at = c.below(LANE_COUNT[lanes]);
    const scalar = (): Value => {
      if (isFloatType(lane)) return this.#x.canonical(lane, this.#loadedOr(lane));
      return c.below(3) === 2 ? this.#thereAndBack(lane, this.#loadedOr(lane)) : this.#loadedOr(lane);
    };
    switch (c.below(5)) {
      case 0: s.add(type, b.splat(lanes, scalar())); return;
      case 1: s.add(type, b.insertLane(lanes, at, this.#loadedOr(type), scalar())); return;
      case 2: {
        const v = b.extractLane(lanes, at, this.#loadedOr(type));
        if (isFloatType(lane)) s.add(lane, v);
        else if (lane === 'i64') s.add(lane, this.#tree(lane, [v, this.#constant(lane)], 1));
        else s.add('i64', this.#extended(v, 'i64'));
        return;
      }
      case 3: {
        const v = b.extractLane(lanes, at, this.#x.pick(type));
        b.store(this.#place(lane), isFloatType(lane) ? this.#x.canonical(lane, v) : v);
        return;
      }
      // One lane after another, as a vector is built from scalars.
      default: {
        let v = c.below(2) === 0 ? b.const(type, 0n) : this.#x.pick(type);
        for (let k = 0; k < LANE_COUNT[lanes]; k++) if (c.below(4) !== 3) v = b.insertLane(lanes, k, v, isFloatType(lane) ? this.#x.pickExact(lane) : this.#x.pick(lane));
        s.add(type, v);
      }
    }
  }
  #lanesOf(): Lanes {
    const all = this.#options.wide ? LANES : LANES.filter((l) => VECTOR_TYPE[l] === 'v128');
    return all[this.#c.below(all.length)];
  }

  /** Memory that is read, changed and written as vectors. */
  #vectorMemory(): void {
    const b = this.#b, c = this.#c, type = this.#vectorType(), at = this.#place(type), loaded = b.load(type, at, { align: 1 << c.below(5) });
    const rows = TREE_ROWS[type], [op, lanes] = rows[c.below(rows.length)], leaves = [loaded, this.#x.pick(type)];
    if (c.below(4) === 3) this.#between(at, type);
    const v = b.vector(op, lanes, this.#operands(type, op, leaves, 1));
    b.store(c.below(2) === 0 ? at : this.#place(type), v);
    if (c.below(4) === 3) this.#scope.add(type, v);
  }
}
