/**
 * The Mandelbrot set on two workers over one memory, four points at a time. Each worker takes the next row that nobody
 * has taken. `node dist/playground/parallel-mandelbrot.js`.
 */
import { array, f64x4, fn, global, i32, i64x4, module, u8, unit } from 'lamella';
import { SharedMemoryUnsupportedError, type SharedJob } from 'lamella/sandbox';
import { drawJs, HEIGHT, LIMIT, WIDTH } from './mandelbrot.ts';
import { heading, isMain, kindOf, ms, sandbox, say, timed, valueOf } from './support.ts';

const WORKERS = 2;

/** The module: `draw` fills rows of `pixels` until none is left. */
export function parallelMandelbrotModule() {
  const pixels = global('pixels', array(u8, WIDTH * HEIGHT * 3)), next = global('next', i32);
  /** Rounds until each of four neighbouring points has escaped. */
  const escapeTimes = fn('escapeTimes', [f64x4, f64x4], i64x4, (b, cx, cy) => {
    const x = b.var(f64x4, 0), y = b.var(f64x4, 0), inside = b.var(i64x4, -1n), rounds = b.var(i64x4, 0n);
    b.for([0, LIMIT], (_, loop) => {
      const xx = x.get().mul(x.get()), yy = y.get().mul(y.get());
      inside.update((m) => m.andNot(xx.add(yy).gt(4)));
      b.if(inside.get().anyTrue().not(), () => loop.break());
      rounds.update((n) => n.sub(inside.get())); // true is -1
      y.set(x.get().mul(y.get()).mul(2).add(cy));
      x.set(xx.sub(yy).add(cx));
    });
    b.ret(rounds.get());
  });
  const drawRow = fn('drawRow', [i32], unit, (b, py) => {
    const cy = f64x4.splat(py.toF64().div(HEIGHT).mul(2.2).sub(1.1));
    b.for([0, WIDTH, f64x4.length], (px) => {
      const rounds = escapeTimes(f64x4.splat(px.toF64()).add(f64x4.of(0, 1, 2, 3)).div(WIDTH).mul(3.2).sub(2.3), cy);
      for (let k = 0; k < f64x4.length; k++) {
        const n = rounds.lane(k).toI32(), at = py.mul(WIDTH).add(px.add(k)).mul(3);
        b.if(n.lt(LIMIT), () => {
          pixels.at(at).set(n.mul(9).min(255).toU8());
          pixels.at(at.add(1)).set(n.mul(3).min(255).toU8());
          pixels.at(at.add(2)).set(n.mul(2).add(40).min(255).toU8());
        });
      }
    });
  });
  const draw = fn('draw', [], i32, (b) => {
    const rows = b.var(i32, 0);
    b.loop((loop) => {
      const row = next.atomic.add(1, 'relaxed');
      b.if(row.ge(HEIGHT), () => loop.break());
      drawRow(row);
      rows.update((n) => n.add(1));
    });
    b.ret(rows.get());
  });
  return module('parallelMandelbrot', { memory: { maximumPages: 64 } }).export({ draw }).build();
}

type Kernel = ReturnType<typeof parallelMandelbrotModule>;

/** A job of two workers, or undefined where workers cannot share memory. */
function share(kernel: Kernel): SharedJob<Kernel> | undefined {
  try {
    return sandbox.share(kernel, { workers: WORKERS });
  } catch (error) {
    if (error instanceof SharedMemoryUnsupportedError) return undefined;
    throw error;
  }
}

/** Milliseconds of the slowest of `workers` runs at once. */
async function draw(job: SharedJob<Kernel>, workers: number): Promise<{ readonly time: number; readonly kind: string }> {
  job.global('next').fill(0);
  const outcomes = (await job.runAll('draw', Array.from({ length: workers }, () => []))).map(valueOf);
  const rows = outcomes.reduce((n, o) => n + o.value, 0);
  if (rows !== HEIGHT) throw new Error(`${rows} rows were drawn, not ${HEIGHT}`);
  return { time: Math.max(...outcomes.map((o) => o.metrics.wallTime)), kind: kindOf(outcomes[0]) };
}

export async function main(): Promise<void> {
  heading('Mandelbrot picture on two workers');
  const kernel = parallelMandelbrotModule(), js = timed(drawJs), job = share(kernel);
  const check = (pixels: Uint8Array): void => { if (Buffer.compare(pixels, js.value) !== 0) throw new Error('the pictures differ'); };
  const done = `${WIDTH} x ${HEIGHT} points, four at a time; every byte as plain JavaScript has it`;
  if (job === undefined) {
    const alone = valueOf(await sandbox.run(kernel, 'draw', [], { outputs: ['pixels'] }));
    check(alone.outputs['pixels']);
    say(done);
    say(`${kindOf(alone)} ${ms(alone.metrics.wallTime)} on one worker, as no memory can be shared here   plain JavaScript ${ms(js.ms)}   ratio ${(js.ms / alone.metrics.wallTime).toFixed(2)}`);
    return;
  }
  using shared = job;
  const one = await draw(shared, 1), single = shared.global('pixels').slice();
  check(single);
  shared.reset();
  const two = await draw(shared, WORKERS);
  check(shared.global('pixels').slice());
  say(done);
  say(`${two.kind} ${ms(one.time)} on one worker, ${ms(two.time)} on two (${(one.time / two.time).toFixed(2)} times as fast)   plain JavaScript ${ms(js.ms)}   ratio ${(js.ms / two.time).toFixed(2)}`);
}

if (isMain(import.meta.url)) await main();
