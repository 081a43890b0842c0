/**
 * For authors of passes: rewriting instructions one at a time, and editing a module as if it were mutable.
 */
import { produce, type Draft } from 'immer';
import type { Instruction, Terminator, Value } from '../mir/instruction.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import type { Type } from '../mir/types.ts';
import { mapFunctions } from './context.ts';

/** Where a visited instruction stands, and the means to make new values. */
export interface RewriteSite {
  readonly function: MirFunction;
  readonly block: number;
  /** A new value of the function, for instructions the visitor adds. */
  newValue(type: Type): Value;
}

/** What {@link rewrite} calls. Absent methods keep things as they are. */
export interface RewriteVisitor {
  /** Chooses functions; absent: all. */
  readonly function?: (f: MirFunction) => boolean;
  /**
   * Gives what takes the instruction's place: itself, another one, several, or none (`[]`). Results that are still
   * used must be defined by what is returned.
   */
  readonly instruction?: (i: Instruction, site: RewriteSite) => Instruction | readonly Instruction[];
  readonly terminator?: (t: Terminator, site: RewriteSite) => Terminator;
}

/**
 * The module with every instruction and terminator replaced by what the visitor gives. Untouched blocks, functions
 * and the module itself are shared with the original.
 *
 * @example
 * // every signed division becomes an unsigned one
 * rewrite(m, { instruction: (i) => (i.kind === 'binary' && i.op === 'sdiv' ? { ...i, op: 'udiv' } : i) });
 */
export function rewrite(module: Module, visitor: RewriteVisitor): Module {
  return mapFunctions(module, (f) => (visitor.function === undefined || visitor.function(f) ? rewriteFunction(f, visitor) : f));
}

/** {@link rewrite} on one function. */
export function rewriteFunction(f: MirFunction, visitor: RewriteVisitor): MirFunction {
  let types: Type[] | undefined, blocks: Block[] | undefined, current = 0;
  const site: RewriteSite = {
    function: f,
    get block() { return current; },
    newValue: (type) => (types ??= f.valueTypes.slice()).push(type) - 1,
  };
  for (; current < f.blocks.length; current++) {
    const b = f.blocks[current];
    let instructions: Instruction[] | undefined;
    if (visitor.instruction !== undefined) {
      for (let k = 0; k < b.instructions.length; k++) {
        const i = b.instructions[k], r = visitor.instruction(i, site);
        if (r === i) { instructions?.push(i); continue; }
        instructions ??= b.instructions.slice(0, k);
        if (isList(r)) for (const x of r) instructions.push(x); else instructions.push(r);
      }
    }
    const terminator = visitor.terminator === undefined ? b.terminator : visitor.terminator(b.terminator, site);
    if (instructions === undefined && terminator === b.terminator) continue;
    (blocks ??= f.blocks.slice())[current] = { ...b, instructions: instructions ?? b.instructions, terminator };
  }
  if (blocks === undefined && types === undefined) return f;
  return { ...f, blocks: blocks ?? f.blocks, valueTypes: types ?? f.valueTypes };
}

function isList(r: Instruction | readonly Instruction[]): r is readonly Instruction[] {
  return Array.isArray(r);
}

/**
 * The module as edited by `recipe` on an Immer draft: write to it as if it were mutable. Convenient, and slow on
 * large functions (every object touched is proxied); prefer {@link rewrite} there.
 *
 * @example
 * editModule(m, (draft) => { draft.functions[0].name = 'renamed'; });
 */
export function editModule(module: Module, recipe: (draft: Draft<Module>) => void): Module {
  return produce(module, (draft) => { recipe(draft); });
}
