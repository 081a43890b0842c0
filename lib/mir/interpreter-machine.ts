/**
 * The state of a running interpreter: a register stack, linear memory, and the activations.
 *
 * Every MIR value of an activation owns 16 bytes of the register stack (32 in a function that has a `v256`), so a float register holds exact bits and
 * moves never go through a JavaScript number (which could change a NaN). Register operands in decoded code are
 * offsets in 32-bit words from `fp`. Integers up to 32 bits (and linear pointers) live in word 0, sign-extended
 * (`i1` as 0 or 1); 64-bit values and native pointers in words 0 and 1; vectors in four or all eight. Hosts are taken to be
 * little-endian, as every platform of Node.js and every browser is.
 */
import { StepLimitError, TrapError, UsageError, type TrapFrame } from './errors.ts';
import { layoutModule, type MemoryLayout } from './layout.ts';
import type { MirFunction, Module, SourceLocation } from './module.ts';
import { PAGE_SIZE, type TrapCode } from './types.ts';

/** Executes the instruction whose operands start at `code[p]`. */
export type Handler = (m: Machine, p: number) => void;

/** A function that the host gives for an import. */
export type HostFunction = (...args: (number | bigint)[]) => unknown;

/** Operand words per decoded instruction. */
export const STRIDE = 8;
/** Most bytes the register stack may take before a call traps `stack-overflow`. */
const MAX_REGISTER_BYTES = 1 << 28;
/** Most activations a trap's trace lists. */
const MAX_TRACE = 128;

/** The function table, resolved to numbers; shared by all functions of a module. */
export interface DecodedTable {
  /** Per entry: function index, −1 for an empty entry, −2 − i for import i. */
  readonly targets: Int32Array;
  /** Per entry: number of its signature. */
  readonly signatures: Int32Array;
}

export interface DecodedFunction {
  readonly name: string;
  readonly handlers: Handler[];
  /** {@link STRIDE} words per instruction. */
  readonly code: Int32Array;
  readonly edges: Int32Array;
  readonly lists: Int32Array;
  readonly switches: readonly ReadonlyMap<number | bigint, number>[];
  readonly traps: readonly TrapCode[];
  /** Index into the module's locations, per instruction. */
  readonly locations: Int32Array;
  /** Register words of the parameters. */
  readonly params: Int32Array;
  readonly frameWords: number;
  readonly slotBytes: number;
  /** Instructions of the entry block, terminator included. */
  readonly entrySteps: number;
  readonly table: DecodedTable;
}

export interface MachineLimits { readonly maxSteps: number; readonly maxDepth: number }

export class Machine {
  readonly module: Module;
  readonly layout: MemoryLayout;
  readonly limits: MachineLimits;
  readonly imports: Readonly<Record<string, HostFunction>>;
  /** Decodes on first use. */
  readonly decode: (f: MirFunction) => DecodedFunction;
  readonly decoded: (DecodedFunction | undefined)[];

  // --- the current activation ---
  fn: DecodedFunction;
  code: Int32Array;
  /** Index of the instruction to execute next; −1 stops the loop. */
  ip = -1;
  /** Word offset of register 0. */
  fp = 0;
  /** The linear stack pointer. */
  sp: number;
  steps = 0;

  // --- suspended activations, outermost first ---
  depth = 0;
  readonly savedFunctions: DecodedFunction[] = [];
  readonly savedIp: number[] = [];
  readonly savedFp: number[] = [];
  readonly savedSp: number[] = [];

  // --- registers: one buffer, many views ---
  i8!: Int8Array; u8!: Uint8Array; i16!: Int16Array; u16!: Uint16Array; i32!: Int32Array; u32!: Uint32Array;
  f32!: Float32Array; f64!: Float64Array; i64!: BigInt64Array; u64!: BigUint64Array;
  /** Holds the sources of a parallel move while its targets are written. */
  readonly scratch = new Int32Array(8 * 1024);

  // --- memory ---
  memory!: Uint8Array;
  view!: DataView;
  memorySize = 0;

  constructor(module: Module, limits: MachineLimits, imports: Readonly<Record<string, HostFunction>>, decode: (f: MirFunction, m: Machine) => DecodedFunction, idle: DecodedFunction) {
    this.module = module;
    this.layout = layoutModule(module);
    this.limits = limits;
    this.imports = imports;
    this.decode = (f) => decode(f, this);
    this.decoded = new Array<DecodedFunction | undefined>(module.functions.length).fill(undefined);
    this.fn = idle;
    this.code = idle.code;
    this.sp = this.layout.stackHigh;
    this.#allocateRegisters(4096);
  }

