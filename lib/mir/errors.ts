/**
 * The base of every error Lamella throws on purpose: a stable `code`, data, and a text that says what is wrong,
 * where, and what to do next.
 */
export class LamellaError extends Error {
  /** Stable identifier, for programs. */
  readonly code: string;
  /** What to do next, one sentence; part of the message too. */
  readonly remedy: string;

  constructor(code: string, what: string, remedy: string, options?: ErrorOptions) {
    super(remedy === '' ? what : `${what}\n  ${remedy}`, options);
    this.name = nameOf(code);
    this.code = code;
    this.remedy = remedy;
  }
}

/** `not-found` is a `NotFoundError`. From the code, because a bundler may have shortened the names of classes. */
function nameOf(code: string): string {
  return `${code.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Error`;
}

/** A program handed Lamella something that is not what the function takes. */
export class UsageError extends LamellaError {
  constructor(what: string, remedy: string) { super('usage', what, remedy); }
}

/** A broken invariant of Lamella itself: never the user's fault. */
export class InternalError extends LamellaError {
  constructor(what: string) { super('internal', `internal error: ${what}`, 'This is a defect in Lamella: please report it with the module that caused it (printModule gives its text).'); }
}

/** Code stopped before returning. `function` and `location` say where, when known. */
export class TrapError extends LamellaError {
  readonly trap: import('./types.ts').TrapCode;
  readonly functionName: string | undefined;
  readonly location: import('./module.ts').SourceLocation | undefined;
  /** The linear-memory (or native) address of a failed access, when known. */
  readonly address: number | bigint | undefined;
  /** Calls active at the trap, innermost first, when known. */
  readonly frames: readonly TrapFrame[];

  constructor(trap: import('./types.ts').TrapCode, where: { functionName?: string | undefined; location?: import('./module.ts').SourceLocation | undefined; address?: number | bigint | undefined; frames?: readonly TrapFrame[] } = {}) {
    const at = where.location && where.location.line > 0 ? ` (${where.location.file}:${where.location.line}:${where.location.column})` : '';
    const address = where.address === undefined ? '' : ` at address 0x${where.address.toString(16)}`;
    super('trap', `trap: ${trap}${address}${where.functionName === undefined ? '' : ` in ${where.functionName}`}${at}`, TRAP_REMEDIES[trap]);
    this.trap = trap;
    this.functionName = where.functionName;
    this.location = where.location;
    this.address = where.address;
    this.frames = where.frames ?? [];
  }
}

/** One activation in a trap's trace. */
export interface TrapFrame {
  readonly functionName: string;
  readonly location: import('./module.ts').SourceLocation | undefined;
}

const TRAP_REMEDIES: Readonly<Record<import('./types.ts').TrapCode, string>> = {
  'unreachable': 'Code marked unreachable was reached: check the condition that leads there.',
  'integer-divide-by-zero': 'Test the divisor before dividing.',
  'integer-overflow': 'The result does not fit its type: test the operands, use a wider type, or a saturating conversion.',
  'invalid-conversion': 'NaN has no integer value: test for it first, or use a saturating conversion.',
  'memory-out-of-bounds': 'The access lies outside the memory: check the index, or give the module more memory.',
  'stack-overflow': 'Recursion is too deep or frames too large: bound the recursion, use a tail call, or raise the stack limit.',
  'indirect-call-null': 'The table has no function at that index: check the index.',
  'indirect-call-type': 'The function at that index has another signature: check the index and the table.',
  'misaligned-atomic': 'Atomic accesses need an address that is a multiple of their size.',
  'user': 'The program trapped on purpose: see the function named.',
};

/** The interpreter executed as many instructions as it was allowed to. */
export class StepLimitError extends LamellaError {
  readonly maxSteps: number;
  readonly functionName: string;

  constructor(maxSteps: number, functionName: string) {
    super('step-limit', `stopped after ${maxSteps} instructions, in ${functionName}`, 'Raise maxSteps, or check the loop for an exit.');
    this.maxSteps = maxSteps;
    this.functionName = functionName;
  }
}
