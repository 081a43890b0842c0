/**
 * The memory estimate: an upper bound on what a run of a module uses, with where the bytes go.
 *
 * Invariant: never below what is used. Each part is a bound by construction, not a guess:
 * - code: per instruction kind, the longest sequence the native backend emits for it with all its operands spilled,
 *   plus a fixed part per function; the estimate of a module bounds the code of *that* module, so a pipeline that
 *   inlines estimates again after it (both must fit);
 * - data: the function table and the images of globals;
 * - linear memory: its initial size (growth is not estimated but enforced: it cannot pass the cap);
 * - stack: the deepest chain of the call graph, each frame with every value in a spill slot of its own; recursion and
 *   indirect calls are bounded by the stack limit, which the run enforces with a guard.
 */
import { LamellaError } from '../mir/errors.ts';
import type { Instruction, Terminator } from '../mir/instruction.ts';
import { layoutModule, layoutSlots } from '../mir/layout.ts';
import { arityOf, type MirFunction, type Module } from '../mir/module.ts';
import { LANE_TYPE, PAGE_SIZE, VECTOR_TYPE, type Lanes, type MemoryModel, type Type } from '../mir/types.ts';
import type { VectorOp } from '../mir/vector-ops.ts';

/** Where the bytes go. `total` is the sum of the parts. */
export interface MemoryEstimate {
  readonly code: number;
  readonly data: number;
  readonly linearMemory: number;
  readonly stack: number;
  readonly total: number;
  /** True when recursion or indirect calls make the stack limit the bound of `stack`. */
  readonly stackBoundedByLimit: boolean;
  /** The same code and frame bytes by function, largest code first. */
  readonly functions: readonly { readonly name: string; readonly code: number; readonly frame: number }[];
}

/** The module needs more memory than its budget. */
export class MemoryBudgetError extends LamellaError {
  readonly estimate: MemoryEstimate;
  readonly limit: number;
  constructor(moduleName: string, estimate: MemoryEstimate, limit: number) {
    super('memory', `memory: module ${moduleName} needs up to ${estimate.total} bytes, over its budget of ${limit}\n  code ${estimate.code}, data ${estimate.data}, linear memory ${estimate.linearMemory}, stack ${estimate.stack}`,
      'Raise maxMemory, or make the largest part smaller.');
    this.name = 'MemoryBudgetError';
    this.estimate = estimate;
    this.limit = limit;
  }
}

const FUNCTION_CODE = 192;
const CALL_CODE = 480;
/** Bytes of one move between a register and a spill slot, the longest form. */
const MOVE = 10;

/**
 * Bounds the memory of one run.
 *
 * @param stackLimit bytes of guest stack the run is given
 * @example
 * estimateMemory(emptyModule, 1048576).code // => 0
 */
export function estimateMemory(module: Module, stackLimit: number): MemoryEstimate {
  const layout = layoutModule(module);
  const functions = module.functions.map((f) => ({ name: f.name, code: codeBound(f), frame: frameBound(f, module.memoryModel) }));
  const code = functions.reduce((sum, f) => sum + f.code, module.functions.some(fusesDoubles) ? FMA64_CODE : 0);
  const dataBytes = module.globals.reduce((sum, g) => sum + (g.bytes?.length ?? 0), 0) + module.table.length * 16;
  const linearMemory = module.memoryModel === 'linear' ? Math.max(module.memory.initialPages, layout.pagesNeeded) * PAGE_SIZE : 0;
  const depth = deepestChain(module, functions.map((f) => f.frame));
  const stack = depth === undefined ? stackLimit : Math.min(depth, stackLimit);
  return {
    code, data: dataBytes, linearMemory, stack, total: code + dataBytes + linearMemory + stack,
    stackBoundedByLimit: depth === undefined || depth > stackLimit,
    functions: functions.sort((a, b) => b.code - a.code),
  };
}

/** Estimates, and throws when the total passes `limit` (null: no limit). @throws MemoryBudgetError */
export function enforceMemoryBudget(module: Module, limit: number | null, stackLimit: number): MemoryEstimate {
  const estimate = estimateMemory(module, stackLimit);
  if (limit !== null && estimate.total > limit) throw new MemoryBudgetError(module.name, estimate, limit);
  return estimate;
}

function codeBound(f: MirFunction): number {
  let bytes = FUNCTION_CODE + (f.params.length + f.results.length) * 2 * MOVE + boundaryCode(f);
  for (const b of f.blocks) {
    // Loop alignment, and the parallel moves of the block's parameters.
    bytes += 32 + b.params.length * 2 * MOVE;
    for (const i of b.instructions) bytes += instructionBound(i);
    bytes += terminatorBound(b.terminator);
  }
  return bytes;
}

/** Whether the host enters the function through another one, that joins and parts the halves of its `v256`. */
function hasBoundary(f: MirFunction): boolean { return f.params.includes('v256') || f.results.includes('v256'); }

/** That other function: an instruction or two for every half, a call, and what every function has. */
function boundaryCode(f: MirFunction): number {
  return hasBoundary(f) ? FUNCTION_CODE + CALL_CODE + (arityOf(f.params) + arityOf(f.results)) * 12 * MOVE : 0;
}

