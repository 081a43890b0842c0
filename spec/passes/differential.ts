/** Interprets a program before and after a pass and compares everything the program can show. */
import { Interpreter, TrapError, layoutModule, type Module } from '../../lib/mir/index.ts';
import { hostFunctions, type Program } from '../fuzz/program.ts';

/** What one run showed: results or traps of each call, and memory outside the linear stack. */
export interface Behaviour { readonly outcomes: readonly string[]; readonly memory: string }

const DEPTH = 2000;

function show(v: number | bigint): string {
  return typeof v === 'bigint' ? `${v}n` : Number.isNaN(v) ? 'nan' : Object.is(v, -0) ? '-0' : String(v);
}

/** FNV-1a of the memory without the linear stack (dead activations leave bytes there). */
function digest(memory: Uint8Array, low: number, high: number): string {
  let h = 0x811c9dc5;
  for (let k = 0; k < memory.length; k++) {
    if (k >= low && k < high) { k = high - 1; continue; }
    h = Math.imul(h ^ memory[k], 0x01000193);
  }
  return (h >>> 0).toString(16);
}

/** Runs the calls of a program on one instance of `module`. The stack region is the original's. */
export function behaviour(module: Module, program: Program): Behaviour {
  const { stackLow, stackHigh } = layoutModule(program.module);
  const it = new Interpreter(module, { maxSteps: 3_000_000, maxDepth: DEPTH, imports: hostFunctions() as never });
  const outcomes = program.calls.map((c) => {
    try {
      return it.call(c.fn, c.args).values.map(show).join(' ');
    } catch (error) {
      if (error instanceof TrapError) return `trap ${error.trap}`;
      throw error;
    }
  });
  return { outcomes, memory: digest(it.memory, stackLow, stackHigh) };
}

/** True when the recursion went so deep that the two runs may overflow at different depths. */
export function overflowed(b: Behaviour): boolean {
  return b.outcomes.some((o) => o.includes('stack-overflow'));
}

/** The difference between two behaviours as text, or undefined. */
export function difference(a: Behaviour, b: Behaviour): string | undefined {
  if (overflowed(a) || overflowed(b)) return undefined;
  for (let k = 0; k < a.outcomes.length; k++) {
    if (a.outcomes[k] !== b.outcomes[k]) return `call ${k}: ${a.outcomes[k]} became ${b.outcomes[k]}`;
  }
  return a.memory === b.memory ? undefined : 'memory differs';
}
