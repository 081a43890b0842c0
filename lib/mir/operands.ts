/**
 * Uniform access to the operands and results of any instruction. These walkers are the only place, besides the
 * verifier, printer and parser, that lists every shape; analyses and passes build on them.
 */
import type { Edge, Instruction, SwitchTerm, Terminator, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { BINARY_OPS, CONVERT_OPS } from './ops.ts';

/** Calls `visit` with every value the instruction reads, in operand order. */
export function forEachOperand(i: Instruction, visit: (v: Value) => void): void {
  switch (i.kind) {
    case 'binary': case 'compare': case 'pair': case 'insert_lane': case 'shuffle': visit(i.a); visit(i.b); return;
    case 'const': case 'slot_addr': case 'global_addr': case 'memory_size': case 'fence': case 'safepoint': return;
    case 'load': case 'lea': case 'atomic_load': visit(i.base); if (i.index !== NO_VALUE) visit(i.index); return;
    case 'store': case 'atomic_store': case 'atomic_rmw':
      visit(i.base); if (i.index !== NO_VALUE) visit(i.index); visit(i.value); return;
    case 'atomic_cmpxchg':
      visit(i.base); if (i.index !== NO_VALUE) visit(i.index); visit(i.expected); visit(i.replacement); return;
    case 'unary': case 'convert': case 'splat': case 'extract_lane': visit(i.a); return;
    case 'select': visit(i.condition); visit(i.a); visit(i.b); return;
    case 'ternary': visit(i.a); visit(i.b); visit(i.c); return;
    case 'call': case 'vector': { const a = i.args; for (let k = 0; k < a.length; k++) visit(a[k]); return; }
    case 'call_indirect': { visit(i.index); const a = i.args; for (let k = 0; k < a.length; k++) visit(a[k]); return; }
    case 'memory_copy': visit(i.destination); visit(i.source); visit(i.size); return;
    case 'memory_fill': visit(i.destination); visit(i.value); visit(i.size); return;
    case 'memory_grow': visit(i.pages); return;
    case 'stack_map': case 'patch_point': { const a = i.live; for (let k = 0; k < a.length; k++) visit(a[k]); return; }
    default: i satisfies never;
  }
}

/** Calls `visit` with every value the instruction defines. */
export function forEachResult(i: Instruction, visit: (v: Value) => void): void {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': return;
    case 'pair': visit(i.result); visit(i.result2); return;
    case 'call': case 'call_indirect': { const r = i.results; for (let k = 0; k < r.length; k++) visit(r[k]); return; }
    default: visit(i.result);
  }
}

/** The single result of an instruction, or {@link NO_VALUE} when it has none or several. */
export function singleResult(i: Instruction): Value {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': case 'pair': return NO_VALUE;
    case 'call': case 'call_indirect': return i.results.length === 1 ? i.results[0] : NO_VALUE;
    default: return i.result;
  }
}

/** Calls `visit` with every value the terminator reads, edge arguments included. */
export function forEachTerminatorOperand(t: Terminator, visit: (v: Value) => void): void {
  switch (t.kind) {
    case 'jump': eachArg(t.target, visit); return;
    case 'br': visit(t.condition); eachArg(t.then, visit); eachArg(t.else, visit); return;
    case 'switch':
      visit(t.value);
      for (let k = 0; k < t.cases.length; k++) eachArg(t.cases[k].target, visit);
      eachArg(t.default, visit);
      return;
    case 'tail_call_indirect': visit(t.index); for (let k = 0; k < t.args.length; k++) visit(t.args[k]); return;
    case 'ret': case 'tail_call': for (let k = 0; k < t.args.length; k++) visit(t.args[k]); return;
    case 'trap': return;
    default: t satisfies never;
  }
}

function eachArg(e: Edge, visit: (v: Value) => void): void {
  const a = e.args;
  for (let k = 0; k < a.length; k++) visit(a[k]);
}

