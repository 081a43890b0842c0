/** Checks the invariants of machine IR (see `machine-function.ts`), for tests and debugging. */
import {
  CONSTRAINT_FIXED, CONSTRAINT_REUSE, FIRST_SPILL_LOCATION, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, isDefinition,
  operandConstraint, operandPayload, operandRole, type MachineFunction,
} from './machine-function.ts';
import { isRegisterOfClass } from './parallel-moves.ts';

/** Every broken invariant of `f`, as text; empty if it is well-formed. */
export function verifyMachineFunction(f: MachineFunction): string[] {
  const errors: string[] = [];
  const insts = f.opcode.length, blocks = f.loopDepth.length, vregs = f.vregClass.length;
  const vregOk = (v: number, what: string): boolean => {
    if (v >= 0 && v < vregs) return true;
    errors.push(`${what}: virtual register ${v} does not exist`);
    return false;
  };
  if (blocks === 0) return [`${f.name}: no blocks`];
  if (f.clobberSets.length === 0 || f.clobberSets[0].length !== 0) errors.push('clobber set 0 is not empty');
  for (let v = 0; v < vregs; v++) {
    if (f.vregClass[v] > 1) errors.push(`v${v}: class ${f.vregClass[v]}`);
    if (f.vregBytes[v] !== 8 && f.vregBytes[v] !== 16 && f.vregBytes[v] !== 32) errors.push(`v${v}: ${f.vregBytes[v]} bytes`);
    if (f.vregBytes[v] > 8 && f.vregClass[v] === 0) errors.push(`v${v}: ${f.vregBytes[v]} bytes in a general register`);
    const r = f.vregRemat[v];
    if (r >= insts) errors.push(`v${v}: rematerialised by instruction ${r}, which does not exist`);
    else if (r >= 0) for (let o = f.operandStart[r]; o < f.operandStart[r + 1]; o++) {
      if (!isDefinition(f.operandInfo[o])) errors.push(`v${v}: instruction ${r} that rematerialises it reads v${f.operandVReg[o]}`);
      else if (operandConstraint(f.operandInfo[o]) === CONSTRAINT_FIXED) errors.push(`v${v}: instruction ${r} that rematerialises it writes a fixed register`);
    }
  }

  // Shape of the graph.
  for (let b = 0; b < blocks; b++) {
    if (f.blockStart[b] >= f.blockStart[b + 1]) { errors.push(`block ${b}: empty`); return errors; }
    const succs = f.succStart[b + 1] - f.succStart[b];
    const term = f.blockStart[b + 1] - 1;
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const s = f.succs[e];
      if (s <= 0 || s >= blocks) { errors.push(`block ${b}: edge to block ${s}, which ${s === 0 ? 'is the entry' : 'does not exist'}`); return errors; }
      if (succs > 1 && f.predStart[s + 1] - f.predStart[s] !== 1) errors.push(`critical edge from block ${b} to block ${s}`);
      const args = f.edgeArgStart[e + 1] - f.edgeArgStart[e], params = f.blockParamStart[s + 1] - f.blockParamStart[s];
      if (args !== params) errors.push(`edge from block ${b} to block ${s} passes ${args} values for ${params} parameters`);
      if (succs > 1 && args > 0) errors.push(`edge from block ${b} to block ${s} passes values, but the block has several successors`);
      for (let a = 0; a < Math.min(args, params); a++) {
        const v = f.edgeArgs[f.edgeArgStart[e] + a], p = f.blockParams[f.blockParamStart[s] + a];
        if (!vregOk(v, `edge from block ${b} to block ${s}`) || !vregOk(p, `block ${s}`)) continue;
        if (f.vregClass[v] !== f.vregClass[p] || f.vregBytes[v] !== f.vregBytes[p]) errors.push(`edge from block ${b} to block ${s}: v${v} and parameter v${p} differ in class or size`);
      }
    }
    for (let o = f.operandStart[term]; o < f.operandStart[term + 1]; o++) {
      if (isDefinition(f.operandInfo[o])) errors.push(`terminator ${term} defines v${f.operandVReg[o]}`);
      // Edge moves come before it and may overwrite what it reads.
      else if (succs === 1) errors.push(`terminator ${term} reads v${f.operandVReg[o]}, but its block has a single successor`);
    }
    if (succs === 1 && f.clobber[term] !== 0) errors.push(`terminator ${term} clobbers registers, but its block has a single successor`);
  }
  if (f.predStart[1] !== f.predStart[0]) errors.push('the entry has predecessors');
  if (f.blockParamStart[1] !== f.blockParamStart[0]) errors.push('the entry has parameters');
  const { order, idom } = dominators(f);
  const rank = new Int32Array(blocks).fill(-1);
  for (let k = 0; k < order.length; k++) rank[order[k]] = k;
  for (let b = 0; b < blocks; b++) if (rank[b] < 0) errors.push(`block ${b} is unreachable`);
  if (errors.length > 0) return errors;

  // Definitions.
  const defBlock = new Int32Array(vregs).fill(-1), defInst = new Int32Array(vregs).fill(-1);
  const define = (v: number, b: number, i: number): void => {
    if (!vregOk(v, i < 0 ? `block ${b}` : `instruction ${i}`)) return;
    if (defBlock[v] >= 0) errors.push(`v${v} is defined twice`);
    defBlock[v] = b;
    defInst[v] = i;
  };
  for (let b = 0; b < blocks; b++) {
    for (let p = f.blockParamStart[b]; p < f.blockParamStart[b + 1]; p++) define(f.blockParams[p], b, -1);
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++) {
      for (let o = f.operandStart[i]; o < f.operandStart[i + 1]; o++) {
        if (isDefinition(f.operandInfo[o])) define(f.operandVReg[o], b, i);
        checkOperand(f, i, o, errors);
      }
      if (f.clobber[i] >= f.clobberSets.length) errors.push(`instruction ${i}: clobber set ${f.clobber[i]} does not exist`);
      checkFixed(f, i, errors);
    }
  }
  // Dominance. Depth-first numbers of the dominator tree make each test constant time.
  const { enter, leave } = intervals(order, idom);
  const check = (v: number, b: number, i: number, what: string): void => {
    if (!vregOk(v, what)) return;
    const d = defBlock[v];
    if (d < 0) errors.push(`${what}: v${v} has no definition`);
    else if (d === b ? defInst[v] >= i : !(enter[d] <= enter[b] && leave[b] <= leave[d])) errors.push(`${what}: the definition of v${v} does not dominate this use`);
  };
  for (let b = 0; b < blocks; b++) {
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++) {
      for (let o = f.operandStart[i]; o < f.operandStart[i + 1]; o++) if (!isDefinition(f.operandInfo[o])) check(f.operandVReg[o], b, i, `instruction ${i}`);
    }
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      for (let a = f.edgeArgStart[e]; a < f.edgeArgStart[e + 1]; a++) check(f.edgeArgs[a], b, insts, `edge from block ${b} to block ${f.succs[e]}`);
    }
  }
  return errors;
}

