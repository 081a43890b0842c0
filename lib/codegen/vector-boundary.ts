/**
 * Between host and guest a `v256` is two `v128`, low half first, whether the guest has registers for it or not (see
 * `lib/runtime/boundary.ts`). Where it has, a function with `v256` in its signature is entered through another one
 * that joins and parts the halves.
 */
import type { Instruction, Value } from '../mir/instruction.ts';
import type { MirFunction, Module } from '../mir/module.ts';
import type { Type } from '../mir/types.ts';
import { flatTypes, freshName } from './split-vectors.ts';

/** A module whose functions the host can enter: those with a number below `entries` of the original. */
export interface EnterableModule { readonly module: Module; readonly entered: ReadonlySet<number> }

/**
 * Puts in the place of every function with `v256` in its signature one of halves that calls it; the function itself
 * goes to the end. Numbers and calls by name stay right.
 *
 * @returns the module, and the numbers of the functions that only call on
 */
export function addBoundaries(m: Module): EnterableModule {
  const entered = new Set<number>(), moved: MirFunction[] = [];
  if (!m.functions.some((f) => isWideSignature(f))) return { module: m, entered };
  const taken = new Set([...m.functions.map((f) => f.name), ...m.imports.map((i) => i.name)]);
  const functions = m.functions.map((f, k) => {
    if (!isWideSignature(f)) return f;
    entered.add(k);
    moved.push(f);
    return boundary(f, freshName(`${f.name}.entry`, taken));
  });
  return { module: { ...m, functions: [...functions, ...moved] }, entered };
}

function isWideSignature(f: MirFunction): boolean { return f.params.includes('v256') || f.results.includes('v256'); }

function boundary(f: MirFunction, name: string): MirFunction {
  const params = flatTypes(f.params), results = flatTypes(f.results), valueTypes: Type[] = [...params], { loc } = f;
  const instructions: Instruction[] = [];
  const value = (type: Type): Value => valueTypes.push(type) - 1;
  let at = 0;
  const args = f.params.map((t) => {
    if (t !== 'v256') return at++;
    const result = value('v256');
    instructions.push({ kind: 'vector', op: 'vconcat', lanes: 'i8x32', args: [at, at + 1], result, loc });
    at += 2;
    return result;
  });
  const given = f.results.map(value);
  instructions.push({ kind: 'call', callee: f.name, args, results: given, loc });
  const returned = f.results.flatMap((t, k) => {
    if (t !== 'v256') return [given[k]];
    return (['vlow', 'vhigh'] as const).map((op) => {
      const result = value('v128');
      instructions.push({ kind: 'vector', op, lanes: 'i8x32', args: [given[k]], result, loc });
      return result;
    });
  });
  return {
    name, params, results, valueTypes, slots: [], loc,
    blocks: [{ params: params.map((_, k) => k), instructions, terminator: { kind: 'ret', args: returned, loc } }],
  };
}
