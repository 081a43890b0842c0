/** Small trees of scalar arithmetic over few leaves that come back, with constants that go together; see `idioms.ts`. */
import {
  BINARY_OPS, COMPARE_OPS, UNARY_OPS, sizeOf,
  type AddressInput, type BinaryOp, type CompareOp, type FunctionBuilder, type Type, type UnaryOp, type Value,
} from '../../lib/mir/index.ts';
import type { Accesses } from './accesses.ts';
import type { Choices } from './choices.ts';
import type { Expressions } from './expressions.ts';
import { isFloatType, type ModulePlan } from './program.ts';
import { constantOf, type Scope } from './scope.ts';

export type Integer = 'i8' | 'i16' | 'i32' | 'i64';
export type Numeric = Integer | 'f32' | 'f64';
export type Vector = 'v128' | 'v256';
export const BITS: Readonly<Record<Integer, number>> = { i8: 8, i16: 16, i32: 32, i64: 64 };
export const NUMERIC = ['i32', 'i64', 'i32', 'i64', 'i8', 'i16', 'f64', 'f32'] as const satisfies readonly Numeric[];
export const INTEGERS = ['i32', 'i64', 'i8', 'i16'] as const satisfies readonly Integer[];

type OpsByType<Op> = Readonly<Record<Numeric, readonly Op[]>>;
function byType<Op extends string>(table: Readonly<Record<Op, { readonly types: readonly Type[] }>>, keep: (op: Op) => boolean = () => true): OpsByType<Op> {
  const of = (t: Type): readonly Op[] => (Object.keys(table) as Op[]).filter((op) => table[op].types.includes(t) && keep(op));
  return { i8: of('i8'), i16: of('i16'), i32: of('i32'), i64: of('i64'), f32: of('f32'), f64: of('f64') };
}
/** Divisions have an idiom of their own; `fcopysign` might read the sign of a NaN. */
export const BINARY = byType<BinaryOp>(BINARY_OPS, (op) => !('traps' in BINARY_OPS[op]) && op !== 'fcopysign');
export const UNARY = byType<UnaryOp>(UNARY_OPS), COMPARE = byType<CompareOp>(COMPARE_OPS);
/** What most rules are made of. */
const COMMON = ['add', 'sub', 'and', 'or', 'xor', 'shl', 'lshr', 'ashr', 'mul'] as const satisfies readonly BinaryOp[];

export class Trees {
  readonly b: FunctionBuilder;
  readonly c: Choices;
  readonly scope: Scope;
  readonly x: Expressions;
  readonly memory: Accesses;
  readonly options: ModulePlan['options'];

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, x: Expressions, memory: Accesses, options: ModulePlan['options']) {
    this.b = b;
    this.c = c;
    this.scope = scope;
    this.x = x;
    this.memory = memory;
    this.options = options;
  }

  integer(type: Integer, value: bigint): Value {
    const v = BigInt.asIntN(BITS[type], value);
    return this.b.const(type, type === 'i64' ? v : Number(v));
  }
  /** Numbers that rules ask for: counts of shifts, powers of two, masks, ends. */
  telling(type: Integer): bigint {
    const c = this.c, n = BigInt(c.below(BITS[type]));
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
  partner(type: Integer, k: bigint): bigint { return [k, BigInt(BITS[type]) - k, -k, ~k, k + 1n, k - 1n][this.c.below(6)]; }
  float(type: 'f32' | 'f64'): Value { return this.b.const(type, [0, -0, 1, -1, 2, 0.5, Infinity, NaN, -2, 3][this.c.below(10)]); }
  constant(type: Numeric): Value { return isFloatType(type) ? this.float(type) : this.integer(type, this.telling(type)); }
  /** Two values and two constants, which a tree takes its leaves from. */
  leaves(type: Numeric): readonly Value[] {
    const x = this.x.pick(type), y = this.x.pick(type);
    if (isFloatType(type)) return [x, this.float(type), y, this.float(type)];
    const k = this.telling(type);
    return [x, this.integer(type, k), y, this.integer(type, this.partner(type, k))];
  }
  leaf(leaves: readonly Value[]): Value { return leaves[this.c.below(leaves.length)]; }
  /** A tree of one type over the leaves. */
  tree(type: Numeric, leaves: readonly Value[], depth: number): Value {
    const b = this.b, c = this.c;
    if (depth === 0) return this.leaf(leaves);
    const way = c.below(8), first = this.tree(type, leaves, depth - 1);
    if (way === 7) return !isFloatType(type) && c.below(2) === 0 ? b.binary('xor', first, this.integer(type, -1n)) : b.unary(UNARY[type][c.below(UNARY[type].length)], first);
    if (way === 6) return this.thereAndBack(type, first);
    const ops = isFloatType(type) || c.below(4) === 3 ? BINARY[type] : COMMON, op = ops[c.below(ops.length)];
    const second = c.below(3) === 2 ? this.tree(type, leaves, depth - 1) : this.leaf(leaves);
    return c.below(2) === 0 ? b.binary(op, first, second) : b.binary(op, second, first);
  }
  extended(v: Value, to: Type): Value { return this.b.convert(this.c.below(2) === 0 ? 'zext' : 'sext', v, to); }
  /** Through another width. */
  thereAndBack(type: Numeric, v: Value): Value {
    const b = this.b, c = this.c;
    switch (type) {
      case 'f32': return b.convert('fdemote', b.convert('fpromote', v, 'f64'), 'f32');
      case 'f64': return b.convert('fpromote', b.convert('fdemote', v, 'f32'), 'f64');
      case 'i64': return this.extended(b.convert('trunc', v, (['i32', 'i8', 'i16'] as const)[c.below(3)]), 'i64');
      case 'i32': return this.extended(b.convert('trunc', v, (['i8', 'i16', 'i1'] as const)[c.below(3)]), 'i32');
      default: return b.convert('trunc', this.extended(v, c.below(2) === 0 ? 'i32' : 'i64'), type);
    }
  }
  bytes(type: Type): number { return sizeOf(type, this.options.native ? 'native' : 'linear'); }
  place(type: Type): AddressInput { return this.memory.address(this.bytes(type)); }
  /** A load that nobody else reads, or a value in scope. */
  loadedOr(type: Numeric | Vector): Value { return this.c.below(2) === 0 ? this.x.pick(type) : this.b.load(type, this.place(type)); }
}
