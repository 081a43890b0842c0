/**
 * A symbolic checker for register allocations.
 *
 * After regalloc2's checker (Fallin, 2021; idea of Rideau & Leroy's validator, CC 2010): abstract interpretation of the
 * allocated code. The state maps every location to the set of virtual registers whose current value it holds; control
 * flow joins intersect; the fixpoint is reached by iteration over the CFG, and then every use must find its virtual
 * register in its location. On an edge, a parameter's value is where its argument's is. Nothing is assumed about how
 * the allocation came about, so its bugs cannot be shared with the allocator's.
 *
 * Checked besides: constraints, classes, sharing rules of early and late operands, clobbers, widths of spills, slots
 * inside the area and aligned, legal edits in order, the scratch registers between instructions, callee-saved list.
 */
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, FIRST_SPILL_LOCATION, FIRST_VECTOR_PREG, ROLE_EARLY_DEF, ROLE_LATE_USE,
  isDefinition, operandConstraint, operandPayload, operandRole, type Allocation, type Location, type MachineFunction, type RegisterFile, type VReg,
} from './machine-function.ts';
import { isRegisterOfClass } from './parallel-moves.ts';

/** Ascending vregs, never changed in place. */
type Values = readonly VReg[];
/** What each location holds; the empty set is shared. */
type State = Values[];
const NOTHING: Values = [];

/** Every defect of the allocation, as text (the first few dozen); empty if it is right. */
export function checkAllocation(f: MachineFunction, file: RegisterFile, allocation: Allocation): string[] {
  return new AllocationChecker(f, file, allocation).check();
}

class AllocationChecker {
  readonly #f: MachineFunction;
  readonly #file: RegisterFile;
  readonly #a: Allocation;
  readonly #errors: string[] = [];
  readonly #locations: number;
  /** First edit of each point. */
  readonly #editAt: Int32Array;
  readonly #rematOf = new Map<number, VReg[]>();
  readonly #allocatable = new Set<number>();
  #report = false;

  constructor(f: MachineFunction, file: RegisterFile, allocation: Allocation) {
    this.#f = f;
    this.#file = file;
    this.#a = allocation;
    this.#locations = FIRST_SPILL_LOCATION + allocation.spillSlots;
    this.#editAt = new Int32Array(f.opcode.length * 2 + 1);
    for (const list of file.allocatable) for (const r of list) this.#allocatable.add(r);
    for (let v = 0; v < f.vregRemat.length; v++) {
      const i = f.vregRemat[v];
      if (i < 0) continue;
      const list = this.#rematOf.get(i);
      if (list === undefined) this.#rematOf.set(i, [v]);
      else list.push(v);
    }
  }