  function(index: number): DecodedFunction {
    return this.decoded[index] ??= this.decode(this.module.functions[index]);
  }

  setMemory(bytes: Uint8Array): void {
    this.memory = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.memorySize = bytes.byteLength;
  }

  /** Grows by whole pages; the old size in pages, or −1 when the maximum would be passed. */
  growMemory(pages: number): number {
    const old = this.memorySize / PAGE_SIZE;
    if (pages === 0) return old;
    if (old + pages > Math.min(this.module.memory.maximumPages, 65536)) return -1;
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array((old + pages) * PAGE_SIZE);
    } catch {
      return -1; // the host has no such block of memory
    }
    bytes.set(this.memory);
    this.setMemory(bytes);
    return old;
  }

  #allocateRegisters(words: number): void {
    const buffer = new ArrayBuffer(words * 4);
    const old = this.i32;
    this.i8 = new Int8Array(buffer); this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer); this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer); this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer); this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer); this.u64 = new BigUint64Array(buffer);
    if (old !== undefined) this.i32.set(old);
  }

  /** Makes room for a frame of `words` at `fp`; traps when the register stack is full. */
  reserve(fp: number, words: number): void {
    const needed = fp + words;
    if (needed <= this.i32.length) return;
    if (needed * 4 > MAX_REGISTER_BYTES) this.trap('stack-overflow');
    this.#allocateRegisters(Math.max(needed, Math.min(this.i32.length * 2, MAX_REGISTER_BYTES / 4)));
  }

  /** Suspends the current activation; the caller then switches to the callee with {@link enter}. */
  push(): void {
    const d = this.depth;
    if (d >= this.limits.maxDepth) this.trap('stack-overflow');
    this.savedFunctions[d] = this.fn;
    this.savedIp[d] = this.ip;
    this.savedFp[d] = this.fp;
    this.savedSp[d] = this.sp;
    this.depth = d + 1;
  }

  /** Takes the innermost suspended activation back up. */
  pop(): void {
    const d = --this.depth;
    this.fn = this.savedFunctions[d];
    this.code = this.fn.code;
    this.ip = this.savedIp[d];
    this.fp = this.savedFp[d];
    this.sp = this.savedSp[d];
  }

  /** Starts `f` with its registers at `fp` (parameters already there). */
  enter(f: DecodedFunction, fp: number): void {
    if (f.slotBytes > 0) {
      // The callee's prologue finds the overflow, so the trap is its own.
      if (this.sp - f.slotBytes < this.layout.stackLow) { this.fn = f; this.ip = 1; this.trap('stack-overflow'); }
      this.sp -= f.slotBytes;
    }
    this.fn = f;
    this.code = f.code;
    this.fp = fp;
    this.ip = 0;
    this.count(f.entrySteps);
  }

  /** Counts the instructions of a block on entering it. */
  count(steps: number): void {
    if ((this.steps += steps) > this.limits.maxSteps) throw new StepLimitError(this.limits.maxSteps, this.fn.name);
  }

  /** Ends the run with a trap at the instruction being executed. */
  trap(code: TrapCode, address?: number | bigint): never {
    const frames = this.trace();
    throw new TrapError(code, { functionName: frames[0]?.functionName, location: frames[0]?.location, address, frames });
  }

  /** Active calls, innermost first. */
  trace(): TrapFrame[] {
    const frames: TrapFrame[] = [];
    let fn = this.fn, ip = this.ip;
    for (let d = this.depth; frames.length < MAX_TRACE; ) {
      if (fn.name !== '') frames.push({ functionName: fn.name, location: this.#locationOf(fn, ip - 1) });
      if (--d < 0) break;
      fn = this.savedFunctions[d];
      ip = this.savedIp[d];
    }
    return frames;
  }

  #locationOf(fn: DecodedFunction, ip: number): SourceLocation | undefined {
    const loc = ip >= 0 && ip < fn.locations.length ? fn.locations[ip] : 0;
    return loc === 0 ? undefined : this.module.locations[loc];
  }

  /** The host function of an import, or a typed error. */
  hostFunction(name: string): HostFunction {
    const f = Object.hasOwn(this.imports, name) ? this.imports[name] : undefined;
    if (typeof f !== 'function') {
      throw new UsageError(`module ${JSON.stringify(this.module.name)} called its import ${JSON.stringify(name)}, which was not given`, `Pass it as { imports: { ${JSON.stringify(name)}: (...) => ... } }.`);
    }
    return f;
  }
}

/** Runs until the loop is stopped by `ip = -1`. */
export function run(m: Machine): void {
  while (m.ip >= 0) {
    const ip = m.ip++;
    m.fn.handlers[ip](m, ip * STRIDE);
  }
}
