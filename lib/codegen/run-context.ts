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
  /** u32: one of {@link INTERRUPT}, set by the deadline handler or a cancelling host; tested by the entry stub and after host calls. */
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
  /** Address of the function table's first entry (see {@link TABLE_ENTRY}), and its length in entries. */
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
  /**
   * Address of the bulk-memory stubs: copy(dst, src, n), fill(dst, byte, n) in the guest convention (integer arguments
   * 0, 1, 2; no results; a call's clobbers). `dst` and `src` are guest addresses: the stub adds `memoryBase`, which is
   * 0 in the native model. In the linear model all three integers come zero-extended to 64 bits, and the caller has
   * already compared `dst + n` and `src + n` with `memorySize` (and trapped). `byte` uses the low 8 bits.
   */
  copyThunk: 216,
  fillThunk: 224,
  /**
   * Native model: what to add to a global's place in `layoutModule` for its address. Each instance has its own globals.
   */
  globalsBase: 232,
  /** First free byte for the runtime's own use, 256 bytes: the fields down to `trapRegisters`. */
  runtimePrivate: 256,
  /** GS base before the entry stub (0, or the context of an outer run), restored on exit. */
  outerGsBase: 256,
  /** u32: `si_code` of the signal that ended the run. */
  trapSignalCode: 264,
  /** u32: 1 while the kernel timer is armed for this run. */
  timerArmed: 268,
  /** u32: kernel thread id of the thread that owns the context (for `tgkill`). */
  threadId: 272,
  /** u32: runs started so far, modulo 2^32 (a host in another thread can tell two runs apart). */
  runCount: 276,
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

/**
 * One entry of the function table at `CTX.tableBase`: u64 code address (0: empty), then u32 signature number (as in
 * `CompiledModule.table`), then 4 bytes of zero.
 */
export const TABLE_ENTRY = { address: 0, signature: 8, size: 16 } as const;

/** Values of `CTX.interrupt`. */
export const INTERRUPT = { none: 0, deadline: 1, cancelled: 2 } as const;

/** Values of `CTX.status`. */
export const RUN_STATUS = { ok: 0, trap: 1, interrupted: 2, hostException: 3 } as const;

/**
 * Frames up to this many bytes rely on the guard below the guest stack (which is at least twice as large); larger
 * frames compare with `CTX.stackLimit` first.
 */
export const STACK_PROBE_LIMIT = 65536;
/** Bytes of inaccessible memory below the guest stack. */
export const STACK_GUARD = 262144;