function checkOperand(f: MachineFunction, i: number, o: number, errors: string[]): void {
  const info = f.operandInfo[o], role = operandRole(info), constraint = operandConstraint(info), payload = operandPayload(info), v = f.operandVReg[o];
  if (v < 0 || v >= f.vregClass.length) { errors.push(`instruction ${i}: virtual register ${v} does not exist`); return; }
  if (constraint === CONSTRAINT_FIXED && !isRegisterOfClass(payload, f.vregClass[v])) errors.push(`instruction ${i}: v${v} is fixed to ${payload}, which is no register of its class`);
  if (constraint !== CONSTRAINT_REUSE) return;
  if (role !== ROLE_DEF) { errors.push(`instruction ${i}: v${v} has a REUSE constraint but is no late definition`); return; }
  const used = f.operandStart[i] + payload;
  if (used >= f.operandStart[i + 1] || operandRole(f.operandInfo[used]) !== ROLE_USE) errors.push(`instruction ${i}: v${v} reuses operand ${payload}, which is no early use`);
  else if (f.vregClass[f.operandVReg[used]] !== f.vregClass[v]) errors.push(`instruction ${i}: v${v} reuses operand ${payload} of the other class`);
  for (let k = o + 1; k < f.operandStart[i + 1]; k++) {
    if (operandConstraint(f.operandInfo[k]) === CONSTRAINT_REUSE && operandPayload(f.operandInfo[k]) === payload) errors.push(`instruction ${i}: two definitions reuse operand ${payload}`);
  }
}

