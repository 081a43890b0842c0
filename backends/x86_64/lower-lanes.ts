/** Between scalars and the lanes of vectors: splat, extract, insert (into 256 bits: see `legalize.ts`). */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { ExtractLaneInst, InsertLaneInst, SplatInst, StoreInst, Value } from '../../lib/mir/instruction.ts';
import { HALF_LANES, LANE_COUNT, LANE_TYPE, VECTOR_TYPE, type Lanes128 } from '../../lib/mir/types.ts';
import { X, type Form } from './forms.ts';
import { aluImmediate } from './integer-forms.ts';
import { emitPlan } from './lower-shuffle.ts';
import {
  ALU_AND, ALU_OR, LOAD_U8, OP_ALU, OP_FSTORE, OP_LOAD, OP_MOVD, OP_SHIFT_IMM, OP_V_STORE_LANE, SHIFT_SHL, SHIFT_SHR, pack, packVector,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { planShuffle } from './shuffle-plan.ts';
import { formNumber } from './vector-forms.ts';
import { vectorBytes } from './vector-lanes.ts';
import {
  SUB_EXTRACT, binary, binaryFlexible, binaryIFlexible, byteWord, constant, copyVector, extractI, halfWord, insertFlexible, newVector, toInt, unary, unaryFlexible, unaryI, zero,
} from './vector-steps.ts';

/** Emits the instruction; false when there is no code for it (insertion into 256 bits). */
export function lowerLanes(s: SelectContext, i: SplatInst | ExtractLaneInst | InsertLaneInst): boolean {
  if (VECTOR_TYPE[i.lanes] === 'v256') return lowerWideLanes(s, i);
  const lanes = HALF_LANES[i.lanes];
  switch (i.kind) {
    case 'splat': lowerSplat(s, i, lanes); return true;
    case 'extract_lane': extractLane(s, s.reg(i.a), lanes, i.lane, s.def(i.result)); return true;
    case 'insert_lane': lowerInsertLane(s, i, lanes); return true;
    default: return i satisfies never;
  }
}

const F32 = new Float32Array(1), F64 = new Float64Array(1), I32 = new Int32Array(F32.buffer), I64 = new Int32Array(F64.buffer);

// --- splat ---

function lowerSplat(s: SelectContext, i: SplatInst, lanes: Lanes128): void {
  const d = s.def(i.result), value = s.constant(i.a), { ssse3, sse3, avx, avx2 } = s.plan.features;
  if (value !== undefined) {
    splatConstant(s, i, value, d);
    return;
  }
  switch (lanes) {
    case 'i8x16': {
      if (avx2 && fromMemory(s, X.vpbroadcastb, i.a, 1, d)) return;
      const x = intoVector(s, i.a, 4);
      if (avx2) unary(s, X.vpbroadcastb, x, d);
      else if (ssse3) binary(s, X.pshufb, x, zero(s), d);
      else unaryI(s, X.pshufd, unaryI(s, X.pshuflw, binary(s, X.punpcklbw, x, x), 0), 0, d);
      return;
    }
    case 'i16x8': {
      if (avx2 && fromMemory(s, X.vpbroadcastw, i.a, 2, d)) return;
      const x = intoVector(s, i.a, 4);
      if (avx2) unary(s, X.vpbroadcastw, x, d);
      else unaryI(s, X.pshufd, unaryI(s, X.pshuflw, x, 0), 0, d);
      return;
    }
    case 'i32x4':
      if (avx && fromMemory(s, X.vbroadcastss, i.a, 4, d)) return;
      if (avx2) unary(s, X.vpbroadcastd, intoVector(s, i.a, 4), d);
      else unaryI(s, X.pshufd, intoVector(s, i.a, 4), 0, d);
      return;
    case 'i64x2':
      if (sse3 && fromMemory(s, X.movddup, i.a, 8, d)) return;
      if (avx2) unary(s, X.vpbroadcastq, intoVector(s, i.a, 8), d);
      else unaryI(s, X.pshufd, intoVector(s, i.a, 8), 0x44, d);
      return;
    case 'f32x4':
      if (avx && fromMemory(s, X.vbroadcastss, i.a, 4, d)) return;
      if (avx2) unary(s, X.vbroadcastss, s.reg(i.a), d);
      else unaryI(s, avx ? X.vpermilps : X.pshufd, s.reg(i.a), 0, d);
      return;
    case 'f64x2':
      if (sse3) {
        s.flexible(i.a);
        unaryFlexible(s, X.movddup, d, 16, 8);
      } else unaryI(s, X.pshufd, s.reg(i.a), 0x44, d);
      return;
    default: lanes satisfies never;
  }
}

/** Through an instruction that reads the one lane from memory, when the scalar is a folded load. */
function fromMemory(s: SelectContext, f: Form<'unary'>, v: Value, read: number, d: VReg): boolean {
  if (!s.isFoldedLoad(v)) return false;
  s.flexible(v);
  unaryFlexible(s, f, d, 16, read);
  return true;
}

export function splatConstant(s: SelectContext, i: SplatInst, value: number | bigint, d: VReg): void {
  let low: number, high: number;
  switch (LANE_TYPE[i.lanes]) {
    case 'i8': low = high = byteWord(Number(value)); break;
    case 'i16': low = high = halfWord(Number(value)); break;
    case 'f32':
      F32[0] = Number(value);
      low = high = Number.isNaN(value) ? 0x7fc00000 : I32[0];
      break;
    case 'f64':
      F64[0] = Number(value);
      low = Number.isNaN(value) ? 0 : I64[0];
      high = Number.isNaN(value) ? 0x7ff80000 : I64[1];
      break;
    case 'i64':
      low = Number(BigInt.asIntN(32, BigInt(value)));
      high = Number(BigInt.asIntN(32, BigInt(value) >> 32n));
      break;
    default: low = high = Number(value) | 0;
  }
  constant(s, low, high, low, high, vectorBytes(s, i.lanes), d);
}

/** The low 4 or 8 bytes of an integer in a vector register. */
export function intoVector(s: SelectContext, v: number, size: number): VReg {
  const x = s.reg(v), r = newVector(s, 8);
  s.inst(OP_MOVD, pack(0, size === 8 ? 3 : 2));
  s.op(r, DEF_REG);
  // A spilled integer's slot has 8 bytes.
  s.op(x, USE_ANY);
  return r;
}

// --- 256 bits ---

/** Broadcasts from the lowest lane of a register, or from memory, to all of 256 bits. */
const BROADCAST: Readonly<Record<Lanes128, Form<'unary'>>> = {
  i8x16: X.vpbroadcastb, i16x8: X.vpbroadcastw, i32x4: X.vpbroadcastd, i64x2: X.vpbroadcastq, f32x4: X.vbroadcastss, f64x2: X.vbroadcastsd,
};

function lowerWideLanes(s: SelectContext, i: SplatInst | ExtractLaneInst | InsertLaneInst): boolean {
  const lanes = HALF_LANES[i.lanes];
  if (i.kind === 'splat') {
    const d = s.def(i.result), value = s.constant(i.a), bytes = s.bytesOf(LANE_TYPE[i.lanes]);
    if (value !== undefined) { splatConstant(s, i, value, d); return true; }
    if (s.isFoldedLoad(i.a)) {
      s.flexible(i.a);
      unaryFlexible(s, BROADCAST[lanes], d, 32, bytes);
    } else unary(s, BROADCAST[lanes], lanes === 'f32x4' || lanes === 'f64x2' ? s.reg(i.a) : intoVector(s, i.a, Math.max(bytes, 4)), d, 32, bytes);
    return true;
  }
  if (i.kind !== 'extract_lane') return false;
  const a = s.reg(i.a), half = LANE_COUNT[lanes];
  extractLane(s, i.lane < half ? a : unaryI(s, X.vextracti128, a, 1, -1, 32, 16), lanes, i.lane % half, s.def(i.result));
  return true;
}

// --- extract ---

/** A lane of the 128-bit register `a`. */
function extractLane(s: SelectContext, a: VReg, lanes: Lanes128, lane: number, d: VReg): void {
  const { sse4_1, avx } = s.plan.features;
  switch (lanes) {
    case 'i8x16':
      // The register's bits above the lane are unspecified.
      if (lane === 0) toInt(s, X.movdOut, a, 4, d);
      else if (sse4_1) extractI(s, X.pextrb, a, lane, 4, d);
      else if ((lane & 1) === 0) extractI(s, X.pextrwSse2, a, lane >> 1, 4, d);
      else {
        const w = extractI(s, X.pextrwSse2, a, lane >> 1);
        s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, 2), 8);
        s.op(d, defReuse(1));
        s.op(w, USE_REG);
      }
      return;
    case 'i16x8':
      if (lane === 0) toInt(s, X.movdOut, a, 4, d); else extractI(s, X.pextrwSse2, a, lane, 4, d);
      return;
    case 'i32x4':
      if (lane === 0) toInt(s, X.movdOut, a, 4, d);
      else if (sse4_1) extractI(s, X.pextrd, a, lane, 4, d);
      else toInt(s, X.movdOut, unaryI(s, X.pshufd, a, lane), 4, d);
      return;
    case 'i64x2':
      if (lane === 0) toInt(s, X.movdOut, a, 8, d);
      else if (sse4_1) extractI(s, X.pextrd, a, 1, 8, d);
      else toInt(s, X.movdOut, unaryI(s, X.pshufd, a, 0xee), 8, d);
      return;
    case 'f32x4':
      // Nobody looks at the upper lanes of a scalar.
      if (lane === 0) copyVector(s, a, d); else unaryI(s, avx ? X.vpermilps : X.pshufd, a, lane, d);
      return;
    case 'f64x2':
      if (lane === 0) copyVector(s, a, d);
      else if (avx) binary(s, X.unpckhpd, a, a, d);
      else unaryI(s, X.pshufd, a, 0xee, d);
      return;
    default: lanes satisfies never;
  }
}

