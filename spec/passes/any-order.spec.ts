/**
 * Random programs in shapes their generator never gives them: blocks and values numbered in any order, edges by way of
 * blocks of their own, two equal edges of a branch, switches for branches, tail calls, unreachable blocks that jump in.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mapEdges, mapOperands, mapTerminatorOperands, verifyModule, type Block, type Instruction, type MirFunction, type Module, type Terminator, type Type, type Value } from '../../lib/mir/index.ts';
import { ALL_PASSES, Pipeline } from '../../lib/passes/index.ts';
import { RandomChoices } from '../fuzz/choices.ts';
import { programOfSeed } from '../fuzz/generate.ts';
import { behaviour, difference } from './differential.ts';

const test = suite('blocks and values in any order');

interface Draft { params: Value[]; instructions: Instruction[]; terminator: Terminator }

class Scrambler {
  readonly #f: MirFunction;
  readonly #c: RandomChoices;
  readonly #types: Type[];
  readonly #blocks: Draft[];

  constructor(f: MirFunction, c: RandomChoices) {
    this.#f = f;
    this.#c = c;
    this.#types = [...f.valueTypes];
    this.#blocks = f.blocks.map((b) => ({ params: [...b.params], instructions: [...b.instructions], terminator: b.terminator }));
  }

  run(): MirFunction {
    for (const b of this.#blocks.slice()) {
      this.#detours(b);
      this.#otherEnd(b);
    }
    this.#unreachable();
    return this.#renumbered();
  }

  #fresh(type: Type): Value { return this.#types.push(type) - 1; }

  /** Some edges go through a block of their own, that may get an argument nobody reads. */
  #detours(b: Draft): void {
    b.terminator = mapEdges(b.terminator, (e) => {
      if (this.#c.below(5) !== 0) return e;
      const given = e.args.length > 0 && this.#c.below(3) === 0 ? [...e.args, e.args[this.#c.below(e.args.length)]] : e.args;
      const params = given.map((v) => this.#fresh(this.#types[v]));
      const block = this.#blocks.push({ params, instructions: [], terminator: { kind: 'jump', target: { block: e.block, args: params.slice(0, e.args.length) }, loc: 0 } }) - 1;
      if (this.#c.below(3) === 0) this.#blocks[block].instructions.push({ kind: 'const', type: 'i32', value: 5, result: this.#fresh('i32'), loc: 0 });
      return { block, args: given };
    });
  }

  #otherEnd(b: Draft): void {
    const t = b.terminator, last = b.instructions.at(-1);
    if (this.#c.below(3) !== 0) return;
    if (t.kind === 'jump') {
      const condition = this.#fresh('i1');
      b.instructions.push({ kind: 'const', type: 'i1', value: this.#c.below(2), result: condition, loc: 0 });
      b.terminator = { kind: 'br', condition, then: t.target, else: t.target, loc: 0 };
    } else if (t.kind === 'br') {
      const value = this.#fresh('i32');
      b.instructions.push({ kind: 'convert', op: 'zext', from: 'i1', type: 'i32', a: t.condition, result: value, loc: 0 });
      b.terminator = { kind: 'switch', type: 'i32', value, cases: [{ value: 1, target: t.then }, { value: 7, target: t.then }], default: t.else, loc: 0 };
    } else if (t.kind === 'ret' && last?.kind === 'call' && last.results.join() === t.args.join()) {
      b.instructions.pop();
      b.terminator = { kind: 'tail_call', callee: last.callee, args: last.args, loc: 0 };
    }
  }

  #unreachable(): void {
    if (this.#blocks.length < 2) return;
    const block = 1 + this.#c.below(this.#blocks.length - 1), n = this.#f.valueTypes.length;
    const args = this.#blocks[block].params.map((p) => this.#f.valueTypes.findIndex((t, v) => v < n && t === this.#types[p]));
    if (!args.includes(-1)) this.#blocks.push({ params: [], instructions: [], terminator: { kind: 'jump', target: { block, args }, loc: 0 } });
  }

  #permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, k) => k);
    for (let k = n - 1; k > 0; k--) {
      const j = this.#c.below(k + 1);
      [order[k], order[j]] = [order[j], order[k]];
    }
    return order;
  }

  #renumbered(): MirFunction {
    const value = this.#permutation(this.#types.length), valueTypes: Type[] = [];
    this.#types.forEach((t, v) => { valueTypes[value[v]] = t; });
    const place = [0, ...this.#permutation(this.#blocks.length - 1).map((b) => b + 1)], blocks: Block[] = [];
    const map = (v: Value): Value => value[v];
    this.#blocks.forEach((b, k) => {
      const terminator = mapEdges(mapTerminatorOperands(b.terminator, map), (e) => ({ block: place[e.block], args: e.args }));
      blocks[place[k]] = { params: b.params.map(map), instructions: b.instructions.map((i) => renamed(mapOperands(i, map), map)), terminator };
    });
    return { ...this.#f, valueTypes, blocks, valueNames: {} };
  }
}

function renamed(i: Instruction, map: (v: Value) => Value): Instruction {
  if (i.kind === 'pair') return { ...i, result: map(i.result), result2: map(i.result2) };
  if ('results' in i) return { ...i, results: i.results.map(map) };
  return 'result' in i ? { ...i, result: map(i.result) } : i;
}

function scrambled(m: Module, c: RandomChoices): Module {
  return { ...m, functions: m.functions.map((f) => new Scrambler(f, c).run()) };
}

test('the interpreter, O3 and passes in any combination do what the program did', () => {
  const O3 = Pipeline.standard('O3');
  for (let seed = 1; seed <= 60; seed++) {
    const c = new RandomChoices(seed), program = programOfSeed(seed, { size: [10, 30, 80][seed % 3] }), m = scrambled(program.module, c);
    assert.equal(verifyModule(m).map((e) => e.message), [], `seed ${seed}`);
    const expected = behaviour(program.module, program);
    const some = Array.from({ length: 3 }, () => ALL_PASSES[c.below(ALL_PASSES.length)]);
    for (const [what, after] of [['interpreted', m], ['O3', O3.run(m, { verifyAfterEach: true }).module], [some.map((p) => p.name).join(), new Pipeline(some).run(m, { verifyAfterEach: true }).module]] as const) {
      assert.is(difference(expected, behaviour(after, program)), undefined, `seed ${seed}, ${what}`);
    }
  }
});

test.run();
