/**
 * Generates instructions that compute: arithmetic, compares, selects, conversions, pairs, vectors.
 *
 * The sign and payload of a NaN that arithmetic makes are not specified, so a float is made canonical before any of
 * its bits could be seen ({@link canonical}): before a bitcast to an integer, a store, the sign operand of
 * `fcopysign`, a lane of a vector. Vectors are made canonical as soon as an operation may have made a NaN.
 */
import {
  BINARY_OPS, COMPARE_OPS, CONVERT_OPS, HALF_LANES, LANE_COUNT, LANE_TYPE, LANES, LANES_128, PAIR_OPS, UNARY_OPS, VECTOR_OPS, VECTOR_TYPE, bitWidth, divisionsOf, vectorOperandType, vectorResultType,
  type BinaryOp, type CompareOp, type ConvertOp, type FunctionBuilder, type Lanes, type MemoryModel, type PairOp, type Type, type UnaryOp, type Value, type VectorOp,
} from '../../lib/mir/index.ts';
import type { Choices } from './choices.ts';
import { shuffleMask } from './masks.ts';
import { isFloatType, type ModulePlan } from './program.ts';
import { SCALARS, type Scope } from './scope.ts';

type OpsByType<Op> = Readonly<Record<string, readonly Op[]>>;
function byType<Op extends string>(table: Readonly<Record<Op, { readonly types: readonly Type[] }>>): OpsByType<Op> {
  const rows: Record<string, Op[]> = {};
  for (const op of Object.keys(table) as Op[]) for (const t of table[op].types) (rows[t] ??= []).push(op);
  return rows;
}
const BINARY: OpsByType<BinaryOp> = byType(BINARY_OPS), UNARY: OpsByType<UnaryOp> = byType(UNARY_OPS);
const COMPARE: OpsByType<CompareOp> = byType(COMPARE_OPS), PAIR: OpsByType<PairOp> = byType(PAIR_OPS);

interface Conversion { readonly op: ConvertOp; readonly from: Type; readonly to: Type }
function conversions(model: MemoryModel): Readonly<Record<string, readonly Conversion[]>> {
  const to: Record<string, Conversion[]> = {};
  for (const op of Object.keys(CONVERT_OPS) as ConvertOp[]) {
    for (const from of CONVERT_OPS[op].types) {
      for (const type of CONVERT_OPS[op].to) {
        const f = bitWidth(from, model), t = bitWidth(type, model);
        if (op === 'sext' || op === 'zext' ? t > f : op === 'trunc' ? t < f : op === 'bitcast' ? t === f && from !== type : true) (to[type] ??= []).push({ op, from, to: type });
      }
    }
  }
  return to;
}
const CONVERSIONS_TO: Readonly<Record<MemoryModel, ReturnType<typeof conversions>>> = { linear: conversions('linear'), native: conversions('native') };

const INT_AND_BIT = ['i32', 'i64', 'i8', 'i16', 'i1'] as const;
const COMPARED = ['i32', 'i64', 'i8', 'i16', 'f64', 'f32', 'ptr', 'i1'] as const;
const PAIRED = ['i32', 'i64', 'i8', 'i16'] as const;
const ALL_ROWS: readonly (readonly [VectorOp, Lanes])[] = (Object.keys(VECTOR_OPS) as VectorOp[]).flatMap((op) => divisionsOf(op).map((l) => [op, l] as const));
const ROWS_128 = ALL_ROWS.filter(([, lanes]) => VECTOR_TYPE[lanes] === 'v128');

