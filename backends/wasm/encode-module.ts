/** The sections around the functions (WebAssembly Core Specification 2.0, chapter 5.5). */
import type { CompiledWasm, WasmFunctionInfo } from '../../lib/codegen/wasm-module.ts';
import { IntBuffer } from '../../lib/codegen/growable.ts';
import type { Global, Module } from '../../lib/mir/module.ts';
import type { Signature } from '../../lib/mir/types.ts';
import { ByteWriter } from './byte-writer.ts';
import type { CodeList } from './code-list.ts';
import { encodeBody } from './encode-function.ts';
import { MAX_DATA_SEGMENTS, MAX_EXPORTS, MAX_FUNCTIONS, MAX_IMPORTS, MAX_MODULE_BYTES, MAX_TABLE_ENTRIES, MAX_TYPES, requireAtMost, requireCompilable, requireEncodable } from './limits.ts';
import type { ModulePlan } from './module-plan.ts';
import { TYPE_BYTES } from './nodes.ts';
import { OP } from './opcodes.ts';

export interface EncodeOptions {
  /** Writes the name section. */
  readonly names: boolean;
}

/** A function after the passes of this backend, vectors of 256 bits split. `blockType` is that of a construct that gives its results. */
export interface FinishedFunction { readonly type: number; readonly signature: Signature; readonly code: CodeList; readonly locals: readonly number[]; readonly info: WasmFunctionInfo; readonly blockType: number }

const SECTION = { custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, element: 9, code: 10, data: 11 } as const;
const I32_BYTE = TYPE_BYTES[0];
/** What a shared memory is imported as: no import of the module's own can be called so. */
const SHARED = { module: 'lamella', name: 'memory' } as const;

export function encodeModule(plan: ModulePlan, functions: readonly FinishedFunction[], options: EncodeOptions): CompiledWasm {
  const m = plan.module, out = new ByteWriter(1024);
  const importTypes = m.imports.map((i) => plan.typeNumber(i));
  const infos: WasmFunctionInfo[] = [...m.imports.map((i) => ({ name: i.name, params: i.params, results: i.results, internal: false })), ...functions.map((f) => f.info)];
  const taken = new Set(Object.keys(m.exports));
  const exportName = (wanted: string): string => {
    let name = wanted;
    for (let k = 1; taken.has(name); k++) name = `${wanted}$${k}`;
    taken.add(name);
    return name;
  };
  const memoryExport = exportName('memory'), trapExport = exportName('lamella.trap'), stackExport = plan.usesStack ? exportName('lamella.stack') : undefined;
  const stackLimitExport = plan.usesStack && plan.sharedMemory ? exportName('lamella.stack.limit') : undefined;
  const exported: [string, number][] = Object.entries(m.exports).map(([name, target]) => [name, plan.functionNumber.get(target)!]);

  const data = initialData(m.globals, plan.layout.globals);
  requireLimits(m, plan, functions.length, taken.size, plan.sharedMemory ? 0 : data.length);

  out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  vector(out, SECTION.type, plan.types, (w, t) => { w.bytes(t); });
  const { initialPages, maximumPages } = m.memory;
  const imports: ((w: ByteWriter) => void)[] = m.imports.map((i, k) => (w) => { w.name('env'); w.name(i.name); w.byte(0); w.u32(importTypes[k]); });
  // Memory type 3: shared, with a maximum (threads proposal).
  if (plan.sharedMemory) imports.push((w) => { w.name(SHARED.module); w.name(SHARED.name); w.byte(2); w.byte(3); w.u32(initialPages); w.u32(maximumPages); });
  vector(out, SECTION.import, imports, (w, write) => { write(w); });
  vector(out, SECTION.function, functions, (w, f) => { w.u32(f.type); });
  if (plan.hasTable) vector(out, SECTION.table, [m.table.length], (w, n) => { w.byte(0x70); w.byte(1); w.u32(n); w.u32(n); });
  if (!plan.sharedMemory) vector(out, SECTION.memory, [0], (w) => { w.byte(1); w.u32(initialPages); w.u32(maximumPages); });
  vector(out, SECTION.global, [0, ...(plan.usesStack ? [plan.layout.stackHigh] : []), ...(stackLimitExport === undefined ? [] : [plan.layout.stackLow])], (w, value) => { w.byte(I32_BYTE); w.byte(1); w.byte(OP.i32Const); w.s32(value); w.byte(OP.end); });
  const globals: [string, number, number][] = [[memoryExport, 2, 0], [trapExport, 3, 0]];
  if (stackExport !== undefined) globals.push([stackExport, 3, 1]);
  if (stackLimitExport !== undefined) globals.push([stackLimitExport, 3, 2]);
  vector(out, SECTION.export, [...exported.map(([name, k]): [string, number, number] => [name, 0, k]), ...globals], (w, [name, kind, k]) => { w.name(name); w.byte(kind); w.u32(k); });
  vector(out, SECTION.element, tableRuns(plan), (w, [from, list]) => {
    w.byte(0); w.byte(OP.i32Const); w.s32(from); w.byte(OP.end);
    w.u32(list.length);
    for (const f of list) w.u32(f);
  });
  const sites = encodeCode(out, functions);
  // A shared memory is written once, not by each instance.
  vector(out, SECTION.data, plan.sharedMemory ? [] : data, (w, d) => { w.byte(0); w.byte(OP.i32Const); w.s32(d.address); w.byte(OP.end); w.u32(d.bytes.length); w.bytes(d.bytes); });
  if (options.names) custom(out, 'name', (w) => { encodeNames(w, m.name, infos); });
  custom(out, 'producers', (w) => { w.u32(1); w.name('processed-by'); w.u32(1); w.name('lamella'); w.name('0.1'); });
  requireAtMost(out.length, MAX_MODULE_BYTES, 'bytes');

  return {
    architecture: 'wasm', moduleName: m.name, memoryModel: m.memoryModel, bytes: out.finish(), functions: infos, importCount: m.imports.length,
    exports: Object.fromEntries(exported), memoryExport, trapExport, stackExport, stackTop: plan.layout.stackHigh, stackLow: plan.layout.stackLow,
    shared: plan.sharedMemory ? { ...SHARED, stackLimitExport } : undefined,
    initialPages, maximumPages, data, sites, features: { ...plan.features },
  };
}