/** One lane to memory, without a general register between. SSE4.1. */
export function lowerStoreLane(s: SelectContext, i: StoreInst, { a, lane, lanes }: ExtractLaneInst): void {
  const v = s.reg(a), type = LANE_TYPE[lanes], bytes = s.bytesOf(type);
  s.address(i);
  if (lane === 0 && bytes >= 4) s.inst(OP_FSTORE, s.packed(0, bytes), s.displacement);
  else if (bytes === 8) s.inst(OP_V_STORE_LANE, packVector(formNumber(X.movhps), 16, s.mode, s.scale), s.displacement);
  else {
    const form = type === 'f32' ? X.extractps : type === 'i32' ? X.pextrd : type === 'i16' ? X.pextrw : X.pextrb;
    s.inst(OP_V_STORE_LANE, packVector(formNumber(form), 16, s.mode, s.scale, lane, SUB_EXTRACT), s.displacement);
  }
  s.memoryOperands();
  s.op(v, USE_REG);
}

// --- insert ---

function lowerInsertLane(s: SelectContext, i: InsertLaneInst, lanes: Lanes128): void {
  const { sse4_1 } = s.plan.features;
  switch (lanes) {
    case 'i8x16':
      if (sse4_1) insertInteger(s, i, 4);
      else insertByteSse2(s, i);
      return;
    case 'i16x8': insertInteger(s, i, 4); return;
    case 'i32x4': if (sse4_1) insertInteger(s, i, 4); else merge(s, i, () => intoVector(s, i.b, 4)); return;
    case 'i64x2': if (sse4_1) insertInteger(s, i, 8); else merge(s, i, () => intoVector(s, i.b, 8)); return;
    case 'f32x4': case 'f64x2': insertFloat(s, i, lanes === 'f64x2'); return;
    default: lanes satisfies never;
  }
}