function instructionBound(i: Instruction): number {
  switch (i.kind) {
    case 'const': return (i.type === 'v256' ? 2 : 1) * (16 + MOVE + 16);
    case 'binary': return 96 + 3 * MOVE;
    case 'unary': return 80 + 2 * MOVE;
    case 'pair': case 'convert': return 128 + 4 * MOVE;
    case 'ternary': return 192 + 4 * MOVE;
    case 'call': case 'call_indirect': return CALL_CODE + (i.args.length + i.results.length) * 3 * MOVE;
    case 'memory_copy': case 'memory_fill': case 'memory_grow': return 192 + 32 * MOVE;
    case 'patch_point': return 32 + i.bytes;
    case 'vector': return vectors(i.lanes) * (VECTOR_CODE[i.op] ?? 256) + 4 * MOVE;
    case 'shuffle': return (i.mask.length === 32 ? 1536 : 512) + 4 * MOVE;
    case 'splat': case 'extract_lane': case 'insert_lane': return vectors(i.lanes) * 256 + 4 * MOVE;
    // Two accesses, and the address of the second.
    case 'load': case 'store': return (i.type === 'v256' ? 160 : 64) + 4 * MOVE;
    default: return 64 + 4 * MOVE;
  }
}

/** What an operation takes on processors with SSE2 alone, where it is more than 256 bytes; with the store of its result. */
const VECTOR_CODE: Readonly<Partial<Record<VectorOp, number>>> = { vswizzle: 640, vfma: 448 };
/** Halves of 128 bits that a vector is split into where there is nothing wider. */
function vectors(lanes: Lanes): number { return VECTOR_TYPE[lanes] === 'v256' ? 2 : 1; }

function terminatorBound(t: Terminator): number {
  const edge = (args: readonly unknown[]): number => 12 + args.length * 3 * MOVE;
  switch (t.kind) {
    case 'jump': return 16 + edge(t.target.args);
    case 'br': return 48 + edge(t.then.args) + edge(t.else.args);
    // A jump table has at most four entries a case (it is only built when dense), or a compare and a branch a case.
    case 'switch': return 64 + t.cases.reduce((sum, c) => sum + 48 + edge(c.target.args), edge(t.default.args));
    case 'ret': return 64 + t.args.length * 3 * MOVE;
    case 'tail_call': case 'tail_call_indirect': return 160 + t.args.length * 3 * MOVE;
    case 'trap': return 16;
    default: return t satisfies never;
  }
}

/** Processors without fused multiply-add call a function for that of f64: its code and its frame. */
const FMA64_CODE = 2048, FMA64_FRAME = 128;
function fusesDoubles(f: MirFunction): boolean {
  return f.blocks.some((b) => b.instructions.some((i) => (i.kind === 'ternary' && i.type === 'f64') || (i.kind === 'vector' && i.op === 'vfma' && LANE_TYPE[i.lanes] === 'f64')));
}

const FRAME = 8 + 6 * 8 + 16;

/** Every value in a spill slot, a second copy for splits, callee-saved registers, return address, alignment; stack slots, where they are there. */
function frameBound(f: MirFunction, model: MemoryModel): number {
  let bytes = FRAME + (fusesDoubles(f) ? FMA64_FRAME : 0);
  for (const t of f.valueTypes) bytes += valueBound(t);
  if (model === 'native') bytes += layoutSlots(f.slots).size + 16;
  // The halves that come in and go out, and both vectors of each.
  if (!hasBoundary(f)) return bytes;
  for (const list of [f.params, f.results]) for (const t of list) bytes += 2 * valueBound(t);
  return bytes + FRAME;
}
function valueBound(t: Type): number { return t === 'v256' ? 64 : t === 'v128' ? 32 : 16; }

/** Bytes of the deepest chain of direct calls, or undefined when a cycle or an indirect call makes it unbounded. */
function deepestChain(module: Module, frames: readonly number[]): number | undefined {
  const index = new Map<string, number>();
  module.functions.forEach((f, i) => index.set(f.name, i));
  const callees: number[][] = [];
  for (const f of module.functions) {
    const set = new Set<number>();
    for (const b of f.blocks) {
      for (const i of b.instructions) {
        if (i.kind === 'call_indirect') return undefined;
        if (i.kind === 'call') { const c = index.get(i.callee); if (c !== undefined) set.add(c); }
      }
      // A tail call replaces the frame, but the callee's own frame may be larger: counted as a call, a safe bound.
      if (b.terminator.kind === 'tail_call_indirect') return undefined;
      if (b.terminator.kind === 'tail_call') { const c = index.get(b.terminator.callee); if (c !== undefined) set.add(c); }
    }
    callees.push([...set]);
  }
  const depth = new Float64Array(frames.length).fill(-1);
  const onPath = new Uint8Array(frames.length);
  const stack: { f: number; next: number }[] = [];
  let deepest = 0;
  for (let root = 0; root < frames.length; root++) {
    if (depth[root] >= 0) continue;
    stack.push({ f: root, next: 0 });
    onPath[root] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < callees[top.f].length) {
        const callee = callees[top.f][top.next++];
        if (onPath[callee] === 1) return undefined;
        if (depth[callee] < 0) { stack.push({ f: callee, next: 0 }); onPath[callee] = 1; }
      } else {
        let below = 0;
        for (const c of callees[top.f]) below = Math.max(below, depth[c]);
        depth[top.f] = below + frames[top.f];
        deepest = Math.max(deepest, depth[top.f]);
        onPath[top.f] = 0;
        stack.pop();
      }
    }
  }
  return deepest;
}
