/** Emission: an allocated machine function becomes bytes in the code buffer. */
import { int32 } from '../../lib/analysis/slab.ts';
import { FIRST_SPILL_LOCATION, FIRST_VECTOR_PREG, type Allocation } from '../../lib/codegen/machine-function.ts';
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import { CTX } from '../../lib/codegen/run-context.ts';
import { RSP } from './convention.ts';
import { EmitContext, type ModuleTables } from './emit-context.ts';
import { emitAtomic, emitFence } from './emit-atomic.ts';
import * as float from './emit-float.ts';
import * as control from './emit-control.ts';
import * as integer from './emit-integer.ts';
import * as vector from './emit-vector.ts';
import { X } from './forms.ts';
import { emitPrologue, type Frame } from './frame.ts';
import {
  OP_ALU, OP_ALU_IMM, OP_ALU_MEM, OP_ALU_MEM_IMM, OP_ANDN, OP_ARGS, OP_ATOMIC, OP_BULK, OP_CALL, OP_CALL_IMPORT, OP_CALL_INDIRECT, OP_CMOV,
  OP_CONST, OP_COUNT, OP_DIV, OP_FBINARY, OP_FCONST, OP_FCOPYSIGN, OP_FENCE, OP_FLOAD, OP_FLOAT_TO_FLOAT, OP_FLOAT_TO_INT, OP_FMA, OP_FMINMAX,
  OP_FSELECT, OP_FSTORE, OP_FUNARY, OP_IMUL_IMM, OP_INT_TO_FLOAT, OP_JCC, OP_JMP, OP_JUMP_TABLE, OP_JUMP_TREE, OP_LEA, OP_LOAD, OP_MOV,
  OP_MOVD, OP_MUL_OVERFLOW, OP_MUL_WIDE, OP_NOP, OP_OVERFLOW, OP_RET, OP_RORX, OP_SETCC, OP_SHIFT_CL, OP_SHIFT_IMM, OP_SHIFT_X,
  OP_SLOT_BASE, OP_STACK_MAP, OP_STORE, OP_STORE_CONTEXT, OP_STORE_IMM, OP_STUB_CALL, OP_TABLE_ADDRESS, OP_TAIL, OP_TAIL_IMPORT,
  OP_TAIL_INDIRECT, OP_TRAP, OP_U64_TO_FLOAT, OP_UNARY, OP_VBITS, OP_V_BINARY, OP_V_BLEND, OP_V_INSERT, OP_V_SHIFT, OP_V_STORE_LANE,
  OP_V_TERNARY, OP_V_TO_INT, OP_V_UNARY, sizeOfData,
} from './opcodes.ts';
import type { SelectedFunction } from './select.ts';
import { placePrologue } from './shrink-wrap.ts';
import type { VectorAssembler } from './vector-assembler.ts';

/** Writes one function. Offsets of what it records are marks of the code buffer. */
export function emitFunction(
  asm: VectorAssembler, selected: SelectedFunction, allocation: Allocation, frame: Frame, linear: boolean, tables: ModuleTables,
  functionLabels: readonly Label[], functionNumber: number, loc: number,
): void {
  const e = new EmitContext(asm, selected, allocation, frame, linear, tables, functionLabels, functionNumber);
  const f = selected.machine, { edits } = allocation, blocks = f.loopDepth.length;
  const flow: control.Flow = { forward: findForwarding(selected, edits), next: -1 };
  const prologue = placePrologue(selected, allocation, frame, flow.forward);
  e.setLoc(loc);
  let edit = 0;
  for (let b = 0; b < blocks; b++) {
    if (flow.forward[b] !== b) continue;
    e.block = b;
    flow.next = nextEmitted(flow.forward, b, blocks);
    if (selected.alignment[b] > 0) asm.code.align(selected.alignment[b], selected.alignment[b] === 32 ? 31 : 8);
    asm.code.bind(control.labelOf(e, flow, b));
    if (b === prologue.block) emitPrologue(e);
    e.frameless = prologue.frameless[b] === 1;
    e.forgetFlags();
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++) {
      // Edits of skipped blocks do not exist, so the list and the instructions stay in step.
      for (; edit < edits.length && edits[edit] <= 2 * i; edit += 3) emitEdit(e, edits[edit + 1], edits[edit + 2], allocation.editBytes[edit / 3]);
      if (e.flagsIndex !== i - 1) e.forgetFlags();
      e.index = i;
      e.first = f.operandStart[i];
      e.data = f.data0[i];
      e.word = f.data1[i];
      e.setLoc(f.loc[i]);
      emitInstruction(e, f.opcode[i], flow);
      for (; edit < edits.length && edits[edit] === 2 * i + 1; edit += 3) emitEdit(e, edits[edit + 1], edits[edit + 2], allocation.editBytes[edit / 3]);
    }
  }
  for (let k = 0; k < e.cold.length; k++) {
    const p = e.cold[k];
    e.setLoc(p.loc);
    asm.code.bind(p.label);
    switch (p.kind) {
      case 'remainder': integer.emitColdRemainder(e, p); break;
      case 'unsigned-to-float': float.emitColdUnsignedToFloat(e, p); break;
      case 'float-to-int': float.emitColdFloatToInt(e, p); break;
      case 'table-mismatch': control.emitColdMismatch(e); break;
      default: p.kind satisfies never;
    }
  }
  e.emitTraps();
}

