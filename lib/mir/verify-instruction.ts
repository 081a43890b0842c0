/**
 * The rules of each instruction and terminator shape: which types its operands and results have, from the op tables.
 * The walk over a function, definitions and dominance are in `verify-function.ts`; this file only says what is asked
 * of the values. A correct instruction costs no allocation: texts are built only when something is wrong.
 */
import { constantProblem } from './constants.ts';
import type { Address, Edge, Instruction, SwitchTerm, Terminator, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { MAX_ARITY, arityOf } from './module.ts';
import { BINARY_OPS, COMPARE_OPS, CONVERT_OPS, PAIR_OPS, RMW_OPS, TERNARY_OPS, UNARY_OPS, type OpSpec } from './ops.ts';
import type { Lanes, MemoryModel, MemoryOrdering, Signature, Type } from './types.ts';
import { LANES, LANE_COUNT, LANE_TYPE, VECTOR_TYPE, MEMORY_ORDERINGS, TRAP_CODES, TYPES, bitWidth, sameTypes } from './types.ts';
import { show } from './show.ts';
import { VECTOR_OPS, definedFor, divisionsOf, vectorOperandType, vectorResultType, type VectorOp, type VectorOpSpec } from './vector-ops.ts';
import type { VerifyRule } from './verify-errors.ts';

/** A type as its position in `TYPES`. */
export type TypeCode = number;
const CODES: ReadonlyMap<unknown, TypeCode> = new Map(TYPES.map((t, k) => [t, k]));
/** Stands for something that is no type; equal to no type's code. */
export const NO_TYPE: TypeCode = 255;
export function typeCode(type: unknown): TypeCode {
  switch (type) { // the frequent ones without a look-up
    case 'i32': return CODE_I32;
    case 'i64': return CODE_I64;
    case 'f64': return CODE_F64;
    case 'ptr': return CODE_PTR;
    default: return CODES.get(type) ?? NO_TYPE;
  }
}
const CODE_I32 = TYPES.indexOf('i32'), CODE_I64 = TYPES.indexOf('i64'), CODE_F64 = TYPES.indexOf('f64'), CODE_PTR = TYPES.indexOf('ptr');

const I1 = typeCode('i1'), I8 = typeCode('i8'), I16 = typeCode('i16'), I32 = typeCode('i32'), I64 = typeCode('i64');
const PTR = typeCode('ptr'), V128 = typeCode('v128'), V256 = typeCode('v256');

/** What the rules need to know of the function and module, and how they ask about values. */
export interface RuleContext {
  readonly model: MemoryModel;
  /** Results of the function being verified. */
  readonly results: readonly Type[];
  readonly blockCount: number;
  readonly slotCount: number;
  signatureOf(callee: string): Signature | undefined;
  hasGlobal(name: string): boolean;
  /** Parameters of a block, by its (valid) number. */
  paramsOf(block: number): readonly Value[];
  /** Type code of a value, {@link NO_TYPE} when it is not one. */
  typeOf(v: Value): TypeCode;
  /** Requires that `v` is defined here; and of this type, unless the code is {@link ANY}. */
  use(v: Value, type: TypeCode, role: string): void;
  /** Requires that the result `v` was declared with this type. */
  result(v: Value, type: TypeCode): void;
  report(rule: VerifyRule, what: string): void;
}
/** Asks for no type in particular. */
export const ANY: TypeCode = 254;

/** An op table's row, its type lists as bit masks over type codes. */
interface OpRow { readonly types: number; readonly to: number; readonly wide: boolean }
function rows(table: Readonly<Record<string, OpSpec>>): ReadonlyMap<string, OpRow> {
  return new Map(Object.entries(table).map(([op, s]) => [op, { types: mask(s.types), to: mask(s.to ?? []), wide: op.endsWith('_wide') }]));
}
function mask(types: readonly Type[]): number { return types.reduce((m, t) => m | (1 << typeCode(t)), 0); }

const BINARY = rows(BINARY_OPS), UNARY = rows(UNARY_OPS), TERNARY = rows(TERNARY_OPS), COMPARE = rows(COMPARE_OPS);
const PAIR = rows(PAIR_OPS), CONVERT = rows(CONVERT_OPS);
const VECTOR: ReadonlyMap<string, VectorOpSpec> = new Map(Object.entries(VECTOR_OPS));
const LANE_NAMES: ReadonlySet<unknown> = new Set(LANES), ORDERINGS: ReadonlySet<unknown> = new Set(MEMORY_ORDERINGS);
const RMW: ReadonlySet<unknown> = new Set(RMW_OPS), TRAPS: ReadonlySet<unknown> = new Set(TRAP_CODES);
/** Largest alignment hint and the most bytes a patch point may take. */
const MAX_ALIGN = 4096, MAX_PATCH_BYTES = 4096;

/** Checks one instruction. */
export function verifyInstruction(c: RuleContext, i: Instruction): void {
  switch (i.kind) {
    case 'const': {
      const t = anyType(c, i.type);
      if (t !== NO_TYPE) {
        const problem = constantProblem(i.type, i.value, c.model);
        if (problem !== undefined) c.report('constant', `${show(i.value)} is no constant of ${i.type}: ${problem}`);
      }
      return c.result(i.result, t);
    }
    case 'binary': {
      const t = opType(c, BINARY, i.op, i.type);
      c.use(i.a, t, 'a'); c.use(i.b, t, 'b');
      return c.result(i.result, t);
    }
    case 'unary': {
      const t = opType(c, UNARY, i.op, i.type);
      c.use(i.a, t, 'a');
      return c.result(i.result, t);
    }
    case 'ternary': {
      const t = opType(c, TERNARY, i.op, i.type);
      c.use(i.a, t, 'a'); c.use(i.b, t, 'b'); c.use(i.c, t, 'c');
      return c.result(i.result, t);
    }
    case 'compare': {
      const t = opType(c, COMPARE, i.op, i.type);
      c.use(i.a, t, 'a'); c.use(i.b, t, 'b');
      return c.result(i.result, I1);
    }
    case 'pair': {
      const t = opType(c, PAIR, i.op, i.type);
      c.use(i.a, t, 'a'); c.use(i.b, t, 'b');
      c.result(i.result, t);
      return c.result(i.result2, PAIR.get(i.op)?.wide === true ? t : I1);
    }
    case 'convert': {
      const from = opType(c, CONVERT, i.op, i.from), to = conversion(c, i.op, i.from, i.type);
      c.use(i.a, from, 'a');
      return c.result(i.result, to);
    }
    case 'select': {
      const t = anyType(c, i.type);
      c.use(i.condition, I1, 'condition'); c.use(i.a, t, 'a'); c.use(i.b, t, 'b');
      return c.result(i.result, t);
    }
    case 'load': {
      const t = memoryType(c, i.type);
      address(c, i);
      access(c, i.align, i.volatile);
      return c.result(i.result, t);
    }
    case 'store': {
      const t = memoryType(c, i.type);
      address(c, i);
      access(c, i.align, i.volatile);
      return c.use(i.value, t, 'value');
    }
    case 'lea': address(c, i); return c.result(i.result, PTR);
    case 'slot_addr':
      if (!isBelow(i.slot, c.slotCount)) c.report('slot', `there is no slot s${show(i.slot)} (the function has ${c.slotCount})`);
      return c.result(i.result, PTR);
    case 'global_addr':
      if (!c.hasGlobal(i.global)) c.report('global', `there is no global @${show(i.global)}`);
      return c.result(i.result, PTR);
    case 'memory_copy':
      c.use(i.destination, PTR, 'destination'); c.use(i.source, PTR, 'source');
      return c.use(i.size, indexType(c.model), 'size');
    case 'memory_fill':
      c.use(i.destination, PTR, 'destination'); c.use(i.value, I32, 'value');
      return c.use(i.size, indexType(c.model), 'size');
    case 'memory_size': linearOnly(c); return c.result(i.result, I32);
    case 'memory_grow': linearOnly(c); c.use(i.pages, I32, 'pages'); return c.result(i.result, I32);
    case 'call': {
      const s = callee(c, i.callee);
      callArguments(c, s, i.args);
      return callResults(c, s, i.results);
    }
    case 'call_indirect': {
      const s = indirect(c, i.signature, i.index);
      callArguments(c, s, i.args);
      return callResults(c, s, i.results);
    }
    case 'atomic_load': {
      const t = atomicType(c, i.type);
      ordering(c, i.ordering, 'release');
      address(c, i);
      return c.result(i.result, t);
    }
    case 'atomic_store': {
      const t = atomicType(c, i.type);
      ordering(c, i.ordering, 'acquire');
      address(c, i);
      return c.use(i.value, t, 'value');
    }
    case 'atomic_rmw': {
      const t = atomicType(c, i.type);
      if (!RMW.has(i.op)) c.report('operation', `there is no atomic_rmw operation ${show(i.op)} (${RMW_OPS.join(' ')})`);
      ordering(c, i.ordering, undefined);
      address(c, i);
      c.use(i.value, t, 'value');
      return c.result(i.result, t);
    }
    case 'atomic_cmpxchg': {
      const t = atomicType(c, i.type);
      ordering(c, i.ordering, undefined);
      address(c, i);
      c.use(i.expected, t, 'expected'); c.use(i.replacement, t, 'replacement');
      return c.result(i.result, t);
    }
    case 'fence': return ordering(c, i.ordering, 'relaxed');
    case 'vector': return vector(c, i.op, i.lanes, i.args, i.result);
    case 'splat':
      if (!lanesKnown(c, i.lanes)) return c.use(i.a, ANY, 'a');
      c.use(i.a, typeCode(LANE_TYPE[i.lanes]), 'a');
      return c.result(i.result, vectorType(i.lanes));
    case 'extract_lane':
      if (!lanesKnown(c, i.lanes)) return c.use(i.a, ANY, 'a');
      c.use(i.a, vectorType(i.lanes), 'a');
      laneIndex(c, i.lanes, i.lane);
      return c.result(i.result, typeCode(LANE_TYPE[i.lanes]));
    case 'insert_lane':
      if (!lanesKnown(c, i.lanes)) { c.use(i.a, ANY, 'a'); return c.use(i.b, ANY, 'b'); }
      c.use(i.a, vectorType(i.lanes), 'a');
      laneIndex(c, i.lanes, i.lane);
      c.use(i.b, typeCode(LANE_TYPE[i.lanes]), 'b');
      return c.result(i.result, vectorType(i.lanes));
    case 'shuffle': {
      const n = i.mask.length, t = n === 32 ? V256 : V128;
      if ((n !== 16 && n !== 32) || !isMask(i.mask, n)) c.report('shuffle', 'a shuffle mask is 16 integers from 0 to 31, or 32 from 0 to 63');
      c.use(i.a, t, 'a'); c.use(i.b, t, 'b');
      return c.result(i.result, t);
    }
    case 'safepoint': return;
    case 'stack_map': return live(c, i.id, i.live);
    case 'patch_point':
      if (!isBelow(i.bytes, MAX_PATCH_BYTES + 1) || i.bytes === 0) c.report('patch-point', `a patch point leaves 1 to ${MAX_PATCH_BYTES} bytes, not ${show(i.bytes)}`);
      return live(c, i.id, i.live);
    default: {
      const unknown: { readonly kind?: unknown } = i satisfies never;
      c.report('operation', `there is no instruction of kind ${show(unknown.kind)}`);
    }
  }
}

/** Checks one terminator. */
export function verifyTerminator(c: RuleContext, t: Terminator): void {
  switch (t.kind) {
    case 'jump': return edge(c, t.target, 'target');
    case 'br':
      c.use(t.condition, I1, 'condition');
      edge(c, t.then, 'then');
      return edge(c, t.else, 'else');
    case 'switch': return verifySwitch(c, t);
    case 'ret': {
      const expected = c.results;
      if (t.args.length !== expected.length) c.report('type', `returns ${count(t.args.length, 'value')}, the function's results are (${typeList(expected)})`);
      for (let k = 0; k < t.args.length; k++) c.use(t.args[k], k < expected.length ? typeCode(expected[k]) : ANY, 'returned value');
      return;
    }
    case 'tail_call': {
      const s = callee(c, t.callee);
      callArguments(c, s, t.args);
      return tailResults(c, s);
    }
    case 'tail_call_indirect': {
      const s = indirect(c, t.signature, t.index);
      callArguments(c, s, t.args);
      return tailResults(c, s);
    }
    case 'trap':
      if (!TRAPS.has(t.code)) c.report('trap', `there is no trap code ${show(t.code)} (${TRAP_CODES.join(' ')})`);
      return;
    default: {
      const unknown: { readonly kind?: unknown } = t satisfies never;
      c.report('operation', `there is no terminator of kind ${show(unknown.kind)}`);
    }
  }
}

/** True for an integer in [0, end). */
export function isBelow(n: unknown, end: number): boolean {
  return typeof n === 'number' && Number.isInteger(n) && n >= 0 && n < end;
}

/** `1 value`, `2 values`. */
export function count(n: number, noun: string): string { return `${n} ${noun}${n === 1 ? '' : 's'}`; }

// --- types and operations ---

function anyType(c: RuleContext, type: Type): TypeCode {
  const t = typeCode(type);
  if (t === NO_TYPE) c.report('type', `there is no type ${show(type)}`);
  return t;
}

/** The operand type of an operation from a table, {@link ANY} (so that nothing more is said) when that is wrong. */
function opType(c: RuleContext, table: ReadonlyMap<string, OpRow>, op: string, type: Type): TypeCode {
  const row = table.get(op), t = typeCode(type);
  if (row === undefined) { c.report('operation', `there is no such operation: ${show(op)}`); return ANY; }
  if (t === NO_TYPE) { c.report('type', `there is no type ${show(type)}`); return ANY; }
  if ((row.types & (1 << t)) === 0) { c.report('operation', `${op} is not defined for ${type} (only for ${maskText(row.types)})`); return ANY; }
  return t;
}

function maskText(m: number): string { return TYPES.filter((_, k) => (m & (1 << k)) !== 0).join(' '); }

function conversion(c: RuleContext, op: string, from: Type, to: Type): TypeCode {
  const row = CONVERT.get(op), f = typeCode(from), t = typeCode(to);
  if (row === undefined) return ANY;
  if (t === NO_TYPE) { c.report('type', `there is no type ${show(to)}`); return ANY; }
  if ((row.to & (1 << t)) === 0) { c.report('operation', `${op} does not give ${to} (only ${maskText(row.to)})`); return ANY; }
  if ((row.types & (1 << f)) === 0) return t;
  switch (op) {
    case 'sext': case 'zext':
      if (bitWidth(to, c.model) <= bitWidth(from, c.model)) c.report('operation', `${op} goes to a wider type, not from ${from} to ${to}`);
      break;
    case 'trunc':
      if (bitWidth(to, c.model) >= bitWidth(from, c.model)) c.report('operation', `trunc goes to a narrower type, not from ${from} to ${to}`);
      break;
    case 'bitcast':
      if (from === to || bitWidth(to, c.model) !== bitWidth(from, c.model)) c.report('operation', `bitcast goes to another type of the same width, not from ${from} to ${to}`);
      break;
    default: break;
  }
  return t;
}

// --- memory ---

function indexType(model: MemoryModel): TypeCode { return model === 'linear' ? I32 : I64; }

function memoryType(c: RuleContext, type: Type): TypeCode {
  const t = anyType(c, type);
  if (t === I1) { c.report('type', 'i1 has no form in memory: extend to i8 before a store, compare with 0 after a load'); return ANY; }
  return t === NO_TYPE ? ANY : t;
}

function address(c: RuleContext, a: Address): void {
  c.use(a.base, PTR, 'base');
  if (a.index !== NO_VALUE) c.use(a.index, indexType(c.model), 'index');
  if (a.scale !== 1 && a.scale !== 4 && a.scale !== 8 && a.scale !== 2) c.report('address', `scale is 1, 2, 4 or 8, not ${show(a.scale)}`);
  if (!isBelow(a.offset, 0x80000000)) c.report('address', `offset is an integer from 0 to 2^31-1, not ${show(a.offset)}`);
}

function access(c: RuleContext, align: number, volatile: boolean): void {
  if (!isPowerOfTwo(align, MAX_ALIGN)) c.report('alignment', `align is a power of two from 1 to ${MAX_ALIGN}, not ${show(align)}`);
  if (typeof volatile !== 'boolean') c.report('address', `volatile is true or false, not ${show(volatile)}`);
}

/** True for 1, 2, 4, ... `max`. */
export function isPowerOfTwo(n: unknown, max: number): boolean {
  return typeof n === 'number' && n >= 1 && n <= max && (n | 0) === n && (n & (n - 1)) === 0;
}

function linearOnly(c: RuleContext): void {
  if (c.model !== 'linear') c.report('memory-model', 'memory_size and memory_grow exist in the linear memory model only');
}

function atomicType(c: RuleContext, type: Type): TypeCode {
  const t = typeCode(type);
  if (t === I8 || t === I16 || t === I32 || t === I64) return t;
  c.report('atomic', `atomics are defined for i8 i16 i32 i64, not ${show(type)}`);
  return ANY;
}

/** `without` names the half of an ordering that the operation cannot have. */
function ordering(c: RuleContext, o: MemoryOrdering, without: MemoryOrdering | undefined): void {
  if (!ORDERINGS.has(o)) c.report('atomic', `there is no memory ordering ${show(o)} (${MEMORY_ORDERINGS.join(' ')})`);
  else if (without !== undefined && (o === without || (o === 'acq_rel' && without !== 'relaxed'))) {
    c.report('atomic', without === 'release' ? `a load cannot be ${o}` : without === 'acquire' ? `a store cannot be ${o}` : 'a relaxed fence orders nothing');
  }
}

// --- calls ---

function callee(c: RuleContext, name: string): Signature | undefined {
  const s = c.signatureOf(name);
  if (s === undefined) c.report('call', `there is no function or import @${show(name)}`);
  return s;
}

function indirect(c: RuleContext, s: Signature, index: Value): Signature | undefined {
  c.use(index, I32, 'table index');
  const bad = [...s.params, ...s.results].find((t) => typeCode(t) === NO_TYPE);
  if (bad !== undefined) { c.report('signature', `there is no type ${show(bad)}`); return undefined; }
  // Backends store what exceeds the registers before the call checks the callee's signature: a longer list would leave their area.
  for (const [what, list] of [['parameter', s.params], ['result', s.results]] as const) {
    const arity = arityOf(list);
    if (arity > MAX_ARITY) c.report('signature', `${count(arity, what)}${arity > list.length ? ', a v256 counted as two' : ''}, at most ${MAX_ARITY} are possible`);
  }
  return s;
}

function callArguments(c: RuleContext, s: Signature | undefined, args: readonly Value[]): void {
  if (s !== undefined && args.length !== s.params.length) c.report('call', `${count(args.length, 'argument')} for ${count(s.params.length, 'parameter')} ${signatureText(s)}`);
  for (let k = 0; k < args.length; k++) c.use(args[k], s !== undefined && k < s.params.length ? typeCode(s.params[k]) : ANY, 'argument');
}

function callResults(c: RuleContext, s: Signature | undefined, results: readonly Value[]): void {
  if (s === undefined) return;
  if (results.length !== s.results.length) c.report('call', `${count(results.length, 'result')} taken of a call that gives ${s.results.length} ${signatureText(s)}`);
  for (let k = 0; k < results.length && k < s.results.length; k++) c.result(results[k], typeCode(s.results[k]));
}

function tailResults(c: RuleContext, s: Signature | undefined): void {
  if (s === undefined || s.results.length === c.results.length && s.results.length > MAX_ARITY) return; // too long to compare each time, and reported as such
  if (!sameTypes(s.results, c.results)) c.report('call', `a tail call's results are the caller's: (${typeList(s.results)}) is not (${typeList(c.results)})`);
}

/** Types that an error spells out: lists may be of any length, and named by any number of errors. */
const SHOWN_TYPES = 16;

function typeList(types: readonly Type[]): string {
  return types.length <= SHOWN_TYPES ? types.join(', ') : `${types.slice(0, SHOWN_TYPES).join(', ')}, ... (${types.length} in all)`;
}
function signatureText(s: Signature): string { return `(${typeList(s.params)}) -> (${typeList(s.results)})`; }

// --- vectors ---

function lanesKnown(c: RuleContext, lanes: Lanes): boolean {
  if (LANE_NAMES.has(lanes)) return true;
  c.report('lane', `there is no lane division ${show(lanes)} (${LANES.join(' ')})`);
  return false;
}

function vectorType(lanes: Lanes): TypeCode { return VECTOR_TYPE[lanes] === 'v128' ? V128 : V256; }

function laneIndex(c: RuleContext, lanes: Lanes, lane: number): void {
  if (!isBelow(lane, LANE_COUNT[lanes])) c.report('lane', `lane is 0 to ${LANE_COUNT[lanes] - 1} for ${lanes}, not ${show(lane)}`);
}

/** Every index, holes in the list among them, is one of a byte of two vectors of `n`. */
function isMask(mask: readonly number[], n: number): boolean {
  for (let k = 0; k < n; k++) if (!isBelow(mask[k], 2 * n)) return false;
  return true;
}

function vector(c: RuleContext, op: string, lanes: Lanes, args: readonly Value[], result: Value): void {
  const row = VECTOR.get(op);
  if (row === undefined) {
    c.report('operation', `there is no vector operation ${show(op)}`);
    for (let k = 0; k < args.length; k++) c.use(args[k], ANY, 'operand');
    return;
  }
  const known = lanesKnown(c, lanes);
  if (known && !definedFor(op, lanes)) c.report('lane', `${op} is not defined for ${lanes} (only for ${divisionsOf(op as VectorOp).join(' ')})`);
  if (args.length !== row.operands.length) c.report('operation', `${op} takes ${count(row.operands.length, 'operand')}, not ${args.length}`);
  for (let k = 0; k < args.length; k++) c.use(args[k], known && k < row.operands.length ? typeCode(vectorOperandType(row.operands.charAt(k), lanes)) : ANY, 'operand');
  if (known) c.result(result, typeCode(vectorResultType(op as VectorOp, lanes)));
}

// --- markers, edges, switch ---

function live(c: RuleContext, id: number, values: readonly Value[]): void {
  if (!isBelow(id, 0x80000000)) c.report('patch-point', `id is an integer from 0 to 2^31-1, not ${show(id)}`);
  for (let k = 0; k < values.length; k++) c.use(values[k], ANY, 'live value');
}

function edge(c: RuleContext, e: Edge, role: string): void {
  const args = e.args;
  if (!isBelow(e.block, c.blockCount)) {
    c.report('edge', `${role}: there is no block b${show(e.block)}`);
    for (let k = 0; k < args.length; k++) c.use(args[k], ANY, 'edge argument');
    return;
  }
  if (e.block === 0) c.report('edge', `${role}: the entry block b0 cannot be the target of an edge`);
  const params = c.paramsOf(e.block);
  if (args.length !== params.length) c.report('edge', `${role}: ${count(args.length, 'argument')} for ${count(params.length, 'parameter')} of b${e.block}`);
  for (let k = 0; k < args.length; k++) {
    const t = k < params.length ? c.typeOf(params[k]) : ANY;
    c.use(args[k], t === NO_TYPE ? ANY : t, 'edge argument');
  }
}

function verifySwitch(c: RuleContext, t: SwitchTerm): void {
  const type = typeCode(t.type);
  const known = type === I8 || type === I16 || type === I32 || type === I64;
  if (!known) c.report('switch', `a switch is on i8 i16 i32 i64, not ${show(t.type)}`);
  c.use(t.value, known ? type : ANY, 'value');
  const seen = new Set<unknown>();
  for (let k = 0; k < t.cases.length; k++) {
    const { value, target } = t.cases[k];
    const problem = known ? constantProblem(t.type, value, c.model) : undefined;
    if (problem !== undefined) c.report('switch', `case ${show(value)}: ${problem}`);
    if (seen.has(value)) c.report('switch', `case ${show(value)} occurs twice`);
    seen.add(value);
    edge(c, target, 'case');
  }
  edge(c, t.default, 'default');
}
