/**
 * Registers that would save a move: where the value was before, where its block parameter is, the fixed register it
 * comes from or goes to.
 */
import { DEF_FIXED, DEF_PARAM, DEF_REUSE, USE_FIXED, type UseTable } from './live-range.ts';
import type { MachineFunction, PReg, RegisterFile, VReg } from './machine-function.ts';
import type { MachineLoops } from './machine-loops.ts';
import type { PieceTable } from './piece-table.ts';
import type { RegisterReservations } from './register-reservations.ts';
import { Scratch } from './scratch.ts';

/** How many uses ahead a fixed register is looked for. */
const FIXED_USES_AHEAD = 4;
const LAST_REGISTER = new Scratch(Int8Array), PARAMETER_REGISTER = new Scratch(Int8Array), PARAMETER_FREQUENCY = new Scratch(Float32Array);
const PASSED_TO = new Scratch(Int32Array), PASSED_FREQUENCY = new Scratch(Float32Array), ALLOCATABLE = new Scratch(Uint8Array);

export class RegisterHints {
  readonly #f: MachineFunction;
  readonly #uses: UseTable;
  readonly #loops: MachineLoops;
  readonly #pieces: PieceTable;
  readonly #reservations: RegisterReservations;
  readonly #busyUntil: Int32Array;
  /** Latest register of each vreg, −1 for none. */
  readonly #lastRegister: Int8Array;
  /** The block parameter each vreg is passed to on its most frequent edge, −1 for none. */
  readonly #passedTo: Int32Array;
  /** By block parameter: the register it or an argument of it was put in where that was most frequent. */
  readonly #parameterRegister: Int8Array;
  readonly #parameterFrequency: Float32Array;
  readonly #isAllocatable: Uint8Array;

  constructor(f: MachineFunction, file: RegisterFile, uses: UseTable, loops: MachineLoops, pieces: PieceTable, reservations: RegisterReservations, busyUntil: Int32Array) {
    const vregs = f.vregClass.length;
    this.#f = f;
    this.#uses = uses;
    this.#loops = loops;
    this.#pieces = pieces;
    this.#reservations = reservations;
    this.#busyUntil = busyUntil;
    this.#passedTo = passedTo(f, loops);
    this.#lastRegister = LAST_REGISTER.filled(vregs, -1);
    this.#parameterRegister = PARAMETER_REGISTER.filled(vregs, -1);
    this.#parameterFrequency = PARAMETER_FREQUENCY.filled(vregs, 0);
    this.#isAllocatable = ALLOCATABLE.filled(64, 0);
    for (const list of file.allocatable) for (let k = 0; k < list.length; k++) this.#isAllocatable[list[k]] = 1;
  }

  /** A register that would save a move and is free for the whole piece, −1 for none. */
  find(p: number, v: VReg, start: number, end: number): PReg {
    const last = this.#lastRegister[v];
    if (last >= 0 && this.#free(last, start, end, v)) return last;
    const { defPosition, defKind, defTarget, usePosition, useKind, useStart, useTarget } = this.#uses, f = this.#f;
    if (defPosition[v] === start) {
      const o = defTarget[v];
      switch (defKind[v]) {
        case DEF_FIXED: {
          const r = f.operandInfo[o] >> 4;
          if (this.#fixedDefRegister(o, start >> 2) === r && this.#allocatable(r) && this.#free(r, start, end, v)) return r;
          break;
        }
        case DEF_REUSE: {
          const x = f.operandVReg[f.operandStart[start >> 2] + (f.operandInfo[o] >> 4)];
          // A move here or a move on the edge: the same, but the edge may be a back edge.
          const c = this.#passedTo[v] < 0 ? -1 : this.#parameterRegister[this.#passedTo[v]];
          if (c >= 0 && this.#free(c, start, end, v)) return c;
          const r = this.#lastRegister[x];
          if (r >= 0 && this.#free(r, start, end, v)) return r;
          break;
        }
        default: break;
      }
    }
    const own = this.#parameterRegister[v];
    if (own >= 0 && this.#free(own, start, end, v)) return own;
    if (this.#passedTo[v] >= 0) {
      const c = this.#parameterRegister[this.#passedTo[v]];
      if (c >= 0 && this.#free(c, start, end, v)) return c;
    }
    // A fixed register it will be moved to soon.
    const cursor = this.#pieces.cursor[p], limit = Math.min(useStart[v + 1], cursor + FIXED_USES_AHEAD);
    for (let u = cursor; u < limit && usePosition[u] < end; u++) {
      if (useKind[u] !== USE_FIXED) continue;
      const r = f.operandInfo[useTarget[u]] >> 4;
      if (this.#allocatable(r) && this.#free(r, start, end, v)) return r;
    }
    return -1;
  }

  /** The register a fixed definition is written to (its own, or that of the fixed use it reuses). */
  #fixedDefRegister(o: number, inst: number): PReg {
    const info = this.#f.operandInfo[o];
    return ((info >> 2) & 3) === 2 ? info >> 4 : this.#f.operandInfo[this.#f.operandStart[inst] + (info >> 4)] >> 4;
  }
  #allocatable(r: PReg): boolean {
    return this.#isAllocatable[r] === 1;
  }
  #free(r: PReg, start: number, end: number, v: VReg): boolean {
    return this.#busyUntil[r] <= start && this.#reservations.takenFrom(r, start, v) >= end;
  }

  /** Takes note that piece p of v was put in r. */
  assigned(p: number, v: VReg, r: PReg): void {
    const block = this.#uses.blockOf[this.#pieces.start[p] >> 2];
    // Behind a cold stretch the value should be back where it was before.
    if (this.#f.cold[block] === 0 || this.#lastRegister[v] < 0) this.#lastRegister[v] = r;
    const frequency = this.#loops.frequency[block];
    if (this.#uses.defKind[v] === DEF_PARAM) this.#suggest(v, r, frequency);
    if (this.#passedTo[v] >= 0) this.#suggest(this.#passedTo[v], r, frequency);
  }
  #suggest(parameter: VReg, r: PReg, frequency: number): void {
    if (frequency < this.#parameterFrequency[parameter]) return;
    this.#parameterFrequency[parameter] = frequency;
    this.#parameterRegister[parameter] = r;
  }
}

/** For each vreg, the block parameter it is passed to on its most frequent edge, −1 for none. */
function passedTo(f: MachineFunction, loops: MachineLoops): Int32Array {
  const to = PASSED_TO.filled(f.vregClass.length, -1), best = PASSED_FREQUENCY.filled(f.vregClass.length, 0);
  for (let b = 0; b < f.loopDepth.length; b++) {
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const a0 = f.edgeArgStart[e], p0 = f.blockParamStart[f.succs[e]];
      for (let a = a0; a < f.edgeArgStart[e + 1]; a++) {
        const v = f.edgeArgs[a];
        if (loops.frequency[b] <= best[v]) continue;
        best[v] = loops.frequency[b];
        to[v] = f.blockParams[p0 + a - a0];
      }
    }
  }
  return to;
}
