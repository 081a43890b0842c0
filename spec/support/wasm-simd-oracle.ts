/** What the host's WebAssembly engine computes for vector operations: operands and result pass through its memory. */
import type { Lanes128 as Lanes, VectorOp } from '../../lib/mir/index.ts';
import { instantiate, leb, wasmModule, type WasmFunction } from './wasm-writer.ts';

const I: readonly Lanes[] = ['i8x16', 'i16x8', 'i32x4', 'i64x2'];
const F: readonly Lanes[] = ['f32x4', 'f64x2'];

/** Opcodes after the 0xfd prefix (WebAssembly Core Specification 2.0, chapter 5.4.8), per lane division in the given order. */
const OPCODES: readonly (readonly [VectorOp, readonly Lanes[], readonly number[]])[] = [
  ['vadd', [...I, ...F], [0x6e, 0x8e, 0xae, 0xce, 0xe4, 0xf0]],
  ['vsub', [...I, ...F], [0x71, 0x91, 0xb1, 0xd1, 0xe5, 0xf1]],
  ['vmul', ['i16x8', 'i32x4', 'i64x2', ...F], [0x95, 0xb5, 0xd5, 0xe6, 0xf2]],
  ['vdiv', F, [0xe7, 0xf3]],
  ['vadd_sat_s', ['i8x16', 'i16x8'], [0x6f, 0x8f]], ['vadd_sat_u', ['i8x16', 'i16x8'], [0x70, 0x90]],
  ['vsub_sat_s', ['i8x16', 'i16x8'], [0x72, 0x92]], ['vsub_sat_u', ['i8x16', 'i16x8'], [0x73, 0x93]],
  ['vmin_s', I, [0x76, 0x96, 0xb6]], ['vmin_u', I, [0x77, 0x97, 0xb7]], ['vmax_s', I, [0x78, 0x98, 0xb8]], ['vmax_u', I, [0x79, 0x99, 0xb9]],
  ['vavg_u', I, [0x7b, 0x9b]],
  ['vfmin', F, [0xe8, 0xf4]], ['vfmax', F, [0xe9, 0xf5]],
  ['vabs', [...I, ...F], [0x60, 0x80, 0xa0, 0xc0, 0xe0, 0xec]], ['vneg', [...I, ...F], [0x61, 0x81, 0xa1, 0xc1, 0xe1, 0xed]],
  ['vsqrt', F, [0xe3, 0xef]], ['vceil', F, [0x67, 0x74]], ['vfloor', F, [0x68, 0x75]], ['vtrunc', F, [0x69, 0x7a]], ['vnearest', F, [0x6a, 0x94]],
  ['vpopcnt', I, [0x62]],
  ['vnot', I, [0x4d]], ['vand', I, [0x4e]], ['vandnot', I, [0x4f]], ['vor', I, [0x50]], ['vxor', I, [0x51]], ['vbitselect', I, [0x52]],
  ['vany_true', I, [0x53]], ['vall_true', I, [0x63, 0x83, 0xa3, 0xc3]], ['vbitmask', I, [0x64, 0x84, 0xa4, 0xc4]],
  ['vshl', I, [0x6b, 0x8b, 0xab, 0xcb]], ['vshr_s', I, [0x6c, 0x8c, 0xac, 0xcc]], ['vshr_u', I, [0x6d, 0x8d, 0xad, 0xcd]],
  ['veq', [...I, ...F], [0x23, 0x2d, 0x37, 0xd6, 0x41, 0x47]], ['vne', [...I, ...F], [0x24, 0x2e, 0x38, 0xd7, 0x42, 0x48]],
  ['vlt_s', I, [0x25, 0x2f, 0x39, 0xd8]], ['vlt_u', I, [0x26, 0x30, 0x3a]], ['vgt_s', I, [0x27, 0x31, 0x3b, 0xd9]], ['vgt_u', I, [0x28, 0x32, 0x3c]],
  ['vle_s', I, [0x29, 0x33, 0x3d, 0xda]], ['vle_u', I, [0x2a, 0x34, 0x3e]], ['vge_s', I, [0x2b, 0x35, 0x3f, 0xdb]], ['vge_u', I, [0x2c, 0x36, 0x40]],
  ['vflt', F, [0x43, 0x49]], ['vfgt', F, [0x44, 0x4a]], ['vfle', F, [0x45, 0x4b]], ['vfge', F, [0x46, 0x4c]],
  ['vswizzle', I, [0x0e]],
  ['vcvt_f32_i32_s', ['i32x4'], [0xfa]], ['vcvt_f32_i32_u', ['i32x4'], [0xfb]],
  ['vtrunc_sat_i32_f32_s', ['f32x4'], [0xf8]], ['vtrunc_sat_i32_f32_u', ['f32x4'], [0xf9]],
  ['vextend_low_s', I, [0x87, 0xa7, 0xc7]], ['vextend_high_s', I, [0x88, 0xa8, 0xc8]], ['vextend_low_u', I, [0x89, 0xa9, 0xc9]], ['vextend_high_u', I, [0x8a, 0xaa, 0xca]],
  ['vnarrow_s', ['i16x8', 'i32x4'], [0x65, 0x85]], ['vnarrow_u', ['i16x8', 'i32x4'], [0x66, 0x86]],
  ['vdot_i16_s', ['i16x8'], [0xba]],
];

