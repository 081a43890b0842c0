/** Builds a {@link MachineFunction} in emission order: `startBlock`, instructions, edges, next block. */
import { IntBuffer } from './growable.ts';
import type { MachineFunction, PReg, VReg } from './machine-function.ts';

/**
 * Appends blocks and instructions in emission order. Block numbers used in edges are the emission indices, so the
 * caller fixes the order of blocks before it starts.
 */
export class MachineFunctionBuilder {
  readonly name: string;
  readonly #vregClass = new IntBuffer();
  readonly #vregBytes = new IntBuffer();
  readonly #vregRemat = new IntBuffer();
  readonly #opcode = new IntBuffer(256);
  readonly #operandStart = new IntBuffer(256);
  readonly #operandVReg = new IntBuffer(512);
  readonly #operandInfo = new IntBuffer(512);
  readonly #clobber = new IntBuffer(256);
  readonly #clobberSets: (readonly PReg[])[];
  readonly #data0 = new IntBuffer(256);
  readonly #data1 = new IntBuffer(256);
  readonly #loc = new IntBuffer(256);
  readonly #blockStart = new IntBuffer();
  readonly #blockParamStart = new IntBuffer();
  readonly #blockParams = new IntBuffer();
  readonly #succStart = new IntBuffer();
  readonly #succs = new IntBuffer();
  readonly #edgeArgStart = new IntBuffer();
  readonly #edgeArgs = new IntBuffer();
  readonly #loopDepth = new IntBuffer();
  readonly #cold = new IntBuffer();

  /** @param clobberSets set 0 must be empty */
  constructor(name: string, clobberSets: readonly (readonly PReg[])[] = [[]]) {
    this.name = name;
    this.#clobberSets = [...clobberSets];
  }
  newVReg(cls: number, bytes = 8): VReg {
    this.#vregBytes.push(bytes);
    this.#vregRemat.push(-1);
    return this.#vregClass.push(cls);
  }
  /** Marks `v` as recomputable by instruction `inst` anywhere. */
  setRemat(v: VReg, inst: number): void { this.#vregRemat.data[v] = inst; }
  classOf(v: VReg): number { return this.#vregClass.data[v]; }
  bytesOf(v: VReg): number { return this.#vregBytes.data[v]; }
  get instructionCount(): number { return this.#opcode.length; }
  get blockCount(): number { return this.#blockStart.length; }

  startBlock(loopDepth: number, cold: boolean): number {
    this.#blockParamStart.push(this.#blockParams.length);
    this.#succStart.push(this.#succs.length);
    this.#loopDepth.push(Math.min(loopDepth, 255));
    this.#cold.push(cold ? 1 : 0);
    return this.#blockStart.push(this.#opcode.length);
  }
  blockParam(v: VReg): void { this.#blockParams.push(v); }
  /** Starts an instruction in the current block; its operands follow with {@link operand}. Returns its index. */
  inst(opcode: number, data0 = 0, data1 = 0, loc = 0, clobberSet = 0): number {
    this.#operandStart.push(this.#operandVReg.length);
    this.#data0.push(data0);
    this.#data1.push(data1);
    this.#loc.push(loc);
    this.#clobber.push(clobberSet);
    return this.#opcode.push(opcode);
  }
  /** Adds an operand to the instruction begun last; `info` from `operandInfo(...)`. */
  operand(v: VReg, info: number): void {
    this.#operandVReg.push(v);
    this.#operandInfo.push(info);
  }
  /** Adds an edge out of the current block; its arguments follow with {@link edgeArg}. */
  edge(to: number): void {
    this.#edgeArgStart.push(this.#edgeArgs.length);
    this.#succs.push(to);
  }
  edgeArg(v: VReg): void { this.#edgeArgs.push(v); }

  finish(): MachineFunction {
    const blocks = this.#blockStart.length;
    this.#blockStart.push(this.#opcode.length);
    this.#blockParamStart.push(this.#blockParams.length);
    this.#succStart.push(this.#succs.length);
    this.#edgeArgStart.push(this.#edgeArgs.length);
    this.#operandStart.push(this.#operandVReg.length);
    const succs = this.#succs.finish(), succStart = this.#succStart.finish();
    const predStart = new Int32Array(blocks + 1);
    for (let e = 0; e < succs.length; e++) predStart[succs[e] + 1]++;
    for (let b = 0; b < blocks; b++) predStart[b + 1] += predStart[b];
    const preds = new Int32Array(succs.length), fill = predStart.slice();
    for (let b = 0; b < blocks; b++) {
      for (let e = succStart[b]; e < succStart[b + 1]; e++) preds[fill[succs[e]]++] = b;
    }
    return {
      name: this.name,
      vregClass: Uint8Array.from(this.#vregClass.finish()), vregBytes: Uint8Array.from(this.#vregBytes.finish()),
      vregRemat: this.#vregRemat.finish(),
      opcode: Uint16Array.from(this.#opcode.finish()), operandStart: this.#operandStart.finish(),
      operandVReg: this.#operandVReg.finish(), operandInfo: this.#operandInfo.finish(),
      clobber: Uint8Array.from(this.#clobber.finish()), clobberSets: this.#clobberSets,
      data0: this.#data0.finish(), data1: this.#data1.finish(), loc: this.#loc.finish(),
      blockStart: this.#blockStart.finish(), blockParamStart: this.#blockParamStart.finish(),
      blockParams: this.#blockParams.finish(), succStart, succs, predStart, preds,
      edgeArgStart: this.#edgeArgStart.finish(), edgeArgs: this.#edgeArgs.finish(),
      loopDepth: Uint8Array.from(this.#loopDepth.finish()), cold: Uint8Array.from(this.#cold.finish()),
    };
  }
}
