/** What the host's WebAssembly engine computes for the scalar operations that MIR and WebAssembly share. */
import { apply, instantiate, wasmModule, type WasmFunction, type WasmType } from './wasm-writer.ts';

type Scalar = (...args: (number | bigint)[]) => number | bigint;

const INT_BINARY = ['add', 'sub', 'mul', 'sdiv', 'udiv', 'srem', 'urem', 'and', 'or', 'xor', 'shl', 'ashr', 'lshr', 'rotl', 'rotr'];
const INT_COMPARE = ['eq', 'ne', 'slt', 'ult', 'sgt', 'ugt', 'sle', 'ule', 'sge', 'uge'];
const FLOAT_COMPARE = ['feq', 'fne', 'flt', 'fgt', 'fle', 'fge'];
const FLOAT_UNARY = ['fabs', 'fneg', 'fceil', 'ffloor', 'ftrunc', 'fnearest', 'fsqrt'];
const FLOAT_BINARY = ['fadd', 'fsub', 'fmul', 'fdiv', 'fmin', 'fmax', 'fcopysign'];
const INT_UNARY = ['clz', 'ctz', 'popcnt'];

function functions(): WasmFunction[] {
  const list: WasmFunction[] = [];
  const rows = (names: readonly string[], first: number, type: WasmType, params: number, result: WasmType): void => {
    names.forEach((name, k) => list.push({ name: `${name} ${type}`, params: new Array<WasmType>(params).fill(type), results: [result], body: apply(params, [first + k]) }));
  };
  rows(INT_COMPARE, 0x46, 'i32', 2, 'i32'); rows(INT_COMPARE, 0x51, 'i64', 2, 'i32');
  rows(FLOAT_COMPARE, 0x5b, 'f32', 2, 'i32'); rows(FLOAT_COMPARE, 0x61, 'f64', 2, 'i32');
  rows(INT_UNARY, 0x67, 'i32', 1, 'i32'); rows(INT_BINARY, 0x6a, 'i32', 2, 'i32');
  rows(INT_UNARY, 0x79, 'i64', 1, 'i64'); rows(INT_BINARY, 0x7c, 'i64', 2, 'i64');
  rows(FLOAT_UNARY, 0x8b, 'f32', 1, 'f32'); rows(FLOAT_BINARY, 0x92, 'f32', 2, 'f32');
  rows(FLOAT_UNARY, 0x99, 'f64', 1, 'f64'); rows(FLOAT_BINARY, 0xa0, 'f64', 2, 'f64');

  const convert = (name: string, from: WasmType, to: WasmType, opcode: readonly number[]): void => {
    list.push({ name: `${name} ${from} ${to}`, params: [from], results: [to], body: apply(1, opcode) });
  };
  convert('trunc', 'i64', 'i32', [0xa7]);
  convert('sext', 'i32', 'i64', [0xac]); convert('zext', 'i32', 'i64', [0xad]);
  convert('fdemote', 'f64', 'f32', [0xb6]); convert('fpromote', 'f32', 'f64', [0xbb]);
  convert('bitcast', 'f32', 'i32', [0xbc]); convert('bitcast', 'f64', 'i64', [0xbd]); convert('bitcast', 'i32', 'f32', [0xbe]); convert('bitcast', 'i64', 'f64', [0xbf]);
  const floats: readonly WasmType[] = ['f32', 'f64'], ints: readonly WasmType[] = ['i32', 'i64'];
  ints.forEach((to, i) => floats.forEach((from, f) => {
    convert('fptosi', from, to, [(i === 0 ? 0xa8 : 0xae) + 2 * f]);
    convert('fptoui', from, to, [(i === 0 ? 0xa8 : 0xae) + 2 * f + 1]);
    convert('fptosi_sat', from, to, [0xfc, 4 * i + 2 * f]);
    convert('fptoui_sat', from, to, [0xfc, 4 * i + 2 * f + 1]);
    convert('sitofp', to, from, [(f === 0 ? 0xb2 : 0xb7) + 2 * i]);
    convert('uitofp', to, from, [(f === 0 ? 0xb2 : 0xb7) + 2 * i + 1]);
  }));
  // Operations on the bits of floats, so that NaN payloads can be seen.
  for (const [type, bits, toFloat, toBits, unary, copysign] of [['f32', 'i32', 0xbe, 0xbc, 0x8b, 0x98], ['f64', 'i64', 0xbf, 0xbd, 0x99, 0xa6]] as const) {
    list.push({ name: `fabs bits ${type}`, params: [bits], results: [bits], body: [0x20, 0, toFloat, unary, toBits] });
    list.push({ name: `fneg bits ${type}`, params: [bits], results: [bits], body: [0x20, 0, toFloat, unary + 1, toBits] });
    list.push({ name: `fcopysign bits ${type}`, params: [bits, bits], results: [bits], body: [0x20, 0, toFloat, 0x20, 1, toFloat, copysign, toBits] });
  }
  return list;
}

const exports = instantiate(wasmModule(functions()));

/** The engine's function for an operation, named `op type`, `op from to` or `op bits type`; undefined when WebAssembly has none. */
export function wasmScalar(name: string): Scalar | undefined {
  return exports[name] as Scalar | undefined;
}
