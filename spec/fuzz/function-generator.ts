/**
 * Generates one function: structured statements (if, loop, switch, early return), now and then an irreducible loop,
 * calls of every kind, and expressions, idioms, accesses and local variables between them.
 *
 * Every loop and every entry but `main`'s takes one from the fuel counter in memory, so that any program ends; when
 * it is empty, loops leave and functions return constants.
 */
import { FunctionBuilder, TRAP_CODES, isVector, type BlockId, type Signature, type TrapCode, type Type, type Value } from '../../lib/mir/index.ts';
import { Accesses } from './accesses.ts';
import type { Choices } from './choices.ts';
import { Expressions } from './expressions.ts';
import { Idioms } from './idioms.ts';
import { Locals } from './locals.ts';
import { ARGUMENT_BYTES, FUEL, FUEL_START, HEAP, OBSERVED, functionName, isFloatType, type ModulePlan } from './program.ts';
import { SCALARS, Scope, constantOf } from './scope.ts';

const SWITCHED = ['i32', 'i64', 'i8', 'i16'] as const, WIDTH = { i8: 8, i16: 16, i32: 32, i64: 64 } as const;

export class FunctionGenerator {
  readonly #plan: ModulePlan;
  readonly #number: number;
  readonly #c: Choices;
  readonly #b: FunctionBuilder;
  readonly #scope = new Scope();
  readonly #x: Expressions;
  readonly #memory: Accesses;
  readonly #idioms: Idioms;
  readonly #locals: Locals;
  readonly #slots: number[] = [];
  /** Types of block parameters. */
  readonly #carriedTypes: readonly Type[];
  /** It has no stack slots. */
  readonly #plain: boolean;
  #budget: number;

  constructor(plan: ModulePlan, number: number, c: Choices, budget: number) {
    this.#plan = plan;
    this.#number = number;
    this.#c = c;
    this.#budget = budget;
    this.#b = new FunctionBuilder(functionName(number), plan.signatures[number]);
    this.#x = new Expressions(this.#b, c, this.#scope, plan.options);
    this.#carriedTypes = plan.options.wide ? [...SCALARS, 'v128', 'v128', 'v256', 'v256'] : plan.options.vectors ? [...SCALARS, 'v128', 'v128', 'v128'] : SCALARS;
    // Functions without memory of their own may become loops and parts of their callers.
    this.#plain = number > 0 && c.below(2) === 1;
    const slots = this.#plain ? 0 : c.below(4) === 3 ? 1 + c.below(3) : c.below(2);
    for (let k = 0; k < slots; k++) this.#slots.push([8, 16, 24, 128, 1, 3, 10, 256][c.below(8)]);
    this.#memory = new Accesses(this.#b, c, this.#scope, this.#x, plan, this.#slots);
    this.#idioms = new Idioms(this.#b, c, this.#scope, this.#x, this.#memory, plan.options);
    this.#locals = new Locals(this.#b, c, this.#scope, this.#x, plan.options);
  }

