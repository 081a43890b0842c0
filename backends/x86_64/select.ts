/** Instruction selection of one function: MIR in, machine IR of x86-64 out. */
import { uint8 } from '../../lib/analysis/slab.ts';
import { UnsupportedError } from '../../lib/codegen/backend.ts';
import type { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import type { MachineFunction, VReg } from '../../lib/codegen/machine-function.ts';
import { prepareSelection, type SelectionInput } from '../../lib/codegen/selection.ts';
import type { Edge, Instruction, Terminator } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { TRAP_CODES } from '../../lib/mir/types.ts';
import { CLOBBER_SETS } from './clobbers.ts';
import { foldsWithAvx, foldsWithoutAvx } from './fold.ts';
import { lowerAtomicCmpxchg, lowerAtomicLoad, lowerAtomicRmw, lowerAtomicStore, lowerFence } from './lower-atomic.ts';
import { lowerArguments, lowerCall, lowerReturn, lowerTailCall } from './lower-call.ts';
import { conditionData, conditionOperands, conditionWord, lowerCompare, lowerSelect, prepareCondition } from './lower-compare.ts';
import { lowerBinaryFloat, lowerConvert, lowerTernary, lowerUnaryFloat, renamedOperand } from './lower-float.ts';
import { lowerBinaryInteger, lowerUnaryInteger } from './lower-integer.ts';
import { lowerPair } from './lower-pair.ts';
import { lowerLanes } from './lower-lanes.ts';
import { lowerLea, lowerLoad, lowerMemoryCopy, lowerMemoryFill, lowerMemoryGrow, lowerMemorySize, lowerStore } from './lower-memory.ts';
import { lowerShuffle } from './lower-shuffle.ts';
import { lowerSwitch } from './lower-switch.ts';
import { lowerVector } from './lower-vector.ts';
import { lowerWideShuffle } from './lower-wide-shuffle.ts';
import type { ModulePlan } from './module-plan.ts';
import { OP_JCC, OP_JMP, OP_NOP, OP_SLOT_BASE, OP_STACK_MAP, OP_TRAP } from './opcodes.ts';
import { DEF_REG, USE_ANY } from './operand-constraints.ts';
import { SelectContext, type SwitchTable } from './select-context.ts';

/** A selected function and the side tables its data words point into. */
export interface SelectedFunction {
  readonly machine: MachineFunction;
  readonly input: SelectionInput;
  readonly extra: Int32Array;
  readonly switches: readonly SwitchTable[];
  readonly calls: boolean;
  /** Wished alignment of each machine block, 0 for none. */
  readonly alignment: Uint8Array;
}

/** Selects instructions. @throws UnsupportedError naming the function and the instruction */
export function selectFunction(f: MirFunction, plan: ModulePlan, code: CodeBuffer): SelectedFunction {
  const input = prepareSelection(f, plan.features.avx ? foldsWithAvx : foldsWithoutAvx, plan.linear ? renamedLinear : renamedNative);
  const s = new SelectContext(f, input, plan, code, CLOBBER_SETS, lower);
  const { order, depth, cold, alignment } = input.blocks;
  const align = uint8(order.length);
  for (let k = 0; k < order.length; k++) {
    const node = order[k];
    align[k] = alignment[node];
    s.b.startBlock(depth[node], cold[node] === 1);
    s.enterBlock();
    if (node < f.blocks.length) selectBlock(s, node);
    else if (node === input.blocks.entryNode) selectPrologue(s);
    else selectEdge(s, input.blocks.edges[node - f.blocks.length]);
  }
  return { machine: s.b.finish(), input, extra: s.extra.copy(), switches: s.switches, calls: s.calls, alignment: align };
}

function renamedLinear(i: Instruction): number { return i.kind === 'convert' ? renamedOperand(i, true) : -1; }
function renamedNative(i: Instruction): number { return i.kind === 'convert' ? renamedOperand(i, false) : -1; }

function selectBlock(s: SelectContext, b: number): void {
  const { params, instructions, terminator } = s.f.blocks[b], blocks = s.input.blocks;
  if (b === blocks.entryNode) {
    s.setLocation(s.f.loc);
    lowerArguments(s, params.map((v) => (s.input.useCount[v] > 0 ? s.def(v) : -1)), s.f.params);
    defineSlotBase(s);
  } else if (blocks.singleEntry[b] === 0) {
    for (let k = 0; k < params.length; k++) s.b.blockParam(s.def(params[k]));
  }
  const base = s.input.blockBase[b], skip = s.input.skip;
  for (let k = 0; k < instructions.length; k++) {
    if (skip[base + k] === 1) continue;
    const i = instructions[k];
    s.setLocation(i.loc);
    switch (i.kind) {
      case 'const':
        // Others are emitted where they are used.
        if (i.type === 'i64' && isWideShared(s, i.result, base + k, b)) s.defineConstant(i);
        continue;
      case 'global_addr': case 'slot_addr': continue;
      case 'binary': case 'compare': case 'convert': case 'load': case 'vector': case 'extract_lane':
        if (s.input.folded[i.result] === 1) continue;
        break;
      default: break;
    }
    lower(s, i);
  }
  s.setLocation(terminator.loc);
  selectTerminator(s, terminator, b);
}

/** An i64 that is no immediate and is used in another block: better computed once than at every use. */
function isWideShared(s: SelectContext, v: number, at: number, b: number): boolean {
  return !s.isImmediate(v) && s.input.useCount[v] > 0 && s.input.userAt[v] > at + s.f.blocks[b].instructions.length;
}

function selectPrologue(s: SelectContext): void {
  s.setLocation(s.f.loc);
  const params = s.f.blocks[0].params, copies: VReg[] = params.map((v) => s.newOfType(s.typeOf(v)));
  lowerArguments(s, copies, s.f.params);
  defineSlotBase(s);
  s.inst(OP_JMP);
  s.b.edge(s.input.blocks.position[0]);
  for (const c of copies) s.b.edgeArg(c);
}

function defineSlotBase(s: SelectContext): void {
  if (!s.linear || s.f.slots.length === 0) return;
  const r = s.slotBase();
  s.b.setRemat(r, s.inst(OP_SLOT_BASE));
  s.op(r, DEF_REG);
}

function selectEdge(s: SelectContext, e: Edge): void {
  const args = e.args.map((v) => s.reg(v));
  s.inst(OP_JMP);
  s.b.edge(s.input.blocks.position[e.block]);
  for (const a of args) s.b.edgeArg(a);
}

function selectTerminator(s: SelectContext, t: Terminator, b: number): void {
  const blocks = s.input.blocks, exits = blocks.exits[b], nodes = blocks.exitNodes[b];
  if (exits.length === 1) {
    // A jump, or a branch all of whose edges are one.
    const e = exits[0];
    const args = blocks.singleEntry[e.block] === 1 ? [] : e.args.map((v) => s.reg(v));
    s.inst(OP_JMP);
    s.b.edge(blocks.position[nodes[0]]);
    for (const a of args) s.b.edgeArg(a);
    return;
  }
  switch (t.kind) {
    case 'br': {
      const c = prepareCondition(s, t.condition);
      s.inst(OP_JCC, conditionData(s, c), conditionWord(s, c));
      conditionOperands(s, c);
      break;
    }
    case 'switch': lowerSwitch(s, t, exits); break;
    case 'ret': lowerReturn(s, t.args); return;
    case 'tail_call': case 'tail_call_indirect': lowerTailCall(s, t); return;
    case 'trap': s.inst(OP_TRAP, 0, TRAP_CODES.indexOf(t.code)); return;
    case 'jump': break;
    default: t satisfies never;
  }
  for (const n of nodes) s.b.edge(blocks.position[n]);
}

/** Emits one instruction. */
function lower(s: SelectContext, i: Instruction): void {
  switch (i.kind) {
    case 'binary': if (i.type === 'f32' || i.type === 'f64') lowerBinaryFloat(s, i); else lowerBinaryInteger(s, i); return;
    case 'unary': if (i.type === 'f32' || i.type === 'f64') lowerUnaryFloat(s, i); else lowerUnaryInteger(s, i); return;
    case 'ternary': lowerTernary(s, i); return;
    case 'compare': lowerCompare(s, i); return;
    case 'pair': lowerPair(s, i); return;
    case 'convert': lowerConvert(s, i); return;
    case 'select': lowerSelect(s, i); return;
    case 'load': if (i.type === 'i1') throw unsupported(s, 'load of i1'); lowerLoad(s, i); return;
    case 'store': if (i.type === 'i1') throw unsupported(s, 'store of i1'); lowerStore(s, i); return;
    case 'lea': lowerLea(s, i); return;
    case 'memory_copy': lowerMemoryCopy(s, i); return;
    case 'memory_fill': lowerMemoryFill(s, i); return;
    case 'memory_size': lowerMemorySize(s, i); return;
    case 'memory_grow': lowerMemoryGrow(s, i); return;
    case 'call': case 'call_indirect': lowerCall(s, i); return;
    case 'safepoint': s.inst(OP_NOP); return;
    case 'stack_map': lowerStackMap(s, i.id, 0, i.live); return;
    case 'patch_point': lowerStackMap(s, i.id, i.bytes, i.live); return;
    case 'const': case 'global_addr': case 'slot_addr': return;
    case 'atomic_load': lowerAtomicLoad(s, i); return;
    case 'atomic_store': lowerAtomicStore(s, i); return;
    case 'atomic_rmw': lowerAtomicRmw(s, i); return;
    case 'atomic_cmpxchg': lowerAtomicCmpxchg(s, i); return;
    case 'fence': lowerFence(s, i); return;
    case 'vector': if (!lowerVector(s, i)) throw unsupported(s, `${i.op}.${i.lanes}`); return;
    case 'splat': case 'extract_lane': case 'insert_lane': if (!lowerLanes(s, i)) throw unsupported(s, `${i.kind}.${i.lanes}`); return;
    case 'shuffle': if (i.mask.length === 16) lowerShuffle(s, i); else lowerWideShuffle(s, i); return;
    default: i satisfies never;
  }
}

function unsupported(s: SelectContext, what: string): UnsupportedError { return new UnsupportedError('x86_64', s.f.name, what); }

function lowerStackMap(s: SelectContext, id: number, bytes: number, live: readonly number[]): void {
  const registers = live.map((v) => s.reg(v));
  s.inst(OP_STACK_MAP, bytes, id);
  for (const r of registers) s.op(r, USE_ANY);
}
