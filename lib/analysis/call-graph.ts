/**
 * Who calls whom, and the strongly connected components of that relation: mutually recursive functions.
 *
 * Components come from Tarjan, "Depth-First Search and Linear Graph Algorithms" (SIAM J. Comput. 1972), with an
 * explicit stack; it yields them callees first, which is the order a bottom-up inliner wants.
 */
import { functionIndex, type Module } from '../mir/module.ts';
import { summarise, type FunctionSummary, type Summaries } from './function-summary.ts';
import { int32, int32From, uint8 } from './slab.ts';

export interface CallGraph {
  /** Direct callees (calls and tail calls, module functions only, repeated per site) of function `f`: `callees[start[f] .. start[f + 1])`. */
  readonly start: Int32Array;
  readonly callees: Int32Array;
  /** Direct call sites of each function in the whole module. */
  readonly sites: Int32Array;
  /** Component of each function; callees have smaller numbers than callers outside their component. */
  readonly component: Int32Array;
  /** Functions, callees before callers. */
  readonly bottomUp: Int32Array;
  /** 1 for a function that is part of a cycle of direct calls. */
  readonly recursive: Uint8Array;
  /** 1 for a function that may be called from outside or through the table. */
  readonly root: Uint8Array;
}

/** Builds the graph. A module without exports is taken to offer all its functions. */
export function buildCallGraph(m: Module, summaryOf: Summaries = summarise, index: ReadonlyMap<string, number> = functionIndex(m)): CallGraph {
  const n = m.functions.length;
  const start = int32(n + 1), list: number[] = [];
  for (let f = 0; f < n; f++) {
    const names = summaryOf(m.functions[f]).callees;
    for (let k = 0; k < names.length; k++) {
      const g = index.get(names[k]);
      if (g !== undefined) list.push(g);
    }
    start[f + 1] = list.length;
  }
  const callees = Int32Array.from(list), sites = int32(n);
  for (const g of callees) sites[g]++;
  const root = uint8(n);
  const exported = Object.values(m.exports);
  for (const name of exported) { const f = index.get(name); if (f !== undefined) root[f] = 1; }
  for (const name of m.table) { const f = name === null ? undefined : index.get(name); if (f !== undefined) root[f] = 1; }
  if (exported.length === 0) root.fill(1);

  const component = int32(n).fill(-1), recursive = uint8(n), bottomUp = int32(n);
  const number = int32(n).fill(-1), low = int32(n), next = int32From(start, n);
  const stack: number[] = [], path: number[] = [];
  let clock = 0, components = 0, done = 0;
  for (let s = 0; s < n; s++) {
    if (number[s] >= 0) continue;
    path.push(s);
    number[s] = low[s] = clock++;
    stack.push(s);
    while (path.length > 0) {
      const f = path[path.length - 1];
      if (next[f] < start[f + 1]) {
        const g = callees[next[f]++];
        if (g === f) recursive[f] = 1;
        if (number[g] < 0) {
          number[g] = low[g] = clock++;
          stack.push(g);
          path.push(g);
        } else if (component[g] < 0) {
          low[f] = Math.min(low[f], number[g]);
        }
        continue;
      }
      path.pop();
      if (path.length > 0) low[path[path.length - 1]] = Math.min(low[path[path.length - 1]], low[f]);
      if (low[f] !== number[f]) continue;
      const many = stack[stack.length - 1] !== f;
      for (;;) {
        const g = stack.pop()!;
        component[g] = components;
        if (many) recursive[g] = 1;
        bottomUp[done++] = g;
        if (g === f) break;
      }
      components++;
    }
  }
  return { start, callees, sites, component, bottomUp, recursive, root };
}

/**
 * 1 for each function that may have several activations at once: it is part of a cycle of direct calls, or code it
 * reaches calls out (through the table, or to an import), from where any exported or listed function may be entered.
 */
export function mayBeReentered(m: Module, graph: CallGraph, summaryOf: Summaries = summarise, index: ReadonlyMap<string, number> = functionIndex(m)): Uint8Array {
  const reentered = uint8(graph.recursive.length), outside = uint8(graph.recursive.length);
  // Callees come first, and the members of a component together: all of a component call out when one does.
  for (let k = 0; k < graph.bottomUp.length; k++) {
    const f = graph.bottomUp[k], component = graph.component[f];
    if (callsOut(summaryOf(m.functions[f]), index)) outside[component] = 1;
    for (let e = graph.start[f]; e < graph.start[f + 1] && outside[component] === 0; e++) outside[component] = outside[graph.component[graph.callees[e]]];
  }
  for (let f = 0; f < reentered.length; f++) reentered[f] = graph.recursive[f] | outside[graph.component[f]];
  return reentered;
}

function callsOut({ callsIndirectly, callees }: FunctionSummary, index: ReadonlyMap<string, number>): boolean {
  if (callsIndirectly) return true;
  for (let k = 0; k < callees.length; k++) if (!index.has(callees[k])) return true;
  return false;
}

/** 1 for each function that roots reach by direct calls (indirect ones reach table entries, which are roots). */
export function reachableFunctions(graph: CallGraph): Uint8Array {
  const seen = graph.root.slice(), work: number[] = [];
  for (let f = 0; f < seen.length; f++) if (seen[f] !== 0) work.push(f);
  while (work.length > 0) {
    const f = work.pop()!;
    for (let k = graph.start[f]; k < graph.start[f + 1]; k++) {
      const g = graph.callees[k];
      if (seen[g] === 0) { seen[g] = 1; work.push(g); }
    }
  }
  return seen;
}
