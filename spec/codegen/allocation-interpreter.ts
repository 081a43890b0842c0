/**
 * Runs machine functions abstractly: an instruction's results are a hash of its number and its inputs, a branch goes
 * where a hash of its inputs says. The same run on virtual registers and on allocated locations must read the same
 * values everywhere.
 */
import {
  FIRST_SPILL_LOCATION, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, isDefinition, operandRole, type Allocation, type MachineFunction, type RegisterFile,
} from '../../lib/codegen/machine-function.ts';

function mix(h: number, x: number): number {
  let y = Math.imul(h ^ x, 0x85ebca6b);
  y ^= y >>> 13;
  return Math.imul(y, 0xc2b2ae35) ^ (y >>> 16);
}

/** Results of instruction i depend on its number only if it is a constant (it has no inputs). */
function result(inputs: readonly number[], i: number, def: number): number {
  let h = mix(0x1234567, i);
  for (const x of inputs) h = mix(h, x);
  return mix(h, def + 77);
}

/** What was read: instruction, then its inputs in operand order, and so on. */
export type Trace = readonly number[];

export function runOnVRegs(f: MachineFunction, steps: number): Trace {
  const trace: number[] = [], values = new Int32Array(f.vregClass.length);
  let b = 0;
  for (let left = steps; left > 0;) {
    let choice = 0;
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++, left--) {
      const inputs: number[] = [];
      for (let o = f.operandStart[i]; o < f.operandStart[i + 1]; o++) if (!isDefinition(f.operandInfo[o])) inputs.push(values[f.operandVReg[o]]);
      trace.push(i, ...inputs);
      for (let o = f.operandStart[i], d = 0; o < f.operandStart[i + 1]; o++) if (isDefinition(f.operandInfo[o])) values[f.operandVReg[o]] = result(inputs, i, d++);
      choice = result(inputs, i, 0) >>> 0;
    }
    const succs = f.succStart[b + 1] - f.succStart[b];
    if (succs === 0) break;
    const e = f.succStart[b] + (choice % succs), s = f.succs[e];
    const passed = [...f.edgeArgs.subarray(f.edgeArgStart[e], f.edgeArgStart[e + 1])].map((v) => values[v]);
    passed.forEach((x, k) => { values[f.blockParams[f.blockParamStart[s] + k]] = x; });
    b = s;
  }
  return trace;
}

export function runOnLocations(f: MachineFunction, file: RegisterFile, allocation: Allocation, steps: number): Trace {
  const trace: number[] = [];
  const count = FIRST_SPILL_LOCATION + allocation.spillSlots + 4;
  const value = new Int32Array(count).fill(0xdead), width = new Uint8Array(count).fill(32);
  let noise = 1;
  const spoil = (at: number): void => { value[at] = mix(0xbad, noise++); };
  const write = (at: number, x: number, bytes: number): void => {
    value[at] = x;
    width[at] = bytes;
    if (at < FIRST_SPILL_LOCATION) return;
    for (let k = 1; k < bytes / 8; k++) spoil(at + k);
    for (let k = 1; k < 4 && at - k >= FIRST_SPILL_LOCATION; k++) width[at - k] = Math.min(width[at - k], 8 * k);
  };
  const read = (at: number, bytes: number): number => (width[at] < bytes ? ~value[at] : value[at]);
  const first = new Map<number, number>();
  for (let k = allocation.editBytes.length - 1; k >= 0; k--) first.set(allocation.edits[3 * k], k);
  const edits = (point: number): void => {
    for (let k = first.get(point) ?? -1; k >= 0 && k < allocation.editBytes.length && allocation.edits[3 * k] === point; k++) {
      const from = allocation.edits[3 * k + 1], to = allocation.edits[3 * k + 2], bytes = allocation.editBytes[k];
      if (from < 0) write(to, result([], ~from, 0), 32);
      else write(to, value[from], Math.min(bytes, width[from]));
    }
  };
  let b = 0;
  for (let left = steps; left > 0;) {
    let choice = 0;
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++, left--) {
      edits(2 * i);
      const o0 = f.operandStart[i], o1 = f.operandStart[i + 1], at = allocation.operandLocation;
      const seen = new Map<number, number>();
      for (let o = o0; o < o1; o++) if (operandRole(f.operandInfo[o]) === ROLE_EARLY_DEF) spoil(at[o]);
      for (let o = o0; o < o1; o++) if (operandRole(f.operandInfo[o]) === ROLE_USE) seen.set(o, read(at[o], f.vregBytes[f.operandVReg[o]]));
      for (const r of f.clobberSets[f.clobber[i]]) spoil(r);
      for (const r of file.scratch) spoil(r);
      for (let o = o0; o < o1; o++) if (isDefinition(f.operandInfo[o])) spoil(at[o]);
      for (let o = o0; o < o1; o++) if (operandRole(f.operandInfo[o]) === ROLE_LATE_USE) seen.set(o, read(at[o], f.vregBytes[f.operandVReg[o]]));
      const inputs: number[] = [];
      for (let o = o0; o < o1; o++) if (!isDefinition(f.operandInfo[o])) inputs.push(seen.get(o) ?? 0);
      trace.push(i, ...inputs);
      for (let o = o0, d = 0; o < o1; o++) if (isDefinition(f.operandInfo[o])) write(at[o], result(inputs, i, d++), f.vregBytes[f.operandVReg[o]]);
      choice = result(inputs, i, 0) >>> 0;
      edits(2 * i + 1);
    }
    const succs = f.succStart[b + 1] - f.succStart[b];
    if (succs === 0) break;
    b = f.succs[f.succStart[b] + (choice % succs)];
  }
  return trace;
}
