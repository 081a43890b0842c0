/** Switches: a jump table when the cases are dense, else a balanced tree of compares. */
import type { SwitchTerm } from '../../lib/mir/instruction.ts';
import { edgeKey } from '../../lib/codegen/block-order.ts';
import {
  LOAD_S16, LOAD_S8, MODE_BASE, OP_JUMP_TABLE, OP_JUMP_TREE, OP_LEA, OP_LOAD, OP_TABLE_ADDRESS, OP_ALU, ALU_SUB, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_REG, defReuse, USE_ANY } from './operand-constraints.ts';
import { SelectContext } from './select-context.ts';

const MIN_TABLE_CASES = 5;
/** A table may have this many entries per case. */
const MAX_SPARSENESS = 4;

/** `exits` are the block's distinct edges; case targets are numbered by them. */
export function lowerSwitch(s: SelectContext, t: SwitchTerm, exits: readonly { readonly block: number; readonly args: readonly number[] }[]): void {
  const number = new Map<string, number>();
  exits.forEach((e, k) => number.set(edgeKey(e), k));
  const fallback = number.get(edgeKey(t.default))!;
  const cases = t.cases.map((c) => ({ value: BigInt(c.value), target: number.get(edgeKey(c.target))! })).sort((a, b) => (a.value < b.value ? -1 : 1));
  const bytes = t.type === 'i64' ? 8 : 4;
  let v = s.reg(t.value);
  if (t.type === 'i8' || t.type === 'i16') v = s.step(OP_LOAD, pack(t.type === 'i8' ? LOAD_S8 : LOAD_S16, 2), 0, v);
  const low = cases[0].value, span = cases[cases.length - 1].value - low + 1n;
  if (cases.length >= MIN_TABLE_CASES && span <= BigInt(cases.length * MAX_SPARSENESS)) {
    const targets = new Array<number>(Number(span)).fill(fallback);
    for (const c of cases) targets[Number(c.value - low)] = c.target;
    if (low !== 0n) v = offsetFrom(s, v, low, bytes);
    const table = s.newInt(), id = s.switches.push({ size: bytes, targets, low: [], high: [], fallback }) - 1;
    s.inst(OP_TABLE_ADDRESS, 0, id);
    s.op(table, DEF_REG);
    s.inst(OP_JUMP_TABLE, pack(0, sizeLog(bytes)), id);
    s.op(v, USE_REG);
    s.op(table, USE_REG);
    return;
  }
  const id = s.switches.push({
    size: bytes, targets: cases.map((c) => c.target), fallback,
    low: cases.map((c) => Number(BigInt.asIntN(32, c.value))), high: cases.map((c) => Number(BigInt.asIntN(32, c.value >> 32n))),
  }) - 1;
  s.inst(OP_JUMP_TREE, pack(0, sizeLog(bytes)), id);
  s.op(v, USE_REG);
}

function offsetFrom(s: SelectContext, v: number, low: bigint, bytes: number): number {
  const d = s.newInt();
  if (-low === BigInt.asIntN(32, -low)) {
    s.inst(OP_LEA, pack(0, sizeLog(bytes), MODE_BASE), Number(-low));
    s.op(d, DEF_REG);
    s.op(v, USE_REG);
    return d;
  }
  const l = s.wideInteger(low);
  s.inst(OP_ALU, pack(ALU_SUB, sizeLog(bytes)));
  s.op(d, defReuse(1));
  s.op(v, USE_REG);
  s.op(l, USE_ANY);
  return d;
}
