/**
 * One filetest: a `.mir` file that says in comments what is done with it and what must come out.
 *
 * ```text
 * ; test verify                      commands, each from the registry in commands.ts, with arguments
 * ; test interpret                   also `optimise O3`, `compile`, `pass dce`
 * ; run @fib(10) == 55               calls and their results, for the commands that run code
 * ; run @div(1, 0) == trap integer-divide-by-zero
 * export "fib" = @fib                the module, in MIR text
 * func @fib(i32) -> (i32) { ... }
 * ;--- print                         what `test print` must give, up to the next `;---` or the end
 * module @m linear
 * ```
 *
 * A command without a section must give no text. With `LAMELLA_UPDATE=1` sections and results of runs are rewritten
 * as they came out: read the difference before you commit it.
 */
import { TOKEN } from '../../lib/mir/lexer.ts';
import { TokenReader } from '../../lib/mir/token-reader.ts';
import { TRAP_CODES, TrapError, formatConstant, formatName, parseModule } from '../../lib/mir/index.ts';
import type { Module, Signature, TrapCode } from '../../lib/mir/index.ts';

/** `; test NAME ARGUMENTS`. */
export interface Directive { readonly command: string; readonly args: string }

/** `; run @f(1, 2) == 3`. */
export interface Run { readonly name: string; readonly args: readonly (number | bigint)[]; readonly expected: string; readonly line: number }

/** What running a function gave: its results in the form of `ConstInst`, or a trap. */
export type Outcome = { readonly values: readonly (number | bigint)[] } | { readonly trap: TrapCode };

export class FileTest {
  readonly path: string;
  /** All lines before the first section, comments included. */
  readonly source: string;
  readonly directives: readonly Directive[];
  /** Expected text by command line (`print`, `pass fold`). */
  readonly sections: ReadonlyMap<string, string>;
  #module: Module | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    const [source, ...rest] = text.split(/^;---[ \t]*/m);
    this.source = source;
    this.sections = new Map(rest.map((s) => {
      const end = s.indexOf('\n') < 0 ? s.length : s.indexOf('\n');
      return [s.slice(0, end).trim(), s.slice(end + 1).trimEnd()] as const;
    }));
    this.directives = [...source.matchAll(/^; test (\S+)[ \t]*(.*)$/gm)].map((m) => ({ command: m[1], args: m[2].trim() }));
  }

  /** The module, parsed on first use (a test of the parser's errors never asks). */
  get module(): Module { return (this.#module ??= parseModule(this.source)); }

  /** The `; run` lines; their arguments are read by the functions' signatures. */
  get runs(): readonly Run[] {
    const functions = new Map(this.module.functions.map((f) => [f.name, f]));
    return this.source.split('\n').flatMap((text, line) => (text.startsWith('; run ') ? [parseRun(text.slice(6), line, functions)] : []));
  }
}

function parseRun(text: string, line: number, functions: ReadonlyMap<string, Signature>): Run {
  const t = new TokenReader(text), name = t.name('a function'), f = functions.get(name);
  if (f === undefined) return t.fail(`the module has no function ${formatName(name)}`, 0);
  const args: (number | bigint)[] = [];
  t.take('(');
  f.params.forEach((type, k) => {
    if (k > 0) t.take(',');
    args.push(t.constant(type));
  });
  t.take(')');
  if (t.kind === TOKEN.END) return { name, args, expected: '', line };
  t.take('=');
  if (!t.isPunctuation('=')) t.expected('`==`');
  return { name, args, expected: text.slice(t.end).trim(), line };
}

/** Results as run lines write them: `55`, `(1, 2.5)`, `()`, `trap unreachable`. */
export function formatOutcome(f: Signature, o: Outcome): string {
  if ('trap' in o) return `trap ${o.trap}`;
  const parts = o.values.map((v, k) => formatConstant(f.results[k], v));
  return parts.length === 1 ? parts[0] : `(${parts.join(', ')})`;
}

/**
 * Runs every `; run` line of a test through `execute`, which returns results or throws a {@link TrapError}.
 *
 * @returns the run lines as they came out, in order, without `; run `
 */
export async function executeRuns(test: FileTest, execute: (name: string, args: readonly (number | bigint)[]) => readonly (number | bigint)[] | Promise<readonly (number | bigint)[]>): Promise<string[]> {
  const functions = new Map(test.module.functions.map((f) => [f.name, f])), lines: string[] = [];
  if (test.runs.length === 0) throw new Error('there is no `; run @f(...) == ...` line to run');
  for (const run of test.runs) {
    const f = functions.get(run.name) as Signature;
    let outcome: Outcome;
    try {
      outcome = { values: await execute(run.name, run.args) };
    } catch (error) {
      if (!(error instanceof TrapError) || !TRAP_CODES.includes(error.trap)) throw error;
      outcome = { trap: error.trap };
    }
    const args = run.args.map((a, k) => formatConstant(f.params[k], a)).join(', ');
    lines.push(`${formatName(run.name)}(${args}) == ${formatOutcome(f, outcome)}`);
  }
  return lines;
}
