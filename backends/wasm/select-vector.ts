/** Selection of 128-bit vector operations: one instruction each, but for the fused multiply-add. */
import type { ExtractLaneInst, InsertLaneInst, ShuffleInst, SplatInst, VectorInst } from '../../lib/mir/instruction.ts';
import { LANES, LANE_COUNT, LANE_TYPE } from '../../lib/mir/types.ts';
import { vectorResultType } from '../../lib/mir/vector-ops.ts';
import { F32, F64, I32, V128, wasmType } from './nodes.ts';
import { EXTRACT, OP, REPLACE, SPLAT, prefixed, vectorOpcode } from './opcodes.ts';
import { Z1, Z16, Z8, type SelectContext } from './select-context.ts';
import { CALL_SITE } from './sites.ts';

export function selectVector(c: SelectContext, i: VectorInst): void {
  if (i.op === 'vfma') { selectVectorFma(c, i); return; }
  const op = vectorOpcode(i.op, i.lanes), result = vectorResultType(i.op, i.lanes);
  if (op < 0) c.unsupported(`${i.op} ${i.lanes}`);
  for (const v of i.args) c.nodes.args.push(c.use(v));
  c.node0(op, result === 'v128' ? V128 : I32, 0, 0, i.result);
  if (result === 'i1') c.learn(i.result, Z1);
}

/** Lane by lane with the scalar helper. */
function selectVectorFma(c: SelectContext, i: VectorInst): void {
  const narrow = i.lanes === 'f32x4', type = narrow ? F32 : F64, n = LANES.indexOf(i.lanes), count = LANE_COUNT[i.lanes];
  const helper = c.plan.helper(narrow ? 'fma32' : 'fma64');
  const lane = (v: number, k: number): number => c.node1(prefixed(0xfd, EXTRACT[n]), type, v, undefined, 0, k);
  let sum = -1;
  for (let k = 0; k < count; k++) {
    const x = c.node3(OP.call, type, lane(c.use(i.args[0]), k), lane(c.use(i.args[1]), k), lane(c.use(i.args[2]), k), undefined, helper);
    c.nodes.site.data[c.nodes.count - 1] = CALL_SITE;
    const result = k === count - 1 ? i.result : undefined;
    sum = k === 0 ? c.node1(prefixed(0xfd, SPLAT[n]), V128, x) : c.node2(prefixed(0xfd, REPLACE[n]), V128, sum, x, result, 0, k);
  }
}

export function selectSplat(c: SelectContext, i: SplatInst): void {
  c.node1(prefixed(0xfd, SPLAT[LANES.indexOf(i.lanes)]), V128, c.use(i.a), i.result);
}
export function selectExtractLane(c: SelectContext, i: ExtractLaneInst): void {
  const n = LANES.indexOf(i.lanes);
  c.node1(prefixed(0xfd, EXTRACT[n]), wasmType(LANE_TYPE[i.lanes]), c.use(i.a), i.result, 0, i.lane);
  if (n === 0) c.learn(i.result, Z8); else if (n === 1) c.learn(i.result, Z16);
}
export function selectInsertLane(c: SelectContext, i: InsertLaneInst): void {
  c.node2(prefixed(0xfd, REPLACE[LANES.indexOf(i.lanes)]), V128, c.use(i.a), c.use(i.b), i.result, 0, i.lane);
}
export function selectShuffle(c: SelectContext, i: ShuffleInst): void {
  c.node2(OP.shuffle, V128, c.use(i.a), c.use(i.b), i.result, 0, c.nodes.lists.push([...i.mask]) - 1);
}
export function selectVectorConstant(c: SelectContext, value: bigint, result: number): void {
  const bytes = Array.from({ length: 16 }, (_, k) => Number(value >> BigInt(8 * k) & 255n));
  c.node0(OP.v128Const, V128, c.nodes.lists.push(bytes) - 1, 0, result);
}
