import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deepStrictEqual } from 'node:assert';
import { ModuleShapeError, checkModuleShape, parseModule, printModule, verifyModule } from '../../lib/mir/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { everyInstructionModule } from '../support/every-instruction.ts';

const test = suite('mir mutation');

const SEED = Number(process.env['LAMELLA_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 800;
const POISON: readonly unknown[] = [
  -1, 0, 1, 7, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), NaN, Infinity, 0.5, -0, 5n, 1n << 90n, '', 'x', '__proto__', 'i32', 'f64', 'v128', 'v256', 'i8x32', 'add', 'call', 'jump',
  null, undefined, true, {}, [], [0], [0, 0, 0], () => 1, Symbol('s'), new Uint8Array(3),
];

interface Spot { readonly holder: Record<string, unknown>; readonly key: string }

/** Every property of every object in the module. */
function spots(x: unknown, found: Spot[] = []): Spot[] {
  if (typeof x !== 'object' || x === null || x instanceof Uint8Array) return found;
  const holder = x as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    spots(holder[key], found);
  }
  return found;
}

/** No table of names and an empty one are the same in the text form, which reads back an empty one. */
function named(m: Module): Module {
  return { ...m, functions: m.functions.map((f) => ({ ...f, valueNames: f.valueNames ?? {} })) };
}

test(`${ROUNDS} modules with one field replaced: a typed error, or a copy that verifies or not, prints and parses`, () => {
  process.stdout.write(`\nseed ${SEED} (LAMELLA_SEED)\n`);
  let seed = SEED;
  const next = (n: number): number => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor((seed / 2 ** 32) * n); };
  const m = structuredClone(everyInstructionModule()), all = spots(m);
  let malformed = 0, wrong = 0, fine = 0;
  for (let k = 0; k < ROUNDS; k++) {
    const { holder, key } = all[next(all.length)], before = holder[key], poison = POISON[next(POISON.length)];
    holder[key] = poison;
    const where = `round ${k}: ${key} = ${typeof poison === 'symbol' ? 'a symbol' : String(typeof poison === 'object' ? JSON.stringify(poison) : poison)}`;
    try {
      verifyModule(m); // Whatever it says about malformed data, it must say it by returning.
      const copy: Module = checkModuleShape(m), errors = verifyModule(copy);
      if (errors.some((e) => e.rule === 'malformed')) throw new Error(`the shape passed, the verifier failed: ${errors[0].message}`);
      if (errors.length > 0) { wrong++; printModule(copy); } else { fine++; deepStrictEqual(parseModule(printModule(copy)), named(copy)); }
    } catch (error) {
      if (error instanceof ModuleShapeError) malformed++;
      else throw new Error(where, { cause: error });
    } finally {
      holder[key] = before;
    }
  }
  assert.equal(verifyModule(m), []);
  assert.ok(malformed > ROUNDS / 4 && wrong > ROUNDS / 40 && fine > 0, `${malformed} malformed, ${wrong} wrong, ${fine} fine`);
});

test.run();
