/**
 * Litmus tests on real threads.
 *
 * As the tool litmus7 does (Alglave, Maranget, Sarkar, Sewell, "Litmus: running tests against hardware", 2011), the
 * threads meet at a barrier, then go through arrays of cells at full speed, one instance of the test per cell, each
 * location on a cache line of its own; the first thread counts the outcomes and clears the cells. Before each instance a
 * thread waits a little for the others, so that the accesses really meet; not for long, as there may be more threads
 * than processors.
 */
import { array, fn, global, i32, module, unit, type LoadOrdering, type StoreOrdering } from '../../lib/index.ts';
import type { Sandbox, SharedRunOptions } from '../../lib/sandbox/index.ts';
import { interleavings, type Litmus, type Step } from './shapes.ts';

/** Instances between two meetings: more for threads that may have to take turns on a processor, as that makes meetings long. */
function batchOf({ threads }: Litmus, iterations: number): number { return Math.min(iterations, threads.length > 2 ? 16_384 : 2_048); }
/** Words from one cell of a location to the next: a cache line. */
const STRIDE = 16;
/** How often a thread looks whether the others have come to the same instance. */
const LOOKS = 200;

export interface LitmusResult {
  readonly litmus: Litmus;
  readonly iterations: number;
  readonly milliseconds: number;
  /** How often each outcome was seen. */
  readonly seen: ReadonlyMap<number, number>;
  /** How often an outcome that no interleaving explains. */
  readonly weak: number;
  readonly failed: boolean;
}

/** The module that runs one litmus test: `run(thread, rounds)` on each thread, all at the same time. */
export function litmusModule(litmus: Litmus, batch: number) {
  const { threads, registers } = litmus;
  const cells = Array.from({ length: litmus.locations }, (_, k) => global(`cells${k}`, array(i32, batch * STRIDE)));
  const found = Array.from({ length: registers }, (_, k) => global(`found${k}`, array(i32, batch)));
  const progress = Array.from({ length: threads.length }, (_, t) => global(`progress${t}`, array(i32, STRIDE), undefined));
  const arrived = global('arrived', i32), histogram = global('histogram', array(i32, 1 << registers));

  const meet = fn('meet', [i32], unit, (b, all) => {
    arrived.atomic.add(1, 'acq_rel');
    b.while(() => arrived.atomic.load('acquire').lt(all), () => {});
    b.ret();
  });
  const bodies = threads.map((steps, t) => fn(`thread${t}`, [], unit, (b) => {
    b.for([0, batch], (i) => {
      progress[t].at(0).atomic.store(i, 'relaxed');
      progress.forEach((other, k) => {
        if (k !== t) b.for([0, LOOKS], (_look, looks) => b.if(other.at(0).atomic.load('relaxed').ge(i), () => looks.break()));
      });
      // And lets the distance between the threads vary.
      b.for([0, i.mul(2 * t + 1).and(15)], () => { progress[t].at(0).atomic.load('relaxed'); });
      const read = steps.map((step) => {
        switch (step.kind) {
          case 'load': {
            const place = cells[step.location].at(i.mul(STRIDE));
            return { register: step.register, value: step.ordering === 'plain' ? place.get() : place.atomic.load(step.ordering as LoadOrdering) };
          }
          case 'store': {
            const place = cells[step.location].at(i.mul(STRIDE));
            if (step.ordering === 'plain') place.set(step.value); else place.atomic.store(step.value, step.ordering as StoreOrdering);
            return undefined;
          }
          case 'exchange': cells[step.location].at(i.mul(STRIDE)).atomic.exchange(step.value, step.ordering); return undefined;
          case 'fence': if (step.ordering !== 'relaxed') b.fence(step.ordering); return undefined;
          default: return step satisfies never;
        }
      });
      for (const r of read) if (r !== undefined) found[r.register].at(i).set(r.value);
    });
    b.ret();
  }));
  const count = fn('count', [], unit, (b) => {
    b.for([0, batch], (i) => {
      const outcome = found.map((f, r) => f.at(i).get().shl(r)).reduce((x, y) => x.or(y), b.const(i32, 0));
      histogram.at(outcome).update((n) => n.add(1));
    });
    for (const p of progress) p.at(0).set(-1);
    for (const c of cells) b.memory.fill(c.$ptr, 0, batch * STRIDE * 4);
    b.ret();
  });
  const run = fn('run', [i32, i32], unit, (b, thread, rounds) => {
    const met = b.var(i32, 0);
    const together = (): void => {
      met.update((n) => n.add(threads.length));
      meet(met.get());
    };
    b.for([0, rounds], () => {
      together();
      b.switch(thread, threads.map((_, t) => [t, () => { bodies[t](); }] as const));
      together();
      b.if(thread.eq(0), () => { count(); });
    });
    b.ret();
  });
  return module(litmus.name, { memory: { initialPages: 2 + Math.ceil((litmus.locations * STRIDE + registers) * 4 * batch / 65536) } }).export({ run }).build();
}

