/**
 * Functions that the backend adds to a module for operations WebAssembly lacks, written in MIR and compiled like the
 * module's own. They trap only on behalf of their caller.
 */
import { FunctionBuilder } from '../../lib/mir/builder.ts';
import type { Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import type { BinaryOp, CompareOp } from '../../lib/mir/ops.ts';
import { buildFma64 } from '../../lib/codegen/fma64.ts';

export type HelperName = 'bswap64' | 'umul_wide64' | 'smul_wide64' | 'fma32' | 'fma64';

export const HELPERS = {
  bswap64, umul_wide64: umulWide64, smul_wide64: smulWide64, fma32, fma64: buildFma64, table_check: tableCheck,
} as const satisfies Record<HelperName, (name: string) => MirFunction> & Record<string, unknown>;

function bswap64(name: string): MirFunction {
  const b = new FunctionBuilder(name, { params: ['i64'], results: ['i64'] });
  const swap = (x: Value, mask: bigint, n: bigint): Value => {
    const m = b.const('i64', mask), count = b.const('i64', n);
    return b.binary('or', b.binary('shl', b.binary('and', x, m), count), b.binary('and', b.binary('lshr', x, count), m));
  };
  const halves = swap(swap(b.params[0], 0x00ff00ff00ff00ffn, 8n), 0x0000ffff0000ffffn, 16n);
  b.ret([b.binary('rotl', halves, b.const('i64', 32n))]);
  return b.finish();
}

/** Four products of halves (Knuth, TAOCP volume 2, 4.3.1). */
function umulWide64(name: string): MirFunction {
  const b = new FunctionBuilder(name, { params: ['i64', 'i64'], results: ['i64', 'i64'] }), [x, y] = b.params;
  const low = (v: Value): Value => b.binary('and', v, b.const('i64', 0xffffffffn)), high = (v: Value): Value => b.binary('lshr', v, b.const('i64', 32n));
  const x0 = low(x), x1 = high(x), y0 = low(y), y1 = high(y);
  const middle = b.binary('add', b.binary('mul', x1, y0), high(b.binary('mul', x0, y0)));
  const other = b.binary('add', b.binary('mul', x0, y1), low(middle));
  b.ret([b.binary('mul', x, y), b.binary('add', b.binary('add', b.binary('mul', x1, y1), high(middle)), high(other))]);
  return b.finish();
}

/** The unsigned product, less each factor for which the other was negative. */
function smulWide64(name: string): MirFunction {
  const b = new FunctionBuilder(name, { params: ['i64', 'i64'], results: ['i64', 'i64'] }), [x, y] = b.params;
  const [low, high] = b.pair('umul_wide', x, y);
  const ifNegative = (sign: Value, v: Value): Value => b.binary('and', b.binary('ashr', sign, b.const('i64', 63n)), v);
  b.ret([low, b.binary('sub', b.binary('sub', high, ifNegative(x, y)), ifNegative(y, x))]);
  return b.finish();
}

/**
 * `a*b + c` in f32: the product is exact in f64, the sum is rounded to odd there, which makes the final rounding
 * exact (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
 */
function fma32(name: string): MirFunction {
  const b = new FunctionBuilder(name, { params: ['f32', 'f32', 'f32'], results: ['f32'] }), [x, y, z] = b.params;
  const two = (op: BinaryOp, p: Value, q: Value): Value => b.binary(op, p, q), is = (op: CompareOp, p: Value, q: Value): Value => b.compare(op, p, q);
  const product = two('fmul', b.convert('fpromote', x, 'f64'), b.convert('fpromote', y, 'f64')), addend = b.convert('fpromote', z, 'f64');
  const sum = two('fadd', product, addend);
  // Knuth's two-sum. For an infinite or NaN sum the error is NaN, and the sum is left as it is.
  const t = two('fsub', sum, product), error = two('fadd', two('fsub', product, two('fsub', sum, t)), two('fsub', addend, t));
  const zero = b.const('f64', 0), bits = b.convert('bitcast', sum, 'i64');
  const even = is('eq', two('and', bits, b.const('i64', 1n)), b.const('i64', 0n));
  const inexact = two('or', is('flt', error, zero), is('fgt', error, zero));
  const away = is('eq', is('fgt', error, zero), is('fgt', sum, zero));
  const step = b.select(away, b.const('i64', 1n), b.const('i64', -1n));
  const odd = b.select(two('and', even, inexact), two('add', bits, step), bits);
  b.ret([b.convert('fdemote', b.convert('bitcast', odd, 'f64'), 'f32')]);
  return b.finish();
}

/** Gives the index back when the table's entry there has the wanted signature; traps otherwise. */
function tableCheck(name: string, entries: readonly ('same' | 'other' | 'null')[]): MirFunction {
  const b = new FunctionBuilder(name, { params: ['i32'], results: ['i32'] });
  const same = b.createBlock('same'), other = b.createBlock('other'), empty = b.createBlock('empty');
  b.switch(b.params[0], entries.flatMap((e, value) => (e === 'null' ? [] : [{ value, block: e === 'same' ? same : other }])), empty);
  b.switchTo(same);
  b.ret([b.params[0]]);
  b.switchTo(other);
  b.trap('indirect-call-type');
  b.switchTo(empty);
  b.trap('indirect-call-null');
  return b.finish();
}
