/** Conversions between number types, one place for all of them. */
import type { Value } from '../lib/mir/index.ts';
import type { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import type { RuntimeType } from './types.ts';

const WIDTH: Readonly<Record<string, number>> = { i1: 1, i8: 8, i16: 16, i32: 32, i64: 64 };
/** Bounds of the small integers, which MIR's float conversions do not reach directly. */
const SMALL: Readonly<Record<string, readonly [number, number]>> = { i8: [-128, 127], i16: [-32768, 32767], u8: [0, 255], u16: [0, 65535] };

/** Converts `v` to the number type `to`; from floats to integers saturating or trapping. */
export function convertNumber(c: FunctionContext, v: BaseValue, to: RuntimeType, saturating: boolean): BaseValue {
  const from = v.type;
  const fromFloat = from.mir === 'f32' || from.mir === 'f64', toFloat = to.mir === 'f32' || to.mir === 'f64';
  if (fromFloat) return c.wrap(to, toFloat ? floatToFloat(c, v, to) : floatToInteger(c, v.id, to, saturating));
  return c.wrap(to, toFloat ? integerToFloat(c, v, to) : integerToInteger(c, v.id, from, to));
}

function integerToInteger(c: FunctionContext, id: Value, from: RuntimeType, to: RuntimeType): Value {
  const a = WIDTH[from.mir], b = WIDTH[to.mir];
  if (a === b) return id;
  return a > b ? c.fb.convert('trunc', id, to.mir) : c.fb.convert(from.signed ? 'sext' : 'zext', id, to.mir);
}

function integerToFloat(c: FunctionContext, v: BaseValue, to: RuntimeType): Value {
  const wide = WIDTH[v.type.mir] < 32 ? c.fb.convert(v.type.signed ? 'sext' : 'zext', v.id, 'i32') : v.id;
  return c.fb.convert(v.type.signed ? 'sitofp' : 'uitofp', wide, to.mir);
}

function floatToFloat(c: FunctionContext, v: BaseValue, to: RuntimeType): Value {
  return v.type.mir === to.mir ? v.id : c.fb.convert(to.mir === 'f64' ? 'fpromote' : 'fdemote', v.id, to.mir);
}

function floatToInteger(c: FunctionContext, id: Value, to: RuntimeType, saturating: boolean): Value {
  const small = SMALL[to.surface];
  if (small === undefined) return c.fb.convert(saturating ? (to.signed ? 'fptosi_sat' : 'fptoui_sat') : (to.signed ? 'fptosi' : 'fptoui'), id, to.mir);
  if (saturating) {
    let wide = c.fb.convert(to.signed ? 'fptosi_sat' : 'fptoui_sat', id, 'i32');
    const hi = c.fb.const('i32', small[1]);
    wide = c.fb.select(c.fb.compare(to.signed ? 'sgt' : 'ugt', wide, hi), hi, wide);
    if (to.signed) {
      const lo = c.fb.const('i32', small[0]);
      wide = c.fb.select(c.fb.compare('slt', wide, lo), lo, wide);
    }
    return c.fb.convert('trunc', wide, to.mir);
  }
  const wide = c.fb.convert(to.signed ? 'fptosi' : 'fptoui', id, 'i32');
  const narrow = c.fb.convert('trunc', wide, to.mir);
  const back = c.fb.convert(to.signed ? 'sext' : 'zext', narrow, 'i32');
  c.trapIf(c.fb.compare('ne', wide, back), 'integer-overflow');
  return narrow;
}
