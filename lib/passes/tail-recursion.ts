/**
 * Self-recursion in tail position becomes a loop: explicit tail calls, calls whose results are returned as they are,
 * and calls whose one integer result is combined with a value by an associative, commutative operation before it is
 * returned: `return x + f(..)` adds `x` to an accumulator and goes round. Evaluation order stays: whatever the
 * function did before the call it still does before the next round, and nothing but pure work stood after it.
 *
 * Only functions without stack slots: an activation's slots are its own.
 */
import { buildCfg } from '../analysis/cfg.ts';
import { computeDominators } from '../analysis/dominators.ts';
import { uint8 } from '../analysis/slab.ts';
import { countUses } from '../analysis/uses.ts';
import type { CallInst, Edge, Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachResult, isPure, mapEdges } from '../mir/operands.ts';
import type { BinaryOp } from '../mir/ops.ts';
import type { Type } from '../mir/types.ts';
import { ownFunctionPass } from './pass.ts';

/** The pass `tail-recursion`. */
export const tailRecursion = ownFunctionPass('tail-recursion', 'self-calls in tail position, also through an accumulator, become loops', (f) => toLoop(f));

/** A block that ends in a self-call. `other` is the value combined with the result, −1 for none. */
interface Site { readonly block: number; readonly at: number; readonly args: readonly Value[]; readonly op: BinaryOp | undefined; readonly other: Value; readonly loc: number }

function toLoop(f: MirFunction): MirFunction {
  if (f.slots.length > 0 || !callsItself(f)) return f;
  const entered = f.blocks.some((b) => reaches(b.terminator, 0));
  if (entered) return f;
  const uses = countUses(f);
  const sites: Site[] = [];
  let op: BinaryOp | undefined;
  for (let b = 0; b < f.blocks.length; b++) {
    const s = siteOf(f, b, uses);
    if (s === undefined) continue;
    if (s.op !== undefined) {
      if (op !== undefined && op !== s.op) continue; // one accumulator, one operation
      op = s.op;
    }
    sites.push(s);
  }
  if (sites.length === 0) return f;
  const behindCall = blocksBehindCalls(f, sites);
  const bounded = sites.filter((s) => staysBounded(f, s, behindCall));
  return bounded.length === 0 ? f : rebuild(f, bounded, bounded.find((s) => s.op !== undefined)?.op);
}

/**
 * An ordinary call becomes a jump only behind another self-call that stays one: then endless recursion still meets the
 * stack limit (through that call), at every optimisation level alike, instead of becoming an endless loop. Explicit
 * tail calls may go on for ever.
 */
function staysBounded(f: MirFunction, s: Site, behindCall: Uint8Array): boolean {
  if (f.blocks[s.block].terminator.kind === 'tail_call') return true;
  const { instructions } = f.blocks[s.block];
  for (let k = 0; k < s.at; k++) { const i = instructions[k]; if (i.kind === 'call' && i.callee === f.name) return true; }
  return behindCall[s.block] !== 0;
}

/** 1 for each block that another one dominates with a self-call that is not itself turned into a jump. */
function blocksBehindCalls(f: MirFunction, sites: readonly Site[]): Uint8Array {
  const at = new Map(sites.map((s) => [s.block, s.at]));
  const calls = (b: number): boolean => f.blocks[b].instructions.some((i, n) => i.kind === 'call' && i.callee === f.name && at.get(b) !== n);
  const { preorder, idom } = computeDominators(buildCfg(f)), behind = uint8(f.blocks.length), through = uint8(f.blocks.length);
  for (const b of preorder) {
    if (idom[b] >= 0) behind[b] = through[idom[b]];
    through[b] = behind[b] !== 0 || calls(b) ? 1 : 0;
  }
  return behind;
}

function callsItself(f: MirFunction): boolean {
  for (const b of f.blocks) {
    if (b.terminator.kind === 'tail_call' && b.terminator.callee === f.name) return true;
    if (b.terminator.kind === 'ret') for (const i of b.instructions) if (i.kind === 'call' && i.callee === f.name) return true;
  }
  return false;
}

function reaches(t: Terminator, block: number): boolean {
  let found = false;
  mapEdges(t, (e) => { if (e.block === block) found = true; return e; });
  return found;
}

function siteOf(f: MirFunction, b: number, uses: Int32Array): Site | undefined {
  const { instructions, terminator: t } = f.blocks[b];
  if (t.kind === 'tail_call') return t.callee === f.name ? { block: b, at: instructions.length, args: t.args, op: undefined, other: -1, loc: t.loc } : undefined;
  if (t.kind !== 'ret') return undefined;
  let at = instructions.length - 1;
  while (at >= 0 && isPure(instructions[at])) at--;
  const call = at < 0 ? undefined : instructions[at];
  if (call?.kind !== 'call' || call.callee !== f.name) return undefined;
  if (t.args.length === call.results.length && t.args.every((v, k) => v === call.results[k])) {
    // What stands between is pure and, as it is not returned, unused.
    return { block: b, at, args: call.args, op: undefined, other: -1, loc: call.loc };
  }
  return accumulated(call, at, instructions, t.args, uses, b);
}

