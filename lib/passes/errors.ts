/** What running passes can end with. */
import { LamellaError } from '../mir/errors.ts';
import type { Stage } from './pass.ts';

/** How a pass failed: it threw, gave back something that is no module, or gave back a module that breaks MIR's rules. */
export type PassFailure = 'threw' | 'bad-result' | 'invalid-module' | 'changed-input';

/** A pass is broken. Names the pass; `cause` has what it threw or the verification error. */
export class PassError extends LamellaError {
  readonly pass: string;
  readonly stage: Stage;
  readonly failure: PassFailure;

  constructor(pass: string, stage: Stage, failure: PassFailure, what: string, cause?: unknown) {
    super('pass', `pass "${pass}" (stage ${stage}) ${what}`, REMEDIES[failure], cause === undefined ? undefined : { cause });
    this.pass = pass;
    this.stage = stage;
    this.failure = failure;
  }
}

const REMEDIES: Readonly<Record<PassFailure, string>> = {
  'threw': 'The cause has the original error. Correct the pass, or leave it out with pipeline.without(name).',
  'bad-result': 'A pass returns a Module (its argument, when nothing changed) or report(value), and is not async.',
  'invalid-module': 'The cause lists every broken rule. Correct the pass; printBefore and printAfter show what it did.',
  'changed-input': 'Modules are frozen: build a changed copy instead, for example with rewrite() or editModule().',
};

/** A pipeline was edited or run with something that does not fit it. */
export class PipelineError extends LamellaError {
  constructor(what: string, remedy: string) { super('pipeline', what, remedy); }
}
