/**
 * Interpreter handlers of terminators and calls.
 *
 * An edge is decoded into `fn.edges` as `[target ip, steps of the target block, moves, hazard, (to, from, words)…]`;
 * `hazard` is 1 when a target is also a later source, and all sources are then read before any target is written.
 * An argument or result list is decoded into `fn.lists` as `[count, (register, words)…]`.
 */
import { readValue, writeValue } from './interpreter-values.ts';
import type { DecodedFunction, Handler, Machine } from './interpreter-machine.ts';
import { STRIDE } from './interpreter-machine.ts';
import { UsageError } from './errors.ts';
import type { Import } from './module.ts';
import { formatSignature } from './types.ts';

function takeEdge(m: Machine, at: number): void {
  const e = m.fn.edges, n = e[at + 2];
  if (n > 0) {
    const r = m.i32, f = m.fp;
    if (e[at + 3] === 0) {
      for (let k = 0, q = at + 4; k < n; k++, q += 3) {
        const to = f + e[q], from = f + e[q + 1];
        r[to] = r[from];
        if (e[q + 2] > 1) {
          r[to + 1] = r[from + 1];
          for (let w = 2; w < e[q + 2]; w++) r[to + w] = r[from + w];
        }
      }
    } else {
      const s = n * 8 <= m.scratch.length ? m.scratch : new Int32Array(n * 8);
      for (let k = 0, q = at + 4; k < n; k++, q += 3) {
        for (let w = 0; w < e[q + 2]; w++) s[8 * k + w] = r[f + e[q + 1] + w];
      }
      for (let k = 0, q = at + 4; k < n; k++, q += 3) {
        for (let w = 0; w < e[q + 2]; w++) r[f + e[q] + w] = s[8 * k + w];
      }
    }
  }
  m.ip = e[at];
  m.count(e[at + 1]);
}

/** Operands: edge. */
export const jump: Handler = (m, p) => takeEdge(m, m.code[p]);
/** Operands: condition, edge when true, edge when false. */
export const branch: Handler = (m, p) => { const c = m.code; takeEdge(m, m.i32[m.fp + c[p]] !== 0 ? c[p + 1] : c[p + 2]); };
/** Operands: value, number of the switch, default edge. */
export const switch32: Handler = (m, p) => {
  const c = m.code;
  takeEdge(m, m.fn.switches[c[p + 1]].get(m.i32[m.fp + c[p]]) ?? c[p + 2]);
};
export const switch64: Handler = (m, p) => {
  const c = m.code;
  takeEdge(m, m.fn.switches[c[p + 1]].get(m.i64[m.fp + c[p] >> 1]) ?? c[p + 2]);
};
/** Operands: the trap code's entry in the function's list. */
export const trap: Handler = (m, p) => m.trap(m.fn.traps[m.code[p]]);

/** Copies results named by `list` of `source` (registers at `from`) to the places the suspended call names. */
function deliver(m: Machine, source: Int32Array, list: number, from: number): void {
  m.pop();
  const n = source[list];
  if (n === 0) return;
  const targets = m.fn.lists, at = m.fn.code[(m.ip - 1) * STRIDE + 2], r = m.i32, f = m.fp;
  for (let k = 0; k < n; k++) {
    const a = from + source[list + 1 + 2 * k], d = f + targets[at + 1 + 2 * k], words = source[list + 2 + 2 * k];
    for (let w = 0; w < words; w++) r[d + w] = r[a + w];
  }
}

/** Operands: list of returned registers. */
export const ret: Handler = (m, p) => deliver(m, m.fn.lists, m.code[p], m.fp);

/** Ends the loop; the code of the host's own frame. */
export const halt: Handler = (m) => { m.ip = -1; };

// --- calls. Operands of a call: callee, argument list, result list; an indirect one has the index register in code[p + 3] ---

function callFunction(m: Machine, callee: DecodedFunction, args: number): void {
  const fp = m.fp + m.fn.frameWords;
  if (m.i32.length < fp + callee.frameWords) m.reserve(fp, callee.frameWords); // may trap, while the caller is still the innermost activation
  m.push();
  const r = m.i32, list = m.fn.lists, params = callee.params, n = list[args], f = m.fp;
  for (let k = 0; k < n; k++) {
    const a = f + list[args + 1 + 2 * k], d = fp + params[k], words = list[args + 2 + 2 * k];
    for (let w = 0; w < words; w++) r[d + w] = r[a + w];
  }
  m.enter(callee, fp);
}