const TESTS: ReadonlySet<string> = new Set(['vany_true', 'vall_true', 'vbitmask']);
const SHIFTS: ReadonlySet<string> = new Set(['vshl', 'vshr_s', 'vshr_u']);
const OPERANDS: Readonly<Record<string, number>> = {
  vabs: 1, vneg: 1, vsqrt: 1, vceil: 1, vfloor: 1, vtrunc: 1, vnearest: 1, vpopcnt: 1, vnot: 1, vany_true: 1, vall_true: 1, vbitmask: 1,
  vcvt_f32_i32_s: 1, vcvt_f32_i32_u: 1, vtrunc_sat_i32_f32_s: 1, vtrunc_sat_i32_f32_u: 1, vextend_low_s: 1, vextend_high_s: 1, vextend_low_u: 1, vextend_high_u: 1, vbitselect: 3,
};

const constant = (n: number): number[] => [0x41, ...signedLeb(n)];
function signedLeb(n: number): number[] { return n < 64 ? [n] : [n & 0x7f | 0x80, n >> 7]; }
const load = (at: number): number[] => [...constant(at), 0xfd, 0x00, 0x00, 0x00];

function functions(): WasmFunction[] {
  const list: WasmFunction[] = [];
  for (const [op, lanes, codes] of OPCODES) {
    codes.forEach((code, k) => {
      const test = TESTS.has(op), operands: number[] = [];
      for (let v = 0; v < (OPERANDS[op] ?? (SHIFTS.has(op) ? 1 : 2)); v++) operands.push(...load(16 * v));
      if (SHIFTS.has(op)) operands.push(0x20, 0x00);
      const body = [...(test ? [] : constant(48)), ...operands, 0xfd, ...leb(code), ...(test ? [] : [0xfd, 0x0b, 0x00, 0x00])];
      list.push({ name: `${op} ${lanes[k]}`, params: SHIFTS.has(op) ? ['i32'] : [], results: test ? ['i32'] : [], body });
    });
  }
  return list;
}

const exports = instantiate(wasmModule(functions(), { memory: true }));
const view = new DataView((exports['memory'] as { readonly buffer: ArrayBuffer }).buffer);

/** The operations WebAssembly has, as (operation, lanes). */
export const SIMD_OPERATIONS: readonly (readonly [VectorOp, Lanes])[] = OPCODES.flatMap(([op, lanes, codes]) => codes.map((_, k) => [op, lanes[k]] as const));

/** Vectors are unsigned bigints, lane 0 lowest; tests and masks give a number. */
export function wasmVector(op: VectorOp, lanes: Lanes, vectors: readonly bigint[], count = 0): bigint | number {
  vectors.forEach((v, k) => { view.setBigUint64(16 * k, v & 0xffffffffffffffffn, true); view.setBigUint64(16 * k + 8, v >> 64n, true); });
  const result = (exports[`${op} ${lanes}`] as (n: number) => number | undefined)(count);
  return result ?? (view.getBigUint64(48, true) | view.getBigUint64(56, true) << 64n);
}
