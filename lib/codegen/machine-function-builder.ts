/** Builds a {@link MachineFunction} in emission order: `startBlock`, instructions, edges, next block. */
import { int32, uint8 } from '../analysis/slab.ts';
import { InternalError } from '../mir/errors.ts';
import { IntBuffer } from './growable.ts';
import type { MachineFunction, PReg, VReg } from './machine-function.ts';

// While it is built a function is a few buffers of records, so that an instruction costs one bounds check; `finish`
// takes the records apart into the arrays that register allocation reads.
/** opcode, first operand, data0, data1, loc, clobber set */
const INST_WORDS = 6;
/** register, info */
const OPERAND_WORDS = 2;
/** class, bytes, instruction that recomputes it or −1 */
const VREG_WORDS = 3;
/** first instruction, first parameter, first edge, loop depth, cold */
const BLOCK_WORDS = 5;
/** target, first argument */
const EDGE_WORDS = 2;

class Records {
  readonly insts: IntBuffer;
  readonly operands: IntBuffer;
  readonly vregs: IntBuffer;
  readonly blocks = new IntBuffer(64 * BLOCK_WORDS);
  readonly blockParams = new IntBuffer(256);
  readonly edges = new IntBuffer(64 * EDGE_WORDS);
  readonly edgeArgs = new IntBuffer(256);
  /** With room for so many instructions of the usual kind. */
  constructor(instructions: number) {
    this.insts = new IntBuffer(instructions * INST_WORDS);
    this.operands = new IntBuffer(instructions * 3 * OPERAND_WORDS);
    this.vregs = new IntBuffer(instructions * VREG_WORDS);
  }
}

const USUAL_INSTRUCTIONS = 1024;

/** Records of builders that are done, for the next ones: a builder's life is short, and buffers are dear to make. */
const spare: Records[] = [];
const MOST_SPARE = 2;
/** Records that grew past this, in words, are given back to the system instead. */
const LARGEST_SPARE = 1 << 20;
/** Functions of more instructions than this have records of their own size. */
const LARGE = 1 << 16;

/** What a finished builder holds. */
const DONE = new Records(1);

function release(r: Records): void {
  const buffers = [r.insts, r.operands, r.vregs, r.blocks, r.blockParams, r.edges, r.edgeArgs];
  let words = 0;
  for (const b of buffers) words += b.data.length;
  if (spare.length >= MOST_SPARE || words > LARGEST_SPARE) return;
  for (const b of buffers) b.clear();
  spare.push(r);
}

/**
 * Appends blocks and instructions in emission order. Block numbers used in edges are the emission indices, so the
 * caller fixes the order of blocks before it starts. It must not be used after {@link finish}.
 */
export class MachineFunctionBuilder {
  readonly name: string;
  readonly #clobberSets: readonly (readonly PReg[])[];
  #records: Records;