/** @throws WasmLimitError */
function requireLimits(m: Module, plan: ModulePlan, functions: number, exports: number, dataSegments: number): void {
  requireAtMost(plan.types.length, MAX_TYPES, 'function types');
  requireAtMost(functions, MAX_FUNCTIONS, 'functions');
  requireAtMost(m.imports.length, MAX_IMPORTS, 'imports');
  requireAtMost(exports, MAX_EXPORTS, 'exports, the backend\'s own among them');
  requireAtMost(m.table.length, MAX_TABLE_ENTRIES, 'table entries');
  requireAtMost(dataSegments, MAX_DATA_SEGMENTS, 'stretches of initial data');
  for (const i of m.imports) requireEncodable('an import', i.name);
  for (const name of Object.keys(m.exports)) requireEncodable('an export', name);
}

/** A section that is a list; nothing when the list is empty. */
function vector<T>(out: ByteWriter, id: number, items: readonly T[], write: (w: ByteWriter, item: T) => void): void {
  if (items.length === 0) return;
  const w = new ByteWriter();
  w.u32(items.length);
  for (const item of items) write(w, item);
  out.byte(id);
  out.sized(w);
}

function custom(out: ByteWriter, name: string, write: (w: ByteWriter) => void): void {
  const w = new ByteWriter();
  w.name(name);
  write(w);
  out.byte(SECTION.custom);
  out.sized(w);
}

/** The code section; the trap sites with offsets in the whole module. */
function encodeCode(out: ByteWriter, functions: readonly FinishedFunction[]): Int32Array {
  const section = new ByteWriter(4096), body = new ByteWriter(1024), sites = new IntBuffer(256);
  section.u32(functions.length);
  for (const f of functions) {
    const first = sites.length;
    body.length = 0;
    const depth = encodeBody(body, f.code, f.locals, sites, f.blockType);
    requireCompilable(f.info.name, body.length, f.signature.params.length + f.locals.length, depth);
    section.u32(body.length);
    for (let k = first; k < sites.length; k += 3) sites.data[k] += section.length;
    section.append(body);
  }
  out.byte(SECTION.code);
  out.u32(section.length);
  for (let k = 0; k < sites.length; k += 3) sites.data[k] += out.length;
  out.append(section);
  return sites.finish();
}

/** Non-empty stretches of the function table. */
function tableRuns(plan: ModulePlan): [number, number[]][] {
  const runs: [number, number[]][] = [], { table } = plan.module;
  for (let k = 0; k < table.length; k++) {
    const name = table[k];
    if (name === null) continue;
    const f = plan.functionNumber.get(name)!, last = runs[runs.length - 1] as [number, number[]] | undefined;
    if (last !== undefined && last[0] + last[1].length === k) last[1].push(f); else runs.push([k, [f]]);
  }
  return runs;
}

/** Zeros between two stretches that take less room than the head of another data segment. */
const SMALLEST_GAP = 8;

/** Bytes of globals that are not zero at their ends; neighbours together. Addresses ascend. */
function initialData(globals: readonly Global[], addresses: readonly number[]): CompiledWasm['data'] {
  const stretches: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  globals.forEach((g, k) => {
    if (g.bytes === undefined) return;
    let from = 0, to = Math.min(g.bytes.length, g.size);
    while (to > 0 && g.bytes[to - 1] === 0) to--;
    while (from < to && g.bytes[from] === 0) from++;
    if (from < to) stretches.push({ address: addresses[k] + from, bytes: g.bytes.subarray(from, to) });
  });
  const data: { address: number; bytes: Uint8Array }[] = [];
  for (let first = 0, end = 1; first < stretches.length; first = end++) {
    const endOf = (k: number): number => stretches[k].address + stretches[k].bytes.length;
    while (end < stretches.length && stretches[end].address - endOf(end - 1) <= SMALLEST_GAP) end++;
    const { address } = stretches[first], bytes = new Uint8Array(endOf(end - 1) - address);
    for (let k = first; k < end; k++) bytes.set(stretches[k].bytes, stretches[k].address - address);
    data.push({ address, bytes });
  }
  return data;
}

/** Module and function names (appendix "Name Section"). */
function encodeNames(w: ByteWriter, module: string, functions: readonly WasmFunctionInfo[]): void {
  const sub = (id: number, write: (s: ByteWriter) => void): void => {
    const s = new ByteWriter();
    write(s);
    w.byte(id);
    w.sized(s);
  };
  sub(0, (s) => { s.name(shown(module)); });
  sub(1, (s) => {
    s.u32(functions.length);
    functions.forEach((f, k) => { s.u32(k); s.name(shown(f.name)); });
  });
}

/** A name as it may stand in an engine's stack trace, from which places of traps are read: it must not look like one. */
function shown(name: string): string { return name.replaceAll('wasm-function[', 'wasm-function('); }
