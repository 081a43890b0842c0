/**
 * Legalisation of 256-bit vectors for targets that have only 128: a module without `v256` that does the same.
 *
 * Signatures change with everything else: a `v256` parameter or result is two `v128`, low half first. So an export is
 * called with halves, which is how the host passes a `v256` anyway (`lib/runtime/boundary.ts`); the functions keep
 * their numbers. Two signatures that were different may become equal, `(v256)` and `(v128, v128)`, and an indirect call
 * that has to trap would not. The function table then gets, for all but one of them, functions of a signature of their
 * own (with a few narrow parameters at the end) that do nothing but call on.
 */
import type { Instruction, Terminator } from '../mir/instruction.ts';
import { functionIndex, type MirFunction, type Module } from '../mir/module.ts';
import { formatSignature, type Signature, type Type } from '../mir/types.ts';
import { splitFunction, type FlatSignature, type SplitSignatures } from './split-function.ts';

/**
 * The module without `v256`; the same object when it has none. Linear in its size.
 *
 * @example
 * // func @f(v0: v256) -> (v256) { v1 = vneg.f32x8 v0; ret v1 }
 * printModule(splitVectors(m));
 * // func @f(v0: v128, v2: v128) -> (v128, v128) { v1 = vneg.f32x4 v0; v3 = vneg.f32x4 v2; ret v1, v3 }
 */
export function splitVectors(m: Module): Module {
  if (!m.functions.some(isWideFunction)) return m;
  const signatures = new Signatures(m);
  const functions = m.functions.map((f) => (isWideFunction(f) || signatures.mustPad(f) ? splitFunction(f, m.memoryModel, signatures) : f));
  return { ...m, ...signatures.table(functions) };
}

/** True when a function has a `v256` anywhere. */
export function isWideFunction(f: MirFunction): boolean {
  return f.valueTypes.includes('v256') || f.results.includes('v256') || f.params.includes('v256');
}

/** Types with every `v256` as two `v128`. */
export function flatTypes(types: readonly Type[]): readonly Type[] {
  return types.includes('v256') ? types.flatMap((t) => (t === 'v256' ? ['v128' as const, 'v128' as const] : [t])) : types;
}

class Signatures implements SplitSignatures {
  readonly #m: Module;
  /** By text of the original signature. */
  readonly #known = new Map<string, FlatSignature>();
  /** By object, so that the text is made once for each. */
  readonly #bySignature = new Map<Signature, FlatSignature>();

  constructor(m: Module) {
    this.#m = m;
    const index = functionIndex(m), all = new Map<string, Signature>();
    for (const name of new Set(m.table)) {
      const f = name === null ? undefined : m.functions[index.get(name)!];
      if (f !== undefined) all.set(formatSignature(f), f);
    }
    for (const f of m.functions) eachIndirect(f, (s) => { all.set(formatSignature(s), s); });
    // Those that do not change come first and keep theirs.
    const taken = new Set<string>(), tried = new Map<string, number>();
    for (const [key, s] of all) if (!isWideSignature(s)) { this.#known.set(key, { signature: s, padding: [] }); taken.add(key); }
    for (const [key, s] of all) {
      if (!isWideSignature(s)) continue;
      const results = flatTypes(s.results), flat = flatTypes(s.params), flatKey = formatSignature({ params: flat, results });
      for (let k = tried.get(flatKey) ?? 0; ; k++) {
        const padding = paddingOf(k), signature = { params: [...flat, ...padding], results }, text = formatSignature(signature);
        if (taken.has(text)) continue;
        taken.add(text);
        tried.set(flatKey, k + 1);
        this.#known.set(key, { signature, padding });
        break;
      }
    }
  }

  flat(types: readonly Type[]): readonly Type[] { return flatTypes(types); }

  indirect(s: Signature): FlatSignature {
    let found = this.#bySignature.get(s);
    if (found === undefined) this.#bySignature.set(s, found = this.#known.get(formatSignature(s))!);
    return found;
  }

  /** True when a function without a `v256` of its own makes an indirect call whose signature changes. */
  mustPad(f: MirFunction): boolean {
    let wide = false;
    eachIndirect(f, (s) => { wide ||= isWideSignature(s); });
    return wide;
  }

  /** The functions with those the table needs, and the table. */
  table(functions: readonly MirFunction[]): { readonly functions: readonly MirFunction[]; readonly table: Module['table'] } {
    const m = this.#m, all = [...functions], index = functionIndex(m), added = new Map<string, string>();
    const taken = new Set([...m.functions.map((f) => f.name), ...m.imports.map((i) => i.name)]);
    const table = m.table.map((name) => {
      const f = name === null ? undefined : m.functions[index.get(name)!];
      if (name === null || f === undefined || !isWideSignature(f)) return name;
      const { signature, padding } = this.indirect(f);
      if (padding.length === 0) return name;
      let through = added.get(name);
      if (through === undefined) {
        through = freshName(`${name}.indirect`, taken);
        added.set(name, through);
        all.push(callThrough(through, name, signature, signature.params.length - padding.length, f.loc));
      }
      return through;
    });
    return { functions: all, table };
  }
}

/** Parameters that may be added past the usual limit: one for each binary digit of a number of signatures. */
export const PADDING_ROOM = 64;

/** A different list of parameters for each number, none for 0: its digits in bijective base 2. */
function paddingOf(n: number): readonly Type[] {
  const types: Type[] = [];
  for (let rest = n; rest > 0; rest = (rest - 1) >> 1) types.push((rest & 1) === 1 ? 'i1' : 'i8');
  return types;
}

function isWideSignature(s: Signature): boolean { return s.params.includes('v256') || s.results.includes('v256'); }

/** A name that is not taken, and now is. */
export function freshName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let k = 1; taken.has(name); k++) name = `${wanted}.${k}`;
  taken.add(name);
  return name;
}

/** A function that calls another one with its first parameters and nothing left of its own. */
function callThrough(name: string, callee: string, s: Signature, passed: number, loc: number): MirFunction {
  const params = s.params.map((_, k) => k);
  return {
    name, params: s.params, results: s.results, valueTypes: s.params, slots: [], loc,
    blocks: [{ params, instructions: [], terminator: { kind: 'tail_call', callee, args: params.slice(0, passed), loc } }],
  };
}

function eachIndirect(f: MirFunction, visit: (s: Signature) => void): void {
  const one = (i: Instruction | Terminator): void => { if (i.kind === 'call_indirect' || i.kind === 'tail_call_indirect') visit(i.signature); };
  for (const b of f.blocks) {
    for (const i of b.instructions) one(i);
    one(b.terminator);
  }
}
