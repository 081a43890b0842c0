/**
 * A valid module in which every instruction and terminator kind, every operation of the op tables at every type it is
 * defined for, and every optional part of the data occurs. It can be run: each function takes what its name says and
 * none of them traps, except `trap_*`.
 */
import {
  BINARY_OPS, COMPARE_OPS, CONVERT_OPS, FunctionBuilder, LANES, LANE_COUNT, LANE_TYPE, MEMORY_ORDERINGS, ModuleBuilder, PAIR_OPS, RMW_OPS,
  TERNARY_OPS, TRAP_CODES, TYPES, UNARY_OPS, VECTOR_OPS, VECTOR_TYPE, bitWidth, divisionsOf, vectorOperandType,
} from '../../lib/mir/index.ts';
import type { BinaryOp, CompareOp, ConvertOp, MirFunction, Module, PairOp, TernaryOp, Type, UnaryOp, Value, VectorOp } from '../../lib/mir/index.ts';

/** Constants that are easy to lose in a text form, by type. */
export const AWKWARD_CONSTANTS: Readonly<Record<Type, readonly (number | bigint)[]>> = {
  i1: [0, 1],
  i8: [0, -128, 127, -1],
  i16: [0, -32768, 32767],
  i32: [0, -2147483648, 2147483647, -1],
  i64: [0n, -(2n ** 63n), 2n ** 63n - 1n, -1n, 9007199254740993n],
  f32: [0, -0, 1.5, Infinity, -Infinity, NaN, Math.fround(0.1), Math.fround(3.4028234663852886e38), Math.fround(1e-45), Math.fround(16777216), Math.fround(1.17549435e-38)],
  f64: [0, -0, 0.1, Infinity, -Infinity, NaN, Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 1e-7, 123456789.125, 2 ** 53],
  ptr: [0, 4294967295, 1024],
  v128: [0n, 2n ** 128n - 1n, 0x0102030405060708090a0b0c0d0e0f10n],
  v256: [0n, 2n ** 256n - 1n, 2n ** 255n, 0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20n],
};

/** The module; the same every time. */
export function everyInstructionModule(): Module {
  const m = new ModuleBuilder('every "instruction"', { memory: { initialPages: 3, maximumPages: 20 } });
  const here = m.addLocation({ file: 'src/every.ts', line: 12, column: 7 });
  const there = m.addLocation({ file: 'C:\\odd "path"\u2028é.ts', line: 1, column: 1 });
  m.addImport({ name: 'log', kind: 'js', params: ['i32', 'f64'], results: [], capability: 'none', loc: here });
  m.addImport({ name: 'write', kind: 'libc', params: ['i32', 'ptr', 'i32'], results: ['i32'], capability: 'file-io', buffers: [{ pointer: 1, length: 2, access: 'read' }] });
  m.addImport({ name: 'puts', kind: 'libc', params: ['ptr'], results: ['i32'], capability: 'symbol', buffers: [{ pointer: 0, length: 'nul-terminated', access: 'read' }], loc: there });
  m.addImport({ name: 'getpid', kind: 'libc', params: [], results: ['i32'], capability: 'syscall', buffers: [] });
  m.addImport({ name: 'socket', kind: 'libc', params: ['i32', 'i32', 'i32'], results: ['i32'], capability: 'network' });
  m.addGlobal({ name: 'zeros', size: 100, align: 16, mutable: true });
  m.addGlobal({ name: 'all bytes', size: 300, align: 1, mutable: false, bytes: Uint8Array.from({ length: 256 }, (_, k) => k) });
  m.addGlobal({ name: 'no bytes', size: 4, align: 4096, mutable: true, bytes: new Uint8Array(0) });

  for (const f of [constants(here, there), ...arithmetic(), conversions(), memory(here), control(), switches(), pair(), calls(), tails(), tailsIndirect(), atomics(), vectors(), markers(), odd()]) m.addFunction(f, f.name);
  for (const code of TRAP_CODES) {
    const b = new FunctionBuilder(`trap_${code}`, { params: [], results: [] });
    b.trap(code);
    m.addFunction(b.finish());
  }
  m.exports['another name'] = 'calls';
  m.exports['1'] = 'pair';
  m.table.push('pair', null, 'tails');
  return m.build();
}

function constants(here: number, there: number): MirFunction {
  const b = new FunctionBuilder('constants', { params: [], results: [] }, here);
  let k = 0;
  for (const type of TYPES) {
    for (const value of AWKWARD_CONSTANTS[type]) {
      b.loc = [0, here, there][k++ % 3];
      const v = b.const(type, value);
      if (k % 2 === 0) b.nameValue(v, `${type} constant ${k}`);
    }
  }
  b.ret();
  return b.finish();
}

