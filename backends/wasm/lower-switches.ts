/**
 * Before selection: switches become what `br_table` can do.
 *
 * - A switch is cut into runs of cases that are dense (at least {@link CASES} of {@link VALUES} values between them are
 *   cases), each from the first case left to the last with which it is dense; runs are chosen between by a balanced
 *   tree of compares. Runs of fewer than {@link SMALLEST_TABLE} cases are compared one by one.
 * - An edge of a table that carries arguments gets a block of its own: `br_table` has no room for moves.
 */
import type { BlockId, Edge, Instruction, SwitchCase, SwitchTerm, Terminator, Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { EditableFunction } from './editable-function.ts';
import { MAX_TABLE_LABELS } from './limits.ts';

/** Cases per value of a table, at least, as a fraction. */
const CASES = 2, VALUES = 5;
const SMALLEST_TABLE = 3;

/** The same function with dense switches without edge arguments. */
export function lowerSwitches(f: MirFunction): MirFunction {
  if (!f.blocks.some((b) => b.terminator.kind === 'switch')) return f;
  const e = new EditableFunction(f);
  for (let b = 0, n = e.blockCount; b < n; b++) {
    const t = e.block(b).terminator;
    if (t.kind === 'switch') lowerSwitch(e, b, t);
  }
  return e.finish();
}

interface Run { readonly from: number; readonly to: number }

/** Makes the switch that ends block `b` one that `br_table` can do. */
export function lowerSwitch(e: EditableFunction, b: BlockId, t: SwitchTerm): void {
  const cases = [...t.cases].sort((x, y) => (x.value < y.value ? -1 : x.value > y.value ? 1 : 0));
  const runs = denseRuns(cases);
  const lower: Lowering = { e, t, cases, runs };
  const made = tree(lower, 0, runs.length);
  e.append(b, made.instructions);
  e.setTerminator(b, made.terminator);
}

/** By clusters: no run crosses a gap that is wider than all cases together could make up for. */
function denseRuns(cases: readonly SwitchCase[]): Run[] {
  const n = cases.length, runs: Run[] = [], at = new Float64Array(n);
  for (let first = 0, end = 1; first < n; first = end++) {
    for (; end < n; end++) {
      const gap = Number(BigInt(cases[end].value) - BigInt(cases[end - 1].value));
      if (gap * CASES > n * VALUES) break;
      at[end] = at[end - 1] + gap;
    }
    clusterRuns(at, first, end, runs);
  }
  return runs;
}

/**
 * Runs of cases `first .. end`, whose values are `at` relative to the first's. From i to j is dense when
 * `VALUES * (j - i + 1) >= CASES * (at[j] - at[i] + 1)`, so when the score of j, `VALUES * j - CASES * at[j]`, is at
 * least something that depends on i alone; the last such j is found by bisection in the highest scores from j on.
 */
function clusterRuns(at: Float64Array, first: number, end: number, runs: Run[]): void {
  const score = (k: number): number => VALUES * k - CASES * at[k];
  const highest = new Float64Array(end - first);
  for (let k = end - 1; k >= first; k--) highest[k - first] = k === end - 1 ? score(k) : Math.max(score(k), highest[k + 1 - first]);
  for (let from = first; from < end;) {
    const least = score(from) + CASES - VALUES;
    let low = from, high = end - 1;
    while (low < high) {
      const middle = low + high + 1 >> 1;
      if (highest[middle - first] >= least) low = middle; else high = middle - 1;
    }
    const to = low + 1 - from >= SMALLEST_TABLE ? low + 1 : from + 1;
    // In pieces that are not too long for one table.
    for (let k = from; k < to;) {
      let last = k + 1;
      while (last < to && at[last] - at[k] < MAX_TABLE_LABELS) last++;
      if (last - k >= SMALLEST_TABLE) runs.push({ from: k, to: last }); else for (let one = k; one < last; one++) runs.push({ from: one, to: one + 1 });
      k = last;
    }
    from = to;
  }
}

interface Lowering { readonly e: EditableFunction; readonly t: SwitchTerm; readonly cases: readonly SwitchCase[]; readonly runs: readonly Run[] }
interface Made { readonly instructions: readonly Instruction[]; readonly terminator: Terminator }

/** Code that decides between runs `from .. to`. Depth is the logarithm of their number. */
function tree(l: Lowering, from: number, to: number): Made {
  const { e, t, cases, runs } = l;
  if (from === to) return { instructions: [], terminator: { kind: 'jump', target: t.default, loc: t.loc } };
  if (to - from === 1) return leaf(l, runs[from]);
  if (to - from <= 3) {
    // A few: one after the other.
    const first = leaf(l, runs[from]), rest = tree(l, from + 1, to);
    return { instructions: first.instructions, terminator: withDefault(l, first.terminator, block(e, rest)) };
  }
  const middle = from + to >> 1, limit = constant(e, t, cases[runs[middle].from].value), condition = e.addValue('i1');
  return {
    instructions: [limit.instruction, { kind: 'compare', op: 'slt', type: t.type, a: t.value, b: limit.value, result: condition, loc: t.loc }],
    terminator: { kind: 'br', condition, then: { block: block(e, tree(l, from, middle)), args: [] }, else: { block: block(e, tree(l, middle, to)), args: [] }, loc: t.loc },
  };
}

function block(e: EditableFunction, made: Made): BlockId { return e.addBlock(made.terminator, [], made.instructions); }

function withDefault({ e, t }: Lowering, made: Terminator, block: BlockId): Terminator {
  const other: Edge = { block, args: [] };
  switch (made.kind) {
    case 'br': return { ...made, else: other };
    case 'switch': return { ...made, default: other };
    default: return { kind: 'jump', target: { block: e.addBlock({ kind: 'jump', target: t.default, loc: t.loc }), args: [] }, loc: t.loc };
  }
}

function leaf({ e, t, cases }: Lowering, run: Run): Made {
  if (run.to - run.from === 1) {
    const c = cases[run.from], label = constant(e, t, c.value), condition = e.addValue('i1');
    return {
      instructions: [label.instruction, { kind: 'compare', op: 'eq', type: t.type, a: t.value, b: label.value, result: condition, loc: t.loc }],
      terminator: { kind: 'br', condition, then: c.target, else: t.default, loc: t.loc },
    };
  }
  const bare = (edge: Edge): Edge => (edge.args.length === 0 ? edge : { block: e.addBlock({ kind: 'jump', target: edge, loc: t.loc }), args: [] });
  return { instructions: [], terminator: { ...t, cases: cases.slice(run.from, run.to).map((c) => ({ value: c.value, target: bare(c.target) })), default: bare(t.default) } };
}

function constant(e: EditableFunction, t: SwitchTerm, value: number | bigint): { readonly value: Value; readonly instruction: Instruction } {
  const result = e.addValue(t.type);
  return { value: result, instruction: { kind: 'const', type: t.type, value, result, loc: t.loc } };
}
