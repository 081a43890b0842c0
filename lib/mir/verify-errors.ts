/** What the verifier reports: one located entry per broken rule, and the error that carries them all. */
import { LamellaError } from './errors.ts';
import { show } from './show.ts';
import type { SourceLocation } from './module.ts';

/**
 * The rule that was broken, stable for programs.
 *
 * - `malformed`: not the shape of a module at all
 * - `memory`, `name`, `export`, `table`, `import`, `global`, `location`, `slot`: parts of the module
 * - `signature`: parameter or result lists; `entry`: the entry block; `block`: block structure
 * - `value`: value numbers and the table of value types; `single-definition`, `dominance`: SSA
 * - `operation`: no such operation, or not for these types; `type`: an operand or result has the wrong type
 * - `constant`, `address`, `call`, `edge`, `switch`, `lane`, `shuffle`, `atomic`, `patch-point`, `memory-model`,
 *   `trap`, `alignment`: what the name says
 * - `too-many`: the report was cut
 */
export type VerifyRule =
  | 'malformed' | 'memory' | 'name' | 'export' | 'table' | 'import' | 'global' | 'location' | 'slot'
  | 'signature' | 'entry' | 'block' | 'value' | 'single-definition' | 'dominance' | 'operation' | 'type'
  | 'constant' | 'address' | 'call' | 'edge' | 'switch' | 'lane' | 'shuffle' | 'atomic' | 'patch-point'
  | 'memory-model' | 'trap' | 'alignment' | 'too-many';

/** One broken rule and where. Absent fields do not apply (a wrong global has no function). */
export interface VerifyError {
  readonly rule: VerifyRule;
  /** What is wrong, without the place. */
  readonly what: string;
  /** The whole line: place, what, the instruction's text, and the user's source position. */
  readonly message: string;
  /** Name of the function. */
  readonly function?: string;
  /** Its index in `module.functions` (names may repeat in a wrong module). */
  readonly functionIndex?: number;
  readonly block?: number;
  /** Index in the block; the number of instructions for the terminator. */
  readonly instruction?: number;
  /** Where the user wrote it, when the instruction (or else the function) has a known location. */
  readonly location?: SourceLocation;
}

/** How many errors the message of a {@link VerificationError} spells out; `errors` has all of them. */
const SHOWN = 20;

/**
 * A module broke rules of MIR. `errors` has every one of them.
 *
 * @example
 * try { assertValid(m) } catch (e) { if (e instanceof VerificationError) for (const v of e.errors) console.log(v.message) }
 */
export class VerificationError extends LamellaError {
  readonly errors: readonly VerifyError[];

  constructor(moduleName: string, errors: readonly VerifyError[]) {
    const n = errors.length;
    const lines = errors.slice(0, SHOWN).map((e) => `  - ${e.message}`);
    if (n > SHOWN) lines.push(`  - ... and ${n - SHOWN} more (see the errors property)`);
    super('verification', `module ${JSON.stringify(moduleName)} breaks ${n} rule${n === 1 ? '' : 's'} of MIR:\n${lines.join('\n')}`,
      'Correct what built the module: the builder and the DSL make valid modules, so look first at passes and at instructions made by hand.');
    this.errors = errors;
  }
}

/** Where the verifier is looking. One mutable object, so that a correct instruction costs no allocation. */
export interface Place {
  function: string | undefined;
  functionIndex: number;
  block: number;
  instruction: number;
  /** Index into `locations`; 0 is unknown. */
  loc: number;
}

/** Collects errors with their places, up to a limit, and counts the rest. */
export class VerifySink {
  readonly errors: VerifyError[] = [];
  readonly place: Place = { function: undefined, functionIndex: -1, block: -1, instruction: -1, loc: 0 };
  /** Gives the text of the instruction at hand; called only when an error needs it. */
  describe: () => string = () => '';
  readonly #locations: readonly SourceLocation[];
  readonly #limit: number;
  #dropped = 0;

  constructor(locations: readonly SourceLocation[], limit: number) {
    this.#locations = locations;
    this.#limit = limit;
  }

  report(rule: VerifyRule, what: string): void {
    if (this.errors.length >= this.#limit) { this.#dropped++; return; }
    const p = this.place;
    let where = '';
    if (p.function !== undefined) {
      where = `@${show(p.function)}`;
      if (p.block >= 0) where += ` b${p.block}`;
      if (p.instruction >= 0) where += ` #${p.instruction}`;
      where += ': ';
    }
    const text = p.instruction >= 0 ? this.describe() : '';
    const at = p.loc > 0 && p.loc < this.#locations.length ? this.#locations[p.loc] : undefined;
    let message = `${where}${what}`;
    if (text !== '') message += `, in \`${text}\``;
    if (at !== undefined) message += ` (${show(at.file)}:${at.line}:${at.column})`;
    const error: { -readonly [K in keyof VerifyError]: VerifyError[K] } = { rule, what, message };
    if (p.function !== undefined) { error.function = p.function; error.functionIndex = p.functionIndex; }
    if (p.block >= 0) error.block = p.block;
    if (p.instruction >= 0) error.instruction = p.instruction;
    if (at !== undefined) error.location = at;
    this.errors.push(error);
  }

  /** Every error; when the limit was passed, the last entry says how many were left out. */
  finish(): readonly VerifyError[] {
    if (this.#dropped > 0) {
      const what = `${this.#dropped} more error${this.#dropped === 1 ? '' : 's'} left out (raise the limit to see them)`;
      this.errors.push({ rule: 'too-many', what, message: what });
    }
    return this.errors;
  }
}
