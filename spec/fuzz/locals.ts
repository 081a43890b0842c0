/**
 * Local variables as a language without SSA has them: stack slots that are written at once and then read and written
 * by whole loads and stores at fixed places, which an optimiser makes values of. Now and then an access has another
 * type of the same size or covers several variables.
 */
import { isVector, sizeOf, type AddressInput, type FunctionBuilder, type Type } from '../../lib/mir/index.ts';
import type { Choices } from './choices.ts';
import type { Expressions } from './expressions.ts';
import type { ModulePlan } from './program.ts';
import type { Scope } from './scope.ts';

const TYPES = ['i32', 'i64', 'f64', 'i8', 'i16', 'f32', 'ptr'] as const satisfies readonly Type[];
/** The type of the same size and another register. */
const OTHER: Readonly<Partial<Record<Type, Type>>> = { i32: 'f32', f32: 'i32', i64: 'f64', f64: 'i64' };

interface Local { readonly slot: number; readonly offset: number; readonly type: Type }

export class Locals {
  readonly #b: FunctionBuilder;
  readonly #c: Choices;
  readonly #scope: Scope;
  readonly #x: Expressions;
  readonly #options: ModulePlan['options'];
  readonly #all: Local[] = [];

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, x: Expressions, options: ModulePlan['options']) {
    this.#b = b;
    this.#c = c;
    this.#scope = scope;
    this.#x = x;
    this.#options = options;
  }

  get any(): boolean { return this.#all.length > 0; }

  /** Makes up to three slots of up to three variables each and gives every variable a value. */
  declare(): void {
    const b = this.#b, c = this.#c, types: readonly Type[] = this.#options.wide ? [...TYPES, 'v128', 'v256'] : this.#options.vectors ? [...TYPES, 'v128'] : TYPES;
    for (let slots = c.below(4); slots > 0; slots--) {
      const variables: { readonly offset: number; readonly type: Type }[] = [];
      let size = 0;
      for (let n = 1 + c.below(3); n > 0; n--) {
        const type = types[c.below(types.length)];
        variables.push({ offset: size, type });
        size += this.#size(type) + (c.below(6) === 5 ? 4 : 0);
      }
      const slot = b.addSlot(size, 1 << c.below(5));
      for (const v of variables) this.#all.push({ slot, ...v });
    }
    for (const l of this.#all) b.store(this.#place(l), this.#x.pickExact(l.type));
  }

  #size(type: Type): number { return sizeOf(type, this.#options.native ? 'native' : 'linear'); }
  #place({ slot, offset }: Local): AddressInput { return { base: this.#b.slotAddr(slot), offset }; }

  /** Reads or writes one of them. */
  emit(): void {
    const b = this.#b, c = this.#c, l = this.#all[c.below(this.#all.length)], way = c.below(16), other = OTHER[l.type];
    // A NaN's bits may be read as an integer: only those that are specified are stored.
    if (way < 6) b.store(this.#place(l), this.#x.pickExact(l.type));
    else if (way < 13) this.#scope.add(l.type, b.load(l.type, this.#place(l), { volatile: c.below(32) === 31 }));
    else if (way === 13 && other !== undefined) b.store(this.#place(l), this.#x.pickExact(other));
    else if (way === 14 && other !== undefined) this.#scope.add(other, b.load(other, this.#place(l)));
    else if (!isVector(l.type)) this.#scope.add('i8', b.load('i8', { ...this.#place(l), offset: l.offset + c.below(this.#size(l.type)) }));
    else this.#scope.add('i32', b.load('i32', { ...this.#place(l), offset: l.offset + 4 * c.below(this.#size(l.type) / 4) }));
  }
}
