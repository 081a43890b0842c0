/**
 * The machine code that stands between a host and compiled code, as plain data: built once by an architecture, loaded
 * by the runtime. Position-independent, and everything that differs between runs is reached through the run context.
 */
export interface StubImage {
  readonly architecture: string;
  readonly code: Uint8Array;
  /** `void enter(context)`, C convention: runs `CTX.entry` to its end and returns; `CTX.status` says how it ended. */
  readonly enter: number;
  /** Where the signal handler sends a run that is over. */
  readonly exit: number;
  /** For `CTX.importThunk`. */
  readonly importThunk: number;
  /** For `CTX.growThunk`: an import call with index {@link GROW_INDEX}. */
  readonly growThunk: number;
  readonly copyThunk: number;
  readonly fillThunk: number;
  /** Code in `[windowLow, windowHigh)` counts as guest code: a run may be ended at any instruction of it. */
  readonly windowLow: number;
  readonly windowHigh: number;
  /** The signal handler, `SA_SIGINFO`. */
  readonly handler: number;
  /** The first bytes of the handler, which tell one build of the stubs from everything else. */
  readonly signature: Uint8Array;
  /** Signals it handles, synchronous faults first, the interrupt last. */
  readonly faultSignals: readonly number[];
  readonly interruptSignal: number;
  /**
   * Where the dispositions that were there before are kept, in the order of the signals above: 32 bytes each, u64
   * handler, u64 flags, u64 mask, 8 unused. The handler passes on to them what is not the guest's.
   */
  readonly chainTable: number;
  /** How many arguments and results cross in registers of each class, and which register is the stack pointer. */
  readonly registers: { readonly intArgs: number; readonly vectorArgs: number; readonly intResults: number; readonly vectorResults: number; readonly stackPointer: number };
}

/** What the host callback gets for `memory_grow` instead of an import's index. */
export const GROW_INDEX = -1;
/** What the host callback returns to let the guest go on; anything else ends the run as `hostException`. */
export const CALLBACK_CONTINUE = 1;
