/** The text form of a compiled module, for people: names, indentation, source locations as comments. */
import type { Module, SourceLocation } from '../../lib/mir/module.ts';
import type { CodeList } from './code-list.ts';
import type { FinishedFunction } from './encode-module.ts';
import type { ModulePlan } from './module-plan.ts';
import { TYPE_NAMES, wasmType } from './nodes.ts';
import { OP, hasMemoryArgument, opcodeName } from './opcodes.ts';

/** By number, see `ModulePlan.usesStack`. */
const GLOBAL_NAMES = ['$trap', '$stack', '$stack_limit'] as const;

/** Prints a module after everything but encoding. Labels are block numbers; `;; file:line:column` follows what came from there. */
export function printWat(plan: ModulePlan, functions: readonly FinishedFunction[]): string {
  const m = plan.module, lines: string[] = [`(module ${identifier(m.name)}`];
  const nameOf = (k: number): string => identifier(k < m.imports.length ? m.imports[k].name : functions[k - m.imports.length].info.name);
  for (const i of m.imports) lines.push(`  (import "env" ${text(i.name)} (func ${identifier(i.name)}${signature(i.params.map(wasmType), i.results.map(wasmType))}))`);
  lines.push(plan.sharedMemory ? `  (memory (export "memory") (import "lamella" "memory") ${m.memory.initialPages} ${m.memory.maximumPages} shared)` : `  (memory (export "memory") ${m.memory.initialPages} ${m.memory.maximumPages})`);
  lines.push('  (global $trap (mut i32) (i32.const 0))');
  if (plan.usesStack) lines.push(`  (global $stack (mut i32) (i32.const ${plan.layout.stackHigh}))`);
  if (plan.usesStack && plan.sharedMemory) lines.push(`  (global $stack_limit (mut i32) (i32.const ${plan.layout.stackLow}))`);
  if (plan.hasTable) lines.push(`  (table ${m.table.length} ${m.table.length} funcref) ;; ${remark(m.table.map((n) => n ?? 'null').join(' '))}`);
  const exported = new Map<string, string[]>();
  for (const [name, target] of Object.entries(m.exports)) exported.set(target, [...exported.get(target) ?? [], name]);
  for (const f of functions) printFunction(lines, m, f, exported.get(f.info.name) ?? [], nameOf);
  lines.push(')');
  return `${lines.join('\n')}\n`;
}

function identifier(name: string): string { return /^[\w!#$%&'*+\-./:<=>?@\\^`|~]+$/.test(name) ? `$${name}` : `$${text(name)}`; }
/** A string of the text format, in one line. */
function text(s: string): string { return `"${s.replace(/["\\]/g, '\\$&').replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)}"`; }
/** What may stand in a comment: it ends with its line. */
function remark(s: string): string { return s.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' '); }
function signature(params: readonly number[], results: readonly number[]): string {
  const list = (what: string, types: readonly number[]): string => (types.length === 0 ? '' : ` (${what} ${types.map((t) => TYPE_NAMES[t]).join(' ')})`);
  return list('param', params) + list('result', results);
}

function printFunction(lines: string[], m: Module, f: FinishedFunction, exported: readonly string[], nameOf: (k: number) => string): void {
  const exports = exported.map((n) => ` (export ${text(n)})`).join('');
  const { params, results } = f.signature;
  lines.push('', `  (func ${identifier(f.info.name)}${exports}${signature(params.map(wasmType), results.map(wasmType))}`);
  if (f.locals.length > 0) lines.push(`    (local ${f.locals.map((t) => TYPE_NAMES[t]).join(' ')})`);
  const { code } = f, dropped: boolean[] = [];
  let indent = 2, loc = 0;
  for (let k = 0; k < code.length; k++) {
    const o = code.op.data[k], drop = o === OP.block && code.references[code.a.data[k] >> 1] === 0;
    if (o === OP.block || o === OP.loop || o === OP.if) dropped.push(drop);
    if (drop || o === OP.end && dropped.pop()!) continue;
    if (o === OP.end || o === OP.else) indent--;
    const here = code.loc.data[k], comment = here !== 0 && here !== loc ? place(m.locations[here]) : '';
    if (here !== 0) loc = here;
    lines.push(`${'  '.repeat(indent)}${instruction(code, k, nameOf)}${o === OP.loop && code.b.data[k] === 1 ? ` (result ${results.map((t) => TYPE_NAMES[wasmType(t)]).join(' ')})` : ''}${comment}`);
    if (o === OP.block || o === OP.loop || o === OP.if || o === OP.else) indent++;
  }
  lines.push('  )');
}

function place(l: SourceLocation | undefined): string { return l === undefined ? '' : `  ;; ${remark(l.file)}:${l.line}:${l.column}`; }
function labelName(label: number): string { return `$${label & 1 ? 'loop' : 'block'}${label >> 1}`; }

const bits = new DataView(new ArrayBuffer(8));
function float(value: number, nan: string): string { return Number.isNaN(value) ? nan : Object.is(value, -0) ? '-0' : Math.abs(value) === Infinity ? (value > 0 ? 'inf' : '-inf') : String(value); }

function instruction(code: CodeList, k: number, nameOf: (k: number) => string): string {
  const o = code.op.data[k], a = code.a.data[k], b = code.b.data[k], name = opcodeName(o);
  switch (o) {
    case OP.block: case OP.loop: return `${name} ${labelName(a)}`;
    case OP.br: case OP.brIf: return `${name} ${labelName(a)}`;
    case OP.brTable: return `${name} ${code.lists[a].map(labelName).join(' ')}`;
    case OP.localGet: case OP.localSet: case OP.localTee: return `${name} ${a}`;
    case OP.globalGet: case OP.globalSet: return `${name} ${GLOBAL_NAMES[a]}`;
    case OP.call: case OP.returnCall: return `${name} ${nameOf(a)}`;
    case OP.callIndirect: case OP.returnCallIndirect: return `${name} (type ${a})`;
    case OP.i32Const: return `${name} ${a}`;
    case OP.i64Const: return `${name} ${BigInt.asIntN(64, BigInt(b) << 32n | BigInt(a >>> 0))}`;
    case OP.f32Const: bits.setInt32(0, a); return `${name} ${float(bits.getFloat32(0), 'nan')}`;
    case OP.f64Const: bits.setInt32(0, b); bits.setInt32(4, a); return `${name} ${float(bits.getFloat64(0), 'nan')}`;
    case OP.v128Const: return `${name} i8x16 ${code.lists[a].join(' ')}`;
    case OP.shuffle: return `${name} ${code.lists[a].join(' ')}`;
    default: break;
  }
  if (hasMemoryArgument(o)) return `${name}${a === 0 ? '' : ` offset=${a >>> 0}`}${b === 0 ? ' align=1' : ` align=${1 << b}`}`;
  return o >= 0xfd015 && o <= 0xfd022 ? `${name} ${a}` : name;
}
