/**
 * Instruction selection: a prepared MIR function (dense switches, reducible control flow) to nodes and, per block, a
 * terminator whose values are the selected ones.
 *
 * Blocks are taken in reverse postorder, so that a definition is seen before its uses. Parameters and results of
 * functions are sign-extended when narrow: what JavaScript sees is the value itself.
 */
import type { Cfg } from '../../lib/analysis/index.ts';
import type { Instruction, Terminator, Value } from '../../lib/mir/instruction.ts';
import { layoutSlots } from '../../lib/mir/layout.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import type { Signature } from '../../lib/mir/types.ts';
import type { ModulePlan } from './module-plan.ts';
import { I32, type Nodes } from './nodes.ts';
import { OP } from './opcodes.ts';
import { S16, S8, SelectContext, Z1 } from './select-context.ts';
import { selectConvert, selectFloatBinary, selectFloatCompare, selectFloatConstant, selectFloatUnary, selectTernary } from './select-float.ts';
import { selectIntegerBinary, selectIntegerCompare, selectIntegerUnary, selectPair } from './select-integer.ts';
import { selectAtomic, selectLea, selectLoad, selectStore } from './select-memory.ts';
import { selectExtractLane, selectInsertLane, selectShuffle, selectSplat, selectVector, selectVectorConstant } from './select-vector.ts';
import { CALL_SITE, INDIRECT_SITE, SITE, siteOf } from './sites.ts';

/** Wasm global 0 takes what an explicit trap means: location × 16 + trap code + 1. */
export const TRAP_GLOBAL = 0;
/** The linear stack pointer, when the module has slots. */
export const STACK_GLOBAL = 1;
/** The lowest linear stack pointer, when threads share the memory. */
export const STACK_LIMIT_GLOBAL = 2;

export interface Selected {
  readonly f: MirFunction;
  readonly cfg: Cfg;
  readonly nodes: Nodes;
  /** Per block: values as selected (aliases resolved), edge arguments included. */
  readonly values: Int32Array;
  /** Node of each value that is a constant, or −1. */
  readonly constants: readonly number[];
  /** Nodes that give the linear stack back, in order, before a return; −1 when there are no slots. */
  readonly epilogue: { readonly start: number; readonly end: number };
  /** Nodes that extend narrow results: by block, the values a `ret` or tail call passes. */
  readonly passed: ReadonlyMap<number, readonly number[]>;
}

export function selectFunction(f: MirFunction, cfg: Cfg, plan: ModulePlan): Selected {
  const c = new SelectContext(f, plan), signed = wantedSigned(f), offsets = layoutSlots(f.slots);
  const passed = new Map<number, readonly number[]>();
  let stack = -1, epilogue = { start: 0, end: 0 };
  f.params.forEach((t, k) => { const v = f.blocks[0].params[k]; if (t === 'i8') c.learn(v, S8); else if (t === 'i16') c.learn(v, S16); });
  for (let b = 0; b < f.blocks.length; b++) for (const p of f.blocks[b].params) if (f.valueTypes[p] === 'i1') c.learn(p, Z1);
  for (const b of cfg.rpo) {
    const block = f.blocks[b];
    c.nodes.blockStart[b] = c.nodes.count;
    if (b === 0 && f.slots.length > 0) stack = selectPrologue(c, offsets.size);
    for (const i of block.instructions) {
      c.loc = i.loc;
      if (i.kind === 'slot_addr') {
        const offset = offsets.offsets[i.slot];
        if (offset === 0) c.rename(i.result, stack); else c.node2(OP.i32Add, I32, stack, c.i32(offset), i.result);
      } else select(c, i, signed);
    }
    const t = block.terminator;
    c.loc = t.loc;
    if (t.kind === 'ret') passed.set(b, extendAll(c, t.args));
    else if (t.kind === 'tail_call') passed.set(b, extendAll(c, t.args));
    else if (t.kind === 'tail_call_indirect') passed.set(b, [...extendAll(c, t.args), checkedIndex(c, t.signature, t.index)]);
    else if (t.kind === 'switch') passed.set(b, [switchIndex(c, t)]);
    c.nodes.blockEnd[b] = c.nodes.count;
  }
  if (stack >= 0) {
    const start = c.nodes.count;
    c.effect(OP.globalSet, [c.node2(OP.i32Add, I32, stack, c.i32(offsets.size))], 0, STACK_GLOBAL);
    epilogue = { start, end: c.nodes.count };
  }
  for (let v = 0; v < c.alias.length; v++) c.alias[v] = resolve(c.alias, v);
  return { f, cfg, nodes: c.nodes, values: c.alias, constants: c.constants, epilogue, passed };
}

