/** Who defines and who uses each value, as arrays indexed by value. */
import type { ConstInst, Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachTerminatorOperand } from '../mir/operands.ts';
import { int32 } from './slab.ts';

/** How often each value is read, edge arguments included. */
export function countUses(f: MirFunction): Int32Array {
  const uses = int32(f.valueTypes.length);
  const visit = (v: Value): void => { uses[v]++; };
  for (const b of f.blocks) {
    const list = b.instructions;
    for (let k = 0; k < list.length; k++) {
      const i = list[k];
      switch (i.kind) { // the frequent kinds without a call per operand
        case 'const': break;
        case 'binary': case 'compare': uses[i.a]++; uses[i.b]++; break;
        case 'unary': case 'convert': uses[i.a]++; break;
        case 'load': case 'lea': uses[i.base]++; if (i.index >= 0) uses[i.index]++; break;
        case 'store': uses[i.base]++; if (i.index >= 0) uses[i.index]++; uses[i.value]++; break;
        case 'select': uses[i.condition]++; uses[i.a]++; uses[i.b]++; break;
        default: forEachOperand(i, visit);
      }
    }
    forEachTerminatorOperand(b.terminator, visit);
  }
  return uses;
}

/** The constants among the marked values, by value. */
export function constantsAmong(f: MirFunction, marked: Uint8Array): ReadonlyMap<Value, ConstInst> {
  const found = new Map<Value, ConstInst>();
  for (const b of f.blocks) {
    const list = b.instructions;
    for (let k = 0; k < list.length; k++) {
      const i = list[k];
      if (i.kind === 'const' && marked[i.result] !== 0) found.set(i.result, i);
    }
  }
  return found;
}

/** Where values come from. */
export interface Definitions {
  /** The instruction that defines a value; undefined for parameters. */
  readonly instruction: readonly (Instruction | undefined)[];
  /** The block that defines it, −1 for a value that is not defined anywhere. */
  readonly block: Int32Array;
  /** Position among the block's parameters, −1 for results of instructions. */
  readonly param: Int32Array;
}

/** Finds the definition of every value. */
export function findDefinitions(f: MirFunction): Definitions {
  const n = f.valueTypes.length;
  const instruction = new Array<Instruction | undefined>(n).fill(undefined);
  const block = int32(n).fill(-1), param = int32(n).fill(-1);
  for (let b = 0; b < f.blocks.length; b++) {
    const { params, instructions } = f.blocks[b];
    for (let k = 0; k < params.length; k++) { block[params[k]] = b; param[params[k]] = k; }
    for (let k = 0; k < instructions.length; k++) {
      const i = instructions[k];
      switch (i.kind) {
        case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
        case 'stack_map': case 'patch_point': break;
        case 'pair':
          instruction[i.result] = i; block[i.result] = b;
          instruction[i.result2] = i; block[i.result2] = b;
          break;
        case 'call': case 'call_indirect':
          for (let r = 0; r < i.results.length; r++) { instruction[i.results[r]] = i; block[i.results[r]] = b; }
          break;
        default: instruction[i.result] = i; block[i.result] = b;
      }
    }
  }
  return { instruction, block, param };
}

/** Calls `visit` with every value a terminator reads itself, edge arguments left out. */
export function forEachDirectOperand(t: Terminator, visit: (v: Value) => void): void {
  switch (t.kind) {
    case 'br': visit(t.condition); return;
    case 'switch': visit(t.value); return;
    case 'tail_call_indirect': visit(t.index); for (let k = 0; k < t.args.length; k++) visit(t.args[k]); return;
    case 'ret': case 'tail_call': for (let k = 0; k < t.args.length; k++) visit(t.args[k]); return;
    case 'jump': case 'trap': return;
    default: t satisfies never;
  }
}
