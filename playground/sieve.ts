/** The sieve of Eratosthenes: counts the primes below ten million. `node dist/playground/sieve.js [limit]`. */
import { array, fn, global, i32, module, u8 } from 'lamella';
import { argument, compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

/** A module that counts the primes below `limit`. */
export function sieveModule(limit: number) {
  const composite = global('composite', array(u8, limit));
  const countPrimes = fn('countPrimes', [], i32, (b) => {
    const count = b.var(i32, 0);
    b.for([2, limit], (n) => {
      b.if(composite.at(n).get().eq(0), () => {
        count.update((c) => c.add(1));
        // n * n passes 2^31 for large n: those have no multiples left to strike out.
        b.if(n.le(Math.floor(Math.sqrt(limit))), () => {
          const multiple = b.var(i32, n.mul(n));
          b.while(() => multiple.get().lt(limit), () => {
            composite.at(multiple.get()).set(1);
            multiple.update((m) => m.add(n));
          });
        });
      });
    });
    b.ret(count.get());
  });
  return module('sieve', { memory: { maximumPages: Math.ceil(limit / 65536) + 4 } }).export({ countPrimes }).build();
}

function countPrimesJs(limit: number): number {
  const composite = new Uint8Array(limit);
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (composite[n] === 1) continue;
    count++;
    for (let m = n * n; m < limit; m += n) composite[m] = 1;
  }
  return count;
}

export async function main(limit = 10_000_000): Promise<void> {
  heading('Sieve of Eratosthenes');
  const outcome = valueOf(await sandbox.run(sieveModule(limit), 'countPrimes', []));
  const js = timed(() => countPrimesJs(limit));
  say(`${outcome.value} primes below ${limit}`);
  if (outcome.value !== js.value) throw new Error(`plain JavaScript counts ${js.value}`);
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main(argument === undefined ? undefined : Number(argument));