/**
 * Runs a litmus test at least `iterations` times, on a thread each.
 *
 * @throws the error of a run that does not return
 */
export async function runLitmus(sandbox: Sandbox, litmus: Litmus, iterations: number, options: SharedRunOptions = {}): Promise<LitmusResult> {
  const batch = batchOf(litmus, iterations), rounds = Math.ceil(iterations / batch), m = litmusModule(litmus, batch);
  using job = sandbox.share(m, { workers: litmus.threads.length });
  const started = performance.now();
  const outcomes = await job.runAll('run', litmus.threads.map((_, t): [number, number] => [t, rounds]), options);
  const milliseconds = performance.now() - started;
  // The first failure, not the runs that were cancelled for it.
  for (const o of outcomes) if (o.status !== 'ok' && o.status !== 'cancelled') throw o.error;
  for (const o of outcomes) if (o.status !== 'ok') throw o.error;
  const counts = new Int32Array(job.global('histogram').slice().buffer), explained = interleavings(litmus);
  const seen = new Map<number, number>();
  let weak = 0;
  counts.forEach((n, outcome) => {
    if (n === 0) return;
    seen.set(outcome, n);
    if (!explained.has(outcome)) weak += n;
  });
  return { litmus, iterations: rounds * batch, milliseconds, seen, weak, failed: weak > 0 && litmus.weak === 'forbidden' };
}

/** A step as the field writes it. @example stepText(step) // => 'x.store(1, release)' */
export function stepText(step: Step): string {
  const place = 'kind' in step && step.kind !== 'fence' ? 'xyzw'[step.location] : '';
  switch (step.kind) {
    case 'store': return `${place}.store(${step.value}, ${step.ordering})`;
    case 'exchange': return `${place}.exchange(${step.value}, ${step.ordering})`;
    case 'load': return `r${step.register} = ${place}.load(${step.ordering})`;
    case 'fence': return `fence(${step.ordering})`;
    default: return step satisfies never;
  }
}

/** One line about a result. */
export function resultText({ litmus, iterations, milliseconds, seen, weak, failed }: LitmusResult): string {
  const outcomes = [...seen].sort((a, b) => a[0] - b[0])
    .map(([outcome, n]) => `${Array.from({ length: litmus.registers }, (_, r) => outcome >> r & 1).join('')}:${n}`).join(' ');
  const verdict = failed ? 'FORBIDDEN OUTCOME' : litmus.weak === 'forbidden' ? 'ok' : weak > 0 ? `weak ${weak} (allowed)` : 'ok, no weak outcome';
  return `${litmus.name.padEnd(34)} ${String(iterations).padStart(8)} in ${(milliseconds / 1000).toFixed(2).padStart(6)} s   ${verdict.padEnd(22)} ${outcomes}`;
}
