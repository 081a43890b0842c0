/** Code of the integer opcodes. */
import { R11, RAX, RDX } from './convention.ts';
import { TRAP_DIVIDE, TRAP_OVERFLOW, type ColdPiece, type EmitContext } from './emit-context.ts';
import { emitCountWithout } from './emit-count.ts';
import { CC, FIXED, X } from './forms.ts';
import {
  ALU_ADD, ALU_AND, ALU_IMUL, ALU_OR, ALU_SUB, CC_E, CC_FEQ, CC_FNE, CC_NE, CC_NS, CC_S, COMPARE_CMP, COMPARE_FLOAT, COMPARE_PTEST, COMPARE_TEST,
  COUNT_LZ, COUNT_TZ, DIV_REMAINDER, DIV_SAFE, DIV_SIGNED, LOAD_32, LOAD_64, LOAD_S16, LOAD_S16_64, LOAD_S8, LOAD_S8_64, LOAD_U16,
  LOAD_U8, MODE_BASE, MODE_NONE, MODE_SCALED, SHIFT_ROL, SHIFT_ROR, SHIFT_SHL, SHIFT_SHR, UNARY_BSWAP, UNARY_NEG,
  compareKindOf, conditionOf, hasImmediate, modeOf, modeRegisters, moveSizeOf, scaleOf, sizeOfData, subOf,
} from './opcodes.ts';

function aluForm(sub: number) {
  switch (sub) {
    case ALU_ADD: return X.add;
    case ALU_OR: return X.or;
    case ALU_AND: return X.and;
    case ALU_SUB: return X.sub;
    default: return X.xor;
  }
}
function isLogical(sub: number): boolean { return sub !== ALU_ADD && sub !== ALU_SUB; }

export function emitConstant(e: EmitContext, d: number, low: number, high: number): void {
  if (low === 0 && high === 0) {
    e.asm.rr(X.xor, 4, d, d);
    e.forgetFlags();
  } else e.asm.movRI64(d, low, high);
}

export function emitLoad(e: EmitContext): void {
  const d = e.reg(0), m = e.flexible(1, e.word), sub = subOf(e.data), { asm } = e;
  if (m === undefined) {
    const r = e.register;
    switch (sub) {
      case LOAD_U8: asm.rr(X.movzx8, 4, d, r); return;
      case LOAD_U16: asm.rr(X.movzx16, 4, d, r); return;
      case LOAD_32: asm.rr(X.mov, 4, d, r); return;
      case LOAD_64: asm.rr(X.mov, 8, d, r); return;
      case LOAD_S8: asm.rr(X.movsx8, 4, d, r); return;
      case LOAD_S16: asm.rr(X.movsx16, 4, d, r); return;
      case LOAD_S8_64: asm.rr(X.movsx8, 8, d, r); return;
      case LOAD_S16_64: asm.rr(X.movsx16, 8, d, r); return;
      default: asm.rr(X.movsxd, 8, d, r); return;
    }
  }
  switch (sub) {
    case LOAD_U8: asm.rm(X.movzx8, 4, d, m); return;
    case LOAD_U16: asm.rm(X.movzx16, 4, d, m); return;
    case LOAD_32: asm.rm(X.mov, 4, d, m); return;
    case LOAD_64: asm.rm(X.mov, 8, d, m); return;
    case LOAD_S8: asm.rm(X.movsx8, 4, d, m); return;
    case LOAD_S16: asm.rm(X.movsx16, 4, d, m); return;
    case LOAD_S8_64: asm.rm(X.movsx8, 8, d, m); return;
    case LOAD_S16_64: asm.rm(X.movsx16, 8, d, m); return;
    default: asm.rm(X.movsxd, 8, d, m); return;
  }
}

export function emitStore(e: EmitContext): void {
  const value = e.reg(modeRegisters(modeOf(e.data)));
  e.asm.mr(X.mov, 1 << sizeOfData(e.data), e.memory(e.word), value);
}
export function emitStoreImmediate(e: EmitContext): void {
  const { extra } = e.selected, value = extra[e.word + 1];
  e.asm.mi(X.mov, 1 << sizeOfData(e.data), e.memory(extra[e.word]), value);
}

