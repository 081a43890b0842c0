/**
 * The text form of MIR, as `parser.ts` reads it (the grammar is at the top of that file). What is printed parses back
 * to an equal module; a module that breaks rules is printed too, as far as its data goes, so that it can be read.
 */
import { formatConstant } from './constants.ts';
import type { Address, Edge, Instruction, Terminator, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import type { Block, Global, Import, MirFunction, Module } from './module.ts';
import { definedFor, vectorResultType } from './vector-ops.ts';
import type { Signature, Type } from './types.ts';
import { LANE_TYPE, VECTOR_TYPE } from './types.ts';

/**
 * The whole module as text, ending in a newline.
 *
 * @example
 * printModule(parseModule('module @empty linear\n')) // => 'module @empty linear\nmemory initial 1 ...\n'
 */
export function printModule(m: Module): string {
  const out: string[] = [`module ${formatName(m.name)} ${m.memoryModel}`];
  const { initialPages, maximumPages, stackSize } = m.memory;
  out.push(`memory initial ${initialPages} maximum ${maximumPages} stack ${stackSize}`);
  if (m.imports.length > 0) out.push('');
  for (const i of m.imports) out.push(printImport(i));
  if (m.globals.length > 0) out.push('');
  for (const g of m.globals) out.push(printGlobal(g));
  if (m.table.length > 0) out.push('', `table [${m.table.map((t) => (t === null ? 'null' : formatName(t))).join(', ')}]`);
  const exported = Object.keys(m.exports);
  if (exported.length > 0) out.push('');
  for (const name of exported) out.push(`export ${quote(name)} = ${formatName(m.exports[name])}`);
  for (const f of m.functions) {
    out.push('');
    functionLines(f, out);
  }
  if (m.locations.length > 1) {
    out.push('', 'locations');
    for (let k = 1; k < m.locations.length; k++) {
      const l = m.locations[k];
      out.push(`  !${k} = ${quote(l.file)}:${l.line}:${l.column}`);
    }
  }
  out.push('');
  return out.join('\n');
}

/** One function as text, ending in a newline. */
export function printFunction(f: MirFunction): string {
  const out: string[] = [];
  functionLines(f, out);
  out.push('');
  return out.join('\n');
}

/** `@name`, quoted when it is not a plain word. */
export function formatName(name: string): string {
  return PLAIN_NAME.test(name) ? `@${name}` : `@${quote(name)}`;
}
const PLAIN_NAME = /^[A-Za-z_$][\w$.]*$/;

/** A string in double quotes with JSON's escapes; also lone surrogates and every control character are escaped. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function printImport(i: Import): string {
  let text = `import ${i.kind} ${formatName(i.name)}${signature(i)} capability ${i.capability}`;
  if (i.buffers !== undefined) {
    text += ` buffers [${i.buffers.map((b) => `${b.pointer} length ${b.length} ${b.access}`).join(', ')}]`;
  }
  return text + loc(i.loc);
}

function printGlobal(g: Global): string {
  const head = `global ${formatName(g.name)} ${g.mutable ? 'mutable' : 'constant'} size ${g.size} align ${g.align}`;
  return g.bytes === undefined ? head : `${head} bytes ${quoteBytes(g.bytes)}`;
}

/** Bytes in double quotes: printable ASCII as it is, everything else as a backslash and two hexadecimal digits. */
function quoteBytes(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; from += 4096) {
    let text = '';
    for (let k = from; k < bytes.length && k < from + 4096; k++) text += BYTE_TEXT[bytes[k]];
    parts.push(text);
  }
  return `"${parts.join('')}"`;
}
const BYTE_TEXT: readonly string[] = Array.from({ length: 256 }, (_, b) =>
  b >= 0x20 && b < 0x7f && b !== 0x22 && b !== 0x5c ? String.fromCharCode(b) : `\\${b.toString(16).padStart(2, '0')}`);

function signature(s: Signature): string {
  return `(${s.params.join(', ')}) -> (${s.results.join(', ')})`;
}

function loc(index: number): string {
  return index === 0 ? '' : ` !${index}`;
}

// --- functions ---

function functionLines(f: MirFunction, out: string[]): void {
  out.push(`func ${formatName(f.name)}${signature(f)}${loc(f.loc)} {`);
  for (let k = 0; k < f.slots.length; k++) {
    const s = f.slots[k];
    out.push(`  slot s${k}${label(s.name)} size ${s.size} align ${s.align}`);
  }
  for (let k = 0; k < f.blocks.length; k++) blockLines(f, f.blocks[k], k, out);
  const undefinedValues = valuesWithoutDefinition(f);
  if (undefinedValues.length > 0) out.push(`unused ${undefinedValues.map((v) => definition(f, v, undefined)).join(', ')}`);
  out.push('}');
}