/** One operand of each type that makes no operation trap. */
function operands(b: FunctionBuilder): Readonly<Record<Type, Value>> {
  return {
    i1: b.const('i1', 1), i8: b.const('i8', 3), i16: b.const('i16', 3), i32: b.const('i32', 3), i64: b.const('i64', 3n),
    f32: b.const('f32', 2.5), f64: b.const('f64', 2.5), ptr: b.const('ptr', 2048), v128: b.const('v128', 3n), v256: b.const('v256', 5n << 128n | 3n),
  };
}

function arithmetic(): MirFunction[] {
  const each = (name: string, emit: (b: FunctionBuilder, v: Readonly<Record<Type, Value>>) => void): MirFunction => {
    const b = new FunctionBuilder(name, { params: [], results: [] });
    emit(b, operands(b));
    b.ret();
    return b.finish();
  };
  return [
    each('binary', (b, v) => { for (const [op, s] of entries(BINARY_OPS)) for (const t of s.types) b.binary(op as BinaryOp, v[t], v[t]); }),
    each('unary', (b, v) => { for (const [op, s] of entries(UNARY_OPS)) for (const t of s.types) b.unary(op as UnaryOp, v[t]); }),
    each('ternary', (b, v) => { for (const [op, s] of entries(TERNARY_OPS)) for (const t of s.types) b.ternary(op as TernaryOp, v[t], v[t], v[t]); }),
    each('compare', (b, v) => { for (const [op, s] of entries(COMPARE_OPS)) for (const t of s.types) b.compare(op as CompareOp, v[t], v[t]); }),
    each('overflow', (b, v) => { for (const [op, s] of entries(PAIR_OPS)) for (const t of s.types) b.pair(op as PairOp, v[t], v[t]); }),
    each('select', (b, v) => { for (const t of TYPES) b.select(v.i1, v[t], v[t]); }),
  ];
}

function entries<S>(table: Readonly<Record<string, S>>): [string, S][] { return Object.entries(table); }

/** True when a conversion exists between two types its table row lists. */
export function convertible(op: ConvertOp, from: Type, to: Type): boolean {
  const a = bitWidth(from, 'linear'), b = bitWidth(to, 'linear');
  switch (op) {
    case 'sext': case 'zext': return b > a;
    case 'trunc': return b < a;
    case 'bitcast': return a === b && from !== to;
    default: return true;
  }
}

function conversions(): MirFunction {
  const b = new FunctionBuilder('conversions', { params: [], results: [] });
  const v = operands(b);
  for (const op of Object.keys(CONVERT_OPS) as ConvertOp[]) {
    for (const from of CONVERT_OPS[op].types) for (const to of CONVERT_OPS[op].to) if (convertible(op, from, to)) b.convert(op, v[from], to);
  }
  b.ret();
  return b.finish();
}

function memory(loc: number): MirFunction {
  const b = new FunctionBuilder('memory', { params: [], results: ['i32'] });
  const slot = b.addSlot(64, 16, 'buffer'), small = b.addSlot(10, 1);
  const v = operands(b), index = b.const('i32', 1);
  const base = b.slotAddr(slot);
  b.slotAddr(small);
  b.loc = loc;
  for (const t of TYPES) {
    if (t === 'i1') continue;
    b.store({ base }, v[t]);
    b.store({ base, index, scale: 4, offset: 8 }, v[t], { align: 4 });
    b.load(t, { base, offset: 8 }, { volatile: true });
    b.load(t, { base, index }, { align: 16, volatile: true });
  }
  for (const scale of [1, 2, 4, 8]) b.lea({ base, index, scale, offset: 2147483647 });
  b.lea({ base });
  const global = b.globalAddr('zeros'), data = b.globalAddr('all bytes'), n = b.const('i32', 16);
  b.memoryCopy(global, data, n);
  b.memoryFill(global, v.i32, n);
  b.memorySize();
  b.ret([b.memoryGrow(index)]);
  return b.finish();
}

function control(): MirFunction {
  const b = new FunctionBuilder('control', { params: ['i32'], results: ['i32'] });
  const n = b.params[0];
  b.nameValue(n, 'n');
  const head = b.createBlock('loop "head"'), body = b.createBlock(), done = b.createBlock('done'), dead = b.createBlock();
  const i = b.addBlockParam(head, 'i32'), sum = b.addBlockParam(head, 'i32'), result = b.addBlockParam(done, 'i32');
  const zero = b.const('i32', 0), one = b.const('i32', 1);
  b.jump(head, [zero, zero]);
  b.switchTo(head);
  b.br(b.compare('slt', i, n), body, done, [], [sum]);
  b.switchTo(body);
  b.jump(head, [b.binary('add', i, one), b.binary('add', sum, i)]);
  b.switchTo(done);
  b.ret([result]);
  b.switchTo(dead);
  b.jump(dead);
  return b.finish();
}