/** Calls `visit` with every outgoing edge; a switch gives its cases in order, then the default. */
export function forEachEdge(t: Terminator, visit: (e: Edge, index: number) => void): void {
  switch (t.kind) {
    case 'jump': visit(t.target, 0); return;
    case 'br': visit(t.then, 0); visit(t.else, 1); return;
    case 'switch': {
      for (let k = 0; k < t.cases.length; k++) visit(t.cases[k].target, k);
      visit(t.default, t.cases.length);
      return;
    }
    case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': return;
    default: t satisfies never;
  }
}

function mapList(list: readonly Value[], map: (v: Value) => Value): readonly Value[] {
  for (let k = 0; k < list.length; k++) {
    if (map(list[k]) !== list[k]) return list.map((v) => map(v));
  }
  return list;
}

/** The instruction with every operand replaced by `map(operand)`; the same object when nothing changed. */
export function mapOperands<I extends Instruction>(inst: I, map: (v: Value) => Value): I;
export function mapOperands(i: Instruction, map: (v: Value) => Value): Instruction {
  switch (i.kind) {
    case 'const': case 'slot_addr': case 'global_addr': case 'memory_size': case 'fence': case 'safepoint': return i;
    case 'binary': case 'compare': case 'pair': case 'insert_lane': case 'shuffle': {
      const a = map(i.a), b = map(i.b);
      return a === i.a && b === i.b ? i : { ...i, a, b };
    }
    case 'unary': case 'convert': case 'splat': case 'extract_lane': {
      const a = map(i.a);
      return a === i.a ? i : { ...i, a };
    }
    case 'ternary': {
      const a = map(i.a), b = map(i.b), c = map(i.c);
      return a === i.a && b === i.b && c === i.c ? i : { ...i, a, b, c };
    }
    case 'select': {
      const condition = map(i.condition), a = map(i.a), b = map(i.b);
      return condition === i.condition && a === i.a && b === i.b ? i : { ...i, condition, a, b };
    }
    case 'load': case 'lea': case 'atomic_load': {
      const base = map(i.base), index = i.index === NO_VALUE ? NO_VALUE : map(i.index);
      return base === i.base && index === i.index ? i : { ...i, base, index };
    }
    case 'store': case 'atomic_store': case 'atomic_rmw': {
      const base = map(i.base), index = i.index === NO_VALUE ? NO_VALUE : map(i.index), value = map(i.value);
      return base === i.base && index === i.index && value === i.value ? i : { ...i, base, index, value };
    }
    case 'atomic_cmpxchg': {
      const base = map(i.base), index = i.index === NO_VALUE ? NO_VALUE : map(i.index);
      const expected = map(i.expected), replacement = map(i.replacement);
      return base === i.base && index === i.index && expected === i.expected && replacement === i.replacement
        ? i : { ...i, base, index, expected, replacement };
    }
    case 'call': case 'vector': {
      const args = mapList(i.args, map);
      return args === i.args ? i : { ...i, args };
    }
    case 'call_indirect': {
      const index = map(i.index), args = mapList(i.args, map);
      return index === i.index && args === i.args ? i : { ...i, index, args };
    }
    case 'memory_copy': {
      const destination = map(i.destination), source = map(i.source), size = map(i.size);
      return destination === i.destination && source === i.source && size === i.size ? i : { ...i, destination, source, size };
    }
    case 'memory_fill': {
      const destination = map(i.destination), value = map(i.value), size = map(i.size);
      return destination === i.destination && value === i.value && size === i.size ? i : { ...i, destination, value, size };
    }
    case 'memory_grow': {
      const pages = map(i.pages);
      return pages === i.pages ? i : { ...i, pages };
    }
    case 'stack_map': case 'patch_point': {
      const live = mapList(i.live, map);
      return live === i.live ? i : { ...i, live };
    }
    default: return i satisfies never;
  }
}

function mapEdge(e: Edge, map: (v: Value) => Value): Edge {
  const args = mapList(e.args, map);
  return args === e.args ? e : { block: e.block, args };
}

