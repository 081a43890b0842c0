/** Counters under contention: every way to count with atomics, at every width, and that nothing is lost. */
import { array, fn, global, i32, i64, module, u16, u32, u64, u8, unit } from '../../lib/index.ts';
import type { Sandbox, SharedRunOptions } from '../../lib/sandbox/index.ts';

/** Tickets that are given out at a time. */
const TICKETS = 65536;

/** The exports of this module take `(threads, thread, n)`: thread number `thread` counts `n` times. */
export function countersModule() {
  const c8 = global('c8', u8), c16 = global('c16', u16), c32 = global('c32', u32), c64 = global('c64', u64);
  const down = global('down', i64), exchanged = global('exchanged', u32), narrow = global('narrow', u8), bits = global('bits', u64), ones = global('ones', u32);
  const lock = global('lock', i32), guarded = global('guarded', array(u32, 40)), next = global('next', i32), tickets = global('tickets', array(u8, TICKETS));
  const present = global('present', i32), careless = global('careless', u32);
  const begin = fn('begin', [i32], unit, (b, threads) => {
    present.atomic.add(1);
    b.while(() => present.atomic.load().lt(threads), () => {});
    b.ret();
  });

  // One function per width and ordering: relaxed is enough to lose nothing.
  const add = fn('add', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    b.for([0, n], () => {
      c8.atomic.add(1, 'relaxed');
      c16.atomic.add(1, 'release');
      c32.atomic.add(1, 'acq_rel');
      c64.atomic.add(1n, 'seq_cst');
      down.atomic.sub(3n, 'relaxed');
    });
    b.ret();
  });
  /** The old value is used, so that it cannot become an instruction that gives none. */
  const tell = fn('tell', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    const sum = b.var(u32, 0);
    b.for([0, n], () => sum.update((s) => s.add(ones.atomic.add(1).xor(ones.atomic.sub(1)))));
    ones.atomic.xor(sum.get().and(0));
    b.ret();
  });
  const exchange = fn('exchange', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    b.for([0, n], () => {
      const old = b.var(u32, exchanged.atomic.load('relaxed'));
      b.loop((retry) => {
        const [now, done] = exchanged.atomic.compareExchange(old.get(), old.get().add(1), { success: 'relaxed', failure: 'relaxed' });
        b.if(done, () => retry.break());
        old.set(now);
      });
      b.loop((retry) => {
        const was = narrow.atomic.load();
        b.if(narrow.atomic.compareExchange(was, was.add(1))[1], () => retry.break());
      });
    });
    b.ret();
  });
  /** Every thread has bits of its own: it sets, clears and turns them, and always finds them as it left them. */
  const flip = fn('flip', [i32, i32, i32], unit, (b, threads, thread, n) => {
    begin(threads);
    const mine = b.const(u64, 0x0101n).shl(thread.toU64());
    b.for([0, n], () => {
      b.if(bits.atomic.or(mine).and(mine).ne(0n), () => b.trap());
      b.if(bits.atomic.and(mine.not()).and(mine).ne(mine), () => b.trap());
      bits.atomic.xor(mine);
      b.if(bits.atomic.xor(mine, 'relaxed').and(mine).ne(mine), () => b.trap());
    });
    bits.atomic.or(mine);
    b.ret();
  });
  /** Plain counters behind a lock of one exchange: they would lose if anything left the locked part. */
  const locked = fn('locked', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    b.for([0, n], () => {
      b.while(() => lock.atomic.exchange(1, 'acquire').ne(0), () => {
        b.while(() => lock.atomic.load('relaxed').ne(0), () => {});
      });
      guarded.at(0).update((x) => x.add(1));
      guarded.at(39).update((x) => x.add(guarded.at(0).get().and(0)).add(2));
      lock.atomic.store(0, 'release');
    });
    b.ret();
  });
  /** No two threads get the same number. */
  const draw = fn('draw', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    b.for([0, n], () => tickets.at(next.atomic.add(1, 'relaxed').and(TICKETS - 1)).atomic.add(1, 'relaxed'));
    b.ret();
  });
  /** The control: this one may lose, which shows that the others were contended for. */
  const lose = fn('lose', [i32, i32, i32], unit, (b, threads, _thread, n) => {
    begin(threads);
    b.for([0, n], () => careless.set(careless.get({ volatile: true }).add(1), { volatile: true }));
    b.ret();
  });
  return module('counters', { memory: { initialPages: 3 } }).export({ add, tell, exchange, flip, locked, draw, lose }).build();
}