export function emitAlu(e: EmitContext): void {
  const bytes = 1 << sizeOfData(e.data), sub = subOf(e.data), d = e.reg(0), m = e.flexible(2, e.word);
  if (sub === ALU_IMUL) {
    if (m === undefined) e.asm.rr(X.imul, bytes, d, e.register); else e.asm.rm(X.imul, bytes, d, m);
    e.forgetFlags();
    return;
  }
  if (m === undefined) e.asm.rr(aluForm(sub), bytes, d, e.register); else e.asm.rm(aluForm(sub), bytes, d, m);
  e.flagsFrom(d, bytes, isLogical(sub));
}
export function emitAluImmediate(e: EmitContext): void {
  const bytes = 1 << sizeOfData(e.data), sub = subOf(e.data), d = e.reg(0);
  e.asm.ri(aluForm(sub), bytes, d, e.word);
  e.flagsFrom(d, bytes, isLogical(sub));
}
export function emitAluMemory(e: EmitContext): void {
  const value = e.reg(modeRegisters(modeOf(e.data)));
  e.forgetFlags();
  e.asm.mr(aluForm(subOf(e.data)), 1 << sizeOfData(e.data), e.memory(e.word), value);
}
export function emitAluMemoryImmediate(e: EmitContext): void {
  const { extra } = e.selected, bytes = 1 << sizeOfData(e.data), value = extra[e.word + 1];
  e.forgetFlags();
  // Byte and word immediates are written at their width.
  e.asm.mi(aluForm(subOf(e.data)), bytes, e.memory(extra[e.word]), bytes === 1 ? (value << 24) >> 24 : bytes === 2 ? (value << 16) >> 16 : value);
}
export function emitMulImmediate(e: EmitContext): void {
  const d = e.reg(0), none = modeOf(e.data) === MODE_NONE, { extra } = e.selected;
  const m = e.flexible(1, none ? 0 : extra[e.word]), bytes = 1 << sizeOfData(e.data);
  e.forgetFlags();
  if (m === undefined) e.asm.rri(X.imul3, bytes, d, e.register, e.word);
  else e.asm.rmi(X.imul3, bytes, d, m, none ? e.word : extra[e.word + 1]);
}

export function emitLea(e: EmitContext): void {
  const { asm } = e, bytes = 1 << sizeOfData(e.data), mode = modeOf(e.data), d = e.reg(0), a = e.reg(1);
  const scale = scaleOf(e.data), displacement = e.word;
  if (mode === MODE_BASE || (mode === MODE_SCALED && scale === 0)) {
    if (d === a) {
      if (displacement === 0) return;
      asm.ri(X.add, bytes, d, displacement);
      e.flagsFrom(d, bytes, false);
    } else if (displacement === 0) asm.rr(X.mov, bytes, d, a);
    else asm.rm(X.lea, bytes, d, asm.at(a, displacement));
    return;
  }
  if (mode === MODE_SCALED) {
    asm.rm(X.lea, bytes, d, asm.indexed(-1, a, 1 << scale, displacement));
    return;
  }
  const b = e.reg(2);
  if (scale === 0 && displacement === 0 && (d === a || d === b)) {
    asm.rr(X.add, bytes, d, d === a ? b : a);
    e.flagsFrom(d, bytes, false);
  } else if (scale === 0 && displacement === 0 && (a & 7) === 5) asm.rm(X.lea, bytes, d, asm.indexed(b, a, 1, 0));
  else asm.rm(X.lea, bytes, d, asm.indexed(a, b, 1 << scale, displacement));
}