  generate(): ReturnType<FunctionBuilder['finish']> {
    const b = this.#b, signature = this.#plan.signatures[this.#number];
    for (let k = 0; k < signature.params.length; k++) {
      const type = signature.params[k];
      if (type === 'ptr') this.#scope.addPointer({ value: b.params[k], size: ARGUMENT_BYTES, local: false });
      else this.#scope.add(type, b.params[k]);
    }
    if (this.#plain && this.#c.below(3) === 2) return this.#leaf();
    if (this.#number === 0) b.store({ base: b.globalAddr(FUEL) }, b.const('i32', FUEL_START));
    else {
      // A test of the arguments first, which may leave before the function has touched anything.
      if (this.#c.below(2) === 1) this.#leaveEarly();
      this.#guardEntry();
    }
    for (const [k, size] of this.#slots.entries()) {
      b.addSlot(size, 1 << this.#c.below(5));
      b.memoryFill(b.slotAddr(k), b.const('i32', this.#c.below(256)), this.#memory.length(size));
    }
    if (!this.#plain) this.#locals.declare();
    this.#statements(0);
    if (!b.isTerminated() && !(this.#number > 0 && this.#c.below(4) === 3 && this.#recursion(signature))) this.#return();
    return b.finish();
  }

  /** A small function that calls nothing, which an inliner takes. */
  #leaf(): ReturnType<FunctionBuilder['finish']> {
    const c = this.#c;
    for (let k = c.below(4); k > 0; k--) {
      switch (c.below(3)) {
        case 0: this.#x.emit(); break;
        case 1: this.#idioms.emit(); break;
        default: this.#memory.emit();
      }
    }
    this.#b.ret(this.#picks(this.#plan.signatures[this.#number].results));
    return this.#b.finish();
  }

  // --- fuel ---

  /** True while there was fuel; takes one. */
  #takeFuel(): Value {
    const b = this.#b, at = { base: b.globalAddr(FUEL) }, left = b.load('i32', at, { align: 4 }), zero = b.const('i32', 0);
    const some = b.compare('ne', left, zero);
    b.store(at, b.select(some, b.binary('sub', left, b.const('i32', 1)), zero), { align: 4 });
    return some;
  }

  #guardEntry(): void {
    const b = this.#b, go = b.createBlock(), empty = b.createBlock();
    b.br(this.#takeFuel(), go, empty);
    b.switchTo(empty);
    b.ret(this.#plan.signatures[this.#number].results.map((t) => b.const(t, t === 'i64' || isVector(t) ? 0n : 0)));
    b.switchTo(go);
  }

  #leaveEarly(): void {
    const b = this.#b, out = b.createBlock(), on = b.createBlock();
    b.br(this.#x.compare(), out, on);
    b.switchTo(out);
    const mark = this.#scope.mark();
    // Nothing from memory: slots have no contents yet.
    b.ret(this.#plan.signatures[this.#number].results.map((t) => this.#x.pick(t)));
    this.#scope.release(mark);
    b.switchTo(on);
  }

  // --- statements ---

  #statements(depth: number): void {
    const most = depth === 0 ? this.#budget : Math.min(this.#budget, 2 + this.#c.below(8));
    for (let k = 0; k < most && this.#budget > 0 && !this.#b.isTerminated(); k++) this.#statement(depth);
  }

  #statement(depth: number): void {
    this.#budget--;
    if (this.#plan.options.places) this.#b.loc = this.#plan.place();
    const c = this.#c, kind = c.below(32);
    if (kind === 0) return; // the simplest statement is none
    if (kind < 8) this.#x.emit();
    else if (kind < 12) this.#idioms.emit();
    else if (kind < 15) { if (this.#locals.any) this.#locals.emit(); else this.#idioms.emit(); }
    else if (kind < 21) this.#memory.emit();
    else if (kind < 24) this.#call();
    else if (depth >= 4) this.#x.emit();
    else if (kind < 26) this.#if(depth);
    else if (kind === 26) this.#guarded();
    else if (kind < 29) this.#loop(depth);
    else if (kind === 29) this.#switch(depth);
    else if (kind === 30) { if (c.below(3) === 2) this.#irreducible(depth); else this.#sameTarget(); }
    else if (this.#plan.options.hooks && c.below(2) === 1) this.#hook();
    else this.#rareEnd(depth);
  }

  #types(most: number): Type[] {
    return Array.from({ length: this.#c.below(most + 1) }, () => this.#carriedTypes[this.#c.below(this.#carriedTypes.length)]);
  }
  #live(): Type[] { return Array.from({ length: this.#c.below(5) }, () => SCALARS[this.#c.below(SCALARS.length)]); }
  #picks(types: readonly Type[]): Value[] { return types.map((t) => this.#idioms.once(t)); }

  #params(block: BlockId, types: readonly Type[]): Value[] { return types.map((t) => this.#b.addBlockParam(block, t)); }
  #enter(block: BlockId, types: readonly Type[], params: readonly Value[]): void {
    this.#b.switchTo(block);
    types.forEach((t, k) => this.#scope.add(t, params[k]));
  }

  /** Statements in a block of their own that end in a jump to `next` with values of `types`, or end otherwise. */
  #arm(block: BlockId, depth: number, next: BlockId, types: readonly Type[]): void {
    const b = this.#b, mark = this.#scope.mark();
    b.switchTo(block);
    this.#statements(depth + 1);
    if (!b.isTerminated()) b.jump(next, this.#picks(types));
    this.#scope.release(mark);
  }

  #if(depth: number): void {
    const b = this.#b, c = this.#c, types = this.#types(3), next = b.createBlock(), then = b.createBlock();
    const kind = c.below(4), condition = kind === 0 ? this.#x.pick('i1') : kind === 1 ? this.#x.compare() : this.#idioms.condition();
    const params = this.#params(next, types);
    if (c.below(3) === 0) {
      b.br(condition, then, next, [], this.#picks(types));
      this.#arm(then, depth, next, types);
    } else {
      const otherwise = b.createBlock();
      b.br(condition, then, otherwise);
      this.#arm(then, depth, next, types);
      this.#arm(otherwise, depth, next, types);
    }
    this.#enter(next, types, params);
  }

  /** What would trap but for the test before it: a division by what is not zero, an access inside of bounds. */
  #guarded(): void {
    const b = this.#b, c = this.#c, type = SWITCHED[c.below(4)], x = this.#x.pick(type);
    if (c.below(2) === 0) { this.#dividedUnlessZero(type, this.#x.pick(type), x); return; }
    const index = this.#x.pick(this.#plan.options.native ? 'i64' : 'i32'), most = 1 + c.below(200);
    this.#guard(type, b.compare('ult', index, this.#memory.length(most)), x, () => b.load(type, { base: b.const('ptr', HEAP), index, scale: 1 << c.below(4) }));
  }
  #dividedUnlessZero(type: (typeof SWITCHED)[number], dividend: Value, x: Value): void {
    const b = this.#b, c = this.#c;
    this.#guard(type, b.compare('ne', x, b.const(type, type === 'i64' ? 0n : 0)), x, () => b.binary((['udiv', 'urem', 'srem'] as const)[c.below(3)], dividend, x));
  }
  /** What `make` gives, if the condition holds, else `otherwise`. */
  #guard(type: Type, condition: Value, otherwise: Value, make: () => Value): void {
    const b = this.#b, risky = b.createBlock(), next = b.createBlock(), result = b.addBlockParam(next, type), mark = this.#scope.mark();
    b.br(condition, risky, next, [], [otherwise]);
    b.switchTo(risky);
    b.jump(next, [make()]);
    this.#scope.release(mark);
    b.switchTo(next);
    this.#scope.add(type, result);
  }

  #loop(depth: number): void {
    const b = this.#b, c = this.#c, types = [...this.#types(4), 'i32' as const], exitTypes = this.#types(2);
    // What is computed in the loop without change, and only under a test.
    const type = SWITCHED[c.below(4)], dividend = this.#x.pick(type), divisor = c.below(3) === 2 ? b.binary('and', this.#x.pick(type), b.const(type, type === 'i64' ? 3n : 3)) : undefined;
    const header = b.createBlock(), exit = b.createBlock(), params = this.#params(header, types), exitParams = this.#params(exit, exitTypes);
    b.jump(header, this.#picks(types));
    const mark = this.#scope.mark();
    this.#enter(header, types, params);
    if (c.below(2) === 0) {
      const body = b.createBlock();
      b.br(this.#takeFuel(), body, exit, [], this.#picks(exitTypes));
      b.switchTo(body);
    }
    if (divisor !== undefined) this.#dividedUnlessZero(type, dividend, divisor);
    this.#statements(depth + 1);
    if (!b.isTerminated()) {
      let going = this.#takeFuel();
      if (c.below(3) !== 0) going = b.binary('and', going, this.#x.compare());
      b.br(going, header, exit, this.#carried(types, params), this.#picks(exitTypes));
    }
    this.#scope.release(mark);
    this.#enter(exit, exitTypes, exitParams);
    // A loop whose body always ends otherwise never reaches its exit; the block then stays, unreachable.
  }

  /** Values for the next round: the parameters exchanged among themselves, or new ones. */
  #carried(types: readonly Type[], params: readonly Value[]): Value[] {
    const c = this.#c, rotate = c.below(types.length);
    const way = c.below(3);
    return types.map((t, k) => {
      if (way !== 0) {
        for (let d = 0; d < types.length; d++) {
          const other = (k + rotate + d + (way === 2 ? types.length - k : 0)) % types.length;
          if (types[other] === t && (way === 1 || c.below(2) === 0)) return params[other];
        }
      }
      return this.#x.pick(t);
    });
  }

  #switch(depth: number): void {
    const b = this.#b, c = this.#c, type = SWITCHED[c.below(4)], types = this.#types(2), next = b.createBlock(), params = this.#params(next, types);
    const arms = Array.from({ length: 1 + c.below(3) }, () => b.createBlock());
    const seen = new Set<number | bigint>(), dense = c.below(2) === 0, first = BigInt(c.below(5) - 2), base = c.below(2) === 0 ? 0n : BigInt(constantOf(c, type));
    const literal = (v: bigint): number | bigint => { const k = BigInt.asIntN(WIDTH[type], v); return type === 'i64' ? k : Number(k); };
    const cases: { value: number | bigint; block: BlockId; args?: readonly Value[] }[] = [];
    const count = c.below(2) === 0 ? c.below(4) : c.below(12);
    // A dense switch may become a table, so its value is brought near the cases.
    let value = this.#x.pick(type);
    if (dense) value = b.binary('and', value, b.const(type, literal(7n)));
    if (dense && base !== 0n) value = b.binary('add', value, b.const(type, literal(base)));
    for (let k = 0; k < count; k++) {
      const at = dense ? literal(base + first + BigInt(k)) : constantOf(c, type);
      if (seen.has(at)) continue;
      seen.add(at);
      const target = c.below(arms.length + 1);
      cases.push(target === arms.length ? { value: at, block: next, args: this.#picks(types) } : { value: at, block: arms[target] });
    }
    // Far values are hardly ever met by chance.
    if (!dense && cases.length > 0 && c.below(3) !== 0) value = b.select(this.#x.compare(), b.const(type, cases[c.below(cases.length)].value), value);
    // Every arm is reached by the default or a case; arms without a case are the default's.
    const used = new Set(cases.map((k) => k.block));
    const fallback = arms.find((a) => !used.has(a)) ?? arms[0];
    for (const a of arms) if (!used.has(a) && a !== fallback) cases.push({ value: this.#fresh(type, seen), block: a });
    b.switch(value, cases, fallback);
    for (const a of arms) this.#arm(a, depth, next, types);
    this.#enter(next, types, params);
  }

  #fresh(type: Type, seen: Set<number | bigint>): number | bigint {
    for (let k = 20; ; k++) {
      const v = type === 'i64' ? BigInt(k) : k;
      if (!seen.has(v)) { seen.add(v); return v; }
    }
  }

  /** A branch whose two edges go to one block with different values. */
  #sameTarget(): void {
    const b = this.#b, types = this.#types(4), next = b.createBlock(), params = this.#params(next, types);
    b.br(this.#x.compare(), next, next, this.#picks(types), this.#picks(types));
    this.#enter(next, types, params);
  }

  /** Two blocks that jump to each other and are both entered from outside. */
  #irreducible(depth: number): void {
    const b = this.#b, types = [...this.#types(2), 'i32' as const], left = b.createBlock(), right = b.createBlock(), exit = b.createBlock();
    const leftParams = this.#params(left, types), rightParams = this.#params(right, types), exitParams = this.#params(exit, types);
    b.br(this.#x.compare(), left, right, this.#picks(types), this.#picks(types));
    for (const [block, params, other] of [[left, leftParams, right], [right, rightParams, left]] as const) {
      const mark = this.#scope.mark();
      this.#enter(block, types, params);
      for (let k = this.#c.below(3); k > 0; k--) this.#x.emit();
      if (depth < 2 && this.#c.below(3) === 2) this.#memory.emit();
      const going = this.#takeFuel();
      b.br(this.#c.below(2) === 0 ? going : b.binary('and', going, this.#x.compare()), other, exit, this.#carried(types, params), this.#picks(types));
      this.#scope.release(mark);
    }
    this.#enter(exit, types, exitParams);
  }

  #hook(): void {
    const b = this.#b, c = this.#c;
    switch (c.below(3)) {
      case 0: b.safepoint(); return;
      case 1: b.stackMap(c.below(100), this.#picks(this.#live())); return;
      default: b.patchPoint(c.below(100), 1 + c.below(16), this.#picks(this.#live()));
    }
  }

  // --- calls and ends ---

  /** Arguments: a `ptr` is an address with {@link ARGUMENT_BYTES} behind it. */
  #arguments(params: readonly Type[], allowLocal: boolean): Value[] {
    return params.map((t) => t === 'ptr' ? this.#memory.pointer(ARGUMENT_BYTES, allowLocal).value : this.#x.pick(t));
  }

  #keep(types: readonly Type[], values: readonly Value[]): void { types.forEach((t, k) => this.#scope.add(t, values[k])); }

  #call(): void {
    const b = this.#b, c = this.#c, { signatures, imports, options } = this.#plan;
    if (options.imports && c.below(4) === 3) {
      const i = imports[c.below(imports.length)];
      this.#keep(i.results, b.call(i.name, i.params.map((t) => this.#x.pickExact(t)), i.results));
      return;
    }
    if (signatures.length < 2) { this.#x.emit(); return; }
    const callee = 1 + c.below(signatures.length - 1), s = signatures[callee];
    if (c.below(4) !== 3) { this.#keep(s.results, b.call(functionName(callee), this.#arguments(s.params, true), s.results)); return; }
    const [signature, index] = this.#indirect();
    this.#keep(signature.results, b.callIndirect(signature, index, this.#arguments(signature.params, true)));
  }

  /** A table index, mostly of an entry with the signature; else it traps, or the index is computed. */
  #indirect(wanted?: Signature): readonly [Signature, Value] {
    const b = this.#b, c = this.#c, { table, signatures } = this.#plan;
    const entry = c.below(table.length), target = table[entry];
    const signature = wanted ?? (target === null || target === undefined ? signatures[signatures.length - 1] : signatures[target]);
    if (c.below(6) === 5) return [signature, b.binary('and', this.#x.pick('i32'), b.const('i32', 7))];
    return [signature, b.const('i32', entry)];
  }

  /** Leaves values in memory, where they are seen: most would be computed for nothing otherwise. */
  #observe(): void {
    const b = this.#b, c = this.#c;
    for (const type of this.#scope.types()) {
      for (let k = c.below(3); k > 0; k--) {
        if (type === 'i1') b.store({ base: b.const('ptr', HEAP + OBSERVED), offset: 32 * c.below(64) }, b.convert('zext', this.#x.pick(type), 'i8'));
        else b.store({ base: b.const('ptr', HEAP + OBSERVED), offset: 32 * c.below(64) }, this.#x.pickExact(type));
      }
    }
  }

  #return(): void {
    this.#observe();
    this.#b.ret(this.#picks(this.#plan.signatures[this.#number].results));
  }

  /** Ends the current block for good; at the top level only in an arm of its own, so that the function goes on. */
  #rareEnd(depth: number): void {
    const b = this.#b;
    if (depth === 0) {
      const out = b.createBlock(), next = b.createBlock();
      b.br(this.#x.compare(), out, next);
      const mark = this.#scope.mark();
      b.switchTo(out);
      this.#end();
      this.#scope.release(mark);
      b.switchTo(next);
      return;
    }
    this.#end();
  }

  #end(): void {
    const b = this.#b, c = this.#c, { signatures, imports, options } = this.#plan, mine = signatures[this.#number];
    const fits = signatures.map((_, k) => k).filter((k) => k > 0 && signatures[k].results.join() === mine.results.join());
    const way = c.below(8);
    if (way === 2 && this.#number > 0 && this.#recursion(mine)) return;
    if (way === 3 && options.imports) {
      const host = imports.find((i) => i.results.join() === mine.results.join());
      if (host !== undefined) { b.tailCall(host.name, host.params.map((t) => this.#x.pickExact(t))); return; }
    }
    if (way >= 4 && fits.length > 0) {
      const callee = c.below(3) === 2 && this.#number > 0 ? this.#number : fits[c.below(fits.length)], s = signatures[callee];
      if (way < 7) { b.tailCall(functionName(callee), this.#arguments(s.params, false)); return; }
      const [signature, index] = this.#indirect(s);
      b.tailCallIndirect(signature, index, this.#arguments(signature.params, false));
      return;
    }
    if (way === 1) { b.trap(TRAP_CODES[c.below(TRAP_CODES.length)] satisfies TrapCode); return; }
    this.#return();
  }

  /** A call of the function itself whose result goes through an operation that an accumulator could do, and is returned. */
  #recursion(mine: Signature): boolean {
    const b = this.#b, c = this.#c, [type] = mine.results, name = functionName(this.#number);
    if (mine.results.length !== 1 || isFloatType(type) || type === 'ptr' || isVector(type)) return false;
    // A recursion that has branched already is bounded by the stack anyway, and may become a loop.
    if (c.below(2) === 1) this.#keep(mine.results, b.call(name, this.#arguments(mine.params, true), mine.results));
    const [r] = b.call(name, this.#arguments(mine.params, true), mine.results), other = this.#x.pick(type), op = (['add', 'xor', 'or', 'and', 'mul', 'sub'] as const)[c.below(type === 'i1' ? 4 : 6)];
    b.ret([c.below(4) === 3 ? r : type === 'i1' && op === 'add' ? b.binary('xor', r, other) : c.below(2) === 0 ? b.binary(op, r, other) : b.binary(op, other, r)]);
    return true;
  }
}
