/** Short forms for the specs of single passes: text in, text out. */
import { interpret, parseModule, printFunction, TrapError, verifyModule, type Module } from '../../lib/mir/index.ts';
import { Pipeline, type Pass } from '../../lib/passes/index.ts';

/** A module of one exported function `@f` with the given signature and body, and more text before it. */
export function moduleOf(signature: string, body: string, before = ''): Module {
  return parseModule(`module @t linear\n${before}\nexport "f" = @f\nfunc @f${signature} {\n${body}\n}\n`);
}

/** The body of `@f` after passes, one trimmed line per statement, verified after each. */
export function after(m: Module, ...passes: readonly Pass[]): string[] {
  const out = new Pipeline(passes).run(m, { verifyAfterEach: true }).module;
  const f = out.functions.find((x) => x.name === 'f')!;
  return printFunction(f).split('\n').slice(1, -1).map((l) => l.trim()).filter((l) => l !== '' && l !== '}' && !l.startsWith('unused'));
}

/** Results of a call as text, or the trap. */
export function outcome(m: Module, args: readonly (number | bigint)[]): string {
  try {
    return interpret(m, 'f', args).values.map((v) => (Object.is(v, -0) ? '-0' : String(v))).join(' ');
  } catch (error) {
    if (error instanceof TrapError) return `trap ${error.trap}`;
    throw error;
  }
}

/** The module after passes, verified. */
export function run(m: Module, ...passes: readonly Pass[]): Module {
  const out = new Pipeline(passes).run(m, { verifyAfterEach: true }).module;
  if (verifyModule(out).length > 0) throw new Error('invalid');
  return out;
}
