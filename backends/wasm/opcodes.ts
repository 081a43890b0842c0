/**
 * Opcodes of WebAssembly as numbers and names, one table for selection, the encoder and the text form.
 *
 * A number up to 0xff is one byte; `0xfcxx`, `0xfdxxx` and `0xfexx` are a prefix byte and a LEB128 number (`prefix`
 * times 0x1000 plus number). Source: WebAssembly Core Specification 2.0, chapter 5.4, and the threads and tail-call
 * proposals.
 */
import { LANES, type Lanes } from '../../lib/mir/types.ts';
import type { VectorOp } from '../../lib/mir/vector-ops.ts';

/** Number of opcode `n` behind prefix byte `p`. */
export function prefixed(p: 0xfc | 0xfd | 0xfe, n: number): number { return p * 0x1000 + n; }

/** Opcodes that selection and the encoder name. */
export const OP = {
  unreachable: 0x00, nop: 0x01, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b,
  br: 0x0c, brIf: 0x0d, brTable: 0x0e, return: 0x0f, call: 0x10, callIndirect: 0x11, returnCall: 0x12, returnCallIndirect: 0x13,
  drop: 0x1a, select: 0x1b, localGet: 0x20, localSet: 0x21, localTee: 0x22, globalGet: 0x23, globalSet: 0x24,
  i32Load: 0x28, i32Load8U: 0x2d, i32Load8S: 0x2c, i32Store: 0x36, memorySize: 0x3f, memoryGrow: 0x40,
  i32Const: 0x41, i64Const: 0x42, f32Const: 0x43, f64Const: 0x44,
  i32Eqz: 0x45, i32Eq: 0x46, i32Ne: 0x47, i32LtS: 0x48, i32LtU: 0x49, i32GtS: 0x4a, i32GtU: 0x4b, i32LeU: 0x4d, i32GeU: 0x4f,
  i64Eqz: 0x50, i64Eq: 0x51, i64Ne: 0x52, i64LtS: 0x53, i64LtU: 0x54, i64GtU: 0x56, i64LeU: 0x58, i64GeU: 0x5a,
  f32Eq: 0x5b, f32Ne: 0x5c, f64Eq: 0x61, f64Ne: 0x62,
  i32Clz: 0x67, i32Ctz: 0x68, i32Popcnt: 0x69, i32Add: 0x6a, i32Sub: 0x6b, i32Mul: 0x6c, i32DivS: 0x6d, i32DivU: 0x6e,
  i32And: 0x71, i32Or: 0x72, i32Xor: 0x73, i32Shl: 0x74, i32ShrS: 0x75, i32ShrU: 0x76, i32Rotl: 0x77, i32Rotr: 0x78,
  i64Add: 0x7c, i64Sub: 0x7d, i64Mul: 0x7e, i64And: 0x83, i64Or: 0x84, i64Xor: 0x85, i64Shl: 0x86, i64ShrS: 0x87, i64ShrU: 0x88, i64Rotl: 0x89,
  i32Wrap: 0xa7, i64ExtendS: 0xac, i64ExtendU: 0xad, f32Demote: 0xb6, f64Promote: 0xbb,
  i32Extend8S: 0xc0, i32Extend16S: 0xc1,
  memoryCopy: prefixed(0xfc, 10), memoryFill: prefixed(0xfc, 11),
  v128Load: prefixed(0xfd, 0), v128Store: prefixed(0xfd, 11), v128Const: prefixed(0xfd, 12), shuffle: prefixed(0xfd, 13),
  atomicFence: prefixed(0xfe, 3),
} as const;

