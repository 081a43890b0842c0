/** Code of the shuffles of 256 bits that are done whole. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import type { ShuffleInst } from '../../lib/mir/instruction.ts';
import { X } from './forms.ts';
import { emitPlan } from './lower-shuffle.ts';
import { MODE_POOL } from './opcodes.ts';
import type { SelectContext } from './select-context.ts';
import { planShuffle, type ShufflePlan } from './shuffle-plan.ts';
import { binary, binaryI, binaryIFlexible, blendBytes, constant, copyVector, unaryI } from './vector-steps.ts';
import { planWideShuffle } from './wide-shuffle.ts';

export function lowerWideShuffle(s: SelectContext, i: ShuffleInst): void {
  const plan = planWideShuffle(i.mask, i.a === i.b);
  if (plan === undefined) throw new InternalError(`a 256-bit shuffle of ${s.f.name} should have been split`);
  const source = (k: number): VReg => s.reg(k === 0 ? i.a : i.b);
  switch (plan.kind) {
    case 'copy': { const a = source(plan.source); copyVector(s, a, s.def(i.result)); return; }
    case 'blend-dwords': { const a = source(0), b = source(1); binaryI(s, X.vpblendd, a, b, plan.bits, s.def(i.result), 32); return; }
    case 'blend-bytes': { const a = source(0), b = source(1); blendBytes(s, a, b, wideConstant(s, plan.mask), s.def(i.result), 32); return; }
    case 'halves': { const a = source(0), b = source(1); binaryI(s, X.vperm2i128, a, b, plan.imm, s.def(i.result), 32); return; }
    case 'qwords': { const a = source(plan.source); unaryI(s, X.vpermq, a, plan.imm, s.def(i.result), 32); return; }
    case 'dwords': {
      const a = source(plan.source), indices = wideConstant(s, plan.indices.flatMap((x) => [x, 0, 0, 0]));
      binary(s, X.vpermd, indices, a, s.def(i.result), 32);
      return;
    }
    case 'repeated': {
      const narrow = planShuffle(plan.mask, 0, i.a === i.b, s.plan.features);
      if (worksInHalves(narrow)) emitPlan(s, narrow, () => source(0), () => source(1), s.def(i.result), [], 32);
      else emitBytes(s, i, [0, 1].map((k) => selectorsOf(plan.mask, k)));
      return;
    }
    case 'bytes': emitBytes(s, i, plan.selectors); return;
    default: plan satisfies never;
  }
}

/** False when a step of a 128-bit plan does something else in a register of 256: moves across halves, or has no such form. */
function worksInHalves({ steps }: ShufflePlan): boolean {
  return steps.every(({ op }) => op !== 'movss' && op !== 'insertps' && op !== 'movq' && !op.startsWith('pmovzx') && !op.startsWith('vpbroadcast'));
}

/** Selectors of both halves for the bytes that source `k` gives. */
function selectorsOf(mask: readonly number[], k: number): readonly number[] | undefined {
  if (!mask.some((x) => x >> 4 === k)) return undefined;
  const half = mask.map((x) => (x >> 4 === k ? x & 15 : 128));
  return [...half, ...half];
}

function emitBytes(s: SelectContext, i: ShuffleInst, selectors: readonly (readonly number[] | undefined)[]): void {
  const [first, second] = selectors, a = first === undefined ? -1 : s.reg(i.a), b = second === undefined ? -1 : s.reg(i.b), d = s.def(i.result);
  const one = (r: VReg, bytes: readonly number[], to: VReg): VReg => binary(s, X.pshufb, r, wideConstant(s, bytes), to, 32);
  if (first === undefined) one(b, second!, d);
  else if (second === undefined) one(a, first, d);
  else binary(s, X.por, one(a, first, -1), one(b, second, -1), d, 32);
}

/** A constant of 32 bytes in a register: broadcast where its halves are alike, else put together. */
function wideConstant(s: SelectContext, bytes: readonly number[]): VReg {
  const word = (k: number): number => bytes[k] | bytes[k + 1] << 8 | bytes[k + 2] << 16 | bytes[k + 3] << 24;
  const [a, b, c, d, e, f, g, h] = [0, 4, 8, 12, 16, 20, 24, 28].map(word);
  if (a === e && b === f && c === g && d === h) return constant(s, a, b, c, d, 32);
  const low = constant(s, a, b, c, d);
  s.mode = MODE_POOL;
  s.scale = 0;
  s.displacement = s.code.constant128(e, f, g, h);
  return binaryIFlexible(s, X.vinserti128, low, 1, -1, 32, 16);
}
