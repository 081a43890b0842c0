/** Rules for conversions. */
import { evalConvert } from '../../mir/evaluate.ts';
import type { ConvertInst, LeaInst } from '../../mir/instruction.ts';
import { lowMaskBits, type RuleSite, type Simplified } from './site.ts';

export function simplifyConvert(s: RuleSite, i: ConvertInst): Simplified {
  const a = s.valueOf(i.a);
  if (a !== undefined) {
    const r = evalConvert(i.op, i.from, i.type, a, s.model);
    return r === undefined ? i : { kind: 'const', type: i.type, value: r, result: i.result, loc: i.loc };
  }
  const d = s.convert(i.a);
  switch (i.op) {
    case 'trunc':
      if (d !== undefined) {
        if (d.op === 'trunc') return { ...i, from: d.from, a: d.a };
        if (d.op === 'zext' || d.op === 'sext') {
          if (d.from === i.type) return d.a;                                       // the bits that were there before
          return s.width(d.from) > s.width(i.type) ? { ...i, from: d.from, a: d.a } : { ...d, type: i.type, result: i.result, loc: i.loc };
        }
      }
      return unmasked(s, i) ?? i;
    case 'zext':
      if (d !== undefined) {
        if (d.op === 'zext') return { ...i, from: d.from, a: d.a };
        if (d.op === 'trunc' && d.from === i.type) {                               // keep the low bits
          const bits = s.width(i.from), mask = i.type === 'i64' ? (1n << BigInt(bits)) - 1n : 2 ** bits - 1;
          return { kind: 'binary', op: 'and', type: i.type, a: d.a, b: s.literal(i.type, mask, i.loc), result: i.result, loc: i.loc };
        }
      }
      return i;
    case 'sext':
      if (d !== undefined) {
        if (d.op === 'sext') return { ...i, from: d.from, a: d.a };
        if (d.op === 'zext') return { ...i, op: 'zext', from: d.from, a: d.a };    // the sign bit is known to be 0
      }
      return i;
    case 'bitcast':
      if (i.from === i.type) return i.a;
      if (d?.op === 'bitcast') return d.from === i.type ? d.a : { ...i, from: d.from, a: d.a };
      return i;
    case 'fdemote': return d?.op === 'fpromote' ? d.a : i;  // exact there and back
    case 'ptrtoint':
      if (d?.op === 'inttoptr') {
        if (d.from === i.type && s.width(i.type) <= s.width('ptr')) return d.a;
      }
      return i;
    case 'inttoptr':
      if (d?.op === 'ptrtoint' && s.width(d.type) >= s.width('ptr')) return d.a;
      return sumOfAddress(s, i) ?? i;
    default: return i;
  }
}

/** A truncation of `x & k` whose mask cuts nothing that is kept. */
function unmasked(s: RuleSite, i: ConvertInst): ConvertInst | undefined {
  const d = s.binary(i.a);
  if (d?.op !== 'and') return undefined;
  const k = s.valueOf(d.b);
  return k !== undefined && lowMaskBits(d.type, k) >= s.width(i.type) ? { ...i, a: d.a } : undefined;
}

/** An address computed on integers: base + index. */
function sumOfAddress(s: RuleSite, i: ConvertInst): LeaInst | undefined {
  const d = s.binary(i.a);
  if (d?.op !== 'add' || s.width(i.from) !== s.width('ptr')) return undefined;
  const x = s.convert(d.a), y = s.convert(d.b);
  if (x?.op === 'ptrtoint') return { kind: 'lea', base: x.a, index: d.b, scale: 1, offset: 0, result: i.result, loc: i.loc };
  if (y?.op === 'ptrtoint') return { kind: 'lea', base: y.a, index: d.a, scale: 1, offset: 0, result: i.result, loc: i.loc };
  return undefined;
}
