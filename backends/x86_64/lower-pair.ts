/** Operations with two results: wide products, arithmetic with an overflow flag. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import type { PairInst } from '../../lib/mir/instruction.ts';
import { RAX, RDX } from './convention.ts';
import { alu, move } from './integer-forms.ts';
import {
  ALU_ADD, ALU_IMUL, ALU_SUB, CC_B, CC_NE, CC_O, COMPARE_CMP, LOAD_S16, LOAD_S8, LOAD_U16, LOAD_U8, MODE_NONE, OP_LOAD, OP_MUL_OVERFLOW,
  OP_MUL_WIDE, OP_OVERFLOW, OP_SETCC, OP_SHIFT_IMM, SHIFT_SHR, pack, packCompare, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defFixed, defReuse, useFixed } from './operand-constraints.ts';
import type { SelectContext } from './select-context.ts';
import { widened } from './widen.ts';

export function lowerPair(s: SelectContext, i: PairInst): void {
  const bytes = s.bytesOf(i.type);
  switch (i.op) {
    case 'umul_wide': case 'smul_wide': lowerMulWide(s, i, i.op === 'smul_wide'); return;
    case 'uadd_overflow': case 'sadd_overflow': overflow(s, i, ALU_ADD, bytes, i.op === 'uadd_overflow' ? CC_B : CC_O); return;
    case 'usub_overflow': case 'ssub_overflow': overflow(s, i, ALU_SUB, bytes, i.op === 'usub_overflow' ? CC_B : CC_O); return;
    case 'smul_overflow':
      if (bytes >= 4) { overflow(s, i, ALU_IMUL, bytes, CC_O); return; }
      narrowMulOverflow(s, i, true);
      return;
    case 'umul_overflow': {
      if (bytes < 4) { narrowMulOverflow(s, i, false); return; }
      const a = s.reg(i.a);
      const b = s.reg(i.b);
      s.register(b);
      s.inst(OP_MUL_OVERFLOW, s.packed(0, bytes));
      s.op(s.def(i.result), defFixed(RAX));
      s.op(s.newInt(), defFixed(RDX));
      s.op(s.def(i.result2), DEF_REG);
      s.op(a, useFixed(RAX));
      s.flexibleOperands();
      return;
    }
    default: i.op satisfies never;
  }
}

function overflow(s: SelectContext, i: PairInst, sub: number, bytes: number, cc: number): void {
  const a = s.reg(i.a);
  s.register(s.reg(i.b));
  s.inst(OP_OVERFLOW, pack(sub, sizeLog(bytes)) | cc << 13);
  s.op(s.def(i.result), defReuse(2));
  s.op(s.def(i.result2), DEF_REG);
  s.op(a, USE_REG);
  s.op(s.first, USE_ANY);
}

function lowerMulWide(s: SelectContext, i: PairInst, signed: boolean): void {
  const bytes = s.bytesOf(i.type);
  if (bytes < 4) {
    const product = narrowProduct(s, i, signed);
    move(s, s.def(i.result), product);
    s.inst(OP_SHIFT_IMM, pack(SHIFT_SHR, 2), bytes * 8);
    s.op(s.def(i.result2), defReuse(1));
    s.op(product, USE_REG);
    return;
  }
  const a = s.reg(i.a), b = s.reg(i.b);
  s.register(b);
  s.inst(OP_MUL_WIDE, s.packed(signed ? 1 : 0, bytes));
  s.op(s.def(i.result), defFixed(RAX));
  s.op(s.def(i.result2), defFixed(RDX));
  s.op(a, useFixed(RAX));
  s.flexibleOperands();
}

/** The 32-bit product of two narrow values. */
function narrowProduct(s: SelectContext, i: PairInst, signed: boolean): VReg {
  const a = widened(s, i.a, i.type, signed), b = widened(s, i.b, i.type, signed), product = s.newInt();
  s.register(b);
  alu(s, ALU_IMUL, 4, product, a);
  return product;
}

/** Overflow: the product is not the extension of its low part. */
function narrowMulOverflow(s: SelectContext, i: PairInst, signed: boolean): void {
  const product = narrowProduct(s, i, signed);
  const load = i.type === 'i8' ? (signed ? LOAD_S8 : LOAD_U8) : signed ? LOAD_S16 : LOAD_U16;
  const low = s.step(OP_LOAD, pack(load, 2), 0, product);
  move(s, s.def(i.result), low);
  s.inst(OP_SETCC, packCompare(COMPARE_CMP, 2, MODE_NONE, 0, CC_NE, false));
  s.op(s.def(i.result2), DEF_REG);
  s.op(product, USE_REG);
  s.op(low, USE_ANY);
}
