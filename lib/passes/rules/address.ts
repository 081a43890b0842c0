/**
 * Rules for addresses.
 *
 * `base + index * scale` is taken modulo the pointer width, the offset of an access is then added *without*
 * wrapping (past the end it must trap). So everything may be folded into base and index, but nothing may move
 * between them and an access's offset. A `lea` wraps as a whole; there the offset may take part.
 */
import type { Address, LeaInst, LoadInst, StoreInst } from '../../mir/instruction.ts';
import { NO_VALUE } from '../../mir/instruction.ts';
import { maskCount, type RuleSite, type Simplified } from './site.ts';

const OFFSET_LIMIT = 2 ** 31;

export function simplifyLea(s: RuleSite, i: LeaInst): Simplified {
  if (i.index === NO_VALUE && i.offset === 0) return i.base;
  const d = s.lea(i.base);
  if (d !== undefined && d.offset + i.offset < OFFSET_LIMIT) {
    if (i.index === NO_VALUE) return { ...i, base: d.base, index: d.index, scale: d.scale, offset: d.offset + i.offset };
    if (d.index === NO_VALUE) return { ...i, base: d.base, offset: d.offset + i.offset };
  }
  if (i.index === NO_VALUE) return i;
  const c = s.valueOf(i.index);
  if (c !== undefined) {
    const total = Number(c) * i.scale + i.offset;
    if (total >= 0 && total < OFFSET_LIMIT) return { ...i, index: NO_VALUE, scale: 1, offset: total };
  }
  const x = s.binary(i.index);
  if (x?.op === 'add') {                                                           // (x + c) * s = x * s + c * s, modulo 2^N
    const k = s.valueOf(x.b);
    if (k !== undefined) {
      const total = Number(k) * i.scale + i.offset;
      if (total >= 0 && total < OFFSET_LIMIT) return { ...i, index: x.a, offset: total };
    }
  }
  return scaled(s, i) ?? i;
}

/** Folds into base and index of a load or store; gives the same object when nothing applies. */
export function simplifyAccess<I extends LoadInst | StoreInst>(s: RuleSite, i: I): I {
  const d = s.lea(i.base);
  if (d !== undefined && d.offset === 0) {
    if (i.index === NO_VALUE) return { ...i, base: d.base, index: d.index, scale: d.scale };
    if (d.index === NO_VALUE) return { ...i, base: d.base };
  }
  if (i.index === NO_VALUE) return i;
  if (s.isZero(i.index)) return { ...i, index: NO_VALUE, scale: 1 };
  return scaled(s, i) ?? i;
}

/** An index that is itself shifted: `(x << n) * s` is `x * (s << n)` when that is still a scale. */
function scaled<I extends Address>(s: RuleSite, i: I): I | undefined {
  const x = s.binary(i.index);
  if (x?.op !== 'shl') return undefined;
  const k = s.valueOf(x.b);
  if (k === undefined) return undefined;
  const scale = i.scale * 2 ** maskCount(k, s.width(x.type));
  return scale <= 8 ? { ...i, index: x.a, scale } : undefined;
}
