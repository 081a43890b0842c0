/** Who defines and who uses each value, as arrays indexed by value. */
import type { Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { MirFunction } from '../mir/module.ts';
import { forEachOperand, forEachResult, forEachTerminatorOperand } from '../mir/operands.ts';

/** How often each value is read, edge arguments included. */
export function countUses(f: MirFunction): Int32Array {
  const uses = new Int32Array(f.valueTypes.length);
  const visit = (v: Value): void => { uses[v]++; };
  for (const b of f.blocks) {
    for (let k = 0; k < b.instructions.length; k++) forEachOperand(b.instructions[k], visit);
    forEachTerminatorOperand(b.terminator, visit);
  }
  return uses;
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
  const block = new Int32Array(n).fill(-1), param = new Int32Array(n).fill(-1);
  let b = 0, current: Instruction | undefined;
  const visit = (v: Value): void => { instruction[v] = current; block[v] = b; };
  for (; b < f.blocks.length; b++) {
    const { params, instructions } = f.blocks[b];
    for (let k = 0; k < params.length; k++) { block[params[k]] = b; param[params[k]] = k; }
    for (let k = 0; k < instructions.length; k++) forEachResult(current = instructions[k], visit);
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