/** For each block where control sent to it ends up: past blocks that hold a jump and nothing else. */
function findForwarding(s: SelectedFunction, edits: Int32Array): Int32Array {
  const f = s.machine, blocks = f.loopDepth.length, forward = int32(blocks);
  let edit = 0;
  for (let b = 0; b < blocks; b++) {
    const i = f.blockStart[b];
    while (edit < edits.length && edits[edit] < 2 * i) edit += 3;
    const busy = edit < edits.length && edits[edit] <= 2 * i + 1;
    forward[b] = b > 0 && f.blockStart[b + 1] === i + 1 && f.opcode[i] === OP_JMP && !busy ? f.succs[f.succStart[b]] : b;
  }
  // Chains, with path compression; of a cycle of empty blocks the first one that a walk meets twice stays.
  const walk = int32(blocks);
  for (let b = 0; b < blocks; b++) {
    let root = b;
    while (forward[root] !== root && walk[root] !== b + 1) {
      walk[root] = b + 1;
      root = forward[root];
    }
    forward[root] = root;
    for (let c = b; c !== root;) { const to = forward[c]; forward[c] = root; c = to; }
  }
  return forward;
}

function nextEmitted(forward: Int32Array, b: number, blocks: number): number {
  for (let n = b + 1; n < blocks; n++) if (forward[n] === n) return n;
  return -1;
}

function emitEdit(e: EmitContext, from: number, to: number, bytes: number): void {
  const { asm } = e;
  if (to === e.flagsRegister) e.forgetFlags();
  if (from < 0) {
    recompute(e, ~from, to);
    return;
  }
  if (from < FIRST_SPILL_LOCATION && to < FIRST_SPILL_LOCATION) {
    if (from >= FIRST_VECTOR_PREG) asm.moveVector(bytes, to, from); else asm.rr(X.mov, 8, to, from);
  } else if (from < FIRST_SPILL_LOCATION) {
    if (from >= FIRST_VECTOR_PREG) float.storeFloat(e, bytes, e.slot(to), from); else asm.mr(X.mov, 8, e.slot(to), from);
  } else if (to < FIRST_SPILL_LOCATION) {
    if (to >= FIRST_VECTOR_PREG) float.loadFloat(e, to, bytes, e.slot(from)); else asm.rm(X.mov, 8, to, e.slot(from));
  } else throw new InternalError(`move between spill slots in ${e.f.name}`);
}

/** Emits the rematerialisable instruction `i` with result register `d`. */
function recompute(e: EmitContext, i: number, d: number): void {
  const data = e.f.data0[i], word = e.f.data1[i];
  switch (e.f.opcode[i]) {
    case OP_CONST: integer.emitConstant(e, d, data, word); return;
    case OP_FCONST: float.emitFloatConstant(e, d, 1 << sizeOfData(data), word); return;
    case OP_SLOT_BASE: slotBase(e, d, word); return;
    default: throw new InternalError(`opcode ${e.f.opcode[i]} of ${e.f.name} cannot be recomputed`);
  }
}

function slotBase(e: EmitContext, d: number, displacement: number): void {
  if (e.linear) e.asm.rm(X.mov, 4, d, e.asm.gs(CTX.linearStackPointer));
  else e.asm.rm(X.lea, 8, d, e.asm.at(RSP, e.frame.slots + displacement));
}