/** The terminator with every operand replaced by `map(operand)`; the same object when nothing changed. */
export function mapTerminatorOperands(t: Terminator, map: (v: Value) => Value): Terminator {
  switch (t.kind) {
    case 'jump': {
      const target = mapEdge(t.target, map);
      return target === t.target ? t : { kind: 'jump', target, loc: t.loc };
    }
    case 'br': {
      const condition = map(t.condition), then = mapEdge(t.then, map), otherwise = mapEdge(t.else, map);
      return condition === t.condition && then === t.then && otherwise === t.else ? t : { kind: 'br', condition, then, else: otherwise, loc: t.loc };
    }
    case 'switch': {
      const value = map(t.value), fallback = mapEdge(t.default, map);
      let same = value === t.value && fallback === t.default;
      const cases = t.cases.map((c) => {
        const target = mapEdge(c.target, map);
        if (target === c.target) return c;
        same = false;
        return { value: c.value, target };
      });
      return same ? t : { ...t, value, cases, default: fallback };
    }
    case 'ret': case 'tail_call': {
      const args = mapList(t.args, map);
      return args === t.args ? t : { ...t, args };
    }
    case 'tail_call_indirect': {
      const index = map(t.index), args = mapList(t.args, map);
      return index === t.index && args === t.args ? t : { ...t, index, args };
    }
    case 'trap': return t;
    default: return t satisfies never;
  }
}

/** The terminator with every edge replaced by `map(edge)`; the same object when nothing changed. */
export function mapEdges(t: Terminator, map: (e: Edge, index: number) => Edge): Terminator {
  switch (t.kind) {
    case 'jump': {
      const target = map(t.target, 0);
      return target === t.target ? t : { kind: 'jump', target, loc: t.loc };
    }
    case 'br': {
      const then = map(t.then, 0), otherwise = map(t.else, 1);
      return then === t.then && otherwise === t.else ? t : { kind: 'br', condition: t.condition, then, else: otherwise, loc: t.loc };
    }
    case 'switch': return mapSwitch(t, map);
    case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': return t;
    default: return t satisfies never;
  }
}

// Apart: a function whose parameter a closure captures allocates on every call.
function mapSwitch(t: SwitchTerm, map: (e: Edge, index: number) => Edge): SwitchTerm {
  let same = true;
  const cases = t.cases.map((c, k) => {
    const target = map(c.target, k);
    if (target === c.target) return c;
    same = false;
    return { value: c.value, target };
  });
  const fallback = map(t.default, t.cases.length);
  return same && fallback === t.default ? t : { ...t, cases, default: fallback };
}

/** Binary operations and conversions whose row says that they trap: a set, as asking the row for a key is many times slower. */
const TRAPPING: ReadonlySet<string> = new Set([...Object.entries(BINARY_OPS), ...Object.entries(CONVERT_OPS)].filter(([, row]) => 'traps' in row).map(([op]) => op));

/** True when the instruction can end in a trap (a call is judged by {@link hasSideEffect}). */
export function mayTrap(i: Instruction): boolean {
  switch (i.kind) {
    case 'binary': return TRAPPING.has(i.op);
    case 'convert': return TRAPPING.has(i.op);
    case 'load': case 'store': case 'memory_copy': case 'memory_fill': case 'call': case 'call_indirect':
    case 'atomic_load': case 'atomic_store': case 'atomic_rmw': case 'atomic_cmpxchg': return true;
    default: return false;
  }
}

/** True when the instruction may write memory or be seen from outside (so it must stay even if its result is unused). */
export function hasSideEffect(i: Instruction): boolean {
  switch (i.kind) {
    case 'store': case 'memory_copy': case 'memory_fill': case 'memory_grow': case 'call': case 'call_indirect':
    case 'atomic_load': case 'atomic_store': case 'atomic_rmw': case 'atomic_cmpxchg': case 'fence':
    case 'safepoint': case 'stack_map': case 'patch_point': return true;
    case 'load': return i.volatile;
    default: return false;
  }
}

/** True when the result depends only on the operands and the instruction may be moved, repeated or dropped. */
export function isPure(i: Instruction): boolean {
  switch (i.kind) {
    case 'const': case 'unary': case 'ternary': case 'compare': case 'pair': case 'select': case 'lea':
    case 'slot_addr': case 'global_addr': case 'vector': case 'splat': case 'extract_lane': case 'insert_lane':
    case 'shuffle': return true;
    case 'binary': case 'convert': return !mayTrap(i);
    default: return false;
  }
}
