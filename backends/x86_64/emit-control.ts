/** Code of calls, returns, branches, switches and bulk memory. */
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { isDefinition } from '../../lib/codegen/machine-function.ts';
import { CTX, TABLE_ENTRY } from '../../lib/codegen/run-context.ts';
import { R11, RDI, RDX, RSI } from './convention.ts';
import { TRAP_MEMORY, TRAP_NULL, TRAP_SIGNATURE, type EmitContext } from './emit-context.ts';
import { emitBranchCompare } from './emit-integer.ts';
import { storeFloat } from './emit-float.ts';
import { CC, FIXED, X } from './forms.ts';
import { emitEpilogue } from './frame.ts';
import {
  CC_FEQ, CC_FNE, OP_CALL, OP_CALL_IMPORT, OP_TAIL, OP_TAIL_IMPORT, conditionOf, negate, sizeOfData, subOf,
} from './opcodes.ts';
import type { SwitchTable } from './select-context.ts';

/** Labels a block's successor is reached by, past blocks that only jump. */
export interface Flow {
  /** Where control arrives that is sent to block b. */
  readonly forward: Int32Array;
  /** The block whose code comes next, −1 at the end. */
  next: number;
}

export function labelOf(e: EmitContext, flow: Flow, block: number): Label {
  const b = flow.forward[block];
  if (e.labels[b] < 0) e.labels[b] = e.asm.code.newLabel();
  return e.labels[b];
}
function successorOf(e: EmitContext, k: number): number { return e.f.succs[e.f.succStart[e.block] + k]; }

export function emitJump(e: EmitContext, flow: Flow): void {
  const to = flow.forward[successorOf(e, 0)];
  if (to !== flow.next) e.asm.jmp(labelOf(e, flow, to));
}

export function emitBranch(e: EmitContext, flow: Flow): void {
  const { asm } = e;
  let cc = conditionOf(e.data), yes = flow.forward[successorOf(e, 0)], no = flow.forward[successorOf(e, 1)];
  emitBranchCompare(e);
  if (yes === no) {
    if (yes !== flow.next) asm.jmp(labelOf(e, flow, yes));
    return;
  }
  if (cc === CC_FEQ) {
    cc = CC_FNE;
    const t = yes;
    yes = no;
    no = t;
  }
  if (cc === CC_FNE) {
    asm.jcc(CC.p, labelOf(e, flow, yes));
    if (yes === flow.next) asm.jcc(CC.e, labelOf(e, flow, no));
    else {
      asm.jcc(CC.ne, labelOf(e, flow, yes));
      if (no !== flow.next) asm.jmp(labelOf(e, flow, no));
    }
    return;
  }
  if (yes === flow.next) asm.jcc(negate(cc), labelOf(e, flow, no));
  else {
    asm.jcc(cc, labelOf(e, flow, yes));
    if (no !== flow.next) asm.jmp(labelOf(e, flow, no));
  }
}

// --- switches ---

function tableLabel(e: EmitContext, flow: Flow, id: number): Label {
  if (e.jumpTables[id] < 0) e.jumpTables[id] = e.asm.code.jumpTable(e.selected.switches[id].targets.map((t) => labelOf(e, flow, successorOf(e, t))));
  return e.jumpTables[id];
}
export function emitTableAddress(e: EmitContext, flow: Flow): void { e.asm.rm(X.lea, 8, e.reg(0), e.asm.rip(tableLabel(e, flow, e.word))); }

export function emitJumpTable(e: EmitContext, flow: Flow): void {
  const { asm } = e, t = e.selected.switches[e.word], index = e.reg(0), base = e.reg(1);
  tableLabel(e, flow, e.word);
  asm.ri(X.cmp, t.size, index, t.targets.length);
  asm.jcc(CC.ae, labelOf(e, flow, successorOf(e, t.fallback)));
  asm.rm(X.movsxd, 8, R11, asm.indexed(base, index, 4, 0));
  asm.rr(X.add, 8, R11, base);
  asm.r(X.jmpIndirect, 8, R11);
  e.forgetFlags();
}

export function emitJumpTree(e: EmitContext, flow: Flow): void {
  const t = e.selected.switches[e.word];
  compareTree(e, flow, t, e.reg(0), 0, t.targets.length);
  const fallback = flow.forward[successorOf(e, t.fallback)];
  if (fallback !== flow.next) e.asm.jmp(labelOf(e, flow, fallback));
  e.forgetFlags();
}

/** Leaves of up to four equality tests; the last leaf falls through to the fallback. Depth is logarithmic. */
function compareTree(e: EmitContext, flow: Flow, t: SwitchTable, v: number, from: number, to: number): void {
  const { asm } = e;
  if (to - from <= 4) {
    for (let k = from; k < to; k++) {
      compareCase(e, t, v, k);
      asm.jcc(CC.e, labelOf(e, flow, successorOf(e, t.targets[k])));
    }
    // Leaves are written from the highest to the lowest; only the lowest may fall through.
    if (from > 0) asm.jmp(labelOf(e, flow, successorOf(e, t.fallback)));
    return;
  }
  const middle = (from + to) >> 1, lower = asm.code.newLabel();
  compareCase(e, t, v, middle);
  asm.jcc(CC.l, lower);
  compareTree(e, flow, t, v, middle, to);
  asm.code.bind(lower);
  compareTree(e, flow, t, v, from, middle);
}

