/**
 * Random programs of vectors, masks, memory and atomics through the DSL: the interpreter against WebAssembly and
 * native code, as built and optimised. NaNs are made alike after every float operation, since their bits are nobody's.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasm } from '../../backends/wasm/index.ts';
import {
  array, f32x4, f32x8, f64x2, fn, global, i16x8, i32, i32x4, i32x8, i64x2, i8x16, module, u16x8, u32, u32x4, u64x2, u8, u8x16, u8x32, unit, type Bool, type I32, type U32, type ValueType, type Var,
} from '../../dsl/index.ts';
import { compile } from '../../lib/index.ts';
import { Interpreter, assertValid, type Module } from '../../lib/mir/index.ts';
import { Pipeline } from '../../lib/passes/index.ts';
import { instantiateWasm, nativeAvailable } from '../../lib/runtime/index.ts';
import { machineLevels, nativeInstance } from '../support/native-executor.ts';

const test = suite('dsl lane programs');
const TYPES = [i8x16, u8x16, i16x8, u16x8, i32x4, u32x4, i64x2, u64x2, f32x4, f64x2, u8x32, i32x8, f32x8] as unknown as readonly (ValueType & AnyType)[];
type AnyVector = { readonly [name: string]: (...args: readonly unknown[]) => AnyVector };
interface AnyType { readonly name: string; readonly length: number; readonly bits: number; splat(x: unknown): AnyVector; of(...x: readonly unknown[]): AnyVector }
const BYTES = 512;

/** Numbers drawn one after the other decide everything, so that a program shrinks with its list. */
class Draw {
  readonly #list: readonly number[];
  #at = 0;
  constructor(list: readonly number[]) { this.#list = list; }
  get empty(): boolean { return this.#at >= this.#list.length; }
  below(n: number): number { return this.empty ? 0 : (this.#list[this.#at++] >>> 0) % n; }
  one<T>(list: readonly T[]): T { return list[this.below(list.length)]; }
}

const is = (t: AnyType, pattern: RegExp): boolean => pattern.test(t.name);
/** Methods with one operand of the same type, and with none. */
function binaries(t: AnyType): readonly string[] {
  if (is(t, /^f/)) return ['add', 'sub', 'mul', 'div', 'min', 'max'];
  return ['add', 'sub', 'and', 'or', 'xor', 'andNot', 'min', 'max', ...(is(t, /8x/) && !is(t, /^.(16|32|64)x/) ? [] : ['mul']), ...(is(t, /^[iu](8|16)x/) ? ['addSat', 'subSat'] : []), ...(is(t, /^u(8|16)x/) ? ['avg'] : []), ...(is(t, /^u8x/) ? ['swizzle'] : [])];
}
function unaries(t: AnyType): readonly string[] {
  if (is(t, /^f/)) return ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest'];
  return ['neg', 'not', ...(is(t, /^i/) ? ['abs'] : []), ...(is(t, /^[iu]8x/) ? ['popcnt'] : [])];
}
/** A conversion from `t` to another type of the list. */
function conversions(t: AnyType): readonly (readonly [string, string])[] {
  const list: [string, string][] = [];
  const m = /^([iu])(\d+)x(\d+)$/.exec(t.name);
  if (m !== null && Number(m[2]) < 64) for (const how of ['extendLow', 'extendHigh']) list.push([how, `${m[1]}${Number(m[2]) * 2}x${Number(m[3]) / 2}`]);
  if (m !== null && (m[2] === '16' || m[2] === '32')) list.push(['narrow', `${m[1]}${Number(m[2]) / 2}x${Number(m[3]) * 2}`]);
  if (m !== null && m[1] === 'i' && (m[2] === '16' || m[2] === '32')) list.push(['narrowUnsigned', `u${Number(m[2]) / 2}x${Number(m[3]) * 2}`]);
  if (t.name === 'i16x8') list.push(['dot', 'i32x4']);
  if (is(t, /^[iu]32x/)) list.push([`toF32x${t.length}`, `f32x${t.length}`]);
  if (is(t, /^f32x/)) list.push([`toI32x${t.length}Sat`, `i32x${t.length}`], [`toU32x${t.length}Sat`, `u32x${t.length}`]);
  if (t.bits === 256) list.push(['low', t.name.replace(/x\d+/, `x${t.length / 2}`)], ['high', t.name.replace(/x\d+/, `x${t.length / 2}`)]);
  else list.push(['concat', t.name.replace(/x\d+/, `x${t.length * 2}`)]);
  return list.filter(([, to]) => TYPES.some((x) => x.name === to));
}

function build(numbers: readonly number[]): Module {
  const bytes = global('bytes', array(u8, BYTES), Uint8Array.from({ length: BYTES }, (_, k) => k * 37 + (k >> 3))), counters = global('counters', array(u32, 4));
  const program = fn('program', [i32], u32, (b, n) => {
    const d = new Draw(numbers);
    const variables = TYPES.map((t) => ({ t, v: b.var(t as unknown as typeof i32x4, load(t, 16 * d.below(20)) as never) as unknown as Var<ValueType> }));
    const get = (t: AnyType): AnyVector => variables.find((x) => x.t === t)!.v.get() as unknown as AnyVector;
    const set = (t: AnyType, value: AnyVector): void => { variables.find((x) => x.t === t)!.v.set(alike(t, value) as never); };
    function alike(t: AnyType, v: AnyVector): AnyVector { return is(t, /^f/) ? v['eq'](v)['select'](v, 1) : v; }
    /** Any address of the array, aligned or not. */
    function load(t: AnyType, at: number): AnyVector {
      const place = bytes.at(0).$ptr.offset(at).cast(t as unknown as ValueType).at() as unknown as { get(): AnyVector };
      return alike(t, place.get());
    }
    const store = (t: AnyType, at: number, index: I32 | undefined): void => {
      const p = bytes.at(0).$ptr.offset(at), q = index === undefined ? p : p.add(index);
      (q.cast(t as unknown as ValueType).at() as unknown as { set(v: unknown): void }).set(get(t));
    };
    const mask = (t: AnyType): AnyVector => get(t)[d.one(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])](get(t)['permute'](Array.from({ length: t.length }, (_, k) => k ^ 1)));
    const step = (depth: number, i: I32): void => {
      const t = d.one(TYPES);
      switch (d.below(15)) {
        case 0: case 1: case 2: set(t, get(t)[d.one(binaries(t))](load(t, d.below(400)))); break;
        case 3: set(t, get(t)[d.one(unaries(t))]()); break;
        case 4: if (is(t, /^f/)) set(t, get(t)['fma'](load(t, d.below(400)), get(t))); else set(t, get(t)[d.one(['shl', 'shr'])](d.below(2) === 0 ? d.below(70) : i.add(d.below(9)))); break;
        case 5: set(t, get(t)['shuffle'](load(t, d.below(400)), Array.from({ length: t.length }, () => d.below(2 * t.length)))); break;
        case 6: set(t, get(t)['withLane'](d.below(t.length), load(t, d.below(400))['lane'](d.below(t.length)))); break;
        case 7: set(t, t.splat(get(t)['lane'](d.below(t.length)))); break;
        case 8: { const list = conversions(t); if (list.length > 0) { const [how, to] = d.one(list), other = TYPES.find((x) => x.name === to)!; set(other, ['narrow', 'narrowUnsigned', 'dot', 'concat'].includes(how) ? get(t)[how](get(t)[unaries(t)[0]]()) : get(t)[how]()); } break; }
        case 9: { const other = d.one(TYPES.filter((x) => x.bits === t.bits)); set(other, get(t)['as'](other)); break; }
        case 10: { const other = d.one(TYPES.filter((x) => x.bits === t.bits)); set(other, mask(t)['select'](get(other), load(other, d.below(400)))); break; }
        case 11: store(t, d.below(400), d.below(2) === 0 ? undefined : i.and(31)); break;
        case 12: if (depth < 3) { const m = mask(t); b.if(m[d.one(['anyTrue', 'allTrue'])]() as unknown as Bool, () => steps(depth + 1, i, 1 + d.below(3)), d.below(2) === 0 ? undefined : () => steps(depth + 1, i, 1 + d.below(3))); } break;
        case 13: if (depth < 2) { const count = 1 + d.below(4); b.for([0, count], (k) => steps(depth + 1, k, 1 + d.below(3))); } break;
        default: { const place = counters.at(d.below(4)).atomic; place[d.one(['add', 'sub', 'xor', 'exchange'] as const)](mask(t)['bitmask']() as unknown as U32); place.compareExchange(d.below(3), 5, { failure: 'relaxed' }); }
      }
    };
    const steps = (depth: number, i: I32, count: number): void => { for (let k = 0; k < count && !d.empty; k++) step(depth, i); };
    while (!d.empty) step(0, n);
    const sum = b.var(u32, 1);
    for (const { t } of variables) {
      const words = t.bits === 256 ? get(t)['as'](i32x8) : get(t)['as'](i32x4);
      for (let k = 0; k < t.bits / 32; k++) sum.update((s) => s.mul(31).add((words['lane'](k) as unknown as I32).toU32()));
    }
    b.for([0, BYTES], (k) => sum.update((s) => s.mul(33).add(bytes.at(k).get().toU32())));
    for (let k = 0; k < 4; k++) sum.update((s) => s.xor(counters.at(k).atomic.load()).rotl(7));
    b.ret(sum.get());
  });
  void unit;
  const m = module('lanes', { locations: false, memory: { initialPages: 3 } }).export({ program }).build();
  assertValid(m);
  return m;
}

const O2 = Pipeline.standard('O2');

test('interpreter, WebAssembly and native code agree', () => {
  const seed = Date.now() & 0x7fffffff;
  process.stdout.write(`\nseed ${seed}\n`);
  let steps = 0;
  fc.assert(fc.property(fc.array(fc.integer(), { minLength: 20, maxLength: 300, size: 'max' }), fc.integer({ min: 0, max: 40 }), (numbers, n) => {
    const m = build(numbers), expected = (new Interpreter(m, { maxSteps: 5_000_000 }).call('program', [n]).values[0] as number) >>> 0;
    steps += numbers.length;
    const optimised = O2.run(m).module;
    assert.is((new Interpreter(optimised, { maxSteps: 5_000_000 }).call('program', [n]).values[0] as number) >>> 0, expected, 'optimised');
    for (const [name, it] of [['wasm', m], ['wasm O2', optimised]] as const) assert.is((instantiateWasm(wasm.compile(it)).call('program', [n]) as number) >>> 0, expected, name);
    if (!nativeAvailable()) return;
    using native = compile(m, { level: 'O0' });
    assert.is((native as unknown as { program(n: number): number }).program(n) >>> 0, expected, 'native O0');
    // Another level of processor features each time.
    const levels = [...machineLevels(), 'machine'] as const, features = levels[numbers.length % levels.length], instance = nativeInstance(optimised, { features });
    try {
      assert.is((instance.call('program', [n]) as number) >>> 0, expected, `native O2, ${features}`);
    } finally {
      instance.dispose();
    }
  }), { numRuns: 40, seed, includeErrorInReport: true });
  assert.ok(steps > 1000);
});

test.run();
