/**
 * Generates what peepholes look for: small trees whose inner values have one use, over few leaves that come back, with
 * constants that go together. Instructions picked one by one hardly ever meet in such patterns, and rules of the
 * optimiser and of instruction selection would go untested.
 */
import { isVector, type AddressInput, type BinaryOp, type FunctionBuilder, type Type, type Value } from '../../lib/mir/index.ts';
import type { Accesses } from './accesses.ts';
import type { Choices } from './choices.ts';
import type { Expressions } from './expressions.ts';
import { isFloatType, type ModulePlan } from './program.ts';
import type { Scope } from './scope.ts';
import { BINARY, BITS, COMPARE, INTEGERS, NUMERIC, Trees, UNARY } from './trees.ts';
import { VectorIdioms } from './vector-idioms.ts';
import { VectorTrees } from './vector-trees.ts';

const DIVISIONS = ['udiv', 'urem', 'sdiv', 'srem'] as const;
/** Arithmetic that may be done in memory. */
const UPDATES = ['add', 'sub', 'and', 'or', 'xor', 'mul'] as const satisfies readonly BinaryOp[];

export class Idioms {
  readonly #t: Trees;
  readonly #v: VectorTrees;
  readonly #vectors: VectorIdioms;

  constructor(b: FunctionBuilder, c: Choices, scope: Scope, x: Expressions, memory: Accesses, options: ModulePlan['options']) {
    this.#t = new Trees(b, c, scope, x, memory, options);
    this.#v = new VectorTrees(this.#t);
    this.#vectors = new VectorIdioms(this.#t, this.#v, (at, type) => { this.#between(at, type); });
  }

  /** One idiom; what comes out at its end is in scope, what is inside is not. */
  emit(): void {
    const { c, scope, options } = this.#t;
    switch (c.below(options.vectors ? 13 : 9)) {
      case 0: case 1: this.#algebra(); return;
      case 2: this.#widths(); return;
      case 3: this.#division(); return;
      case 4: scope.add('i1', this.condition()); return;
      case 5: this.#selection(); return;
      case 6: this.#update(); return;
      case 7: this.#fromMemory(); return;
      case 8: this.#scaled(); return;
      case 9: case 10: this.#vectors.tree(); return;
      case 11: this.#vectors.lanes(); return;
      default: this.#vectors.memory();
    }
  }

  /** A value that is used once, where it is passed on: a condition, something loaded, a little arithmetic; or one in scope. */
  once(type: Type): Value {
    const c = this.#t.c;
    if (type === 'i1') return c.below(3) === 2 ? this.condition() : this.#t.x.pick(type);
    if (type === 'ptr' || c.below(4) !== 3) return this.#t.x.pick(type);
    return isVector(type) || c.below(2) === 0 ? this.#t.loadedOr(type) : this.#t.tree(type, this.#t.leaves(type), 1);
  }

