/** Random structured programs: the DSL's SSA construction against plain evaluation with mutable variables. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fn, i32, module, type I32 } from '../../dsl/index.ts';
import { Interpreter, assertValid } from '../../lib/mir/index.ts';

const test = suite('dsl random programs');
const VARIABLES = 4, FUEL = 400;

type Expression = { readonly k: 'var'; readonly v: number } | { readonly k: 'lit'; readonly x: number } | { readonly k: 'op'; readonly op: 'add' | 'sub' | 'mul' | 'xor'; readonly a: Expression; readonly b: Expression };
interface Condition { readonly a: Expression; readonly b: Expression; readonly op: 'lt' | 'eq' | 'ge' }
type Statement =
  | { readonly k: 'set'; readonly v: number; readonly e: Expression }
  | { readonly k: 'swap'; readonly v: number; readonly w: number }
  | { readonly k: 'if'; readonly c: Condition; readonly then: readonly Statement[]; readonly other: readonly Statement[] | null }
  | { readonly k: 'for'; readonly n: number; readonly v: number; readonly body: readonly Statement[] }
  | { readonly k: 'while' | 'doWhile'; readonly c: Condition; readonly body: readonly Statement[] }
  | { readonly k: 'loop'; readonly body: readonly Statement[] }
  | { readonly k: 'switch'; readonly e: Expression; readonly cases: readonly (readonly Statement[])[]; readonly other: readonly Statement[] | null }
  | { readonly k: 'break' | 'continue'; readonly out: number }
  | { readonly k: 'ret'; readonly e: Expression };

const variable = fc.nat(VARIABLES - 1);
const { expression, condition, block } = fc.letrec<{ expression: Expression; condition: Condition; statement: Statement; block: Statement[] }>((tie) => ({
  expression: fc.oneof({ depthSize: 'small', withCrossShrink: true },
    variable.map((v): Expression => ({ k: 'var', v })), fc.integer({ min: -9, max: 9 }).map((x): Expression => ({ k: 'lit', x })),
    fc.record({ k: fc.constant('op' as const), op: fc.constantFrom('add' as const, 'sub' as const, 'mul' as const, 'xor' as const), a: tie('expression'), b: tie('expression') })),
  condition: fc.record({ a: tie('expression'), b: tie('expression'), op: fc.constantFrom('lt' as const, 'eq' as const, 'ge' as const) }),
  statement: fc.oneof({ depthSize: 'medium', withCrossShrink: true },
    fc.record({ k: fc.constant('set' as const), v: variable, e: tie('expression') }),
    fc.record({ k: fc.constant('swap' as const), v: variable, w: variable }),
    fc.record({ k: fc.constantFrom('break' as const, 'continue' as const), out: fc.nat(2) }),
    fc.record({ k: fc.constant('if' as const), c: tie('condition'), then: tie('block'), other: fc.option(tie('block')) }),
    fc.record({ k: fc.constant('for' as const), n: fc.nat(5), v: variable, body: tie('block') }),
    fc.record({ k: fc.constantFrom('while' as const, 'doWhile' as const), c: tie('condition'), body: tie('block') }),
    fc.record({ k: fc.constant('loop' as const), body: tie('block') }),
    fc.record({ k: fc.constant('switch' as const), e: tie('expression'), cases: fc.array(tie('block'), { maxLength: 3 }), other: fc.option(tie('block')) }),
    fc.record({ k: fc.constant('ret' as const), e: tie('expression') })),
  block: fc.array(tie('statement'), { maxLength: 5, depthIdentifier: 'block' }),
}));
void expression; void condition;

/** Thrown to leave loops and the function; `out` counts the loops still to leave. */
class Leave { readonly what: 'break' | 'continue' | 'ret'; out: number; readonly value: number; constructor(what: 'break' | 'continue' | 'ret', out: number, value = 0) { this.what = what; this.out = out; this.value = value; } }