/** Fixed operands of one instruction must not fight over a register. */
function checkFixed(f: MachineFunction, i: number, errors: string[]): void {
  const o0 = f.operandStart[i], o1 = f.operandStart[i + 1];
  for (let a = o0; a < o1; a++) {
    const x = f.operandInfo[a], r = fixedRegister(f, i, a);
    if (r < 0) continue;
    if (r >= FIRST_SPILL_LOCATION) continue;
    if (operandRole(x) === ROLE_LATE_USE && f.clobberSets[f.clobber[i]].includes(r)) errors.push(`instruction ${i}: register ${r} is read late and clobbered`);
    for (let b = a + 1; b < o1; b++) {
      const y = f.operandInfo[b];
      if (fixedRegister(f, i, b) !== r) continue;
      const bothUse = !isDefinition(x) && !isDefinition(y);
      if (bothUse ? f.operandVReg[a] !== f.operandVReg[b] : overlap(operandRole(x), operandRole(y))) errors.push(`instruction ${i}: operands ${a - o0} and ${b - o0} are both fixed to register ${r}`);
    }
  }
}
function fixedRegister(f: MachineFunction, i: number, o: number): number {
  const info = f.operandInfo[o];
  if (operandConstraint(info) === CONSTRAINT_FIXED) return operandPayload(info);
  if (operandConstraint(info) !== CONSTRAINT_REUSE) return -1;
  const used = f.operandInfo[f.operandStart[i] + operandPayload(info)] ?? 0;
  return operandConstraint(used) === CONSTRAINT_FIXED ? operandPayload(used) : -1;
}
/** Whether two roles hold their registers at the same point. */
function overlap(a: number, b: number): boolean {
  const span = (role: number): number => (role === ROLE_USE ? 1 : role === ROLE_DEF ? 2 : role === ROLE_EARLY_DEF || role === ROLE_LATE_USE ? 3 : 0);
  return (span(a) & span(b)) !== 0;
}

/** Reverse postorder and immediate dominators (Cooper, Harvey & Kennedy 2001). */
function dominators(f: MachineFunction): { order: number[]; idom: Int32Array } {
  const blocks = f.loopDepth.length;
  const seen = new Uint8Array(blocks), post: number[] = [];
  const stack: number[] = [0], edge: number[] = [f.succStart[0]];
  seen[0] = 1;
  while (stack.length > 0) {
    const b = stack[stack.length - 1], e = edge[edge.length - 1]++;
    if (e === f.succStart[b + 1]) { post.push(b); stack.pop(); edge.pop(); continue; }
    const s = f.succs[e];
    if (seen[s] === 0) { seen[s] = 1; stack.push(s); edge.push(f.succStart[s]); }
  }
  const order = post.reverse();
  const rank = new Int32Array(blocks).fill(-1), idom = new Int32Array(blocks).fill(-1);
  for (let k = 0; k < order.length; k++) rank[order[k]] = k;
  idom[0] = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (let k = 1; k < order.length; k++) {
      const b = order[k];
      let d = -1;
      for (let e = f.predStart[b]; e < f.predStart[b + 1]; e++) {
        let p = f.preds[e];
        if (idom[p] < 0) continue;
        if (d < 0) { d = p; continue; }
        while (p !== d) {
          while (rank[p] > rank[d]) p = idom[p];
          while (rank[d] > rank[p]) d = idom[d];
        }
      }
      if (idom[b] !== d) { idom[b] = d; changed = true; }
    }
  }
  return { order, idom };
}

/** Depth-first entry and exit numbers in the dominator tree. */
function intervals(order: readonly number[], idom: Int32Array): { enter: Int32Array; leave: Int32Array } {
  const n = idom.length, size = new Int32Array(n).fill(1), enter = new Int32Array(n), leave = new Int32Array(n), used = new Int32Array(n);
  for (let k = order.length - 1; k > 0; k--) size[idom[order[k]]] += size[order[k]];
  for (let k = 0; k < order.length; k++) {
    const b = order[k];
    if (k > 0) {
      const d = idom[b];
      enter[b] = enter[d] + 1 + used[d];
      used[d] += size[b];
    }
    leave[b] = enter[b] + size[b];
  }
  return { enter, leave };
}
