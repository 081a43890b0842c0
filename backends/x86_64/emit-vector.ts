/** Code of the vector opcodes: one instruction each, in the encoding the assembler's features ask for. */
import type { EmitContext } from './emit-context.ts';
import { X, type Form } from './forms.ts';
import { formNumberOf, modeOf, modeRegisters, sizeOfData, subOf, vectorImmediateOf } from './opcodes.ts';
import { formOfNumber } from './vector-forms.ts';
import { SUB_EXTRACT, SUB_IMMEDIATE, SUB_WIDE } from './vector-steps.ts';

function form(e: EmitContext): number { return formOfNumber(formNumberOf(e.data)); }
function width(e: EmitContext): number { return 1 << sizeOfData(e.data); }
function generalSize(e: EmitContext): number { return (subOf(e.data) & SUB_WIDE) !== 0 ? 8 : 4; }

export function emitVectorBinary(e: EmitContext): void {
  const { asm } = e, f = form(e), bytes = width(e), d = e.reg(0), a = e.reg(1), m = e.flexible(2, e.word);
  if ((subOf(e.data) & SUB_IMMEDIATE) !== 0) {
    const imm = vectorImmediateOf(e.data);
    if (m === undefined) asm.binaryI(f as Form<'binaryI'>, bytes, d, a, e.register, imm); else asm.binaryMI(f as Form<'binaryI'>, bytes, d, a, m, imm);
  } else if (m === undefined) asm.binary(f as Form<'binary'>, bytes, d, a, e.register);
  else asm.binaryM(f as Form<'binary'>, bytes, d, a, m);
}

export function emitVectorUnary(e: EmitContext): void {
  const { asm } = e, f = form(e), bytes = width(e), d = e.reg(0), m = e.flexible(1, e.word);
  if ((subOf(e.data) & SUB_IMMEDIATE) !== 0) {
    const imm = vectorImmediateOf(e.data);
    if (m === undefined) asm.unaryI(f as Form<'unaryI'>, bytes, d, e.register, imm); else asm.unaryMI(f as Form<'unaryI'>, bytes, d, m, imm);
  } else if (m === undefined) asm.unary(f as Form<'unary'>, bytes, d, e.register);
  else asm.unaryM(f as Form<'unary'>, bytes, d, m);
}

export function emitVectorShift(e: EmitContext): void {
  e.asm.shiftI(form(e) as Form<'shiftI'>, width(e), e.reg(0), e.reg(1), vectorImmediateOf(e.data));
}

export function emitVectorBlend(e: EmitContext): void {
  const f = form(e), vexForm = f === X.pblendvb ? X.vpblendvb : f === X.blendvps ? X.vblendvps : X.vblendvpd;
  e.asm.blend(f as Form<'vv'>, vexForm, width(e), e.reg(0), e.reg(1), e.reg(2), e.reg(3));
}

export function emitVectorTernary(e: EmitContext): void {
  const f = form(e) as Form<'ternary'>, d = e.reg(0), b = e.reg(2), m = e.flexible(3, e.word);
  if (m === undefined) e.asm.ternary(f, width(e), d, b, e.register); else e.asm.ternaryM(f, width(e), d, b, m);
}

export function emitVectorToInt(e: EmitContext): void {
  const f = form(e), size = generalSize(e), d = e.reg(0), a = e.reg(1);
  if ((subOf(e.data) & SUB_EXTRACT) !== 0) e.asm.extractI(f as Form<'extractI'>, size, d, a, vectorImmediateOf(e.data));
  else e.asm.toInt(f as Form<'toInt'>, size, d, a, width(e));
}

export function emitVectorInsert(e: EmitContext): void {
  const f = form(e) as Form<'insertI'>, size = generalSize(e), d = e.reg(0), a = e.reg(1), lane = vectorImmediateOf(e.data), m = e.flexible(2, e.word);
  if (m === undefined) e.asm.insertI(f, size, d, a, e.register, lane); else e.asm.insertMI(f, size, d, a, m, lane);
}

/** `pextrb` and its kind to memory, or half a register (`movlps`, `movhps`). */
export function emitVectorStoreLane(e: EmitContext): void {
  const f = form(e), value = e.reg(modeRegisters(modeOf(e.data))), m = e.memory(e.word);
  if ((subOf(e.data) & SUB_EXTRACT) !== 0) e.asm.extractToMemory(f as Form<'extractI'>, generalSize(e), m, value, vectorImmediateOf(e.data));
  else e.asm.storeHalf(f as Form<'mv'>, m, value);
}