function switches(): MirFunction {
  const b = new FunctionBuilder('switches', { params: ['i8', 'i16', 'i32', 'i64'], results: ['i32'] });
  const last = b.createBlock(), result = b.addBlockParam(last, 'i32');
  for (const v of b.params) {
    const next = b.createBlock(), seven = b.const('i32', 7), big = b.typeOf(v) === 'i64';
    b.switch(v, [{ value: big ? 1n : 1, block: last, args: [seven] }, { value: big ? -(2n ** 63n) : -128, block: next }], next);
    b.switchTo(next);
  }
  b.switch(b.params[2], [], last, [b.params[2]]);
  b.switchTo(last);
  b.ret([result]);
  return b.finish();
}

function pair(): MirFunction {
  const b = new FunctionBuilder('pair', { params: ['i32', 'f64'], results: ['f64', 'i32', 'i1'] });
  b.ret([b.params[1], b.params[0], b.compare('eq', b.params[0], b.params[0])]);
  return b.finish();
}

function calls(): MirFunction {
  const b = new FunctionBuilder('calls', { params: ['i32', 'f64'], results: ['f64'] });
  const [x, y] = b.params;
  b.call('log', [x, y], []);
  const direct = b.call('pair', [x, y], ['f64', 'i32', 'i1']);
  const zero = b.const('i32', 0);
  const indirect = b.callIndirect({ params: ['i32', 'f64'], results: ['f64', 'i32', 'i1'] }, zero, [direct[1], direct[0]]);
  b.ret([indirect[0]]);
  return b.finish();
}

function tails(): MirFunction {
  const b = new FunctionBuilder('tails', { params: ['f64'], results: ['f64', 'i32', 'i1'] });
  b.tailCall('pair', [b.const('i32', 5), b.params[0]]);
  return b.finish();
}

function tailsIndirect(): MirFunction {
  const b = new FunctionBuilder('tails_indirect', { params: ['f64'], results: ['f64', 'i32', 'i1'] });
  b.tailCallIndirect({ params: ['f64'], results: ['f64', 'i32', 'i1'] }, b.const('i32', 2), [b.params[0]]);
  return b.finish();
}

function atomics(): MirFunction {
  const b = new FunctionBuilder('atomics', { params: [], results: [] });
  const v = operands(b), index = b.const('i32', 2);
  for (const t of ['i8', 'i16', 'i32', 'i64'] as const) {
    for (const o of MEMORY_ORDERINGS) {
      if (o !== 'release' && o !== 'acq_rel') b.atomicLoad(t, { base: v.ptr, index, scale: 8, offset: 8 }, o);
      if (o !== 'acquire' && o !== 'acq_rel') b.atomicStore({ base: v.ptr }, v[t], o);
      b.atomicCmpxchg({ base: v.ptr, offset: 16 }, v[t], v[t], o);
    }
    for (const op of RMW_OPS) b.atomicRmw(op, { base: v.ptr }, v[t], 'seq_cst');
  }
  for (const o of MEMORY_ORDERINGS) if (o !== 'relaxed') b.fence(o);
  b.ret();
  return b.finish();
}

function vectors(): MirFunction {
  const b = new FunctionBuilder('vectors', { params: [], results: ['v128'] });
  const v = operands(b);
  for (const op of Object.keys(VECTOR_OPS) as VectorOp[]) {
    for (const lanes of divisionsOf(op)) b.vector(op, lanes, [...VECTOR_OPS[op].operands].map((c) => v[vectorOperandType(c, lanes)]));
  }
  for (const lanes of LANES) {
    const last = LANE_COUNT[lanes] - 1;
    const x = b.extractLane(lanes, last, b.splat(lanes, v[LANE_TYPE[lanes]]));
    b.insertLane(lanes, 0, v[VECTOR_TYPE[lanes]], x);
  }
  b.shuffle(Array.from({ length: 32 }, (_, k) => (k * 37 + 63) % 64), v.v256, v.v256);
  b.ret([b.shuffle([0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 31, 15], v.v128, v.v128)]);
  return b.finish();
}

function markers(): MirFunction {
  const b = new FunctionBuilder('markers', { params: ['i32', 'v128', 'v256'], results: [] });
  b.safepoint();
  b.stackMap(7, [b.params[1], b.params[0], b.params[2]]);
  b.stackMap(8, []);
  b.patchPoint(2147483647, 16, [b.params[0]]);
  b.ret();
  return b.finish();
}

/** Data that passes leave behind: values without a definition, numbers out of order, a scale without an index. */
function odd(): MirFunction {
  return {
    name: 'odd näme', params: ['ptr'], results: ['ptr'], valueTypes: ['f64', 'ptr', 'v128', 'ptr', 'i1'],
    blocks: [{
      params: [3],
      instructions: [{ kind: 'lea', base: 3, index: -1, scale: 8, offset: 4, result: 1, loc: 0 }],
      terminator: { kind: 'ret', args: [1], loc: 0 },
    }],
    slots: [], valueNames: { 2: 'gone', 3: 'p' }, loc: 0,
  };
}