function tailCallFunction(m: Machine, callee: DecodedFunction, args: number): void {
  const list = m.fn.lists, params = callee.params, n = list[args], f = m.fp;
  if (m.i32.length < f + callee.frameWords) m.reserve(f, callee.frameWords);
  const r = m.i32, s = n * 8 <= m.scratch.length ? m.scratch : new Int32Array(n * 8);
  for (let k = 0; k < n; k++) {
    for (let w = 0; w < list[args + 2 + 2 * k]; w++) s[8 * k + w] = r[f + list[args + 1 + 2 * k] + w];
  }
  for (let k = 0; k < n; k++) {
    for (let w = 0; w < list[args + 2 + 2 * k]; w++) r[f + params[k] + w] = s[8 * k + w];
  }
  m.sp = m.savedSp[m.depth - 1]; // this activation's slots are gone before the callee's are made
  m.enter(callee, f);
}

/** Calls the host and writes its results to the registers at `results` of `lists`, relative to the current frame. */
function callHost(m: Machine, target: Import, args: number): readonly (number | bigint)[] {
  const list = m.fn.lists, model = m.module.memoryModel, values: (number | bigint)[] = [];
  for (let k = 0; k < target.params.length; k++) values.push(readValue(m, target.params[k], m.fp + list[args + 1 + 2 * k], model));
  const host = m.hostFunction(target.name);
  // The host may call back into this interpreter, which must then run above this frame.
  const returned = host(...values);
  return hostResults(target, returned);
}

function hostResults(target: Import, returned: unknown): readonly (number | bigint)[] {
  const n = target.results.length;
  if (n === 0) return [];
  const list: readonly unknown[] = n === 1 && !Array.isArray(returned) ? [returned] : Array.isArray(returned) ? returned : [];
  if (list.length !== n) {
    throw new UsageError(`import ${JSON.stringify(target.name)} gave ${list.length} results, its type is ${formatSignature(target)}`, n === 1 ? 'Return one value.' : `Return an array of ${n} values.`);
  }
  return list as readonly (number | bigint)[];
}

function writeHostResults(m: Machine, target: Import, values: readonly (number | bigint)[], results: number): void {
  const list = m.fn.lists;
  for (let k = 0; k < values.length; k++) {
    writeValue(m, target.results[k], m.fp + list[results + 1 + 2 * k], values[k], m.module.memoryModel, () => `result ${k} of import ${JSON.stringify(target.name)}`);
  }
}

/** Operands: index of the function. */
export const call: Handler = (m, p) => { const c = m.code; callFunction(m, m.decoded[c[p]] ?? m.function(c[p]), c[p + 1]); };
export const tailCall: Handler = (m, p) => { const c = m.code; tailCallFunction(m, m.decoded[c[p]] ?? m.function(c[p]), c[p + 1]); };
/** Operands: index of the import. */
export const callImport: Handler = (m, p) => {
  const c = m.code, target = m.module.imports[c[p]];
  writeHostResults(m, target, callHost(m, target, c[p + 1]), c[p + 2]);
};
export const tailCallImport: Handler = (m, p) => {
  const c = m.code, target = m.module.imports[c[p]];
  const values = callHost(m, target, c[p + 1]);
  m.pop();
  writeHostResults(m, target, values, m.code[(m.ip - 1) * STRIDE + 2]);
};

/** Operands: number of the signature, argument list, result list, index register. The table entry, or a trap. */
function tableEntry(m: Machine, p: number): number {
  const c = m.code, index = m.u32[m.fp + c[p + 3]], table = m.fn.table;
  const entry = index < table.targets.length ? table.targets[index] : -1;
  if (entry === -1) m.trap('indirect-call-null');
  if (table.signatures[index] !== c[p]) m.trap('indirect-call-type');
  return entry;
}

export const callIndirect: Handler = (m, p) => {
  const entry = tableEntry(m, p), c = m.code;
  if (entry >= 0) { callFunction(m, m.function(entry), c[p + 1]); return; }
  const target = m.module.imports[-2 - entry];
  writeHostResults(m, target, callHost(m, target, c[p + 1]), c[p + 2]);
};
export const tailCallIndirect: Handler = (m, p) => {
  const entry = tableEntry(m, p), c = m.code;
  if (entry >= 0) { tailCallFunction(m, m.function(entry), c[p + 1]); return; }
  const target = m.module.imports[-2 - entry];
  const values = callHost(m, target, c[p + 1]);
  m.pop();
  writeHostResults(m, target, values, m.code[(m.ip - 1) * STRIDE + 2]);
};