export class Expressions {
  readonly #b: FunctionBuilder;
  readonly #c: Choices;
  readonly #scope: Scope;
  readonly #vectors: boolean;
  readonly #wide: boolean;
  readonly #model: MemoryModel;

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, options: ModulePlan['options']) {
    this.#b = b;
    this.#c = c;
    this.#scope = scope;
    this.#vectors = options.vectors;
    this.#wide = options.wide;
    this.#model = options.native ? 'native' : 'linear';
  }

  pick(type: Type): Value { return this.#scope.pick(this.#b, this.#c, type); }
  #constant(type: Type, value: number | bigint): Value { return this.#b.const(type, value); }

  /** `v`, or the canonical NaN when it is one. */
  canonical(type: 'f32' | 'f64', v: Value): Value {
    const b = this.#b;
    return b.select(b.compare('fne', v, v), this.#constant(type, NaN), v);
  }
  /** A value whose every bit is specified. */
  pickExact(type: Type): Value {
    const v = this.pick(type);
    return isFloatType(type) ? this.canonical(type, v) : v;
  }

  /** One instruction (or a few) with a new value in scope. */
  emit(): void {
    const c = this.#c, kinds = this.#vectors ? 18 : 9;
    switch (c.below(kinds)) {
      case 0: case 1: case 2: this.#binary(); return;
      case 3: this.#compare(); return;
      case 4: case 5: this.#convert(); return;
      case 6: this.#unary(); return;
      case 7: this.#select(); return;
      case 8: this.#pairOrTernary(); return;
      default: this.#vector();
    }
  }

  #binary(): void {
    const b = this.#b, c = this.#c;
    const type: Type = c.below(4) === 3 ? (c.below(2) === 0 ? 'f64' : 'f32') : INT_AND_BIT[c.below(5)];
    const ops = BINARY[type], op = ops[c.below(ops.length)];
    const x = this.pick(type);
    let y = this.pick(type);
    if (op === 'fcopysign') y = this.canonical(type as 'f32' | 'f64', y);
    // Mostly a divisor that is not zero, so that programs go on.
    if ('traps' in BINARY_OPS[op] && c.below(12) !== 11) y = b.binary('or', y, this.#constant(type, type === 'i64' ? 1n : 1));
    this.#scope.add(type, b.binary(op, x, y));
  }

  #unary(): void {
    const c = this.#c, type = (['i32', 'i64', 'f64', 'f32', 'i16', 'i8'] as const)[c.below(6)], ops = UNARY[type];
    this.#scope.add(type, this.#b.unary(ops[c.below(ops.length)], this.pick(type)));
  }

  #compare(): void { this.#scope.add('i1', this.compare()); }

  /** A new `i1`, for a condition. */
  compare(): Value {
    const c = this.#c, type = COMPARED[c.below(COMPARED.length)], ops = COMPARE[type];
    return this.#b.compare(ops[c.below(ops.length)], this.pick(type), this.pick(type));
  }

  #select(): void {
    const c = this.#c, type = SCALARS[c.below(SCALARS.length)];
    this.#scope.add(type, this.#b.select(this.pick('i1'), this.pick(type), this.pick(type)));
  }

  #convert(): void {
    const b = this.#b, c = this.#c, to = SCALARS[c.below(SCALARS.length)], list = CONVERSIONS_TO[this.#model][to];
    const k = list[c.below(list.length)];
    let { op } = k;
    if ((op === 'fptosi' || op === 'fptoui') && c.below(6) !== 5) op = op === 'fptosi' ? 'fptosi_sat' : 'fptoui_sat';
    const from = op === 'bitcast' ? this.pickExact(k.from) : this.pick(k.from);
    this.#scope.add(to, b.convert(op, from, to));
  }

  #pairOrTernary(): void {
    const b = this.#b, c = this.#c;
    if (c.below(3) === 2) {
      const type = c.below(2) === 0 ? 'f64' : 'f32';
      this.#scope.add(type, b.ternary('fma', this.pick(type), this.pick(type), this.pick(type)));
      return;
    }
    const type = PAIRED[c.below(PAIRED.length)], ops = PAIR[type], op = ops[c.below(ops.length)];
    const [first, second] = b.pair(op, this.pick(type), this.pick(type));
    if (c.below(4) !== 3) this.#scope.add(type, first);
    this.#scope.add(op.endsWith('_wide') ? type : 'i1', second);
  }

  // --- vectors ---

  /** The vector with canonical NaNs in place of any others. */
  canonicalVector(lanes: Lanes, v: Value): Value {
    if (HALF_LANES[lanes] !== 'f32x4' && HALF_LANES[lanes] !== 'f64x2') return v;
    const b = this.#b, nan = b.splat(lanes, this.#constant(LANE_TYPE[lanes], NaN));
    return b.vector('vbitselect', VECTOR_TYPE[lanes] === 'v128' ? 'i8x16' : 'i8x32', [nan, v, b.vector('vne', lanes, [v, v])]);
  }

  #vector(): void {
    const b = this.#b, c = this.#c, s = this.#scope, divisions: readonly Lanes[] = this.#wide ? LANES : LANES_128, rows = this.#wide ? ALL_ROWS : ROWS_128;
    const lanes = divisions[c.below(divisions.length)], lane = LANE_TYPE[lanes], type = VECTOR_TYPE[lanes], size = type === 'v128' ? 16 : 32;
    switch (c.below(8)) {
      case 0: s.add(type, b.splat(lanes, this.pickExact(lane))); return;
      case 1: s.add(lane, b.extractLane(lanes, c.below(LANE_COUNT[lanes]), this.pick(type))); return;
      case 2: s.add(type, b.insertLane(lanes, c.below(LANE_COUNT[lanes]), this.pick(type), this.pickExact(lane))); return;
      case 3: s.add(type, b.shuffle(shuffleMask(c, size), this.pick(type), this.pick(type))); return;
      case 4: s.add(type, b.select(this.pick('i1'), this.pick(type), this.pick(type))); return;
      default: {
        const [op, on] = rows[c.below(rows.length)];
        this.#keepVector(op, on, [...VECTOR_OPS[op].operands].map((kind) => this.pick(vectorOperandType(kind, on))));
      }
    }
  }

  /** An operation, now and then with others of floats behind it before what they gave is made canonical. */
  #keepVector(op: VectorOp, on: Lanes, args: readonly Value[]): void {
    const b = this.#b, c = this.#c, v = b.vector(op, on, args), given = op.startsWith('vcvt') ? FLOAT_LANES[on] ?? on : on;
    const next = NAN_TOLERANT[given];
    if (VECTOR_OPS[op].result !== 'v') { this.#scope.add(vectorResultType(op, on), v); return; }
    if (next !== undefined && !EXACT.has(op) && c.below(3) === 2) {
      const then = next[c.below(next.length)], at = c.below(VECTOR_OPS[then].operands.length);
      this.#keepVector(then, given, [...VECTOR_OPS[then].operands].map((_, k) => (k === at ? v : this.pick(VECTOR_TYPE[given]))));
      return;
    }
    this.#scope.add(vectorResultType(op, on), EXACT.has(op) ? v : this.canonicalVector(given, v));
  }
}

/** Operations on float lanes that give no floats. */
const EXACT: ReadonlySet<VectorOp> = new Set(['veq', 'vne', 'vflt', 'vfle', 'vfgt', 'vfge', 'vtrunc_sat_i32_f32_s', 'vtrunc_sat_i32_f32_u'] as const);
/** Operations that see of a NaN only that it is one, by lanes of floats. */
const NAN_TOLERANT: Readonly<Partial<Record<Lanes, readonly VectorOp[]>>> = Object.fromEntries(LANES.filter((l) => HALF_LANES[l] === 'f32x4' || HALF_LANES[l] === 'f64x2' || l === 'f32x4' || l === 'f64x2')
  .map((l) => [l, ALL_ROWS.filter(([op, on]) => on === l && !VECTOR_OPS[op].operands.includes('s')).map(([op]) => op)]));

/** What a conversion to float gives. */
const FLOAT_LANES: Readonly<Partial<Record<Lanes, Lanes>>> = { i32x4: 'f32x4', i32x8: 'f32x8' };
