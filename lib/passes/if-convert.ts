/**
 * If-conversion: a branch around a few cheap instructions becomes the instructions and `select`s.
 *
 * ```text
 *     A               A: ... T's and E's instructions, selects
 *   T   E     =>      |
 *     J               J
 * ```
 *
 * T and E (or only one of them) have A as their only predecessor, hold nothing but cheap integer work that cannot
 * trap, and at most two arguments of J differ. Floats are left to branches: machines have no conditional move for them.
 */
import { buildCfg, type Cfg } from '../analysis/cfg.ts';
import type { Edge, Instruction } from '../mir/instruction.ts';
import type { Block, MirFunction } from '../mir/module.ts';
import { isPure } from '../mir/operands.ts';
import { isFloat, isVector, type Type } from '../mir/types.ts';
import { replaceBlock } from './clone.ts';
import { ownFunctionPass } from './pass.ts';
import { inOrder, withoutUnreachable } from './simplify-cfg.ts';

/** Most work added to the path that did not do it. */
const MAX_COST = 3;
const MAX_SELECTS = 2;
/** Most instructions of an arm: constants cost nothing, but in a nest of branches they would be copied at every level. */
const MAX_LENGTH = 16;

/** The pass `if-convert`. */
export const ifConvert = ownFunctionPass('if-convert', 'branches around a little integer work become selects', (f, context) => {
  if (!context.target.conditionalMove) return f;
  const g = inOrder(f, context.analyses);
  return convert(g, context.analyses.cfg(g));
});

const GONE: Block = Object.freeze({ params: [], instructions: [], terminator: { kind: 'trap', code: 'unreachable', loc: 0 } as const });

/** What an arm does: where it goes and what it computes. */
interface Arm { readonly instructions: readonly Instruction[]; readonly edge: Edge }

function convert(f: MirFunction, cfg: Cfg): MirFunction {
  let blocks: Block[] | undefined, types: Type[] | undefined;
  const now = (b: number): Block => (blocks ?? f.blocks)[b];
  // Inner branches first, so that an arm that was a branch can be one now.
  for (let k = cfg.rpo.length - 1; k >= 0; k--) {
    const a = cfg.rpo[k], t = now(a).terminator;
    if (t.kind !== 'br' || t.then.block === t.else.block) continue;
    const then = armOf(cfg, now, a, t.then), otherwise = armOf(cfg, now, a, t.else);
    let x: Arm | undefined, y: Arm | undefined;
    if (then !== undefined && otherwise !== undefined && then.edge.block === otherwise.edge.block) { x = then; y = otherwise; }
    else if (then !== undefined && then.edge.block === t.else.block) { x = then; y = { instructions: [], edge: t.else }; }
    else if (otherwise !== undefined && otherwise.edge.block === t.then.block) { x = { instructions: [], edge: t.then }; y = otherwise; }
    if (x === undefined || y === undefined || x.edge.block === a) continue;
    if (cost(x.instructions) + cost(y.instructions) > MAX_COST) continue;
    const valueTypes: readonly Type[] = types ?? f.valueTypes;
    let differ = 0, fits = true;
    for (let p = 0; p < x.edge.args.length; p++) {
      if (x.edge.args[p] === y.edge.args[p]) continue;
      const type = valueTypes[x.edge.args[p]];
      if (isFloat(type) || isVector(type) || ++differ > MAX_SELECTS) fits = false;
    }
    if (!fits) continue;
    const table = types ??= f.valueTypes.slice();
    const instructions = [...now(a).instructions, ...x.instructions, ...y.instructions];
    const other = y.edge.args;
    const args = x.edge.args.map((v, p) => {
      if (v === other[p]) return v;
      const result = table.push(table[v]) - 1;
      instructions.push({ kind: 'select', type: table[v], condition: t.condition, a: v, b: other[p], result, loc: t.loc });
      return result;
    });
    blocks ??= f.blocks.slice();
    // The arms are unreachable now; what they defined is defined in A.
    if (x === then) blocks[t.then.block] = GONE;
    if (y === otherwise) blocks[t.else.block] = GONE;
    blocks[a] = replaceBlock(now(a), now(a).params, instructions, { kind: 'jump', target: { block: x.edge.block, args }, loc: t.loc });
  }
  if (blocks === undefined) return f;
  const after: MirFunction = { ...f, blocks, valueTypes: types ?? f.valueTypes };
  return withoutUnreachable(after, buildCfg(after));
}

/** The arm behind an edge of `a`, when it is one: its own block, entered from `a` alone, that jumps on. */
function armOf(cfg: Cfg, now: (b: number) => Block, a: number, e: Edge): Arm | undefined {
  const b = e.block;
  if (b === 0 || b === a || cfg.predStart[b + 1] - cfg.predStart[b] !== 1) return undefined;
  const block = now(b);
  if (block.params.length > 0 || block.terminator.kind !== 'jump' || block.terminator.target.block === b) return undefined;
  return { instructions: block.instructions, edge: block.terminator.target };
}

function cost(list: readonly Instruction[]): number {
  if (list.length > MAX_LENGTH) return Infinity;
  let n = 0;
  for (const i of list) {
    if (i.kind === 'const') continue;
    if (!isPure(i)) return Infinity;
    switch (i.kind) {
      case 'binary':
        if (i.type === 'f32' || i.type === 'f64') return Infinity;
        n += i.op === 'mul' ? 2 : 1;
        break;
      case 'convert':
        if (i.op !== 'sext' && i.op !== 'zext' && i.op !== 'trunc' && i.op !== 'ptrtoint' && i.op !== 'inttoptr') return Infinity;
        n++;
        break;
      case 'compare':
        if (i.type === 'f32' || i.type === 'f64') return Infinity;
        n++;
        break;
      case 'select':
        if (isFloat(i.type) || isVector(i.type)) return Infinity;
        n++;
        break;
      case 'lea': case 'slot_addr': case 'global_addr': n++; break;
      default: return Infinity;
    }
    if (n > MAX_COST) return n;
  }
  return n;
}