function insertInteger(s: SelectContext, i: InsertLaneInst, size: number): void {
  const a = s.reg(i.a), form = i.lanes === 'i8x16' ? X.pinsrb : i.lanes === 'i16x8' ? X.pinsrw : X.pinsrd;
  if (s.isFoldedLoad(i.b)) s.flexible(i.b);
  else s.register(s.reg(i.b));
  insertFlexible(s, form, a, i.lane, size, s.def(i.result));
}

function insertFloat(s: SelectContext, i: InsertLaneInst, wide: boolean): void {
  if (!s.isFoldedLoad(i.b)) {
    merge(s, i, () => s.reg(i.b));
    return;
  }
  const a = s.reg(i.a), d = s.def(i.result);
  s.flexible(i.b);
  if (wide) binaryFlexible(s, i.lane === 0 ? X.movlps : X.movhps, a, d);
  else binaryIFlexible(s, X.insertps, a, i.lane << 4, d);
}

/** The word that the byte is in, taken out, changed and put back. */
function insertByteSse2(s: SelectContext, i: InsertLaneInst): void {
  const a = s.reg(i.a), b = s.reg(i.b), odd = (i.lane & 1) === 1, d = s.def(i.result);
  const word = extractI(s, X.pextrwSse2, a, i.lane >> 1), rest = s.newInt();
  aluImmediate(s, ALU_AND, 4, rest, word, odd ? 0xff : 0xff00);
  let byte = s.step(OP_LOAD, pack(LOAD_U8, 2), 0, b);
  if (odd) byte = s.step(OP_SHIFT_IMM, pack(SHIFT_SHL, 2), 8, byte, true);
  const both = s.newInt();
  s.inst(OP_ALU, pack(ALU_OR, 2));
  s.op(both, defReuse(1));
  s.op(rest, USE_REG);
  s.op(byte, USE_ANY);
  s.register(both);
  insertFlexible(s, X.pinsrw, a, i.lane >> 1, 4, d);
}

/** The lowest lane of another vector register put into the lane: a shuffle. */
function merge(s: SelectContext, i: InsertLaneInst, value: () => VReg): void {
  const bytes = LANE_TYPE[i.lanes] === 'f32' || LANE_TYPE[i.lanes] === 'i32' ? 4 : 8;
  const mask = Array.from({ length: 16 }, (_, k) => (Math.floor(k / bytes) === i.lane ? 16 + k % bytes : k));
  emitPlan(s, planShuffle(mask, 0, false, s.plan.features), () => s.reg(i.a), value, s.def(i.result));
}