function compareCase(e: EmitContext, t: SwitchTable, v: number, k: number): void {
  const { asm } = e;
  if (t.size === 4 || t.high[k] === t.low[k] >> 31) asm.ri(X.cmp, t.size, v, t.low[k]);
  else {
    asm.movRI64(R11, t.low[k], t.high[k]);
    asm.rr(X.cmp, 8, v, R11);
  }
}

// --- calls ---

export function emitCall(e: EmitContext, opcode: number): void {
  const { asm } = e;
  e.forgetFlags();
  e.leaveWide();
  if (opcode === OP_CALL) asm.call(e.functionLabels[e.word]);
  else if (opcode === OP_CALL_IMPORT) {
    asm.ri(X.mov, 4, R11, e.word);
    asm.m(X.callIndirect, 8, asm.gs(CTX.importThunk));
  } else {
    loadTableEntry(e);
    asm.m(X.callIndirect, 8, asm.at(R11, TABLE_ENTRY.address));
  }
}

export function emitTailCall(e: EmitContext, opcode: number): void {
  const { asm } = e;
  e.leaveWide();
  if (opcode === OP_TAIL) {
    emitEpilogue(e);
    asm.jmp(e.functionLabels[e.word]);
  } else if (opcode === OP_TAIL_IMPORT) {
    emitEpilogue(e);
    asm.ri(X.mov, 4, R11, e.word);
    asm.m(X.jmpIndirect, 8, asm.gs(CTX.importThunk));
  } else {
    // The index may sit in a callee-saved register: the target is fetched before those are restored.
    loadTableEntry(e);
    asm.rm(X.mov, 8, R11, asm.at(R11, TABLE_ENTRY.address));
    emitEpilogue(e);
    asm.r(X.jmpIndirect, 8, R11);
  }
}

/** Checks the index and the signature; `r11` then points at the table entry. */
function loadTableEntry(e: EmitContext): void {
  const { asm } = e;
  let k = 0;
  const info = e.f.operandInfo;
  while (isDefinition(info[e.first + k])) k++;
  const index = e.reg(k), piece = e.putOff('table-mismatch', index, -1);
  asm.rm(X.cmp, 8, index, asm.gs(CTX.tableLength));
  asm.jcc(CC.ae, e.trapLabel(TRAP_NULL));
  asm.rr(X.mov, 4, R11, index);
  asm.ri(X.shl, 8, R11, 4);
  asm.rm(X.add, 8, R11, asm.gs(CTX.tableBase));
  asm.mi(X.cmp, 4, asm.at(R11, TABLE_ENTRY.signature), e.word);
  asm.jcc(CC.ne, piece.label);
}
export function emitColdMismatch(e: EmitContext): void {
  const { asm } = e;
  asm.mi(X.cmp, 8, asm.at(R11, TABLE_ENTRY.address), 0);
  asm.jcc(CC.e, e.trapLabel(TRAP_NULL));
  asm.jmp(e.trapLabel(TRAP_SIGNATURE));
}

export function emitReturn(e: EmitContext): void {
  e.leaveWide();
  emitEpilogue(e);
  e.asm.fixed(FIXED.ret);
}

// --- context and bulk memory ---

export function emitStoreContext(e: EmitContext): void {
  const r = e.reg(0);
  if (subOf(e.data) === 1) storeFloat(e, 1 << sizeOfData(e.data), e.asm.gs(e.word), r);
  else e.asm.mr(X.mov, 8, e.asm.gs(e.word), r);
}

/** The sums cannot wrap: both terms are below 2^32. */
export function emitBulk(e: EmitContext): void {
  const { asm } = e;
  if (e.linear) {
    const trap = e.trapLabel(TRAP_MEMORY);
    asm.rm(X.lea, 8, R11, asm.indexed(RDI, RDX, 1, 0));
    asm.rm(X.cmp, 8, R11, asm.gs(CTX.memorySize));
    asm.jcc(CC.a, trap);
    if (subOf(e.data) === 0) {
      asm.rm(X.lea, 8, R11, asm.indexed(RSI, RDX, 1, 0));
      asm.rm(X.cmp, 8, R11, asm.gs(CTX.memorySize));
      asm.jcc(CC.a, trap);
    }
  }
  e.leaveWide();
  asm.m(X.callIndirect, 8, asm.gs(e.word));
  e.forgetFlags();
}
export function emitStubCall(e: EmitContext): void {
  e.leaveWide();
  e.asm.m(X.callIndirect, 8, e.asm.gs(e.word));
  e.forgetFlags();
}
