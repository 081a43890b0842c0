/**
 * The rules of each instruction shape: which types its operands and results have, from the op tables.
 * The walk over a function, definitions and dominance are in `verify-function.ts`; this file only says what is asked
 * of the values. A correct instruction costs no allocation: texts are built only when something is wrong.
 */
import { constantProblem } from './constants.ts';
import type { Address, Instruction, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { BINARY_OPS, COMPARE_OPS, CONVERT_OPS, PAIR_OPS, RMW_OPS, TERNARY_OPS, UNARY_OPS, type OpSpec } from './ops.ts';
import type { Lanes, MemoryModel, MemoryOrdering, Type } from './types.ts';
import { LANES, LANE_COUNT, LANE_TYPE, VECTOR_TYPE, MEMORY_ORDERINGS, TYPES, bitWidth } from './types.ts';
import { show } from './show.ts';
import { VECTOR_OPS, definedFor, divisionsOf, vectorOperandType, vectorResultType, type VectorOp, type VectorOpSpec } from './vector-ops.ts';
import { callArguments, callResults, callee, indirect } from './verify-call.ts';
import { ANY, I1, I16, I32, I64, I8, NO_TYPE, PTR, V128, V256, count, isBelow, isPowerOfTwo, typeCode, type RuleContext, type TypeCode } from './verify-rules.ts';

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
const RMW: ReadonlySet<unknown> = new Set(RMW_OPS);
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

// --- markers ---

function live(c: RuleContext, id: number, values: readonly Value[]): void {
  if (!isBelow(id, 0x80000000)) c.report('patch-point', `id is an integer from 0 to 2^31-1, not ${show(id)}`);
  for (let k = 0; k < values.length; k++) c.use(values[k], ANY, 'live value');
}
