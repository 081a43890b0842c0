/**
 * The run context: one block of memory per worker that compiled code, the entry stub, the signal handler and the
 * host share. On x86-64 the GS base points at it while guest code runs (0 otherwise). Offsets are in bytes; all
 * fields are 8 bytes unless said. Machine code reads them as `gs:[offset]`, JavaScript through a view on the block.
 */
export const CTX = {
  /** The context's own address (a check that GS is ours). */
  self: 0,
  /** Lowest stack pointer a frame larger than {@link STACK_PROBE_LIMIT} may leave. */
  stackLimit: 8,
  /** Host address of linear memory byte 0 (0 in the native model). */
  memoryBase: 16,
  /** Current size of linear memory in bytes. */
  memorySize: 24,
  /** Size it may grow to, in bytes. */
  memoryMaximum: 32,
  /** u32: the linear stack pointer (slots live above it). */
  linearStackPointer: 40,
  /** u32: lowest value it may take. */
  linearStackLimit: 44,
  /** u32: set by the deadline handler or a cancelling host; tested by the entry stub and after host calls. */
  interrupt: 48,
  /** u32: 1 from the entry stub's first guest instruction to its last, 0 in host code. */
  active: 52,
  /** Saved host stack pointer. */
  hostStackPointer: 56,
  /** Guest code of this run is [codeLow, codeHigh). */
  codeLow: 64,
  codeHigh: 72,
  /** u32: how the run ended: one of {@link RUN_STATUS}. */
  status: 80,
  /** u32: the signal that ended it. */
  signal: 84,
  /** Guest program counter at a trap or interrupt. */
  trapPc: 88,
  /** Faulting address (si_addr). */
  trapAddress: 96,
  /** Address of the guest function to enter. */
  entry: 104,
  /** Address of the exit trampoline. */
  exit: 112,
  /** Top of the guest stack. */
  guestStackTop: 120,
  /** Address of the function table's first entry, and its length. */
  tableBase: 128,
  tableLength: 136,
  /** Address of the generic import thunk (guest convention; import index in the architecture's scratch register). */
  importThunk: 144,
  /** Address of the host callback `void (*)(int32 importIndex)` that the thunk calls on the host stack. */
  hostCallback: 152,
  /** Address of the stub for memory_grow (guest convention: i32 -> i32). */
  growThunk: 160,
  /** Kernel timer id, and the deadline of this run as an `itimerspec` (interval s, ns, value s, ns). */
  timerId: 168,
  timerSpec: 176,
  /** Guest stack pointer saved while host code runs. */
  guestStackPointer: 208,
  /** Address of the bulk-memory stubs (guest convention; bounds already checked): copy(dst, src, n), fill(dst, byte, n). */
  copyThunk: 216,
  fillThunk: 224,
  /** First free byte for the runtime's own use, 256 bytes. */
  runtimePrivate: 256,
  /** General registers at a trap, 16 × 8 bytes, in the architecture's numbering; then the saved vector state is the host's. */
  trapRegisters: 512,
  /** Saved host registers and floating-point control words, 128 bytes. */
  hostRegisters: 640,
  /** Integer argument and result registers of a crossing, 16 × 8 bytes. */
  intRegisters: 768,
  /** Vector argument and result registers of a crossing, 16 × 16 bytes. */
  vectorRegisters: 896,
  /** Arguments (and results) past the registers, 16 bytes each, {@link MAX_ARITY} of them. */
  overflow: 1152,
  size: 8192,
} as const;

/** Values of `CTX.status`. */
export const RUN_STATUS = { ok: 0, trap: 1, interrupted: 2, hostException: 3 } as const;

/**
 * Frames up to this many bytes rely on the guard below the guest stack (which is at least twice as large); larger
 * frames compare with `CTX.stackLimit` first.
 */
export const STACK_PROBE_LIMIT = 65536;
/** Bytes of inaccessible memory below the guest stack. */
export const STACK_GUARD = 262144;
