/** Private frozen copies of untrusted instructions: see `module-shape.ts` for what is promised. */
import type { Instruction } from './instruction.ts';
import { BINARY_OPS, COMPARE_OPS, CONVERT_OPS, PAIR_OPS, RMW_OPS, TERNARY_OPS, UNARY_OPS } from './ops.ts';
import type { BinaryOp, CompareOp, ConvertOp, PairOp, RmwOp, TernaryOp, UnaryOp } from './ops.ts';
import type { ShapeReader, Untrusted } from './shape-reader.ts';
import type { Lanes, MemoryOrdering, Signature, Type } from './types.ts';
import { LANES, MEMORY_ORDERINGS, TYPES } from './types.ts';
import { VECTOR_OPS, type VectorOp } from './vector-ops.ts';

export const TYPE_SET: ReadonlySet<Type> = new Set(TYPES);
const BINARY = ops<BinaryOp>(BINARY_OPS), UNARY = ops<UnaryOp>(UNARY_OPS), TERNARY = ops<TernaryOp>(TERNARY_OPS);
const COMPARE = ops<CompareOp>(COMPARE_OPS), PAIR = ops<PairOp>(PAIR_OPS), CONVERT = ops<ConvertOp>(CONVERT_OPS);
const VECTOR = ops<VectorOp>(VECTOR_OPS), RMW: ReadonlySet<RmwOp> = new Set(RMW_OPS);
const LANE_SET: ReadonlySet<Lanes> = new Set(LANES), ORDERINGS: ReadonlySet<MemoryOrdering> = new Set(MEMORY_ORDERINGS);

function ops<Op extends string>(table: Readonly<Record<Op, unknown>>): ReadonlySet<Op> {
  return new Set(Object.keys(table) as Op[]);
}

/** A list of types. */
export function copyTypes(r: ShapeReader, x: unknown, field: string): readonly Type[] {
  return r.list(x, field, (t, k) => r.word(t, TYPE_SET, 'a type', k));
}

/** A signature at `field`. */
export function copySignature(r: ShapeReader, x: unknown, field: string): Signature {
  const o = r.object(x, field);
  r.path.push(field);
  const signature = { params: copyTypes(r, o['params'], 'params'), results: copyTypes(r, o['results'], 'results') };
  r.path.pop();
  return Object.freeze(signature);
}

/** Fails over a `kind` that does not exist. */
export function unknownKind(r: ShapeReader, kind: unknown, what: string): never {
  return r.fail(`names no ${what}: it is ${typeof kind === 'string' ? JSON.stringify(kind.slice(0, 80)) : typeof kind}`, 'kind');
}

/** One instruction; the reader's path already leads to it. */
export function copyInstruction(r: ShapeReader, x: unknown): Instruction {
  const o = typeof x === 'object' && x !== null ? x as Untrusted : r.fail('is not an object');
  return Object.freeze(instruction(r, o));
}

function int(r: ShapeReader, o: Untrusted, field: string): number { return r.integer(o[field], field); }
function type(r: ShapeReader, o: Untrusted): Type { return r.word(o['type'], TYPE_SET, 'a type', 'type'); }
function op<Op extends string>(r: ShapeReader, o: Untrusted, set: ReadonlySet<Op>, shape: string): Op { return r.word(o['op'], set, `${shape} operation`, 'op'); }
function lanes(r: ShapeReader, o: Untrusted): Lanes { return r.word(o['lanes'], LANE_SET, 'a lane division', 'lanes'); }
function ordering(r: ShapeReader, o: Untrusted): MemoryOrdering { return r.word(o['ordering'], ORDERINGS, 'a memory ordering', 'ordering'); }