/** What a program means, with plain variables. `fuel` counts rounds of loops; when it is gone the result is -1. */
function evaluate(program: readonly Statement[], args: readonly number[]): number {
  const v = [...args];
  let fuel = FUEL, depth = 0;
  const value = (e: Expression): number => {
    if (e.k === 'var') return v[e.v];
    if (e.k === 'lit') return e.x;
    const a = value(e.a), b = value(e.b);
    return e.op === 'add' ? (a + b) | 0 : e.op === 'sub' ? (a - b) | 0 : e.op === 'mul' ? Math.imul(a, b) : a ^ b;
  };
  const holds = (c: Condition): boolean => { const a = value(c.a), b = value(c.b); return c.op === 'lt' ? a < b : c.op === 'eq' ? a === b : a >= b; };
  /** Runs one round; false when the loop is left. */
  const round = (body: readonly Statement[]): boolean => {
    if (--fuel < 0) throw new Leave('ret', 0, -1);
    depth++;
    try { run(body); } catch (l) {
      if (!(l instanceof Leave) || l.what === 'ret' || l.out-- > 0) throw l;
      return l.what === 'continue';
    } finally { depth--; }
    return true;
  };
  const run = (list: readonly Statement[]): void => {
    for (const s of list) {
      switch (s.k) {
        case 'set': v[s.v] = value(s.e); break;
        case 'swap': [v[s.v], v[s.w]] = [v[s.w], v[s.v]]; break;
        case 'if': run(holds(s.c) ? s.then : s.other ?? []); break;
        case 'for': for (let i = 0; i < s.n; i++) { v[s.v] = (v[s.v] + i) | 0; if (!round(s.body)) break; } break;
        case 'while': while (holds(s.c)) if (!round(s.body)) break; break;
        case 'doWhile': do { if (!round(s.body)) break; } while (holds(s.c)); break;
        case 'loop': for (;;) if (!round(s.body)) break; break;
        case 'switch': { const x = value(s.e); run(x >= 0 && x < s.cases.length ? s.cases[x] : s.other ?? []); break; }
        case 'break': case 'continue': if (depth > 0) throw new Leave(s.k, Math.min(s.out, depth - 1)); break;
        case 'ret': throw new Leave('ret', 0, value(s.e));
        default: s satisfies never;
      }
    }
  };
  try { run(program); } catch (l) {
    if (l instanceof Leave && l.what === 'ret') return l.value;
    throw l;
  }
  return v.reduce((s, x) => (Math.imul(s, 31) + x) | 0, 0);
}

/** The same program through the DSL. */
function compile(program: readonly Statement[]): Interpreter {
  const f = fn('f', [i32, i32, i32, i32], i32, (b, ...params) => {
    const v = params.map((p) => b.var(i32, p)), fuel = b.var(i32, FUEL);
    const value = (e: Expression): I32 => e.k === 'var' ? v[e.v].get() : e.k === 'lit' ? b.const(i32, e.x) : value(e.a)[e.op](value(e.b));
    const holds = (c: Condition) => value(c.a)[c.op](value(c.b));
    type Handle = Parameters<Parameters<typeof b.loop>[0]>[0];
    const loops: Handle[] = [];
    const round = (body: readonly Statement[], loop: Handle): void => {
      fuel.update((x) => x.sub(1));
      b.if(fuel.get().lt(0), () => b.ret(-1));
      loops.push(loop);
      run(body);
      loops.pop();
    };
    const run = (list: readonly Statement[]): void => {
      for (const s of list) {
        switch (s.k) {
          case 'set': v[s.v].set(value(s.e)); break;
          case 'swap': { const x = v[s.v].get(), y = v[s.w].get(); v[s.v].set(y); v[s.w].set(x); break; }
          case 'if': { const { other } = s; b.if(holds(s.c), () => run(s.then), other === null ? undefined : () => run(other)); break; }
          case 'for': b.for(s.n, (i, loop) => { v[s.v].update((x) => x.add(i)); round(s.body, loop); }); break;
          case 'while': b.while(() => holds(s.c), (loop) => round(s.body, loop)); break;
          case 'doWhile': b.doWhile((loop) => round(s.body, loop), () => holds(s.c)); break;
          case 'loop': b.loop((loop) => round(s.body, loop)); break;
          case 'switch': { const { other } = s; b.switch(value(s.e), s.cases.map((c, k) => [k, () => run(c)] as const), other === null ? undefined : () => run(other)); break; }
          case 'break': case 'continue': if (loops.length > 0) b[s.k](loops[loops.length - 1 - Math.min(s.out, loops.length - 1)]); break;
          case 'ret': b.ret(value(s.e)); break;
          default: s satisfies never;
        }
      }
    };
    run(program);
    b.ret(v.reduce((s, x) => s.mul(31).add(x.get()), b.const(i32, 0)));
  });
  const m = module('m', { locations: false }).export({ f }).build();
  assertValid(m);
  for (const block of m.functions[0].blocks.slice(1)) for (const p of block.params) assertNotTrivial(m.functions[0], p, block.params);
  return new Interpreter(m, { maxSteps: 5_000_000 });
}

/** No parameter gets the same value, or itself, along every edge. */
function assertNotTrivial(f: import('../../lib/mir/index.ts').MirFunction, p: number, params: readonly number[]): void {
  const sources = new Set<number>();
  for (const b of f.blocks) {
    const t = b.terminator;
    const edges = t.kind === 'jump' ? [t.target] : t.kind === 'br' ? [t.then, t.else] : t.kind === 'switch' ? [...t.cases.map((c) => c.target), t.default] : [];
    for (const e of edges) if (f.blocks[e.block].params === params) sources.add(e.args[params.indexOf(p)]);
  }
  sources.delete(p);
  assert.ok(sources.size > 1, `parameter v${p} is trivial`);
}

test('structured programs compute what plain evaluation computes, and are clean MIR', () => {
  const seed = Date.now() & 0x7fffffff;
  process.stdout.write(`\nseed ${seed}\n`);
  fc.assert(fc.property(block, fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer(), fc.integer({ min: 0, max: 3 }), fc.integer()), (program, args) => {
    const expected = evaluate(program, args);
    assert.is(compile(program).call('f', args).values[0], expected);
  }), { numRuns: 600, seed });
});

test.run();
