/**
 * The edge tables of scalar operations: every operation of the op table × every type it is defined for × boundary
 * values, with expectations from the host's WebAssembly engine where it has the operation and from the formulas
 * beside this file elsewhere. One module per shape and type, one function per operation and form:
 *
 * - `rr`: operands are parameters; `rc`, `cr`: the right or left operand is a constant (so that immediates,
 *   strength reduction and folding are met);
 * - `branch`, `select`: a compare that decides a branch or a select (so that fused flags are met).
 */
import {
  BINARY_OPS, COMPARE_OPS, CONVERT_OPS, FunctionBuilder, ModuleBuilder, PAIR_OPS, TERNARY_OPS, UNARY_OPS, bitWidth, isFloat,
  type BinaryOp, type CompareOp, type ConvertOp, type Module, type PairOp, type TernaryOp, type TrapCode, type Type, type UnaryOp, type Value,
} from '../../lib/mir/index.ts';
import { wasmScalar } from '../support/wasm-oracle.ts';
import { isWasmTrap } from '../support/wasm-writer.ts';
import { extend, fusedMultiplyAdd, integerBinary, integerCompare, integerPair, integerUnary, truncate } from './formulas.ts';
import type { ConformanceCase, Outcome } from './run-table.ts';
import { fewValuesOf, valuesOf, type Scalar } from './values.ts';

const keys = <T extends string>(table: Readonly<Record<T, unknown>>): T[] => Object.keys(table) as T[];
const width = (type: Type): number => bitWidth(type, 'linear');
const fromBigint = (type: Type, n: bigint): Scalar => type === 'i64' ? n : Number(n);

// --- expectations ---

function guarded(trapWhen: () => TrapCode, compute: () => Scalar): Outcome {
  try {
    return { values: [compute()] };
  } catch (error) {
    if (isWasmTrap(error)) return { trap: trapWhen() };
    throw error;
  }
}

export function expectBinary(op: BinaryOp, type: Type, a: Scalar, b: Scalar): Outcome {
  const wasm = wasmScalar(`${op} ${type}`);
  if (wasm !== undefined) return guarded(() => b === 0 || b === 0n ? 'integer-divide-by-zero' : 'integer-overflow', () => wasm(a, b));
  const n = integerBinary(op, width(type), BigInt(a), BigInt(b));
  return typeof n === 'string' ? { trap: n } : { values: [type === 'i1' ? Number(n) & 1 : fromBigint(type, n)] };
}

export function expectUnary(op: UnaryOp, type: Type, a: Scalar): Outcome {
  const wasm = wasmScalar(`${op} ${type}`);
  return { values: [wasm !== undefined ? wasm(a) : fromBigint(type, integerUnary(op, width(type), BigInt(a)))] };
}

export function expectCompare(op: CompareOp, type: Type, a: Scalar, b: Scalar): boolean {
  const wasm = wasmScalar(`${op} ${type}`);
  return wasm !== undefined ? wasm(a, b) === 1 : integerCompare(op, width(type), BigInt(a), BigInt(b));
}

export function expectConvert(op: ConvertOp, from: Type, to: Type, a: Scalar): Outcome {
  const wasm = wasmScalar(`${op} ${from} ${to}`);
  if (wasm !== undefined) return guarded(() => Number.isNaN(a) ? 'invalid-conversion' : 'integer-overflow', () => wasm(a));
  switch (op) {
    case 'sext': case 'zext': return { values: [fromBigint(to, truncate(width(to), extend(op, width(from), BigInt(a))))] };
    case 'trunc': return { values: [Number(truncate(width(to), BigInt(a)))] };
    case 'ptrtoint': return { values: [fromBigint(to, truncate(width(to), BigInt(a)))] };
    case 'inttoptr': return { values: [Number(BigInt(a) & 0xffffffffn)] };
    default: throw new Error(`no expectation for ${op} ${from} ${to}`);
  }
}

/** The conversions that exist: the table's rows, narrowed by width. */
export function conversions(): { readonly op: ConvertOp; readonly from: Type; readonly to: Type }[] {
  const list: { op: ConvertOp; from: Type; to: Type }[] = [];
  for (const op of keys(CONVERT_OPS)) {
    for (const from of CONVERT_OPS[op].types) {
      for (const to of CONVERT_OPS[op].to) {
        const f = width(from), t = width(to);
        const fits = op === 'sext' || op === 'zext' ? t > f : op === 'trunc' ? t < f : op === 'bitcast' ? t === f && isFloat(from) !== isFloat(to) : true;
        if (fits) list.push({ op, from, to });
      }
    }
  }
  return list;
}

// --- modules and cases ---

type Row = readonly [fn: string, args: readonly Scalar[], expected: Outcome];