function blockLines(f: MirFunction, b: Block, index: number, out: string[]): void {
  const params = b.params.length === 0 ? '' : `(${b.params.map((v) => definition(f, v, undefined)).join(', ')})`;
  out.push(`b${index}${label(b.name)}${params}:`);
  for (const i of b.instructions) out.push(`  ${instructionLine(f, i)}`);
  out.push(`  ${formatTerminator(b.terminator)}`);
}

function label(name: string | undefined): string {
  return name === undefined ? '' : ` ${quote(name)}`;
}

/** `v2 "name": i32`; the type is left out when it is the one the instruction implies. */
function definition(f: MirFunction, v: Value, implied: Type | undefined): string {
  const name = f.valueNames?.[v], type = f.valueTypes[v];
  const head = name === undefined ? `v${v}` : `v${v} ${quote(name)}`;
  return type === implied ? head : `${head}: ${type}`;
}

/** Values that no block or instruction defines (passes leave such gaps); their types are data too. */
function valuesWithoutDefinition(f: MirFunction): Value[] {
  const n = f.valueTypes.length, defined = new Uint8Array(n);
  const mark = (v: Value): void => { if (v >= 0 && v < n) defined[v] = 1; };
  for (const b of f.blocks) {
    for (const v of b.params) mark(v);
    for (const i of b.instructions) {
      if ('result' in i) mark(i.result);
      if ('result2' in i) mark(i.result2);
      if ('results' in i) for (const v of i.results) mark(v);
    }
  }
  const missing: Value[] = [];
  for (let v = 0; v < n; v++) if (defined[v] === 0) missing.push(v);
  return missing;
}

function instructionLine(f: MirFunction, i: Instruction): string {
  if (i.kind === 'call' || i.kind === 'call_indirect') {
    const results = i.results.map((v) => definition(f, v, undefined)).join(', ');
    return `${results === '' ? '' : `${results} = `}${formatInstruction(i)}`;
  }
  if (i.kind === 'pair') {
    const second = i.op.endsWith('_wide') ? i.type : 'i1';
    return `${definition(f, i.result, i.type)}, ${definition(f, i.result2, second)} = ${formatInstruction(i)}`;
  }
  if ('result' in i) return `${definition(f, i.result, impliedType(i))} = ${formatInstruction(i)}`;
  return formatInstruction(i);
}

/** The type that an instruction's mnemonic gives its single result; undefined for calls and things without one. */
export function impliedType(i: Instruction): Type | undefined {
  switch (i.kind) {
    case 'const': case 'binary': case 'unary': case 'ternary': case 'convert': case 'select': case 'load': case 'pair':
    case 'atomic_load': case 'atomic_rmw': case 'atomic_cmpxchg': return i.type;
    case 'compare': return 'i1';
    case 'lea': case 'slot_addr': case 'global_addr': return 'ptr';
    case 'memory_size': case 'memory_grow': return 'i32';
    case 'vector': return definedFor(i.op, i.lanes) ? vectorResultType(i.op, i.lanes) : undefined;
    case 'splat': case 'insert_lane': return VECTOR_TYPE[i.lanes];
    case 'shuffle': return i.mask.length === 32 ? 'v256' : 'v128';
    case 'extract_lane': return LANE_TYPE[i.lanes];
    case 'call': case 'call_indirect': case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill':
    case 'fence': case 'safepoint': case 'stack_map': case 'patch_point': return undefined;
    default: return i satisfies never;
  }
}

// --- instructions ---

/**
 * An instruction without its results: mnemonic, operands, location.
 *
 * @example
 * formatInstruction(add) // => 'add.i32 v0, v1'
 */
export function formatInstruction(i: Instruction): string {
  return instructionText(i) + loc(i.loc);
}