const SCALAR_NAMES = (() => {
  const icmp = ['eqz', 'eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u'];
  const fcmp = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'];
  const int = ['clz', 'ctz', 'popcnt', 'add', 'sub', 'mul', 'div_s', 'div_u', 'rem_s', 'rem_u', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'];
  const float = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt', 'add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'];
  const of = (type: string, names: readonly string[]): string[] => names.map((n) => `${type}.${n}`);
  return [
    ...of('i32', icmp), ...of('i64', icmp), ...of('f32', fcmp), ...of('f64', fcmp), ...of('i32', int), ...of('i64', int), ...of('f32', float), ...of('f64', float),
    'i32.wrap_i64', 'i32.trunc_f32_s', 'i32.trunc_f32_u', 'i32.trunc_f64_s', 'i32.trunc_f64_u',
    'i64.extend_i32_s', 'i64.extend_i32_u', 'i64.trunc_f32_s', 'i64.trunc_f32_u', 'i64.trunc_f64_s', 'i64.trunc_f64_u',
    'f32.convert_i32_s', 'f32.convert_i32_u', 'f32.convert_i64_s', 'f32.convert_i64_u', 'f32.demote_f64',
    'f64.convert_i32_s', 'f64.convert_i32_u', 'f64.convert_i64_s', 'f64.convert_i64_u', 'f64.promote_f32',
    'i32.reinterpret_f32', 'i64.reinterpret_f64', 'f32.reinterpret_i32', 'f64.reinterpret_i64',
    'i32.extend8_s', 'i32.extend16_s', 'i64.extend8_s', 'i64.extend16_s', 'i64.extend32_s',
  ];
})();

const MEMORY_NAMES = [
  'i32.load', 'i64.load', 'f32.load', 'f64.load', 'i32.load8_s', 'i32.load8_u', 'i32.load16_s', 'i32.load16_u',
  'i64.load8_s', 'i64.load8_u', 'i64.load16_s', 'i64.load16_u', 'i64.load32_s', 'i64.load32_u',
  'i32.store', 'i64.store', 'f32.store', 'f64.store', 'i32.store8', 'i32.store16', 'i64.store8', 'i64.store16', 'i64.store32',
  'memory.size', 'memory.grow', 'i32.const', 'i64.const', 'f32.const', 'f64.const',
];

const CONTROL_NAMES: Readonly<Record<number, string>> = {
  0x00: 'unreachable', 0x01: 'nop', 0x02: 'block', 0x03: 'loop', 0x04: 'if', 0x05: 'else', 0x0b: 'end', 0x0c: 'br', 0x0d: 'br_if', 0x0e: 'br_table',
  0x0f: 'return', 0x10: 'call', 0x11: 'call_indirect', 0x12: 'return_call', 0x13: 'return_call_indirect', 0x1a: 'drop', 0x1b: 'select',
  0x20: 'local.get', 0x21: 'local.set', 0x22: 'local.tee', 0x23: 'global.get', 0x24: 'global.set',
};

const SATURATING = ['i32.trunc_sat_f32_s', 'i32.trunc_sat_f32_u', 'i32.trunc_sat_f64_s', 'i32.trunc_sat_f64_u', 'i64.trunc_sat_f32_s', 'i64.trunc_sat_f32_u', 'i64.trunc_sat_f64_s', 'i64.trunc_sat_f64_u'];

/** `vfma` is a call; what joins and parts halves of a `v256` is legalised before. */
type NotOneInstruction = 'vfma' | 'vlow' | 'vhigh' | 'vconcat' | 'vinsert_low' | 'vinsert_high';

/** Number behind 0xfd of each vector operation, by lane division in the order of `LANES`; −1 where there is none. */
const VECTOR: Readonly<Record<Exclude<VectorOp, NotOneInstruction>, readonly [name: string, ...codes: number[]]>> = {
  vadd: ['add', 0x6e, 0x8e, 0xae, 0xce, 0xe4, 0xf0], vsub: ['sub', 0x71, 0x91, 0xb1, 0xd1, 0xe5, 0xf1], vmul: ['mul', -1, 0x95, 0xb5, 0xd5, 0xe6, 0xf2],
  vdiv: ['div', -1, -1, -1, -1, 0xe7, 0xf3], vadd_sat_s: ['add_sat_s', 0x6f, 0x8f], vadd_sat_u: ['add_sat_u', 0x70, 0x90],
  vsub_sat_s: ['sub_sat_s', 0x72, 0x92], vsub_sat_u: ['sub_sat_u', 0x73, 0x93],
  vmin_s: ['min_s', 0x76, 0x96, 0xb6], vmin_u: ['min_u', 0x77, 0x97, 0xb7], vmax_s: ['max_s', 0x78, 0x98, 0xb8], vmax_u: ['max_u', 0x79, 0x99, 0xb9],
  vavg_u: ['avgr_u', 0x7b, 0x9b], vfmin: ['min', -1, -1, -1, -1, 0xe8, 0xf4], vfmax: ['max', -1, -1, -1, -1, 0xe9, 0xf5],
  vabs: ['abs', 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0xec], vneg: ['neg', 0x61, 0x81, 0xa1, 0xc1, 0xe1, 0xed],
  vsqrt: ['sqrt', -1, -1, -1, -1, 0xe3, 0xef], vceil: ['ceil', -1, -1, -1, -1, 0x67, 0x74], vfloor: ['floor', -1, -1, -1, -1, 0x68, 0x75],
  vtrunc: ['trunc', -1, -1, -1, -1, 0x69, 0x7a], vnearest: ['nearest', -1, -1, -1, -1, 0x6a, 0x94], vpopcnt: ['popcnt', 0x62],
  vnot: ['v128.not', 0x4d], vand: ['v128.and', 0x4e], vandnot: ['v128.andnot', 0x4f], vor: ['v128.or', 0x50], vxor: ['v128.xor', 0x51],
  vbitselect: ['v128.bitselect', 0x52], vany_true: ['v128.any_true', 0x53],
  vall_true: ['all_true', 0x63, 0x83, 0xa3, 0xc3], vbitmask: ['bitmask', 0x64, 0x84, 0xa4, 0xc4],
  vshl: ['shl', 0x6b, 0x8b, 0xab, 0xcb], vshr_s: ['shr_s', 0x6c, 0x8c, 0xac, 0xcc], vshr_u: ['shr_u', 0x6d, 0x8d, 0xad, 0xcd],
  veq: ['eq', 0x23, 0x2d, 0x37, 0xd6, 0x41, 0x47], vne: ['ne', 0x24, 0x2e, 0x38, 0xd7, 0x42, 0x48],
  vlt_s: ['lt_s', 0x25, 0x2f, 0x39, 0xd8], vlt_u: ['lt_u', 0x26, 0x30, 0x3a], vgt_s: ['gt_s', 0x27, 0x31, 0x3b, 0xd9], vgt_u: ['gt_u', 0x28, 0x32, 0x3c],
  vle_s: ['le_s', 0x29, 0x33, 0x3d, 0xda], vle_u: ['le_u', 0x2a, 0x34, 0x3e], vge_s: ['ge_s', 0x2b, 0x35, 0x3f, 0xdb], vge_u: ['ge_u', 0x2c, 0x36, 0x40],
  vflt: ['lt', -1, -1, -1, -1, 0x43, 0x49], vfgt: ['gt', -1, -1, -1, -1, 0x44, 0x4a], vfle: ['le', -1, -1, -1, -1, 0x45, 0x4b], vfge: ['ge', -1, -1, -1, -1, 0x46, 0x4c],
  vswizzle: ['i8x16.swizzle', 0x0e], vcvt_f32_i32_s: ['f32x4.convert_i32x4_s', -1, -1, 0xfa], vcvt_f32_i32_u: ['f32x4.convert_i32x4_u', -1, -1, 0xfb],
  vtrunc_sat_i32_f32_s: ['i32x4.trunc_sat_f32x4_s', -1, -1, -1, -1, 0xf8], vtrunc_sat_i32_f32_u: ['i32x4.trunc_sat_f32x4_u', -1, -1, -1, -1, 0xf9],
  vextend_low_s: ['extend_low_s', 0x87, 0xa7, 0xc7], vextend_high_s: ['extend_high_s', 0x88, 0xa8, 0xc8],
  vextend_low_u: ['extend_low_u', 0x89, 0xa9, 0xc9], vextend_high_u: ['extend_high_u', 0x8a, 0xaa, 0xca],
  vnarrow_s: ['narrow_s', -1, 0x65, 0x85], vnarrow_u: ['narrow_u', -1, 0x66, 0x86], vdot_i16_s: ['i32x4.dot_i16x8_s', -1, 0xba],
};

/** The opcode of a vector operation, or −1 when WebAssembly has none. */
export function vectorOpcode(op: VectorOp, lanes: Lanes): number {
  if (!(op in VECTOR)) return -1;
  const n = VECTOR[op as keyof typeof VECTOR][1 + LANES.indexOf(lanes)] as number | undefined;
  return n === undefined || n < 0 ? -1 : prefixed(0xfd, n);
}

const WIDER: Readonly<Partial<Record<Lanes, string>>> = { i8x16: 'i16x8', i16x8: 'i32x4', i32x4: 'i64x2' };
const NARROWER: Readonly<Partial<Record<Lanes, string>>> = { i16x8: 'i8x16', i32x4: 'i16x8' };

function vectorName(name: string, lanes: Lanes): string {
  if (name.includes('.')) return name;
  const [stem, sign] = [name.slice(0, name.lastIndexOf('_')), name.slice(-1)];
  if (name.startsWith('extend_')) return `${WIDER[lanes]}.${stem}_${lanes}_${sign}`;
  if (name.startsWith('narrow_')) return `${NARROWER[lanes]}.${stem}_${lanes}_${sign}`;
  return `${lanes}.${name}`;
}

/** 0xfd numbers of splat, extract (unsigned or only) and replace, in the order of `LANES`. */
export const SPLAT = [15, 16, 17, 18, 19, 20] as const;
export const EXTRACT = [22, 25, 27, 29, 31, 33] as const;
export const REPLACE = [23, 26, 28, 30, 32, 34] as const;

/** First 0xfe number of each atomic group; within a group: i32, i64, i32 8, i32 16, i64 8, i64 16, i64 32. */
export const ATOMIC = { load: 0x10, store: 0x17, add: 0x1e, sub: 0x25, and: 0x2c, or: 0x33, xor: 0x3a, xchg: 0x41, cmpxchg: 0x48 } as const;

const names = new Map<number, string>();
SCALAR_NAMES.forEach((n, k) => names.set(0x45 + k, n));
MEMORY_NAMES.forEach((n, k) => names.set(0x28 + k, n));
for (const [code, n] of Object.entries(CONTROL_NAMES)) names.set(Number(code), n);
SATURATING.forEach((n, k) => names.set(prefixed(0xfc, k), n));
names.set(OP.memoryCopy, 'memory.copy').set(OP.memoryFill, 'memory.fill');
names.set(OP.v128Load, 'v128.load').set(OP.v128Store, 'v128.store').set(OP.v128Const, 'v128.const').set(OP.shuffle, 'i8x16.shuffle');
for (const [name, ...codes] of Object.values(VECTOR)) codes.forEach((c, k) => { if (c >= 0) names.set(prefixed(0xfd, c), vectorName(name, LANES[k])); });
LANES.forEach((l, k) => {
  const u = l === 'i8x16' || l === 'i16x8' ? '_u' : '';
  names.set(prefixed(0xfd, SPLAT[k]), `${l}.splat`).set(prefixed(0xfd, EXTRACT[k]), `${l}.extract_lane${u}`).set(prefixed(0xfd, REPLACE[k]), `${l}.replace_lane`);
});
for (const [group, first] of Object.entries(ATOMIC)) {
  ['i32', 'i64', 'i32 8', 'i32 16', 'i64 8', 'i64 16', 'i64 32'].forEach((shape, k) => {
    const [type, width = ''] = shape.split(' ');
    const text = group === 'load' ? `load${width}${width === '' ? '' : '_u'}` : group === 'store' ? `store${width}` : `rmw${width}.${group}${width === '' ? '' : '_u'}`;
    names.set(prefixed(0xfe, first + k), `${type}.atomic.${text}`);
  });
}
names.set(OP.atomicFence, 'atomic.fence');

/** The name of an opcode in the text format. */
export function opcodeName(op: number): string { return names.get(op) ?? `opcode 0x${op.toString(16)}`; }

/** True for loads and stores of scalars, vectors and atomics: they carry an alignment and an offset. */
export function hasMemoryArgument(op: number): boolean {
  return op >= 0x28 && op <= 0x3e || op === OP.v128Load || op === OP.v128Store || op > 0xfe00f && op < 0xfe100;
}