function resolve(alias: Int32Array, v: number): number {
  while (v < alias.length && alias[v] !== v) v = alias[v];
  return v;
}

/**
 * Whether another thread may make the memory grow. V8 tells an instance of that at its next loop or call, so until then
 * its own idea of the size, which `memory.size` gives and bulk instructions check, may be too small; growing by nothing
 * asks.
 */
function growsElsewhere({ plan }: SelectContext): boolean { return plan.sharedMemory && plan.module.memory.initialPages < plan.module.memory.maximumPages; }
function learnSize(c: SelectContext): void { if (growsElsewhere(c)) c.node1(OP.memoryGrow, I32, c.i32(0)); }

/** Makes room on the linear stack, or traps. The value of the lowered stack pointer. */
function selectPrologue(c: SelectContext, size: number): number {
  const before = c.node0(OP.globalGet, I32, STACK_GLOBAL);
  c.loc = c.f.loc;
  const { stackLow, stackHigh } = c.plan.layout, shared = c.plan.sharedMemory;
  if (size > stackHigh - stackLow) c.trapIf(c.i32(1), siteOf('stack-overflow'));
  // The pointer is never below the limit, so their difference does not wrap; a stack up to the end of all addresses begins at 2^32, which is 0.
  else if (shared || stackHigh === 2 ** 32) c.trapIf(c.node2(OP.i32LtU, I32, c.node2(OP.i32Sub, I32, before, shared ? c.node0(OP.globalGet, I32, STACK_LIMIT_GLOBAL) : c.i32(stackLow)), c.i32(size)), siteOf('stack-overflow'));
  else c.trapIf(c.node2(OP.i32LtU, I32, before, c.i32(stackLow + size)), siteOf('stack-overflow'));
  const stack = c.node2(OP.i32Sub, I32, before, c.i32(size));
  c.effect(OP.globalSet, [stack], 0, STACK_GLOBAL);
  return stack;
}

/** Loaded narrow values that some operation wants sign-extended. */
function wantedSigned(f: MirFunction): Uint8Array {
  const wanted = new Uint8Array(f.valueTypes.length);
  for (const b of f.blocks) {
    for (const i of b.instructions) {
      switch (i.kind) {
        case 'convert': if (i.op === 'sext') wanted[i.a] = 1; break;
        case 'compare': if (i.op.startsWith('s')) wanted[i.a] = wanted[i.b] = 1; break;
        case 'binary': if (i.op === 'sdiv' || i.op === 'srem' || i.op === 'ashr') wanted[i.a] = wanted[i.b] = 1; break;
        case 'call': case 'call_indirect': for (const v of i.args) wanted[v] = 1; break;
        default: break;
      }
    }
    if (b.terminator.kind === 'ret') for (const v of b.terminator.args) wanted[v] = 1;
  }
  return wanted;
}

/** What is passed to or from a function: narrow values sign-extended. */
function extendAll(c: SelectContext, args: readonly Value[]): number[] { return args.map((v) => c.signed(c.use(v), c.typeOf(v))); }

function checkedIndex(c: SelectContext, s: Signature, index: Value): number {
  const use = c.plan.tableUse(s), v = c.use(index);
  return use.check < 0 ? v : c.node1(OP.call, I32, v, undefined, CALL_SITE, use.check);
}

/** The index of a table: `i32`, from 0 for the least case. */
function switchIndex(c: SelectContext, t: Extract<Terminator, { readonly kind: 'switch' }>): number {
  const least = t.cases.reduce((m, x) => (x.value < m ? x.value : m), t.cases[0].value), v = c.use(t.value);
  if (t.type !== 'i64') {
    const wide = c.signed(v, t.type);
    return least === 0 ? wide : c.node2(OP.i32Sub, I32, wide, c.i32(Number(least)));
  }
  // Values beyond 32 bits are no case: they become an index that is none either.
  const from = BigInt(least) === 0n ? v : c.node2(OP.i64Sub, 1, v, c.i64(BigInt(least)));
  const fits = c.node2(OP.i64LtU, I32, from, c.i64(0xffffffffn));
  return c.node3(OP.select, I32, c.node1(OP.i32Wrap, I32, from), c.i32(-1), fits);
}