function shiftForm(sub: number) {
  switch (sub) {
    case SHIFT_ROL: return X.rol;
    case SHIFT_ROR: return X.ror;
    case SHIFT_SHL: return X.shl;
    case SHIFT_SHR: return X.shr;
    default: return X.sar;
  }
}
export function emitShiftImmediate(e: EmitContext): void {
  e.asm.ri(shiftForm(subOf(e.data)), 1 << sizeOfData(e.data), e.reg(0), e.word);
  e.forgetFlags();
}
export function emitShiftCl(e: EmitContext): void {
  e.asm.rc(shiftForm(subOf(e.data)), 1 << sizeOfData(e.data), e.reg(0));
  e.forgetFlags();
}
export function emitShiftX(e: EmitContext): void {
  const sub = subOf(e.data), form = sub === SHIFT_SHL ? X.shlx : sub === SHIFT_SHR ? X.shrx : X.sarx;
  const bytes = 1 << sizeOfData(e.data), d = e.reg(0), mode = modeOf(e.data);
  const count = e.reg(1 + (mode === MODE_NONE ? 1 : modeRegisters(mode)));
  const m = e.flexible(1, e.word);
  if (m === undefined) e.asm.rrr(form, bytes, d, e.register, count); else e.asm.rmr(form, bytes, d, m, count);
}
export function emitRorx(e: EmitContext): void {
  const d = e.reg(0), bytes = 1 << sizeOfData(e.data), m = e.value(1);
  if (m !== undefined) e.asm.rmi(X.rorx, bytes, d, m, e.word);
  else if (e.register === d) {
    e.asm.ri(X.ror, bytes, d, e.word);
    e.forgetFlags();
  } else e.asm.rri(X.rorx, bytes, d, e.register, e.word);
}
export function emitUnary(e: EmitContext): void {
  const bytes = 1 << sizeOfData(e.data), d = e.reg(0), sub = subOf(e.data);
  if (sub === UNARY_BSWAP) e.asm.bswap(bytes, d);
  else if (sub === UNARY_NEG) {
    e.asm.r(X.neg, bytes, d);
    e.forgetFlags();
  } else e.asm.r(X.not, bytes, d);
}
export function emitCount(e: EmitContext): void {
  const { lzcnt, bmi1, popcnt } = e.asm.features, kind = subOf(e.data);
  if (kind === COUNT_LZ ? !lzcnt : kind === COUNT_TZ ? !bmi1 : !popcnt) { emitCountWithout(e); return; }
  const sub = subOf(e.data), form = sub === COUNT_LZ ? X.lzcnt : sub === COUNT_TZ ? X.tzcnt : X.popcnt;
  const bytes = 1 << sizeOfData(e.data), d = e.reg(0), m = e.flexible(1, e.word);
  e.forgetFlags();
  if (m === undefined) e.asm.rr(form, bytes, d, e.register); else e.asm.rm(form, bytes, d, m);
}
export function emitMulWide(e: EmitContext): void {
  const form = subOf(e.data) === 1 ? X.imul1 : X.mul, bytes = 1 << sizeOfData(e.data), m = e.value(3);
  if (m === undefined) e.asm.r(form, bytes, e.register); else e.asm.m(form, bytes, m);
  e.forgetFlags();
}
export function emitMulOverflow(e: EmitContext): void {
  const bytes = 1 << sizeOfData(e.data), flag = e.reg(2), m = e.value(4);
  if (m === undefined) e.asm.r(X.mul, bytes, e.register); else e.asm.m(X.mul, bytes, m);
  setFlag(e, CC.o, flag);
}
export function emitOverflow(e: EmitContext): void {
  const bytes = 1 << sizeOfData(e.data), sub = subOf(e.data), d = e.reg(0), flag = e.reg(1), m = e.value(3);
  if (sub === ALU_IMUL) {
    if (m === undefined) e.asm.rr(X.imul, bytes, d, e.register); else e.asm.rm(X.imul, bytes, d, m);
  } else if (m === undefined) e.asm.rr(aluForm(sub), bytes, d, e.register);
  else e.asm.rm(aluForm(sub), bytes, d, m);
  setFlag(e, conditionOf(e.data), flag);
}
function setFlag(e: EmitContext, cc: number, flag: number): void {
  e.asm.setcc(cc, flag);
  e.asm.rr(X.movzx8, 4, flag, flag);
  e.forgetFlags();
}

export function emitDivision(e: EmitContext): void {
  const { asm } = e, sub = subOf(e.data), bytes = 1 << sizeOfData(e.data), divisor = e.reg(3);
  e.forgetFlags();
  let piece: ColdPiece | undefined;
  if ((sub & DIV_SIGNED) !== 0) {
    if ((sub & DIV_REMAINDER) !== 0 && (sub & DIV_SAFE) === 0) {
      piece = e.putOff('remainder', divisor, RDX);
      asm.ri(X.cmp, bytes, divisor, -1);
      asm.jcc(CC.e, piece.label);
    }
    asm.fixed(bytes === 8 ? FIXED.cqo : FIXED.cdq);
    e.site(TRAP_DIVIDE, divisor | (bytes * 8) << 8);
    asm.r(X.idiv, bytes, divisor);
    if (piece !== undefined) asm.code.bind(piece.back);
    const narrow = (e.data >> 13) & 3;
    if (narrow !== 0) {
      // The only quotient that does not fit is that of MIN and −1.
      asm.ri(X.cmp, 4, RAX, narrow === 1 ? 0x80 : 0x8000);
      asm.jcc(CC.e, e.trapLabel(TRAP_OVERFLOW));
    }
    return;
  }
  asm.rr(X.xor, 4, RDX, RDX);
  e.site(TRAP_DIVIDE, divisor | (bytes * 8) << 8);
  asm.r(X.div, bytes, divisor);
}
export function emitColdRemainder(e: EmitContext, p: ColdPiece): void {
  e.asm.rr(X.xor, 4, RDX, RDX);
  e.asm.jmp(p.back);
}