function accumulated(call: CallInst, at: number, instructions: readonly Instruction[], returned: readonly Value[], uses: Int32Array, block: number): Site | undefined {
  if (call.results.length !== 1 || returned.length !== 1) return undefined;
  const r = call.results[0], last = instructions.find((i, k) => k > at && i.kind === 'binary' && i.result === returned[0]);
  if (last?.kind !== 'binary' || uses[r] !== 1 || uses[last.result] !== 1) return undefined;
  if (last.a === last.b || last.a !== r && last.b !== r || identity(last.op, last.type) === undefined) return undefined;
  return { block, at, args: call.args, op: last.op, other: last.a === r ? last.b : last.a, loc: call.loc };
}

/** The value that changes nothing, for the operations an accumulator works with. */
function identity(op: BinaryOp, type: Type): number | bigint | undefined {
  const wide = type === 'i64';
  switch (op) {
    case 'add': case 'or': case 'xor': return wide ? 0n : 0;
    case 'mul': return wide ? 1n : 1;
    case 'and': return type === 'i1' ? 1 : wide ? -1n : -1;
    default: return undefined;
  }
}

function rebuild(f: MirFunction, sites: readonly Site[], op: BinaryOp | undefined): MirFunction {
  const types = f.valueTypes.slice();
  const accumulatorType = f.results[0];
  const accumulator = op === undefined ? -1 : types.push(accumulatorType) - 1;
  const bySite = new Map(sites.map((s) => [s.block, s]));
  const shift = (e: Edge): Edge => ({ block: e.block + 1, args: e.args });
  const fresh = f.blocks[0].params.map((p) => types.push(f.valueTypes[p]) - 1);
  const start: Instruction[] = [], seed: Value[] = [];
  if (op !== undefined) {
    const result = types.push(accumulatorType) - 1;
    start.push({ kind: 'const', type: accumulatorType, value: identity(op, accumulatorType)!, result, loc: f.loc });
    seed.push(result);
  }
  const blocks: Block[] = [{ params: fresh, instructions: start, terminator: { kind: 'jump', target: { block: 1, args: [...fresh, ...seed] }, loc: f.loc }, name: 'entry' }];
  for (let b = 0; b < f.blocks.length; b++) {
    const block = f.blocks[b], site = bySite.get(b);
    const params = b === 0 && accumulator >= 0 ? [...block.params, accumulator] : block.params;
    if (site !== undefined) {
      // Pure instructions after the call stay: the other operand may be among them, the result's own users are dropped.
      const call = block.instructions[site.at];
      const dead = new Set<Value>(call?.kind === 'call' ? call.results : []);
      const instructions = block.instructions.slice(0, site.at);
      for (const i of block.instructions.slice(site.at + 1)) if (!readsAny(i, dead)) instructions.push(i);
      const args = [...site.args];
      if (accumulator >= 0) args.push(combine(site.op, op!, accumulatorType, accumulator, site.other, types, instructions, site.loc));
      blocks.push({ ...block, params, instructions, terminator: { kind: 'jump', target: { block: 1, args }, loc: site.loc } });
      continue;
    }
    const t = block.terminator;
    if (op !== undefined && t.kind === 'ret') {
      const instructions = block.instructions.slice();
      const total = combine(op, op, accumulatorType, accumulator, t.args[0], types, instructions, t.loc);
      blocks.push({ ...block, params, instructions, terminator: { ...t, args: [total] } });
      continue;
    }
    if (op !== undefined && (t.kind === 'tail_call' || t.kind === 'tail_call_indirect')) {
      // A tail call elsewhere: its result still has to be combined, so it is an ordinary call now.
      return f;
    }
    blocks.push({ ...block, params, terminator: mapEdges(t, shift) });
  }
  return { ...f, blocks, valueTypes: types };
}

/** True when the instruction reads one of `values`; its own results are added to them then. */
function readsAny(i: Instruction, values: Set<Value>): boolean {
  let found = false;
  forEachOperand(i, (v) => { if (values.has(v)) found = true; });
  if (found) forEachResult(i, (v) => { values.add(v); });
  return found;
}

function combine(own: BinaryOp | undefined, op: BinaryOp, type: Type, accumulator: Value, other: Value, types: Type[], instructions: Instruction[], loc: number): Value {
  if (own === undefined) return accumulator;
  const result = types.push(type) - 1;
  instructions.push({ kind: 'binary', op, type, a: accumulator, b: other, result, loc });
  return result;
}