  #algebra(): void {
    const c = this.#t.c, type = NUMERIC[c.below(NUMERIC.length)];
    this.#t.scope.add(type, this.#t.tree(type, this.#t.leaves(type), 1 + c.below(3)));
  }

  /** Arithmetic before and after a change of width, or of integers and floats. */
  #widths(): void {
    const b = this.#t.b, c = this.#t.c, s = this.#t.scope, wide = c.below(2) === 0 ? 'i64' : 'i32', way = c.below(4);
    if (way === 3) {
      const float = c.below(2) === 0 ? 'f64' : 'f32', from = b.convert(c.below(2) === 0 ? 'sitofp' : 'uitofp', this.#t.tree(wide, this.#t.leaves(wide), 1), float);
      const v = c.below(2) === 0 ? from : this.#t.tree(float, [from, this.#t.float(float)], 1);
      s.add(wide, b.convert(c.below(2) === 0 ? 'fptosi_sat' : 'fptoui_sat', v, wide));
      return;
    }
    const narrow = way === 2 && wide === 'i64' ? 'i32' : c.below(2) === 0 ? 'i8' : 'i16';
    const up = c.below(4) === 3 ? this.#t.extended(this.condition(), wide) : this.#t.extended(c.below(2) === 0 ? this.#t.loadedOr(narrow) : this.#t.tree(narrow, this.#t.leaves(narrow), c.below(2)), wide);
    const v = c.below(4) === 3 ? b.unary(UNARY[wide][c.below(UNARY[wide].length)], up) : this.#t.tree(wide, [up, this.#t.constant(wide), this.#t.x.pick(wide)], 1 + c.below(2));
    if (c.below(2) === 0) s.add(wide, v);
    else s.add(narrow, b.convert('trunc', v, narrow));
  }

  /** Quotient and remainder of the same, by constants of every kind; rarely by zero. */
  #division(): void {
    const b = this.#t.b, c = this.#t.c, type = INTEGERS[c.below(4)], a = c.below(2) === 0 ? this.#t.x.pick(type) : this.#t.tree(type, this.#t.leaves(type), 1);
    let by: Value;
    // The least number by −1, of which a quotient traps.
    if (c.below(32) === 31) {
      const least = b.select(this.#t.x.pick('i1'), this.#t.integer(type, 1n << BigInt(BITS[type] - 1)), a);
      this.#t.scope.add(type, b.binary(DIVISIONS[c.below(4)], least, c.below(2) === 0 ? this.#t.integer(type, -1n) : b.binary('or', this.#t.x.pick(type), this.#t.integer(type, -1n))));
      return;
    }
    if (c.below(3) === 2) by = b.binary('or', this.#t.x.pick(type), this.#t.integer(type, 1n));
    else {
      const k = BigInt.asIntN(BITS[type], this.#t.telling(type));
      by = this.#t.integer(type, (k === 0n || k === -1n) && c.below(8) !== 7 ? 7n : k);
    }
    for (let n = 1 + c.below(2); n > 0; n--) this.#t.scope.add(type, b.binary(DIVISIONS[c.below(4)], a, by));
  }

  /** An `i1` as compilers of languages write it. */
  condition(depth = 0): Value {
    const b = this.#t.b, c = this.#t.c, type = NUMERIC[c.below(NUMERIC.length)], ops = COMPARE[type], op = ops[c.below(ops.length)];
    switch (c.below(depth < 2 ? (this.#t.options.vectors ? 11 : 10) : 6)) {
      case 0: case 1: return b.compare(op, this.#t.tree(type, this.#t.leaves(type), c.below(2)), this.#t.constant(type));
      case 2: {
        const integer = INTEGERS[c.below(4)], kinds = COMPARE[integer];
        return b.compare(c.below(3) === 2 ? kinds[c.below(kinds.length)] : c.below(2) === 0 ? 'eq' : 'ne', b.binary('and', this.#t.loadedOr(integer), c.below(2) === 0 ? this.#t.constant(integer) : this.#t.x.pick(integer)), this.#t.integer(integer, 0n));
      }
      case 3: {
        const v = this.#t.loadedOr(type), w = c.below(2) === 0 ? this.#t.constant(type) : this.#t.loadedOr(type);
        return c.below(2) === 0 ? b.compare(op, v, w) : b.compare(op, w, v);
      }
      case 4: {
        const narrow = c.below(2) === 0 ? 'i8' : 'i16', wide = c.below(2) === 0 ? 'i32' : 'i64', kinds = COMPARE[wide], up = this.#t.extended(this.#t.x.pick(narrow), wide);
        return b.compare(kinds[c.below(kinds.length)], up, c.below(2) === 0 ? this.#t.constant(wide) : this.#t.extended(this.#t.x.pick(narrow), wide));
      }
      case 5: return b.convert('trunc', this.#t.tree('i32', this.#t.leaves('i32'), c.below(2)), 'i1');
      case 6: return b.binary('xor', this.condition(depth + 1), b.const('i1', 1));
      case 7: return b.binary((['and', 'or', 'xor'] as const)[c.below(3)], this.condition(depth + 1), this.condition(depth + 1));
      case 8: {
        const integer = INTEGERS[c.below(4)], kinds = COMPARE[integer], [k, l] = [this.#t.telling(integer), this.#t.telling(integer)];
        const v = c.below(2) === 0 ? b.select(this.condition(depth + 1), this.#t.integer(integer, k), this.#t.integer(integer, l)) : this.#t.extended(this.condition(depth + 1), integer);
        return b.compare(kinds[c.below(kinds.length)], v, this.#t.integer(integer, c.below(2) === 0 ? this.#t.partner(integer, k) : BigInt(c.below(3)) - 1n));
      }
      case 9: return b.select(this.condition(depth + 1), this.condition(depth + 1), c.below(2) === 0 ? b.const('i1', c.below(2)) : this.#t.x.pick('i1'));
      default: return this.#v.condition();
    }
  }

  /** Least and greatest, constants by a condition, speculated arithmetic, loads. */
  #selection(): void {
    const b = this.#t.b, c = this.#t.c, type = NUMERIC[c.below(NUMERIC.length)], ops = COMPARE[type], x = this.#t.x.pick(type);
    const give = (v: Value): void => { this.#t.scope.add(type, v); };
    switch (c.below(5)) {
      case 0: {
        const y = c.below(3) === 0 ? this.#t.constant(type) : this.#t.loadedOr(type), less = b.compare(ops[c.below(ops.length)], x, y);
        give(c.below(2) === 0 ? b.select(less, x, y) : b.select(less, y, x));
        return;
      }
      case 1: {
        if (isFloatType(type)) { give(b.select(this.condition(), this.#t.float(type), this.#t.float(type))); return; }
        const k = this.#t.telling(type);
        give(b.select(this.condition(), this.#t.integer(type, k), this.#t.integer(type, this.#t.partner(type, k))));
        return;
      }
      case 2: give(b.select(this.condition(), this.#t.tree(type, [x, this.#t.constant(type)], 1), x)); return;
      case 3: {
        const zero = isFloatType(type) ? b.const(type, 0) : this.#t.integer(type, 0n), way = b.compare(ops[c.below(ops.length)], x, zero);
        const opposite = isFloatType(type) ? b.unary('fneg', x) : b.binary('sub', zero, x);
        give(c.below(2) === 0 ? b.select(way, x, opposite) : b.select(way, opposite, x));
        return;
      }
      default: give(b.select(this.condition(), this.#t.loadedOr(type), this.#t.loadedOr(type)));
    }
  }

  /** Sums of products with 1 to 9, rotations by hand, counts that are cut to the width. */
  #scaled(): void {
    const b = this.#t.b, c = this.#t.c, type = INTEGERS[c.below(4)], bits = BITS[type], x = this.#t.x.pick(type), y = this.#t.x.pick(type), count = c.below(bits);
    const k = (v: number): Value => this.#t.integer(type, BigInt(v)), give = (v: Value): void => { this.#t.scope.add(type, v); };
    switch (c.below(5)) {
      case 0: {
        const sum = b.binary('add', c.below(2) === 0 ? x : this.#t.loadedOr(type), b.binary('shl', y, k(c.below(5))));
        give(c.below(2) === 0 ? sum : b.binary(c.below(2) === 0 ? 'add' : 'sub', sum, this.#t.constant(type)));
        return;
      }
      case 1: give(b.binary(c.below(2) === 0 ? 'add' : 'sub', b.binary('mul', c.below(2) === 0 ? x : this.#t.loadedOr(type), k(c.below(12))), c.below(2) === 0 ? y : this.#t.constant(type))); return;
      case 2: {
        const rest = c.below(8) === 7 ? count : bits - count, parts = [b.binary('shl', x, k(count)), b.binary(c.below(6) === 5 ? 'ashr' : 'lshr', c.below(8) === 7 ? y : x, k(rest))];
        give(b.binary((['or', 'add', 'xor'] as const)[c.below(3)], parts[c.below(2)], parts[1]));
        return;
      }
      case 3: give(b.binary((['shl', 'lshr', 'ashr', 'rotl', 'rotr'] as const)[c.below(5)], this.#t.loadedOr(type), b.binary('and', y, k(c.below(8) === 7 ? bits - 2 : bits - 1)))); return;
      default: {
        const left = b.binary('shl', x, y), right = b.binary('lshr', x, b.binary('sub', k(c.below(2) === 0 ? bits : 0), y));
        give(b.binary('or', left, right));
      }
    }
  }

  // --- memory ---

  /** What a load must not move over: stores that may hit it, wholly or in part, and instructions that trap. */
  #between(at: AddressInput, type: Type): void {
    const b = this.#t.b, c = this.#t.c;
    switch (c.below(6)) {
      case 0: b.store(at, this.#t.x.pickExact(type)); return;
      case 1: b.store({ ...at, offset: (at.offset ?? 0) + c.below(this.#t.bytes(type)) }, this.#t.x.pick('i8')); return;
      case 2: this.#division(); return;
      case 3: this.#t.memory.emit(); return;
      default:
    }
  }

  /** Memory that is read, changed and written, by one operation or more; now and then something stands between. */
  #update(): void {
    const b = this.#t.b, c = this.#t.c, type = INTEGERS[c.below(4)], at = this.#t.place(type), volatile = c.below(16) === 15;
    const old = b.load(type, at, { volatile });
    if (c.below(4) === 3) this.#between(at, type);
    if (c.below(8) === 7) this.#t.scope.add(type, old);
    const with_ = c.below(2) === 0 ? this.#t.constant(type) : c.below(4) === 3 ? old : this.#t.x.pick(type), op = UPDATES[c.below(UPDATES.length)];
    const v = c.below(3) === 2 ? b.binary(op, with_, old) : b.binary(op, old, with_);
    b.store(c.below(12) === 11 ? this.#t.place(type) : at, c.below(8) === 7 ? b.binary('xor', v, this.#t.integer(type, -1n)) : v, { volatile: volatile && c.below(2) === 0 });
    if (c.below(8) === 7) this.#t.scope.add(type, v);
  }

  /** What is loaded goes straight into an operation of some kind; what is computed, straight to memory. */
  #fromMemory(): void {
    const b = this.#t.b, c = this.#t.c, s = this.#t.scope, type = NUMERIC[c.below(NUMERIC.length)], at = this.#t.place(type), loaded = b.load(type, at), ops = BINARY[type];
    if (c.below(3) === 2) this.#between(at, type);
    switch (c.below(6)) {
      case 0: s.add(type, b.binary(ops[c.below(ops.length)], this.#t.x.pick(type), loaded)); return;
      case 1: s.add(type, b.binary(ops[c.below(ops.length)], loaded, c.below(2) === 0 ? this.#t.constant(type) : this.#t.x.pick(type))); return;
      case 2: s.add(type, b.unary(UNARY[type][c.below(UNARY[type].length)], loaded)); return;
      case 3: {
        if (isFloatType(type)) {
          const args = [this.#t.x.pick(type), this.#t.x.pick(type)];
          args.splice(c.below(3), 0, loaded);
          s.add(type, b.ternary('fma', args[0], args[1], args[2]));
          return;
        }
        const float = c.below(2) === 0 ? 'f64' : 'f32';
        s.add(float, b.convert(c.below(2) === 0 ? 'sitofp' : 'uitofp', type === 'i8' || type === 'i16' ? this.#t.extended(loaded, 'i32') : loaded, float));
        return;
      }
      case 4: s.add(type, this.#t.thereAndBack(type, loaded)); return;
      default: {
        // Only of bits that are specified.
        const v = isFloatType(type) ? this.#t.x.canonical(type, b.binary(ops[c.below(ops.length)], loaded, this.#t.x.pick(type))) : this.#t.tree(type, [loaded, this.#t.constant(type)], 1);
        b.store(this.#t.place(type), v);
      }
    }
  }
}