type Counter = 'add' | 'tell' | 'exchange' | 'flip' | 'locked' | 'draw' | 'lose';
const COUNTERS: readonly Counter[] = ['add', 'tell', 'exchange', 'flip', 'locked', 'draw', 'lose'];

export interface CounterResult { readonly name: Counter; readonly increments: number; readonly milliseconds: number; readonly wrong: readonly string[]; /** Increments that the control lost. */ readonly lost?: number }

/**
 * Counts with each way at least `increments` times in all, by `threads` threads at the same time.
 *
 * @throws the error of a run that does not return
 */
export async function runCounters(sandbox: Sandbox, threads: number, increments: number, options: SharedRunOptions = {}): Promise<readonly CounterResult[]> {
  const m = countersModule(), results: CounterResult[] = [];
  // Whole rounds of tickets, so that each was drawn equally often.
  const each = Math.ceil(increments / threads / TICKETS) * TICKETS, all = each * threads;
  for (const name of COUNTERS) {
    using job = sandbox.share(m, { workers: threads });
    const started = performance.now();
    const outcomes = await job.runAll(name, Array.from({ length: threads }, (_, t): [number, number, number] => [threads, t, each]), options);
    const milliseconds = performance.now() - started, wrong: string[] = [];
    for (const o of outcomes) if (o.status !== 'ok') throw o.error;
    const expect = (global: string, bits: 8 | 16 | 32 | 64, value: bigint, at = 0): void => {
      const v = new DataView(job.global(global).slice().buffer);
      const found = bits === 8 ? BigInt(v.getUint8(at)) : bits === 16 ? BigInt(v.getUint16(at, true)) : bits === 32 ? BigInt(v.getUint32(at, true)) : v.getBigUint64(at, true);
      if (found !== BigInt.asUintN(bits, value)) wrong.push(`${global} is ${found}, not ${BigInt.asUintN(bits, value)}`);
    };
    const total = BigInt(all);
    switch (name) {
      case 'add':
        expect('c8', 8, total); expect('c16', 16, total); expect('c32', 32, total); expect('c64', 64, total); expect('down', 64, -3n * total);
        break;
      case 'tell': expect('ones', 32, 0n); break;
      case 'exchange': expect('exchanged', 32, total); expect('narrow', 8, total); break;
      case 'flip': expect('bits', 64, Array.from({ length: threads }, (_, t) => 0x0101n << BigInt(t)).reduce((x, y) => x | y)); break;
      case 'locked': expect('guarded', 32, total); expect('guarded', 32, 2n * total, 39 * 4); break;
      case 'draw': {
        const drawn = job.global('tickets'), times = all / TICKETS & 255;
        const bad = drawn.findIndex((n) => n !== times);
        if (bad >= 0) wrong.push(`ticket ${bad} was drawn ${drawn[bad]} times, not ${times}`);
        break;
      }
      case 'lose': {
        results.push({ name, increments: all, milliseconds, wrong, lost: all - new Uint32Array(job.global('careless').slice().buffer)[0] });
        continue;
      }
      default: name satisfies never;
    }
    results.push({ name, increments: all, milliseconds, wrong });
  }
  return results;
}

/** One line about a result. */
export function counterText({ name, increments, milliseconds, wrong, lost }: CounterResult): string {
  return `counters: ${name.padEnd(24)} ${String(increments).padStart(8)} in ${(milliseconds / 1000).toFixed(2).padStart(6)} s   ${lost !== undefined ? `without atomics ${lost} lost (allowed)` : wrong.length === 0 ? 'ok' : `LOST: ${wrong.join('; ')}`}`;
}
