/** Structs of doubles and square roots: five bodies under gravity. */
import { f64, fn, i32, module, ptr, struct } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';

const STEPS = 200_000;
const FIELDS = 7, BYTES = 5 * FIELDS * 8;

/** x y z vx vy vz mass of Sun, Jupiter, Saturn, Uranus, Neptune, in rounded units of our own. */
const BODIES = [
  0, 0, 0, 0, 0, 0, 39.47,
  4.84, -1.16, -0.1, 0.6, 2.81, -0.02, 0.037,
  8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011,
  12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017,
  15.37, -25.9, 0.18, 0.97, 0.59, -0.03, 0.002,
];

const Body = struct('Body', { x: f64, y: f64, z: f64, vx: f64, vy: f64, vz: f64, mass: f64 });

const energyDsl = fn('energy', [ptr(Body)], f64, (b, bodies) => {
  const e = b.var(f64, 0);
  b.for([0, 5], (i) => {
    const p = bodies.at(i);
    const vx = p.vx.get(), vy = p.vy.get(), vz = p.vz.get();
    e.set(e.get().add(p.mass.get().mul(0.5).mul(vx.mul(vx).add(vy.mul(vy)).add(vz.mul(vz)))));
    b.for([i.add(1), 5], (j) => {
      const q = bodies.at(j);
      const dx = p.x.get().sub(q.x.get()), dy = p.y.get().sub(q.y.get()), dz = p.z.get().sub(q.z.get());
      e.set(e.get().sub(p.mass.get().mul(q.mass.get()).div(dx.mul(dx).add(dy.mul(dy)).add(dz.mul(dz)).sqrt())));
    });
  });
  b.ret(e.get());
});

const nbodyDsl = fn('nbody', [ptr(Body), i32], f64, (b, bodies, steps) => {
  b.for([0, steps], () => {
    b.for([0, 5], (i) => {
      const p = bodies.at(i);
      b.for([i.add(1), 5], (j) => {
        const q = bodies.at(j);
        const dx = p.x.get().sub(q.x.get()), dy = p.y.get().sub(q.y.get()), dz = p.z.get().sub(q.z.get());
        const d2 = dx.mul(dx).add(dy.mul(dy)).add(dz.mul(dz));
        const mag = b.const(f64, 0.01).div(d2.mul(d2.sqrt()));
        const pull = q.mass.get().mul(mag), push = p.mass.get().mul(mag);
        p.vx.set(p.vx.get().sub(dx.mul(pull)));
        p.vy.set(p.vy.get().sub(dy.mul(pull)));
        p.vz.set(p.vz.get().sub(dz.mul(pull)));
        q.vx.set(q.vx.get().add(dx.mul(push)));
        q.vy.set(q.vy.get().add(dy.mul(push)));
        q.vz.set(q.vz.get().add(dz.mul(push)));
      });
    });
    b.for([0, 5], (i) => {
      const p = bodies.at(i);
      p.x.set(p.x.get().add(p.vx.get().mul(0.01)));
      p.y.set(p.y.get().add(p.vy.get().mul(0.01)));
      p.z.set(p.z.get().add(p.vz.get().mul(0.01)));
    });
  });
  b.ret(energyDsl(bodies));
});

interface JsBody { x: number; y: number; z: number; vx: number; vy: number; vz: number; mass: number }

function energyJs(bodies: readonly JsBody[]): number {
  let e = 0;
  for (let i = 0; i < bodies.length; i++) {
    const p = bodies[i];
    e += 0.5 * p.mass * (p.vx * p.vx + p.vy * p.vy + p.vz * p.vz);
    for (let j = i + 1; j < bodies.length; j++) {
      const q = bodies[j], dx = p.x - q.x, dy = p.y - q.y, dz = p.z - q.z;
      e -= p.mass * q.mass / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

function nbodyJs(bodies: readonly JsBody[], steps: number): number {
  for (let s = 0; s < steps; s++) {
    for (let i = 0; i < bodies.length; i++) {
      const p = bodies[i];
      for (let j = i + 1; j < bodies.length; j++) {
        const q = bodies[j], dx = p.x - q.x, dy = p.y - q.y, dz = p.z - q.z;
        const d2 = dx * dx + dy * dy + dz * dz, mag = 0.01 / (d2 * Math.sqrt(d2));
        p.vx -= dx * (q.mass * mag);
        p.vy -= dy * (q.mass * mag);
        p.vz -= dz * (q.mass * mag);
        q.vx += dx * (p.mass * mag);
        q.vy += dy * (p.mass * mag);
        q.vz += dz * (p.mass * mag);
      }
    }
    for (const p of bodies) {
      p.x += 0.01 * p.vx;
      p.y += 0.01 * p.vy;
      p.z += 0.01 * p.vz;
    }
  }
  return energyJs(bodies);
}

export const nbody: BenchProgram = {
  name: 'nbody',
  description: `${STEPS.toLocaleString('en')} steps of five bodies`,
  bytes: BYTES,
  prepare: (memory) => new Float64Array(memory.buffer, memory.byteOffset, 5 * FIELDS).set(BODIES),
  args: [STEPS],
  c: { result: 'double', params: ['uint8_t *', 'int32_t'] },
  module: () => module('nbody', { memory: { initialPages: pagesFor(BYTES) } }).export({ nbody: nbodyDsl }).build(),
  // JavaScript keeps bodies as objects; they are made anew for every run, as the memory is prepared.
  javascript: () => () => nbodyJs(Array.from({ length: 5 }, (_, i) => {
    const [x, y, z, vx, vy, vz, mass] = BODIES.slice(i * FIELDS);
    return { x, y, z, vx, vy, vz, mass };
  }), STEPS),
};
