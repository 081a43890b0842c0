/** Selection of float arithmetic and of conversions. */
import type { BinaryInst, CompareInst, ConvertInst, TernaryInst, UnaryInst } from '../../lib/mir/instruction.ts';
import type { BinaryOp, CompareOp, ConvertOp, UnaryOp } from '../../lib/mir/ops.ts';
import { F32, F64, I32, I64, wasmType } from './nodes.ts';
import { OP, prefixed } from './opcodes.ts';
import { S8, Z1, type SelectContext } from './select-context.ts';
import { CALL_SITE, SITE, siteOf } from './sites.ts';

const BINARY: Readonly<Partial<Record<BinaryOp, number>>> = { fadd: 0x92, fsub: 0x93, fmul: 0x94, fdiv: 0x95, fmin: 0x96, fmax: 0x97, fcopysign: 0x98 };
const UNARY: Readonly<Partial<Record<UnaryOp, number>>> = { fabs: 0x8b, fneg: 0x8c, fceil: 0x8d, ffloor: 0x8e, ftrunc: 0x8f, fnearest: 0x90, fsqrt: 0x91 };
const COMPARE: Readonly<Partial<Record<CompareOp, number>>> = { feq: 0x5b, fne: 0x5c, flt: 0x5d, fgt: 0x5e, fle: 0x5f, fge: 0x60 };
/** How much higher the `f64` opcode is. */
const UP = 14, COMPARE_UP = 6;

export function selectFloatBinary(c: SelectContext, i: BinaryInst): void {
  c.node2(BINARY[i.op]! + (i.type === 'f64' ? UP : 0), wasmType(i.type), c.use(i.a), c.use(i.b), i.result);
}
export function selectFloatUnary(c: SelectContext, i: UnaryInst): void {
  c.node1(UNARY[i.op]! + (i.type === 'f64' ? UP : 0), wasmType(i.type), c.use(i.a), i.result);
}
export function selectFloatCompare(c: SelectContext, i: CompareInst): void {
  c.learn(c.node2(COMPARE[i.op]! + (i.type === 'f64' ? COMPARE_UP : 0), I32, c.use(i.a), c.use(i.b), i.result), Z1);
}
/** WebAssembly has no scalar fused multiply-add: a helper computes it with one rounding. */
export function selectTernary(c: SelectContext, i: TernaryInst): void {
  c.node3(OP.call, wasmType(i.type), c.use(i.a), c.use(i.b), c.use(i.c), i.result, c.plan.helper(i.type === 'f32' ? 'fma32' : 'fma64'));
  c.nodes.site.data[c.nodes.count - 1] = CALL_SITE;
}

/** Opcode of a conversion between full-width types, keyed `op from to`. */
const CONVERT: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>([
    ['fdemote f64 f32', OP.f32Demote], ['fpromote f32 f64', OP.f64Promote],
    ['bitcast f32 i32', 0xbc], ['bitcast f64 i64', 0xbd], ['bitcast i32 f32', 0xbe], ['bitcast i64 f64', 0xbf],
  ]);
  ['i32', 'i64'].forEach((int, n) => ['f32', 'f64'].forEach((float, f) => ['s', 'u'].forEach((sign, s) => {
    map.set(`fpto${sign}i ${float} ${int}`, (n === 0 ? 0xa8 : 0xae) + 2 * f + s);
    map.set(`fpto${sign}i_sat ${float} ${int}`, prefixed(0xfc, 4 * n + 2 * f + s));
    map.set(`${sign}itofp ${int} ${float}`, (f === 0 ? 0xb2 : 0xb7) + 2 * n + s);
  })));
  return map;
})();

export function selectConvert(c: SelectContext, i: ConvertInst): void {
  const a = c.use(i.a);
  switch (i.op) {
    case 'sext': {
      if (i.from === 'i1') {
        const all = c.learn(c.node2(OP.i32Sub, I32, c.i32(0), a), S8);
        if (i.type === 'i64') c.node1(OP.i64ExtendS, I64, all, i.result); else c.rename(i.result, all);
        return;
      }
      const wide = c.signed(a, i.from);
      if (i.type === 'i64') c.node1(OP.i64ExtendS, I64, wide, i.result); else c.rename(i.result, wide);
      return;
    }
    case 'zext': {
      const wide = c.unsigned(a, i.from);
      if (i.type === 'i64') c.node1(OP.i64ExtendU, I64, wide, i.result); else c.rename(i.result, wide);
      return;
    }
    case 'trunc': {
      const low = i.from === 'i64' ? c.node1(OP.i32Wrap, I32, a) : a;
      if (i.type === 'i1' && !c.isKnown(low, Z1)) c.learn(c.node2(OP.i32And, I32, low, c.i32(1), i.result), Z1); else c.rename(i.result, low);
      return;
    }
    case 'ptrtoint': if (i.type === 'i64') c.node1(OP.i64ExtendU, I64, a, i.result); else c.rename(i.result, a); return;
    case 'inttoptr': if (i.from === 'i64') c.node1(OP.i32Wrap, I32, a, i.result); else c.rename(i.result, a); return;
    case 'bitcast': if (i.from === i.type) { c.rename(i.result, a); return; } break;
    case 'fptosi': case 'fptoui':
      // The engine's trap does not say whether it was NaN.
      c.trapIf(c.node2(i.from === 'f32' ? OP.f32Ne : OP.f64Ne, I32, a, a), siteOf('invalid-conversion'));
      break;
    case 'fpromote': case 'fdemote': case 'sitofp': case 'uitofp': case 'fptosi_sat': case 'fptoui_sat': break;
    default: i.op satisfies never;
  }
  const site = i.op === 'fptosi' || i.op === 'fptoui' ? SITE.overflow : 0;
  c.node1(CONVERT.get(`${i.op satisfies ConvertOp} ${i.from} ${i.type}`)!, wasmType(i.type), a, i.result, site);
}

const bits = new DataView(new ArrayBuffer(8));
/** A float constant by its bits, so that -0 and the canonical NaN are exact. */
export function selectFloatConstant(c: SelectContext, type: 'f32' | 'f64', value: number, result: number): void {
  if (type === 'f32') {
    bits.setFloat32(0, value);
    c.node0(OP.f32Const, F32, Number.isNaN(value) ? 0x7fc00000 : bits.getInt32(0), 0, result);
  } else {
    bits.setFloat64(0, value);
    c.node0(OP.f64Const, F64, Number.isNaN(value) ? 0 : bits.getInt32(4), Number.isNaN(value) ? 0x7ff80000 : bits.getInt32(0), result);
  }
  c.constants[result] = c.nodes.count - 1;
}
