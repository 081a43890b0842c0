/** A program that uses every part of the DSL's types; `wrong.spec.ts` counts what checking it costs. */
import { array, bool, f32, f32x4, f32x8, f64, fn, fnRef, global, host, i32, i32x4, i64, module, ptr, struct, table, u32, u64, u8, u8x16, unit, type ExportsOf, type ImportsOf } from '../../dsl/index.ts';

const Vec = struct('Vec', { x: f64, y: f64, z: f64 });
const Body = struct('Body', { position: Vec, velocity: Vec, mass: f64, tags: array(u8, 8) });
const counter = global('counter', u64, 0n), squares = global('squares', array(u32, 4), [0, 1, 4, 9]);
const log = host('log', [i32, f64], unit), clock = host('clock', [], i64);

const fib = fn('fib', [i64], i64, (b, n) => {
  b.if(n.lt(2n), () => b.ret(n));
  b.ret(fib(n.sub(1n)).add(fib(n.sub(2n))));
});
const divmod = fn('divmod', [i32, i32], [i32, i32], (b, x, y) => b.ret(x.div(y), x.rem(y)));
const dot = fn('dot', [ptr(Vec), ptr(Vec)], f64, (b, p, q) => {
  const u = p.at(), v = q.at();
  b.ret(u.x.get().mul(v.x.get()).add(u.y.get().mul(v.y.get())).add(u.z.get().mul(v.z.get())));
});
const advance = fn('advance', [ptr(Body), i32, f64], unit, (b, bodies, n, dt) => {
  b.for(n, (i) => {
    b.for([i.add(1), n], (j) => {
      const p = bodies.at(i), q = bodies.at(j), force = b.slot(Vec);
      for (const axis of ['x', 'y', 'z'] as const) force[axis].set(p.position[axis].get().sub(q.position[axis].get()));
      const squared = dot(force.$ptr, force.$ptr), scale = dt.div(squared.mul(squared.sqrt()));
      for (const axis of ['x', 'y', 'z'] as const) {
        p.velocity[axis].update((v) => v.sub(force[axis].get().mul(q.mass.get()).mul(scale)));
        q.velocity[axis].update((v) => v.add(force[axis].get().mul(p.mass.get()).mul(scale)));
      }
    });
    bodies.at(i).tags.at(i.and(7)).set(i.toU8());
  });
});
const hash = fn('hash', [ptr(u8), u32], u32, (b, bytes, n) => {
  const h = b.var(u32, 2166136261);
  b.for([0, n], (i) => h.update((x) => x.xor(bytes.at(i).get().toU32()).mul(16777619)));
  b.ret(h.get());
});
const isPrime = fn('isPrime', [u32], bool, (b, n) => {
  b.if(n.lt(2), () => b.ret(false));
  const d = b.var(u32, 2);
  b.while(() => d.get().mul(d.get()).le(n), (loop) => {
    b.if(n.rem(d.get()).eq(0), () => b.ret(false));
    b.if(d.get().gt(65535), () => loop.break());
    d.update((x) => x.add(1));
  });
  b.ret(true);
});
const Compare = fnRef([i32, i32], bool);
const less = fn('less', [i32, i32], bool, (b, x, y) => b.ret(x.lt(y)));
const sort = fn('sort', [ptr(i32), i32, Compare], unit, (b, xs, n, before) => {
  b.for([1, n], (i) => {
    const x = xs.at(i).get(), j = b.var(i32, i);
    b.while(() => b.and(j.get().gt(0), () => before.call(x, xs.at(j.get().sub(1)).get())), () => {
      xs.at(j.get()).set(xs.at(j.get().sub(1)).get());
      j.update((k) => k.sub(1));
    });
    xs.at(j.get()).set(x);
  });
});
const inc = fn('inc', [i32], i32, (b, n) => b.ret(n.add(1)));
const dec = fn('dec', [i32], i32, (b, n) => b.ret(n.sub(1)));
const steps = table('steps', [inc, dec]);
const machine = fn('machine', [ptr(u8), i32], i32, (b, code, start) => {
  const pc = b.var(u32, 0), acc = b.var(i32, start);
  b.loop(() => {
    const op = code.at(pc.get()).get();
    pc.update((p) => p.add(1));
    b.switch(op, [[0, () => b.ret(acc.get())], [[1, 2], () => acc.set(b.callIndirect(steps, op.sub(1).toU32(), acc.get()))]], () => b.trap());
  });
});
const main = fn('main', [i32, f32], i64, (b, n, x) => {
  const [q, r] = divmod(n, 10), [sum, carry] = q.addOverflow(r);
  log(sum, x.toF64().add(b.select(carry, 1, x.toF64())));
  sort(b.null(i32), 0, less.ref());
  counter.update((c) => c.add(1n));
  b.ret(clock().add(counter.get().toI64()).add(squares.at(2).get().toI64()).add(b.choose(i64, isPrime(n.toU32()), () => 1n, () => fib(5n))));
});

const ticket = global('ticket', u32), lines = global('lines', array(f32x4, 8), [1, [1, 2, 3, 4], Float32Array.of(5, 6, 7, 8)]);
const scale = fn('scale', [ptr(f32), i32, f32x4], f32x4, (b, xs, n, factor) => {
  const total = b.var(f32x4, 0), most = b.var(f32x8, -Infinity);
  b.for([0, n, 4], (i) => {
    const v = xs.at(i).vector(f32x4).get().mul(factor), big = v.gt(lines.at(i.and(7)).get());
    xs.at(i).vector(f32x4).set(big.select(v, 0));
    total.update((t) => v.fma(2, t).add(big.as(i32x4).and(1).toF32x4()));
    most.update((m) => m.max(v.concat(v.permute([3, 2, 1, 0]))));
    b.if(big.anyTrue(), () => ticket.atomic.add(big.bitmask().popcnt(), 'relaxed'));
  });
  const [, won] = ticket.atomic.compareExchange(0, 1, { success: 'acq_rel' });
  b.ret(b.select(won, total.get(), most.get().low().shuffle(most.get().high(), [0, 4, 1, 5]).withLane(2, f32x4.of(1, 2, 3, 4).lane(3))));
});
const average = fn('average', [ptr(u8), ptr(u8)], unit, (b, p, q) => {
  const v = p.at().vector(u8x16);
  v.set(v.get().avg(q.at(1).vector(u8x16).get()).addSat(1));
  b.fence('release');
});

const demo = module('demo').import({ log, clock }).export({ fib, divmod, advance, hash, machine, main, scale, average }).build();
declare const native: ExportsOf<typeof demo>;
const imports: ImportsOf<typeof demo> = { log: (n: number, x: number) => console.log(n + x), clock: () => process.hrtime.bigint() };
export const results: readonly [Float32Array, bigint, readonly [number, number], void, number, bigint] = [native.scale(1024, 8, Float32Array.of(1, 2, 3, 4)), native.fib(30n), native.divmod(7, 2), native.advance(1024, 5, 0.01), native.hash(1024, 5), native.main(1, 2)];
void imports;
