/**
 * Fused multiply-add of f64 for processors without the instruction: every one becomes a call of a function in integer
 * arithmetic that the module is given, lanes one by one. (f32 is emulated in place, see `vector-fma.ts`.)
 */
import { buildFma64 } from '../../lib/codegen/fma64.ts';
import type { Instruction, Value } from '../../lib/mir/instruction.ts';
import type { Block, MirFunction, Module } from '../../lib/mir/module.ts';
import type { Type } from '../../lib/mir/types.ts';

/** The module without f64 `fma`; the same one when it has none. New functions come last. */
export function legalizeFma(m: Module): Module {
  if (!m.functions.some((f) => f.blocks.some((b) => b.instructions.some(isFma64)))) return m;
  const taken = new Set([...m.functions.map((f) => f.name), ...m.imports.map((i) => i.name)]);
  let name = 'fma64';
  while (taken.has(name)) name += '_';
  return { ...m, functions: [...m.functions.map((f) => rewrite(f, name)), buildFma64(name)] };
}

function isFma64(i: Instruction): boolean {
  return (i.kind === 'ternary' && i.op === 'fma' && i.type === 'f64') || (i.kind === 'vector' && i.op === 'vfma' && i.lanes === 'f64x2');
}

function rewrite(f: MirFunction, callee: string): MirFunction {
  if (!f.blocks.some((b) => b.instructions.some(isFma64))) return f;
  const valueTypes = [...f.valueTypes];
  const value = (type: Type): Value => valueTypes.push(type) - 1;
  const blocks = f.blocks.map((b): Block => {
    if (!b.instructions.some(isFma64)) return b;
    const instructions: Instruction[] = [];
    for (const i of b.instructions) {
      if (!isFma64(i)) instructions.push(i);
      else if (i.kind === 'ternary') instructions.push({ kind: 'call', callee, args: [i.a, i.b, i.c], results: [i.result], loc: i.loc });
      else if (i.kind === 'vector') lanes(i.args, i.result, i.loc, instructions);
    }
    return { ...b, instructions };
  });
  return { ...f, valueTypes, blocks };

  function lanes(args: readonly Value[], result: Value, loc: number, out: Instruction[]): void {
    const results = [0, 1].map((lane) => {
      const scalars = args.map((a) => {
        const r = value('f64');
        out.push({ kind: 'extract_lane', lanes: 'f64x2', lane, a, result: r, loc });
        return r;
      });
      const r = value('f64');
      out.push({ kind: 'call', callee, args: scalars, results: [r], loc });
      return r;
    });
    const low = value('v128');
    out.push({ kind: 'splat', lanes: 'f64x2', a: results[0], result: low, loc }, { kind: 'insert_lane', lanes: 'f64x2', lane: 1, a: low, b: results[1], result, loc });
  }
}