function select(c: SelectContext, i: Instruction, signed: Uint8Array): void {
  switch (i.kind) {
    case 'const': selectConstant(c, i); return;
    case 'binary': if (i.type === 'f32' || i.type === 'f64') selectFloatBinary(c, i); else selectIntegerBinary(c, i); return;
    case 'unary': if (i.type === 'f32' || i.type === 'f64') selectFloatUnary(c, i); else selectIntegerUnary(c, i); return;
    case 'ternary': selectTernary(c, i); return;
    case 'compare': if (i.type === 'f32' || i.type === 'f64') selectFloatCompare(c, i); else selectIntegerCompare(c, i); return;
    case 'pair': selectPair(c, i); return;
    case 'convert': selectConvert(c, i); return;
    case 'select': {
      const a = c.use(i.a), b = c.use(i.b);
      c.node3(OP.select, c.nodes.types.data[i.result], a, b, c.use(i.condition), i.result);
      const common = (c.known[a] ?? 0) & (c.known[b] ?? 0);
      if (common !== 0) c.known[i.result] = common;
      return;
    }
    case 'load': selectLoad(c, i, signed[i.result] === 1); return;
    case 'store': selectStore(c, i); return;
    case 'lea': selectLea(c, i); return;
    case 'global_addr': c.i32(c.plan.globalAddress.get(i.global)!, i.result); return;
    case 'memory_copy': learnSize(c); c.effect(OP.memoryCopy, [c.use(i.destination), c.use(i.source), c.use(i.size)], SITE.memory); return;
    case 'memory_fill': learnSize(c); c.effect(OP.memoryFill, [c.use(i.destination), c.use(i.value), c.use(i.size)], SITE.memory); return;
    case 'memory_size': if (growsElsewhere(c)) c.node1(OP.memoryGrow, I32, c.i32(0), i.result); else c.node0(OP.memorySize, I32, 0, 0, i.result); return;
    case 'memory_grow': c.node1(OP.memoryGrow, I32, c.use(i.pages), i.result); return;
    case 'call': {
      const s = c.plan.signatures.get(i.callee)!;
      finishCall(c, s, extendAll(c, i.args), i.results, OP.call, c.plan.functionNumber.get(i.callee)!, CALL_SITE);
      return;
    }
    case 'call_indirect': {
      const args = extendAll(c, i.args);
      args.push(checkedIndex(c, i.signature, i.index));
      finishCall(c, i.signature, args, i.results, OP.callIndirect, c.plan.typeNumber(i.signature), c.plan.tableUse(i.signature).alwaysNull ? SITE.indirectNull : INDIRECT_SITE);
      return;
    }
    case 'atomic_load': case 'atomic_store': case 'atomic_rmw': case 'atomic_cmpxchg': selectAtomic(c, i); return;
    case 'fence': if (c.plan.features.atomics) c.effect(OP.atomicFence, []); else c.unsupported('fence, which this WebAssembly engine lacks,'); return;
    case 'vector': selectVector(c, i); return;
    case 'splat': selectSplat(c, i); return;
    case 'extract_lane': selectExtractLane(c, i); return;
    case 'insert_lane': selectInsertLane(c, i); return;
    case 'shuffle': selectShuffle(c, i); return;
    // The engine owns the code: there is nothing to stop at, to record or to patch.
    case 'safepoint': case 'stack_map': case 'patch_point': return;
    case 'slot_addr': return;
    default: i satisfies never;
  }
}

function finishCall(c: SelectContext, s: Signature, args: readonly number[], results: readonly Value[], op: number, callee: number, site: number): void {
  for (const v of args) c.nodes.args.push(v);
  results.forEach((r, k) => {
    c.nodes.results.push(r);
    const t = s.results[k];
    if (t === 'i8') c.learn(r, S8); else if (t === 'i16') c.learn(r, S16); else if (t === 'i1') c.learn(r, Z1);
  });
  c.nodes.end(op, callee, 0, site, c.loc);
}

function selectConstant(c: SelectContext, i: Extract<Instruction, { readonly kind: 'const' }>): void {
  switch (i.type) {
    case 'i64': c.i64(BigInt(i.value), i.result); return;
    case 'f32': case 'f64': selectFloatConstant(c, i.type, Number(i.value), i.result); return;
    case 'v128': selectVectorConstant(c, BigInt(i.value), i.result); return;
    default: c.i32(Number(i.value), i.result);
  }
}