function emitInstruction(e: EmitContext, opcode: number, flow: control.Flow): void {
  switch (opcode) {
    case OP_ARGS: return;
    case OP_MOV: emitMove(e); return;
    case OP_CONST: integer.emitConstant(e, e.reg(0), e.data, e.word); return;
    case OP_FCONST: float.emitFloatConstant(e, e.reg(0), 1 << sizeOfData(e.data), e.word); return;
    case OP_LOAD: integer.emitLoad(e); return;
    case OP_STORE: integer.emitStore(e); return;
    case OP_STORE_IMM: integer.emitStoreImmediate(e); return;
    case OP_FLOAD: float.emitFloatLoad(e); return;
    case OP_FSTORE: float.emitFloatStore(e); return;
    case OP_ALU: integer.emitAlu(e); return;
    case OP_ALU_IMM: integer.emitAluImmediate(e); return;
    case OP_ALU_MEM: integer.emitAluMemory(e); return;
    case OP_ALU_MEM_IMM: integer.emitAluMemoryImmediate(e); return;
    case OP_IMUL_IMM: integer.emitMulImmediate(e); return;
    case OP_LEA: integer.emitLea(e); return;
    case OP_SHIFT_IMM: integer.emitShiftImmediate(e); return;
    case OP_SHIFT_CL: integer.emitShiftCl(e); return;
    case OP_SHIFT_X: integer.emitShiftX(e); return;
    case OP_RORX: integer.emitRorx(e); return;
    case OP_UNARY: integer.emitUnary(e); return;
    case OP_COUNT: integer.emitCount(e); return;
    case OP_MUL_WIDE: integer.emitMulWide(e); return;
    case OP_DIV: integer.emitDivision(e); return;
    case OP_OVERFLOW: integer.emitOverflow(e); return;
    case OP_MUL_OVERFLOW: integer.emitMulOverflow(e); return;
    case OP_ANDN:
      e.asm.rrr(X.andn, 1 << sizeOfData(e.data), e.reg(0), e.reg(1), e.reg(2));
      e.flagsFrom(e.reg(0), 1 << sizeOfData(e.data), true);
      return;
    case OP_JCC: control.emitBranch(e, flow); return;
    case OP_SETCC: integer.emitSetcc(e); return;
    case OP_CMOV: integer.emitCmov(e); return;
    case OP_FSELECT: float.emitFloatSelect(e); return;
    case OP_JMP: control.emitJump(e, flow); return;
    case OP_JUMP_TABLE: control.emitJumpTable(e, flow); return;
    case OP_JUMP_TREE: control.emitJumpTree(e, flow); return;
    case OP_TABLE_ADDRESS: control.emitTableAddress(e, flow); return;
    case OP_RET: control.emitReturn(e); return;
    case OP_CALL: case OP_CALL_IMPORT: case OP_CALL_INDIRECT: control.emitCall(e, opcode); return;
    case OP_TAIL: case OP_TAIL_IMPORT: case OP_TAIL_INDIRECT: control.emitTailCall(e, opcode); return;
    case OP_TRAP: e.trapHere(e.word); return;
    case OP_FBINARY: float.emitFloatBinary(e); return;
    case OP_FUNARY: float.emitFloatUnary(e); return;
    case OP_FMINMAX: float.emitMinMax(e); return;
    case OP_FCOPYSIGN: float.emitCopySign(e); return;
    case OP_FMA: float.emitFma(e); return;
    case OP_INT_TO_FLOAT: float.emitIntToFloat(e); return;
    case OP_U64_TO_FLOAT: float.emitUnsignedToFloat(e); return;
    case OP_FLOAT_TO_INT: float.emitFloatToInt(e); return;
    case OP_FLOAT_TO_FLOAT: float.emitFloatToFloat(e); return;
    case OP_MOVD: float.emitMoveBits(e); return;
    case OP_STORE_CONTEXT: control.emitStoreContext(e); return;
    case OP_BULK: control.emitBulk(e); return;
    case OP_STUB_CALL: control.emitStubCall(e); return;
    case OP_NOP: e.asm.nop(1); return;
    case OP_STACK_MAP: emitStackMap(e); return;
    case OP_VBITS: float.emitVectorBits(e); return;
    case OP_SLOT_BASE: slotBase(e, e.reg(0), e.word); return;
    case OP_ATOMIC: emitAtomic(e); return;
    case OP_FENCE: emitFence(e); return;
    case OP_V_BINARY: vector.emitVectorBinary(e); return;
    case OP_V_UNARY: vector.emitVectorUnary(e); return;
    case OP_V_SHIFT: vector.emitVectorShift(e); return;
    case OP_V_BLEND: vector.emitVectorBlend(e); return;
    case OP_V_TERNARY: vector.emitVectorTernary(e); return;
    case OP_V_TO_INT: vector.emitVectorToInt(e); return;
    case OP_V_INSERT: vector.emitVectorInsert(e); return;
    case OP_V_STORE_LANE: vector.emitVectorStoreLane(e); return;
    default: throw new InternalError(`no code for machine opcode ${opcode} in ${e.f.name}`);
  }
}

/** A copy of a whole register, or from a slot. */
function emitMove(e: EmitContext): void {
  const d = e.reg(0), from = e.at(1);
  if (from !== d) emitEdit(e, from, d, e.f.vregBytes[e.f.operandVReg[e.first]]);
}

function emitStackMap(e: EmitContext): void {
  const live: ({ readonly register: number } | { readonly frame: number })[] = [];
  const end = e.f.operandStart[e.index + 1];
  for (let k = e.first; k < end; k++) {
    const at = e.allocation.operandLocation[k];
    live.push(at < FIRST_SPILL_LOCATION ? { register: at } : { frame: (at - FIRST_SPILL_LOCATION) * 8 });
  }
  e.tables.stackMaps.push({ mark: e.asm.code.mark(), id: e.word, offset: 0, bytes: e.data, live });
  e.asm.nop(e.data);
}