  /**
   * @param clobberSets set 0 must be empty
   * @param expected about how many instructions will follow; buffers that grow to a million of them by doubling are work for the garbage collector
   */
  constructor(name: string, clobberSets: readonly (readonly PReg[])[] = [[]], expected = 0) {
    this.name = name;
    this.#clobberSets = clobberSets;
    this.#records = expected > LARGE ? new Records(expected + (expected >> 3)) : spare.pop() ?? new Records(USUAL_INSTRUCTIONS);
  }
  newVReg(cls: number, bytes = 8): VReg {
    const b = this.#records.vregs, at = b.extend(VREG_WORDS), d = b.data;
    d[at] = cls;
    d[at + 1] = bytes;
    d[at + 2] = -1;
    return at / VREG_WORDS;
  }
  /** Marks `v` as recomputable by instruction `inst` anywhere. */
  setRemat(v: VReg, inst: number): void { this.#records.vregs.data[v * VREG_WORDS + 2] = inst; }
  classOf(v: VReg): number { return this.#records.vregs.data[v * VREG_WORDS]; }
  bytesOf(v: VReg): number { return this.#records.vregs.data[v * VREG_WORDS + 1]; }
  get instructionCount(): number { return this.#records.insts.length / INST_WORDS; }
  get blockCount(): number { return this.#records.blocks.length / BLOCK_WORDS; }

  startBlock(loopDepth: number, cold: boolean): number {
    const r = this.#records, at = r.blocks.extend(BLOCK_WORDS), d = r.blocks.data;
    d[at] = r.insts.length / INST_WORDS;
    d[at + 1] = r.blockParams.length;
    d[at + 2] = r.edges.length / EDGE_WORDS;
    d[at + 3] = Math.min(loopDepth, 255);
    d[at + 4] = cold ? 1 : 0;
    return at / BLOCK_WORDS;
  }
  blockParam(v: VReg): void { this.#records.blockParams.push(v); }
  /** Starts an instruction in the current block; its operands follow with {@link operand}. Returns its index. */
  inst(opcode: number, data0 = 0, data1 = 0, loc = 0, clobberSet = 0): number {
    const r = this.#records, at = r.insts.extend(INST_WORDS), d = r.insts.data;
    d[at] = opcode;
    d[at + 1] = r.operands.length >> 1;
    d[at + 2] = data0;
    d[at + 3] = data1;
    d[at + 4] = loc;
    d[at + 5] = clobberSet;
    return at / INST_WORDS;
  }
  /** Adds an operand to the instruction begun last; `info` from `operandInfo(...)`. */
  operand(v: VReg, info: number): void {
    const b = this.#records.operands, at = b.extend(OPERAND_WORDS), d = b.data;
    d[at] = v;
    d[at + 1] = info;
  }
  /** Adds an edge out of the current block; its arguments follow with {@link edgeArg}. */
  edge(to: number): void {
    const r = this.#records, at = r.edges.extend(EDGE_WORDS), d = r.edges.data;
    d[at] = to;
    d[at + 1] = r.edgeArgs.length;
  }
  edgeArg(v: VReg): void { this.#records.edgeArgs.push(v); }

  /** @throws InternalError the second time: the records may be another builder's by then */
  finish(): MachineFunction {
    const r = this.#records;
    if (r === DONE) throw new InternalError(`machine function ${this.name} is finished twice`);
    const insts = r.insts.data, operands = r.operands.data, vregs = r.vregs.data;
    const vregCount = r.vregs.length / VREG_WORDS, vregClass = uint8(vregCount), vregBytes = uint8(vregCount), vregRemat = int32(vregCount);
    for (let v = 0, at = 0; v < vregCount; v++, at += VREG_WORDS) {
      vregClass[v] = vregs[at];
      vregBytes[v] = vregs[at + 1];
      vregRemat[v] = vregs[at + 2];
    }
    const count = r.insts.length / INST_WORDS, opcode = new Uint16Array(count), operandStart = int32(count + 1);
    const data0 = int32(count), data1 = int32(count), loc = int32(count), clobber = uint8(count);
    for (let i = 0, at = 0; i < count; i++, at += INST_WORDS) {
      opcode[i] = insts[at];
      operandStart[i] = insts[at + 1];
      data0[i] = insts[at + 2];
      data1[i] = insts[at + 3];
      loc[i] = insts[at + 4];
      clobber[i] = insts[at + 5];
    }
    const operandCount = r.operands.length / OPERAND_WORDS, operandVReg = int32(operandCount), operandInfo = int32(operandCount);
    operandStart[count] = operandCount;
    for (let k = 0, at = 0; k < operandCount; k++, at += OPERAND_WORDS) {
      operandVReg[k] = operands[at];
      operandInfo[k] = operands[at + 1];
    }
    const machine = {
      name: this.name, vregClass, vregBytes, vregRemat,
      opcode, operandStart, operandVReg, operandInfo, clobber, clobberSets: this.#clobberSets, data0, data1, loc,
      ...blockArrays(r, count),
    };
    this.#records = DONE;
    release(r);
    return machine;
  }
}

type BlockArrays = Pick<MachineFunction,
  'blockStart' | 'blockParamStart' | 'blockParams' | 'succStart' | 'succs' | 'predStart' | 'preds' | 'edgeArgStart' | 'edgeArgs' | 'loopDepth' | 'cold'>;

function blockArrays(r: Records, instCount: number): BlockArrays {
  const blocks = r.blocks.length / BLOCK_WORDS, records = r.blocks.data;
  const blockStart = int32(blocks + 1), blockParamStart = int32(blocks + 1), succStart = int32(blocks + 1);
  const loopDepth = uint8(blocks), cold = uint8(blocks);
  for (let b = 0, at = 0; b < blocks; b++, at += BLOCK_WORDS) {
    blockStart[b] = records[at];
    blockParamStart[b] = records[at + 1];
    succStart[b] = records[at + 2];
    loopDepth[b] = records[at + 3];
    cold[b] = records[at + 4];
  }
  const edgeCount = r.edges.length / EDGE_WORDS, edges = r.edges.data;
  blockStart[blocks] = instCount;
  blockParamStart[blocks] = r.blockParams.length;
  succStart[blocks] = edgeCount;
  const succs = int32(edgeCount), edgeArgStart = int32(edgeCount + 1), predStart = int32(blocks + 1);
  for (let e = 0, at = 0; e < edgeCount; e++, at += EDGE_WORDS) {
    succs[e] = edges[at];
    edgeArgStart[e] = edges[at + 1];
    predStart[edges[at] + 1]++;
  }
  edgeArgStart[edgeCount] = r.edgeArgs.length;
  for (let b = 0; b < blocks; b++) predStart[b + 1] += predStart[b];
  const preds = int32(edgeCount), fill = int32(blocks);
  for (let b = 0; b < blocks; b++) fill[b] = predStart[b];
  for (let b = 0; b < blocks; b++) {
    for (let e = succStart[b]; e < succStart[b + 1]; e++) preds[fill[succs[e]]++] = b;
  }
  return { blockStart, blockParamStart, blockParams: r.blockParams.copy(), succStart, succs, predStart, preds, edgeArgStart, edgeArgs: r.edgeArgs.copy(), loopDepth, cold };
}