function instructionText(i: Instruction): string {
  switch (i.kind) {
    case 'const': return `const.${i.type} ${formatConstant(i.type, i.value)}`;
    case 'binary': case 'compare': case 'pair': return `${i.op}.${i.type} v${i.a}, v${i.b}`;
    case 'unary': return `${i.op}.${i.type} v${i.a}`;
    case 'ternary': return `${i.op}.${i.type} v${i.a}, v${i.b}, v${i.c}`;
    case 'convert': return `${i.op}.${i.from}.${i.type} v${i.a}`;
    case 'select': return `select.${i.type} v${i.condition}, v${i.a}, v${i.b}`;
    case 'load': return `load.${i.type} ${address(i)}${access(i)}`;
    case 'store': return `store.${i.type} v${i.value}, ${address(i)}${access(i)}`;
    case 'lea': return `lea ${address(i)}`;
    case 'slot_addr': return `slot_addr s${i.slot}`;
    case 'global_addr': return `global_addr ${formatName(i.global)}`;
    case 'memory_copy': return `memory_copy v${i.destination}, v${i.source}, v${i.size}`;
    case 'memory_fill': return `memory_fill v${i.destination}, v${i.value}, v${i.size}`;
    case 'memory_size': return 'memory_size';
    case 'memory_grow': return `memory_grow v${i.pages}`;
    case 'call': return `call ${formatName(i.callee)}(${values(i.args)})`;
    case 'call_indirect': return `call_indirect v${i.index}(${values(i.args)}) : ${signature(i.signature)}`;
    case 'atomic_load': return `atomic_load.${i.type}.${i.ordering} ${address(i)}`;
    case 'atomic_store': return `atomic_store.${i.type}.${i.ordering} v${i.value}, ${address(i)}`;
    case 'atomic_rmw': return `atomic_rmw.${i.op}.${i.type}.${i.ordering} v${i.value}, ${address(i)}`;
    case 'atomic_cmpxchg': return `atomic_cmpxchg.${i.type}.${i.ordering} v${i.expected}, v${i.replacement}, ${address(i)}`;
    case 'fence': return `fence.${i.ordering}`;
    case 'vector': return `${i.op}.${i.lanes} ${values(i.args)}`;
    case 'splat': return `splat.${i.lanes} v${i.a}`;
    case 'extract_lane': return `extract_lane.${i.lanes} v${i.a}, ${i.lane}`;
    case 'insert_lane': return `insert_lane.${i.lanes} v${i.a}, v${i.b}, ${i.lane}`;
    case 'shuffle': return `shuffle v${i.a}, v${i.b}, [${i.mask.join(', ')}]`;
    case 'safepoint': return 'safepoint';
    case 'stack_map': return `stack_map ${i.id}, [${values(i.live)}]`;
    case 'patch_point': return `patch_point ${i.id}, ${i.bytes}, [${values(i.live)}]`;
    default: return i satisfies never;
  }
}

/** A terminator with its location. */
export function formatTerminator(t: Terminator): string {
  return terminatorText(t) + loc(t.loc);
}

function terminatorText(t: Terminator): string {
  switch (t.kind) {
    case 'jump': return `jump ${edge(t.target)}`;
    case 'br': return `br v${t.condition}, ${edge(t.then)}, ${edge(t.else)}`;
    case 'switch': {
      const cases = t.cases.map((c) => `${formatConstant(t.type, c.value)} -> ${edge(c.target)}, `).join('');
      return `switch.${t.type} v${t.value}, ${cases}else -> ${edge(t.default)}`;
    }
    case 'ret': return t.args.length === 0 ? 'ret' : `ret ${values(t.args)}`;
    case 'tail_call': return `tail_call ${formatName(t.callee)}(${values(t.args)})`;
    case 'tail_call_indirect': return `tail_call_indirect v${t.index}(${values(t.args)}) : ${signature(t.signature)}`;
    case 'trap': return `trap ${t.code}`;
    default: return t satisfies never;
  }
}

function values(list: readonly Value[]): string {
  return list.length === 0 ? '' : `v${list.join(', v')}`;
}

function edge(e: Edge): string {
  return e.args.length === 0 ? `b${e.block}` : `b${e.block}(${values(e.args)})`;
}

/** `v0 + v1*4 + 16`; a scale without an index, which means nothing but is data, prints as `_*4`. */
function address(a: Address): string {
  let text = `v${a.base}`;
  if (a.index !== NO_VALUE) text += a.scale === 1 ? ` + v${a.index}` : ` + v${a.index}*${a.scale}`;
  else if (a.scale !== 1) text += ` + _*${a.scale}`;
  return a.offset === 0 ? text : `${text} + ${a.offset}`;
}

function access(i: { readonly align: number; readonly volatile: boolean }): string {
  return (i.align === 1 ? '' : ` align ${i.align}`) + (i.volatile ? ' volatile' : '');
}