/** Fields are read and written in the order of the builder's objects, so that both have one hidden class. */
function instruction(r: ShapeReader, o: Untrusted): Instruction {
  const kind = o['kind'] as Instruction['kind'];
  switch (kind) {
    case 'const': return { kind, type: type(r, o), value: r.constant(o['value'], 'value'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'binary': return { kind, op: op(r, o, BINARY, 'a binary'), type: type(r, o), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'unary': return { kind, op: op(r, o, UNARY, 'a unary'), type: type(r, o), a: int(r, o, 'a'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'ternary': return {
      kind, op: op(r, o, TERNARY, 'a ternary'), type: type(r, o), a: int(r, o, 'a'), b: int(r, o, 'b'), c: int(r, o, 'c'),
      result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'compare': return { kind, op: op(r, o, COMPARE, 'a compare'), type: type(r, o), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'pair': return {
      kind, op: op(r, o, PAIR, 'a pair'), type: type(r, o), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), result2: int(r, o, 'result2'),
      loc: int(r, o, 'loc'),
    };
    case 'convert': return {
      kind, op: op(r, o, CONVERT, 'a conversion'), from: r.word(o['from'], TYPE_SET, 'a type', 'from'), type: type(r, o), a: int(r, o, 'a'),
      result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'select': return {
      kind, type: type(r, o), condition: int(r, o, 'condition'), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'load': return {
      kind, type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'),
      align: int(r, o, 'align'), volatile: r.boolean(o['volatile'], 'volatile'), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'store': return {
      kind, type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'),
      value: int(r, o, 'value'), align: int(r, o, 'align'), volatile: r.boolean(o['volatile'], 'volatile'), loc: int(r, o, 'loc'),
    };
    case 'lea': return {
      kind, base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'slot_addr': return { kind, slot: int(r, o, 'slot'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'global_addr': return { kind, global: r.text(o['global'], 'global'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'memory_copy': return { kind, destination: int(r, o, 'destination'), source: int(r, o, 'source'), size: int(r, o, 'size'), loc: int(r, o, 'loc') };
    case 'memory_fill': return { kind, destination: int(r, o, 'destination'), value: int(r, o, 'value'), size: int(r, o, 'size'), loc: int(r, o, 'loc') };
    case 'memory_size': return { kind, result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'memory_grow': return { kind, pages: int(r, o, 'pages'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'call': return { kind, callee: r.text(o['callee'], 'callee'), args: r.integers(o['args'], 'args'), results: r.integers(o['results'], 'results'), loc: int(r, o, 'loc') };
    case 'call_indirect': return {
      kind, signature: copySignature(r, o['signature'], 'signature'), index: int(r, o, 'index'), args: r.integers(o['args'], 'args'),
      results: r.integers(o['results'], 'results'), loc: int(r, o, 'loc'),
    };
    case 'atomic_load': return {
      kind, type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'),
      ordering: ordering(r, o), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'atomic_store': return {
      kind, type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'),
      value: int(r, o, 'value'), ordering: ordering(r, o), loc: int(r, o, 'loc'),
    };
    case 'atomic_rmw': return {
      kind, op: op(r, o, RMW, 'an atomic_rmw'), type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'),
      offset: int(r, o, 'offset'), value: int(r, o, 'value'), ordering: ordering(r, o), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'atomic_cmpxchg': return {
      kind, type: type(r, o), base: int(r, o, 'base'), index: int(r, o, 'index'), scale: int(r, o, 'scale'), offset: int(r, o, 'offset'),
      expected: int(r, o, 'expected'), replacement: int(r, o, 'replacement'), ordering: ordering(r, o), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'fence': return { kind, ordering: ordering(r, o), loc: int(r, o, 'loc') };
    case 'vector': return { kind, op: op(r, o, VECTOR, 'a vector'), lanes: lanes(r, o), args: r.integers(o['args'], 'args'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'splat': return { kind, lanes: lanes(r, o), a: int(r, o, 'a'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'extract_lane': return { kind, lanes: lanes(r, o), lane: int(r, o, 'lane'), a: int(r, o, 'a'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'insert_lane': return {
      kind, lanes: lanes(r, o), lane: int(r, o, 'lane'), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), loc: int(r, o, 'loc'),
    };
    case 'shuffle': return { kind, mask: r.integers(o['mask'], 'mask'), a: int(r, o, 'a'), b: int(r, o, 'b'), result: int(r, o, 'result'), loc: int(r, o, 'loc') };
    case 'safepoint': return { kind, loc: int(r, o, 'loc') };
    case 'stack_map': return { kind, id: int(r, o, 'id'), live: r.integers(o['live'], 'live'), loc: int(r, o, 'loc') };
    case 'patch_point': return { kind, id: int(r, o, 'id'), bytes: int(r, o, 'bytes'), live: r.integers(o['live'], 'live'), loc: int(r, o, 'loc') };
    default: return unknownKind(r, kind satisfies never, 'instruction');
  }
}