  check(): string[] {
    const f = this.#f;
    this.#checkShape();
    if (this.#errors.length > 0) return this.#errors;
    const blocks = f.loopDepth.length;
    const entry: (State | undefined)[] = Array.from({ length: blocks }, () => undefined);
    entry[0] = Array.from({ length: this.#locations }, () => NOTHING);
    const queue: number[] = [0], queued = new Uint8Array(blocks);
    queued[0] = 1;
    while (queue.length > 0) {
      const b = queue.pop() ?? 0;
      queued[b] = 0;
      const out = this.#block(b, entry[b] ?? []);
      for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
        const s = f.succs[e], passed = this.#edge(e, out), old = entry[s];
        const next = old === undefined ? passed : join(old, passed);
        if (next === old) continue;
        entry[s] = next;
        if (queued[s] === 0) { queued[s] = 1; queue.push(s); }
      }
    }
    this.#report = true;
    for (let b = 0; b < blocks; b++) {
      const state = entry[b];
      if (state === undefined) this.#error(`block ${b} is unreachable`);
      else this.#block(b, state);
    }
    return this.#errors;
  }

  #error(text: string): void { if (this.#errors.length < 50) this.#errors.push(text); }

  /** What needs no dataflow. */
  #checkShape(): void {
    const f = this.#f, a = this.#a, file = this.#file;
    const count = a.editBytes.length;
    if (a.edits.length !== count * 3) { this.#error(`${a.edits.length} edit words for ${count} edits`); return; }
    if (a.operandLocation.length !== f.operandVReg.length) { this.#error(`${a.operandLocation.length} operand locations for ${f.operandVReg.length} operands`); return; }
    const written = new Set<number>();
    for (let k = 0, point = 0; k <= count; k++) {
      const at = k < count ? a.edits[3 * k] : f.opcode.length * 2;
      if (k < count && (at < point || at >= f.opcode.length * 2)) { this.#error(`edit ${k} at point ${at} is out of order or range`); return; }
      while (point < at) this.#editAt[++point] = k;
      if (k === count) break;
      const from = a.edits[3 * k + 1], to = a.edits[3 * k + 2];
      if (to < 0 || to >= this.#locations || from >= this.#locations) { this.#error(`edit ${k}: location out of range (${from} to ${to})`); continue; }
      if (to < FIRST_SPILL_LOCATION) written.add(to);
      if (from < 0) {
        if (to >= FIRST_SPILL_LOCATION) this.#error(`edit ${k} rematerialises into a slot`);
        if (!this.#rematOf.has(~from)) this.#error(`edit ${k}: instruction ${~from} rematerialises nothing`);
      } else if (from >= FIRST_SPILL_LOCATION && to >= FIRST_SPILL_LOCATION) this.#error(`edit ${k} moves between two slots`);
      else if (from < FIRST_SPILL_LOCATION && to < FIRST_SPILL_LOCATION && (from < FIRST_VECTOR_PREG) !== (to < FIRST_VECTOR_PREG)) this.#error(`edit ${k} moves between classes`);
      const bytes = a.editBytes[k];
      if (bytes !== 8 && bytes !== 16 && bytes !== 32) this.#error(`edit ${k} is ${bytes} bytes wide`);
      if (bytes > 8) for (const slot of [from, to]) {
        if (slot >= FIRST_SPILL_LOCATION && this.#isMisplaced(slot, bytes)) this.#error(`edit ${k}: ${bytes} bytes at slot ${slot - FIRST_SPILL_LOCATION}`);
      }
      if (at % 2 === 1 && this.#isTerminator(at >> 1)) this.#error(`edit ${k} is behind terminator ${at >> 1}`);
    }
    for (let i = 0; i < f.opcode.length; i++) {
      this.#checkOperands(i);
      for (let o = f.operandStart[i]; o < f.operandStart[i + 1]; o++) if (isDefinition(f.operandInfo[o])) written.add(a.operandLocation[o]);
      for (const r of f.clobberSets[f.clobber[i]]) written.add(r);
    }
    const listed = new Set(a.usedCalleeSaved);
    for (const r of file.calleeSaved) if (written.has(r) && !listed.has(r)) this.#error(`callee-saved register ${file.names[r]} is written but not listed`);
    for (let k = 0; k < a.usedCalleeSaved.length; k++) {
      if (!file.calleeSaved.has(a.usedCalleeSaved[k]) || (k > 0 && a.usedCalleeSaved[k] <= a.usedCalleeSaved[k - 1])) this.#error('the list of callee-saved registers is not ascending or holds others');
    }
  }

  /** True when a vector of so many bytes cannot lie at a slot: an odd one, or too near to the end. */
  #isMisplaced(slot: Location, bytes: number): boolean { return ((slot - FIRST_SPILL_LOCATION) & 1) !== 0 || slot + bytes / 8 > this.#locations; }

  #isTerminator(i: number): boolean {
    const starts = this.#f.blockStart;
    let low = 0, high = starts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= i) low = middle + 1;
      else high = middle;
    }
    return starts[low] === i + 1;
  }

  /** Constraints, classes and sharing inside instruction i. */
  #checkOperands(i: number): void {
    const f = this.#f, a = this.#a, o0 = f.operandStart[i], o1 = f.operandStart[i + 1];
    for (let o = o0; o < o1; o++) {
      const info = f.operandInfo[o], at = a.operandLocation[o], v = f.operandVReg[o], where = `instruction ${i}, operand ${o - o0} (v${v})`;
      const constraint = operandConstraint(info), role = operandRole(info);
      if (at < 0 || at >= this.#locations) { this.#error(`${where}: location ${at} out of range`); continue; }
      const slot = at >= FIRST_SPILL_LOCATION;
      if (slot) {
        if (constraint !== CONSTRAINT_ANY) this.#error(`${where}: in a slot`);
        if (f.vregBytes[v] > 8 && this.#isMisplaced(at, f.vregBytes[v])) this.#error(`${where}: ${f.vregBytes[v]} bytes at slot ${at - FIRST_SPILL_LOCATION}`);
      } else if (!isRegisterOfClass(at, f.vregClass[v])) this.#error(`${where}: in register ${at} of the other class`);
      switch (constraint) {
        case CONSTRAINT_FIXED: if (at !== operandPayload(info)) this.#error(`${where}: in ${this.#name(at)} instead of ${this.#name(operandPayload(info))}`); break;
        case CONSTRAINT_REUSE: {
          const used = o0 + operandPayload(info);
          if (at !== a.operandLocation[used]) this.#error(`${where}: in ${this.#name(at)}, but reuses ${this.#name(a.operandLocation[used])}`);
          if (!this.#allocatable.has(at) && operandConstraint(f.operandInfo[used]) !== CONSTRAINT_FIXED) this.#error(`${where}: in ${this.#name(at)}, which is not allocatable`);
          break;
        }
        case CONSTRAINT_REG: case CONSTRAINT_ANY: {
          const reused = !isDefinition(info) && this.#reusedFixed(i, o);
          if (!slot && !reused && !this.#allocatable.has(at) && !this.#fixedHere(i, at, v)) this.#error(`${where}: in ${this.#name(at)}, which is not allocatable`);
          break;
        }
        default: break;
      }
      if (role === ROLE_LATE_USE && f.clobberSets[f.clobber[i]].includes(at)) this.#error(`${where}: read late in clobbered ${this.#name(at)}`);
      if (!isDefinition(info)) continue;
      for (let k = o0; k < o1; k++) {
        if (k === o || !overlaps(at, f.vregBytes[v], a.operandLocation[k], f.vregBytes[f.operandVReg[k]])) continue;
        const other = f.operandInfo[k];
        const clash = isDefinition(other) || role === ROLE_EARLY_DEF || operandRole(other) === ROLE_LATE_USE;
        if (clash) this.#error(`${where}: shares ${this.#name(at)} with operand ${k - o0}`);
      }
    }
  }
  #reusedFixed(i: number, o: number): boolean {
    const f = this.#f, o0 = f.operandStart[i];
    for (let k = o0; k < f.operandStart[i + 1]; k++) {
      if (operandConstraint(f.operandInfo[k]) === CONSTRAINT_REUSE && f.operandVReg[o0 + operandPayload(f.operandInfo[k])] === f.operandVReg[o]) return true;
    }
    return false;
  }
  #fixedHere(i: number, at: Location, v: VReg): boolean {
    const f = this.#f;
    for (let k = f.operandStart[i]; k < f.operandStart[i + 1]; k++) {
      if (operandConstraint(f.operandInfo[k]) === CONSTRAINT_FIXED && operandPayload(f.operandInfo[k]) === at && f.operandVReg[k] === v) return true;
    }
    return false;
  }
  #name(at: Location): string {
    return at >= FIRST_SPILL_LOCATION ? `slot ${at - FIRST_SPILL_LOCATION}` : this.#file.names[at] || `register ${at}`;
  }

  /** Runs block b on (a copy of) its entry state. */
  #block(b: number, entry: State): State {
    const f = this.#f, a = this.#a, state = entry.slice();
    for (let i = f.blockStart[b]; i < f.blockStart[b + 1]; i++) {
      this.#edits(i * 2, state);
      const o0 = f.operandStart[i], o1 = f.operandStart[i + 1];
      if (this.#report) {
        for (let o = o0; o < o1; o++) {
          if (isDefinition(f.operandInfo[o])) continue;
          const at = a.operandLocation[o], v = f.operandVReg[o];
          if (!holds(state[at], v)) this.#error(`instruction ${i}, operand ${o - o0}: ${this.#name(at)} holds ${text(state[at])}, not v${v}`);
        }
      }
      for (const r of f.clobberSets[f.clobber[i]]) state[r] = NOTHING;
      // The emitter may use the scratch registers inside an instruction.
      state[this.#file.scratch[0]] = NOTHING;
      state[this.#file.scratch[1]] = NOTHING;
      for (let o = o0; o < o1; o++) if (isDefinition(f.operandInfo[o])) this.#forget(state, f.operandVReg[o]);
      for (let o = o0; o < o1; o++) if (isDefinition(f.operandInfo[o])) this.#write(state, a.operandLocation[o], [f.operandVReg[o]], f.vregBytes[f.operandVReg[o]]);
      this.#edits(i * 2 + 1, state);
    }
    return state;
  }

  #edits(point: number, state: State): void {
    const a = this.#a;
    for (let k = this.#editAt[point]; k < this.#editAt[point + 1]; k++) {
      const from = a.edits[3 * k + 1], to = a.edits[3 * k + 2], bytes = a.editBytes[k];
      let values: Values;
      if (from < 0) values = (this.#rematOf.get(~from) ?? []).filter((v) => isRegisterOfClass(to, this.#f.vregClass[v]));
      else {
        values = state[from];
        if (this.#report && values.length === 0) this.#error(`edit ${k} at point ${point} reads ${this.#name(from)}, which holds nothing`);
        if (bytes < 32) values = values.filter((v) => this.#f.vregBytes[v] <= bytes);
        if (this.#report && values.length === 0 && state[from].length > 0) this.#error(`edit ${k} at point ${point} cuts off ${text(state[from])}`);
      }
      this.#write(state, to, values, bytes);
    }
  }

  /** Overwrites `at`; wider values that reach into it, or that it reaches into, are gone. */
  #write(state: State, at: Location, values: Values, bytes: number): void {
    state[at] = values;
    if (at < FIRST_SPILL_LOCATION) return;
    for (let k = 1; k < bytes / 8; k++) state[at + k] = NOTHING;
    for (let k = 1; k < 4 && at - k >= FIRST_SPILL_LOCATION; k++) {
      if (state[at - k].length > 0) state[at - k] = state[at - k].filter((v) => this.#f.vregBytes[v] <= 8 * k);
    }
  }

  #forget(state: State, v: VReg): void {
    for (let at = 0; at < state.length; at++) if (holds(state[at], v)) state[at] = state[at].filter((x) => x !== v);
  }

  /** The state behind edge e: parameters are where their arguments were. */
  #edge(e: number, out: State): State {
    const f = this.#f, s = f.succs[e], p0 = f.blockParamStart[s], p1 = f.blockParamStart[s + 1];
    if (p0 === p1) return out;
    const a0 = f.edgeArgStart[e], params = new Set<VReg>();
    for (let p = p0; p < p1; p++) params.add(f.blockParams[p]);
    return out.map((values) => {
      if (values.length === 0) return values;
      const next = values.filter((v) => !params.has(v));
      for (let p = p0; p < p1; p++) if (holds(values, f.edgeArgs[a0 + p - p0])) next.push(f.blockParams[p]);
      return next.sort((x, y) => x - y);
    });
  }
}

function holds(values: Values, v: VReg): boolean { return values.includes(v); }
function text(values: Values): string { return values.length === 0 ? 'nothing' : values.map((v) => `v${v}`).join(' '); }

/** Whether two operands touch a common register or slot. */
function overlaps(x: Location, xBytes: number, y: Location, yBytes: number): boolean {
  if (x < FIRST_SPILL_LOCATION || y < FIRST_SPILL_LOCATION) return x === y;
  return x < y + yBytes / 8 && y < x + xBytes / 8;
}

/** Intersection by location; `a` itself if nothing is lost. */
function join(a: State, b: State): State {
  let next: State | undefined;
  for (let at = 0; at < a.length; at++) {
    const x = a[at], y = b[at];
    if (x === y || x.length === 0) continue;
    const both = x.filter((v) => holds(y, v));
    if (both.length === x.length) continue;
    next ??= a.slice();
    next[at] = both.length === 0 ? NOTHING : both;
  }
  return next ?? a;
}
