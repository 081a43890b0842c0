/** Calls, returns and tail calls in the guest convention. */
import type { VReg } from '../../lib/codegen/machine-function.ts';
import { CTX } from '../../lib/codegen/run-context.ts';
import type { CallIndirectInst, CallInst, Terminator, Value } from '../../lib/mir/instruction.ts';
import type { Type } from '../../lib/mir/types.ts';
import { clobbersFor } from './clobbers.ts';
import { INT_ARGS, INT_RESULTS, VECTOR_ARGS, VECTOR_RESULTS } from './convention.ts';
import { isVectorType } from './lower-memory.ts';
import { assignPlaces } from './module-plan.ts';
import {
  LOAD_64, MODE_CONTEXT, OP_ARGS, OP_CALL, OP_CALL_IMPORT, OP_CALL_INDIRECT, OP_FLOAD, OP_LOAD, OP_RET, OP_STORE_CONTEXT, OP_TAIL,
  OP_TAIL_IMPORT, OP_TAIL_INDIRECT, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_REG, defFixed, useFixed } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

/** Bytes of one place of the overflow area. */
const OVERFLOW_PLACE = 16;

/** The function's arguments: fixed definitions of the first instruction, then loads of those past the registers. */
export function lowerArguments(s: SelectContext, registers: readonly VReg[], types: readonly Type[]): void {
  const places = assignPlaces(types, INT_ARGS, VECTOR_ARGS);
  s.inst(OP_ARGS);
  for (let k = 0; k < places.length; k++) if (places[k] >= 0 && registers[k] >= 0) s.op(registers[k], defFixed(places[k]));
  loadOverflow(s, registers, types, places);
}

function loadOverflow(s: SelectContext, registers: readonly VReg[], types: readonly Type[], places: readonly number[]): void {
  for (let k = 0; k < places.length; k++) {
    if (places[k] >= 0 || registers[k] < 0) continue;
    const at = CTX.overflow + OVERFLOW_PLACE * (-1 - places[k]), vector = isVectorType(types[k]);
    s.inst(vector ? OP_FLOAD : OP_LOAD, vector ? pack(0, sizeLog(s.bytesOf(types[k])), MODE_CONTEXT) : pack(LOAD_64, 3, MODE_CONTEXT), at);
    s.op(registers[k], DEF_REG);
  }
}

/** Registers of all arguments; those past the registers are stored to the overflow area. */
function passValues(s: SelectContext, values: readonly Value[], types: readonly Type[], ints: readonly number[], vectors: readonly number[]): { readonly registers: readonly VReg[]; readonly places: readonly number[] } {
  const places = assignPlaces(types, ints, vectors), registers: VReg[] = [];
  for (let k = 0; k < values.length; k++) registers.push(s.reg(values[k]));
  for (let k = 0; k < values.length; k++) {
    if (places[k] >= 0) continue;
    const vector = isVectorType(types[k]);
    s.inst(OP_STORE_CONTEXT, pack(vector ? 1 : 0, vector ? sizeLog(s.bytesOf(types[k])) : 3), CTX.overflow + OVERFLOW_PLACE * (-1 - places[k]));
    s.op(registers[k], USE_REG);
  }
  return { registers, places };
}

export function lowerCall(s: SelectContext, i: CallInst | CallIndirectInst): void {
  const signature = i.kind === 'call' ? s.plan.signatureOf(i.callee) : i.signature;
  const index = i.kind === 'call_indirect' ? s.reg(i.index) : -1;
  const { registers, places } = passValues(s, i.args, signature.params, INT_ARGS, VECTOR_ARGS);
  const results = assignPlaces(signature.results, INT_RESULTS, VECTOR_RESULTS);
  let ints = 0, vectors = 0;
  for (const r of results) if (r >= 32) vectors++; else if (r >= 0) ints++;
  const clobbers = clobbersFor(ints, vectors);
  s.calls = true;
  if (i.kind === 'call_indirect') s.inst(OP_CALL_INDIRECT, 0, s.plan.signatureNumber(i.signature), clobbers);
  else {
    const f = s.plan.functionNumber.get(i.callee);
    if (f !== undefined) s.inst(OP_CALL, 0, f, clobbers);
    else s.inst(OP_CALL_IMPORT, 0, s.plan.importNumber.get(i.callee)!, clobbers);
  }
  const defs = i.results.map((v) => s.def(v));
  for (let k = 0; k < results.length; k++) if (results[k] >= 0) s.op(defs[k], defFixed(results[k]));
  if (index >= 0) s.op(index, USE_REG);
  for (let k = 0; k < places.length; k++) if (places[k] >= 0) s.op(registers[k], useFixed(places[k]));
  loadOverflow(s, defs.map((d, k) => (s.useCount(i.results[k]) > 0 ? d : -1)), signature.results, results);
}

export function lowerReturn(s: SelectContext, values: readonly Value[]): void {
  const { registers, places } = passValues(s, values, s.f.results, INT_RESULTS, VECTOR_RESULTS);
  s.inst(OP_RET);
  for (let k = 0; k < places.length; k++) if (places[k] >= 0) s.op(registers[k], useFixed(places[k]));
}

export function lowerTailCall(s: SelectContext, t: Extract<Terminator, { kind: 'tail_call' | 'tail_call_indirect' }>): void {
  const signature = t.kind === 'tail_call' ? s.plan.signatureOf(t.callee) : t.signature;
  const index = t.kind === 'tail_call_indirect' ? s.reg(t.index) : -1;
  const { registers, places } = passValues(s, t.args, signature.params, INT_ARGS, VECTOR_ARGS);
  if (t.kind === 'tail_call_indirect') s.inst(OP_TAIL_INDIRECT, 0, s.plan.signatureNumber(t.signature));
  else {
    const f = s.plan.functionNumber.get(t.callee);
    if (f !== undefined) s.inst(OP_TAIL, 0, f);
    else s.inst(OP_TAIL_IMPORT, 0, s.plan.importNumber.get(t.callee)!);
  }
  if (index >= 0) s.op(index, USE_REG);
  for (let k = 0; k < places.length; k++) if (places[k] >= 0) s.op(registers[k], useFixed(places[k]));
}