/** Collects functions and the rows that call them, and gives cases once the module is built. */
class Table {
  readonly #module: ModuleBuilder;
  readonly #rows: Row[] = [];
  constructor(name: string) { this.#module = new ModuleBuilder(name, { memory: { initialPages: 1, maximumPages: 1 } }); }

  fn(name: string, params: readonly Type[], results: readonly Type[], body: (b: FunctionBuilder, p: readonly Value[]) => void): string {
    const b = new FunctionBuilder(name, { params, results });
    body(b, b.params);
    this.#module.addFunction(b.finish(), name);
    return name;
  }
  row(fn: string, args: readonly Scalar[], expected: Outcome): void { this.#rows.push([fn, args, expected]); }
  cases(): ConformanceCase[] {
    const module: Module = this.#module.build();
    return this.#rows.map(([fn, args, expected]) => ({ name: fn, module, fn, args, expected }));
  }
}

/** A constant's name inside a function name. */
const label = (v: Scalar): string => (Object.is(v, -0) ? '-0' : String(v));

function binaryTable(type: Type): ConformanceCase[] {
  const t = new Table(`binary ${type}`), all = valuesOf(type), few = fewValuesOf(type);
  for (const op of keys(BINARY_OPS)) {
    if (!(BINARY_OPS[op].types as readonly Type[]).includes(type)) continue;
    const rr = t.fn(`${op} ${type} rr`, [type, type], [type], (b, [x, y]) => b.ret([b.binary(op, x, y)]));
    for (const x of all) for (const y of all) t.row(rr, [x, y], expectBinary(op, type, x, y));
    for (const k of few) {
      const rc = t.fn(`${op} ${type} rc ${label(k)}`, [type], [type], (b, [x]) => b.ret([b.binary(op, x, b.const(type, k))]));
      const cr = t.fn(`${op} ${type} cr ${label(k)}`, [type], [type], (b, [x]) => b.ret([b.binary(op, b.const(type, k), x)]));
      for (const x of all) { t.row(rc, [x], expectBinary(op, type, x, k)); t.row(cr, [x], expectBinary(op, type, k, x)); }
    }
  }
  return t.cases();
}

function unaryTable(type: Type): ConformanceCase[] {
  const t = new Table(`unary ${type}`);
  for (const op of keys(UNARY_OPS)) {
    if (!(UNARY_OPS[op].types as readonly Type[]).includes(type)) continue;
    const fn = t.fn(`${op} ${type}`, [type], [type], (b, [x]) => b.ret([b.unary(op, x)]));
    for (const x of valuesOf(type)) t.row(fn, [x], expectUnary(op, type, x));
  }
  return t.cases();
}

function ternaryTable(type: Type): ConformanceCase[] {
  const t = new Table(`ternary ${type}`), few = fewValuesOf(type), single = type === 'f32';
  for (const op of keys(TERNARY_OPS) satisfies TernaryOp[]) {
    const fn = t.fn(`${op} ${type}`, [type, type, type], [type], (b, [x, y, z]) => b.ret([b.ternary(op, x, y, z)]));
    for (const x of few) for (const y of few) for (const z of few) t.row(fn, [x, y, z], { values: [fusedMultiplyAdd(x as number, y as number, z as number, single)] });
    for (const [x, y, z] of FMA_HARD) {
      const a = single ? Math.fround(x) : x, b = single ? Math.fround(y) : y, c = single ? Math.fround(z) : z;
      t.row(fn, [a, b, c], { values: [fusedMultiplyAdd(a, b, c, single)] });
    }
  }
  return t.cases();
}

/** Cancellation, ties that one more bit breaks, subnormal results, products that overflow alone. */
const FMA_HARD: readonly (readonly [number, number, number])[] = [
  [1 + 2 ** -27, 1 - 2 ** -27, -1], [1 + 2 ** -12, 1 - 2 ** -12, -1], [1 + 2 ** -52, 1 + 2 ** -52, -(1 + 2 ** -51)], [1 + 2 ** -23, 1 + 2 ** -23, -(1 + 2 ** -22)],
  [2 ** 53 - 1, 2 ** 53 - 1, 1], [2 ** 24 - 1, 2 ** 24 - 1, 1], [1.5, 2 ** -1074, 2 ** -1074], [0.5, 5e-324, 5e-324], [0.5, 5e-324, -5e-324], [0.25, 5e-324, 0], [-0.25, 5e-324, 0],
  [1.7976931348623157e308, 2, -1.7976931348623157e308], [1.7976931348623157e308, 1 + 2 ** -52, -1.99584030953472e292], [3.4028234663852886e38, 2, -3.4028234663852886e38],
  [1 + 2 ** -23, 1 + 2 ** -23, 2 ** -100], [1 + 2 ** -23, 1 + 2 ** -23, -(2 ** -100)], [1 + 2 ** -12, 1 + 2 ** -12, 2 ** -60], [2 ** -75, 2 ** -75, 2 ** -149], [2 ** -75, 2 ** -75, 1],
  [1 + 2 ** -1, 2 ** -149, 2 ** -150], [2 ** -600, 2 ** -600, 5e-324], [-(2 ** -600), 2 ** -600, 5e-324], [2 ** 600, 2 ** -600, -1], [1 / 3, 3, -1], [0.1, 10, -1], [Math.PI, Math.E, -8.539734222673566],
  [16777215, 16777213, 1], [-16777215, 16777213, 0.5], [8388609, 2 ** -24, 2 ** -49], [4503599627370497, 2 ** -53, 2 ** -106],
];

function compareTable(type: Type): ConformanceCase[] {
  const t = new Table(`compare ${type}`), all = valuesOf(type), few = fewValuesOf(type);
  for (const op of keys(COMPARE_OPS)) {
    if (!(COMPARE_OPS[op].types as readonly Type[]).includes(type)) continue;
    const forms = [
      t.fn(`${op} ${type} rr`, [type, type], ['i1'], (b, [x, y]) => b.ret([b.compare(op, x, y)])),
      t.fn(`${op} ${type} branch`, [type, type], ['i1'], (b, [x, y]) => {
        const yes = b.createBlock(), no = b.createBlock();
        b.br(b.compare(op, x, y), yes, no);
        b.switchTo(yes); b.ret([b.const('i1', 1)]);
        b.switchTo(no); b.ret([b.const('i1', 0)]);
      }),
      t.fn(`${op} ${type} select`, [type, type], ['i1'], (b, [x, y]) => b.ret([b.convert('trunc', b.select(b.compare(op, x, y), b.const('i32', 7), b.const('i32', 8)), 'i1')])),
    ];
    for (const x of all) for (const y of all) {
      const expected: Outcome = { values: [expectCompare(op, type, x, y) ? 1 : 0] };
      for (const fn of forms) t.row(fn, [x, y], expected);
    }
    if (type === 'i1') continue;
    for (const k of few) {
      const rc = t.fn(`${op} ${type} rc ${label(k)}`, [type], ['i1'], (b, [x]) => b.ret([b.compare(op, x, b.const(type, k))]));
      const cb = t.fn(`${op} ${type} cr branch ${label(k)}`, [type], ['i32'], (b, [x]) => {
        const yes = b.createBlock(), no = b.createBlock();
        b.br(b.compare(op, b.const(type, k), x), yes, no);
        b.switchTo(yes); b.ret([b.const('i32', 1)]);
        b.switchTo(no); b.ret([b.const('i32', 0)]);
      });
      for (const x of all) {
        t.row(rc, [x], { values: [expectCompare(op, type, x, k) ? 1 : 0] });
        t.row(cb, [x], { values: [expectCompare(op, type, k, x) ? 1 : 0] });
      }
    }
  }
  return t.cases();
}

function pairTable(type: Type): ConformanceCase[] {
  const t = new Table(`pair ${type}`), all = valuesOf(type);
  for (const op of keys(PAIR_OPS) satisfies PairOp[]) {
    const second: Type = op.endsWith('_wide') ? type : 'i1';
    const both = t.fn(`${op} ${type}`, [type, type], [type, second], (b, [x, y]) => b.ret(b.pair(op, x, y)));
    const only = t.fn(`${op} ${type} second`, [type, type], [second], (b, [x, y]) => b.ret([b.pair(op, x, y)[1]]));
    for (const x of all) for (const y of all) {
      const [first, other] = integerPair(op, width(type), BigInt(x), BigInt(y));
      const value = second === 'i1' ? Number(other) : fromBigint(type, other);
      t.row(both, [x, y], { values: [fromBigint(type, first), value] });
      t.row(only, [x, y], { values: [value] });
    }
  }
  return t.cases();
}

function convertTable(): ConformanceCase[] {
  const t = new Table('convert');
  for (const { op, from, to } of conversions()) {
    const fn = t.fn(`${op} ${from} ${to}`, [from], [to], (b, [x]) => b.ret([b.convert(op, x, to)]));
    for (const x of valuesOf(from)) {
      // A bitcast of NaN gives NaN's bits, which JavaScript does not keep: the bit tables below cover them.
      if (op === 'bitcast' && Number.isNaN(x)) continue;
      t.row(fn, [x], expectConvert(op, from, to, x));
    }
  }
  return t.cases();
}

/** Operations that must keep or change single bits of a float, NaNs included: arguments and results are the bits. */
function bitTable(type: 'f32' | 'f64'): ConformanceCase[] {
  const t = new Table(`bits ${type}`), bits: Type = type === 'f32' ? 'i32' : 'i64';
  const patterns: readonly Scalar[] = type === 'f32'
    ? [0, -0x80000000, 0x7f800001, -0x7fffff, 0x7fc00000, -0x400000, 0x7fffffff, -1, 0x7fa00000, 0x7fc00001, 0x7f800000, -0x800000, 0x3f800000, 1]
    : [0n, -0x8000000000000000n, 0x7ff0000000000001n, -0xfffffffffffffn, 0x7ff8000000000000n, -0x8000000000000n, 0x7fffffffffffffffn, -1n, 0x7ff4000000000000n, 0x7ff8000000000001n, 0x7ff0000000000000n, -0x10000000000000n, 0x3ff0000000000000n, 1n];
  const asFloat = (b: FunctionBuilder, v: Value): Value => b.convert('bitcast', v, type);
  const asBits = (b: FunctionBuilder, v: Value): Value => b.convert('bitcast', v, bits);
  const memory = (b: FunctionBuilder): Value => b.const('ptr', 4096);
  const same = [
    t.fn(`bitcast ${type} round trip`, [bits], [bits], (b, [x]) => b.ret([asBits(b, asFloat(b, x))])),
    t.fn(`select ${type} bits`, [bits], [bits], (b, [x]) => b.ret([asBits(b, b.select(b.compare('eq', x, x), asFloat(b, x), b.const(type, 1)))])),
    t.fn(`store ${type} bits`, [bits], [bits], (b, [x]) => { const at = { base: memory(b) }; b.store(at, asFloat(b, x)); b.ret([b.load(bits, at)]); }),
    t.fn(`load ${type} bits`, [bits], [bits], (b, [x]) => { const at = { base: memory(b) }; b.store(at, x); b.ret([asBits(b, b.load(type, at))]); }),
    t.fn(`block parameter ${type} bits`, [bits], [bits], (b, [x]) => {
      const next = b.createBlock(), v = b.addBlockParam(next, type);
      b.jump(next, [asFloat(b, x)]);
      b.switchTo(next);
      b.ret([asBits(b, v)]);
    }),
  ];
  t.fn(`identity ${type}`, [type], [type], (b, [x]) => b.ret([x]));
  same.push(t.fn(`call ${type} bits`, [bits], [bits], (b, [x]) => b.ret([asBits(b, b.call(`identity ${type}`, [asFloat(b, x)], [type])[0])])));
  for (const fn of same) for (const x of patterns) t.row(fn, [x], { values: [x] });
  for (const op of ['fneg', 'fabs'] as const) {
    const fn = t.fn(`${op} ${type} bits`, [bits], [bits], (b, [x]) => b.ret([asBits(b, b.unary(op, asFloat(b, x)))]));
    for (const x of patterns) t.row(fn, [x], { values: [must(wasmScalar(`${op} bits ${type}`))(x)] });
  }
  const fn = t.fn(`fcopysign ${type} bits`, [bits, bits], [bits], (b, [x, y]) => b.ret([asBits(b, b.binary('fcopysign', asFloat(b, x), asFloat(b, y)))]));
  for (const x of patterns) for (const y of patterns) t.row(fn, [x, y], { values: [must(wasmScalar(`fcopysign bits ${type}`))(x, y)] });
  return t.cases();
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the WebAssembly oracle lacks a function');
  return value;
}

function selectTable(): ConformanceCase[] {
  const t = new Table('select');
  for (const type of ['i1', 'i8', 'i16', 'i32', 'i64', 'f32', 'f64', 'ptr'] as const) {
    const fn = t.fn(`select ${type}`, ['i1', type, type], [type], (b, [c, x, y]) => b.ret([b.select(c, x, y)]));
    const few = fewValuesOf(type);
    for (const x of few) for (const y of few) for (const c of [0, 1]) t.row(fn, [c, x, y], { values: [c === 1 ? x : y] });
  }
  return t.cases();
}

let built: readonly ConformanceCase[] | undefined;

/** Every scalar case; built once per process. */
export function scalarCases(): readonly ConformanceCase[] {
  const ints: readonly Type[] = ['i8', 'i16', 'i32', 'i64'], floats: readonly Type[] = ['f32', 'f64'];
  return built ??= [
    ...(['i1', ...ints, ...floats] as const).flatMap(binaryTable),
    ...[...ints, ...floats].flatMap(unaryTable),
    ...floats.flatMap(ternaryTable),
    ...(['i1', ...ints, ...floats, 'ptr'] as const).flatMap(compareTable),
    ...ints.flatMap(pairTable),
    ...convertTable(), ...selectTable(),
    ...bitTable('f32'), ...bitTable('f64'),
  ];
}
