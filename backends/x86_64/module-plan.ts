/** What code generation knows of the module around a function: numbers of functions, imports and signatures, layout. */
import { PADDING_ROOM } from '../../lib/codegen/split-vectors.ts';
import { layoutModule, layoutSlots, type MemoryLayout } from '../../lib/mir/layout.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import { MAX_ARITY, arityOf, type MirFunction, type Module } from '../../lib/mir/module.ts';
import type { MemoryModel, Signature, Type } from '../../lib/mir/types.ts';
import type { X86Features } from './features.ts';

/** Signature number of an empty table entry; real ones begin at 1, so that one compare covers null and mismatch. */
export const NULL_SIGNATURE = 0;

export class ModulePlan {
  readonly module: Module;
  /** What the code may use. */
  readonly features: X86Features;
  readonly model: MemoryModel;
  readonly linear: boolean;
  readonly layout: MemoryLayout;
  readonly functionNumber = new Map<string, number>();
  readonly importNumber = new Map<string, number>();
  readonly #signatures = new Map<string, number>();
  readonly #bySignature = new Map<Signature, number>();
  #slotsOf: MirFunction | undefined;
  #slots: readonly number[] = [];
  #slotBytes = 0;

  constructor(m: Module, features: X86Features) {
    this.module = m;
    this.features = features;
    this.model = m.memoryModel;
    this.linear = m.memoryModel === 'linear';
    this.layout = layoutModule(m);
    for (let i = 0; i < m.functions.length; i++) this.functionNumber.set(m.functions[i].name, i);
    for (let i = 0; i < m.imports.length; i++) this.importNumber.set(m.imports[i].name, i);
  }

  /** Equal signatures have one number, in order of first use. */
  signatureNumber(s: Signature): number {
    const known = this.#bySignature.get(s);
    if (known !== undefined) return known;
    const key = `${s.params.join()}>${s.results.join()}`;
    let n = this.#signatures.get(key);
    if (n === undefined) {
      n = this.#signatures.size + 1;
      this.#signatures.set(key, n);
    }
    this.#bySignature.set(s, n);
    return n;
  }

  /** Parameter and result types of a function or import. */
  signatureOf(callee: string): Signature {
    const f = this.functionNumber.get(callee);
    return f === undefined ? this.module.imports[this.importNumber.get(callee)!] : this.module.functions[f];
  }

  /** Address of a global in linear memory; in the native model what to add to `CTX.globalsBase`. */
  globalAddress(name: string): number { return this.layout.globalByName.get(name)!; }

  slotOffsets(f: MirFunction): readonly number[] { this.#slotsFor(f); return this.#slots; }
  /** Bytes of all slots, a multiple of 16. */
  slotBytes(f: MirFunction): number { this.#slotsFor(f); return this.#slotBytes; }
  #slotsFor(f: MirFunction): void {
    if (this.#slotsOf === f) return;
    const { offsets, size } = layoutSlots(f.slots);
    this.#slotsOf = f;
    this.#slots = offsets;
    this.#slotBytes = size;
  }
}

/** Where the convention puts each value of a parameter or result list: a register, or `−1 − k` for overflow place k (and the next one for a `v256`). */
export function assignPlaces(types: readonly Type[], ints: readonly number[], vectors: readonly number[]): number[] {
  let i = 0, v = 0, overflow = 0;
  // The verifier's rule; here it keeps generated code from ever storing outside the run context.
  if (arityOf(types) > MAX_ARITY + PADDING_ROOM) throw new InternalError(`${types.length} values are passed at once, at most ${MAX_ARITY} are possible`);
  return types.map((t) => {
    const wide = t === 'v256';
    if (wide || t === 'f32' || t === 'f64' || t === 'v128') {
      if (v < vectors.length) return vectors[v++];
      // A place has 16 bytes.
      overflow += wide ? 2 : 1;
      return wide ? 1 - overflow : -overflow;
    }
    return i < ints.length ? ints[i++] : -1 - overflow++;
  });
}