// --- compares and their consumers ---

/** True when the flags already hold what `test r, r` would give the condition. */
function flagsAreSet(e: EmitContext, cc: number, k: number): boolean {
  if (e.flagsRegister < 0 || compareKindOf(e.data) !== COMPARE_TEST) return false;
  if (modeOf(e.data) !== MODE_NONE || hasImmediate(e.data)) return false;
  if (e.at(k) !== e.flagsRegister || e.at(k + 1) !== e.flagsRegister || e.flagsBytes !== 1 << sizeOfData(e.data)) return false;
  return cc === CC_E || cc === CC_NE || cc === CC_S || cc === CC_NS || e.flagsLogical;
}

/** Sets the flags from the compare whose operands begin at `k`. */
export function emitCompare(e: EmitContext, k: number): void {
  const { asm } = e, kind = compareKindOf(e.data), bytes = 1 << sizeOfData(e.data);
  if (hasImmediate(e.data)) {
    const none = modeOf(e.data) === MODE_NONE, { extra } = e.selected;
    const value = none ? e.word : extra[e.word + 1], m = e.flexible(k, none ? 0 : extra[e.word]);
    if (kind === COMPARE_CMP) {
      if (m === undefined) asm.ri(X.cmp, bytes, e.register, value); else asm.mi(X.cmp, bytes, m, value);
    } else if (m === undefined) asm.ri(X.test, bytes, e.register, value);
    else asm.mi(X.test, bytes, m, value);
    return;
  }
  const a = e.reg(k), m = e.flexible(k + 1, e.word);
  if (kind === COMPARE_FLOAT || kind === COMPARE_PTEST) {
    const form = kind === COMPARE_PTEST ? X.ptest : bytes === 8 ? X.ucomisd : X.ucomiss;
    if (m === undefined) asm.unary(form, bytes, a, e.register); else asm.unaryM(form, bytes, a, m);
  } else if (kind === COMPARE_CMP) {
    if (m === undefined) asm.rr(X.cmp, bytes, a, e.register); else asm.rm(X.cmp, bytes, a, m);
  } else if (m === undefined) asm.rr(X.test, bytes, a, e.register);
  else asm.mr(X.test, bytes, m, a);
}

export function emitBranchCompare(e: EmitContext): void {
  if (!flagsAreSet(e, conditionOf(e.data), 0)) emitCompare(e, 0);
  e.forgetFlags();
}

export function emitSetcc(e: EmitContext): void {
  const { asm } = e, cc = conditionOf(e.data), d = e.reg(0);
  const ready = flagsAreSet(e, cc, 1);
  let apart = !ready;
  const end = e.f.operandStart[e.index + 1] - e.first;
  for (let k = 1; k < end && apart; k++) apart = e.at(k) !== d;
  // Clearing first avoids a later extension, when neither operands nor flags are in the way.
  if (apart) asm.rr(X.xor, 4, d, d);
  if (!ready) emitCompare(e, 1);
  if (cc === CC_FEQ || cc === CC_FNE) {
    asm.setcc(cc === CC_FEQ ? CC.e : CC.ne, d);
    asm.setcc(cc === CC_FEQ ? CC.np : CC.p, R11);
    asm.rr(cc === CC_FEQ ? X.and : X.or, 1, d, R11);
  } else asm.setcc(cc, d);
  if (!apart) asm.rr(X.movzx8, 4, d, d);
  e.forgetFlags();
}

export function emitCmov(e: EmitContext): void {
  const { asm } = e, cc = conditionOf(e.data), d = e.reg(0), bytes = 1 << moveSizeOf(e.data);
  if (!flagsAreSet(e, cc, 3)) emitCompare(e, 3);
  const m = e.value(2), r = e.register;
  const codes = cc === CC_FNE ? [CC.ne, CC.p] : [cc];
  for (const c of codes) if (m === undefined) asm.cmov(c, bytes, d, r); else asm.cmovM(c, bytes, d, m);
  e.forgetFlags();
}
