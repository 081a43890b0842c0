/**
 * Instructions as data: one readonly object per instruction, in a few shapes told apart by `kind`.
 *
 * Values are dense small integers local to their function; `NO_VALUE` (−1) stands for an absent optional operand.
 * `loc` indexes the module's `locations` (0 = unknown). Control leaves a block only through its terminator.
 */
import type { BinaryOp, CompareOp, ConvertOp, PairOp, RmwOp, TernaryOp, UnaryOp } from './ops.ts';
import type { Lanes, MemoryOrdering, Signature, TrapCode, Type } from './types.ts';
import type { VectorOp } from './vector-ops.ts';

/** A value of a function: parameter of a block or result of an instruction. */
export type Value = number;
/** A block of a function; block 0 is the entry and its parameters are the function's. */
export type BlockId = number;
/** "No value" in an optional operand position. */
export const NO_VALUE = -1;

/**
 * A constant. `value` is a `number` for `i1` (0 or 1), `i8 i16 i32` (signed, canonical), `f32` (already rounded),
 * `f64` and `ptr` (unsigned); a `bigint` for `i64` (signed, canonical), `v128` and `v256` (unsigned, lane 0 lowest).
 * A NaN constant is the positive quiet NaN with zero payload; other NaNs are written as a `bitcast`.
 */
export interface ConstInst { readonly kind: 'const'; readonly type: Type; readonly value: number | bigint; readonly result: Value; readonly loc: number }
export interface BinaryInst { readonly kind: 'binary'; readonly op: BinaryOp; readonly type: Type; readonly a: Value; readonly b: Value; readonly result: Value; readonly loc: number }
export interface UnaryInst { readonly kind: 'unary'; readonly op: UnaryOp; readonly type: Type; readonly a: Value; readonly result: Value; readonly loc: number }
export interface TernaryInst { readonly kind: 'ternary'; readonly op: TernaryOp; readonly type: Type; readonly a: Value; readonly b: Value; readonly c: Value; readonly result: Value; readonly loc: number }
/** `type` is the type of the operands; the result is `i1`. */
export interface CompareInst { readonly kind: 'compare'; readonly op: CompareOp; readonly type: Type; readonly a: Value; readonly b: Value; readonly result: Value; readonly loc: number }
/** Two results: `result` (low half, or wrapped value; of `type`) and `result2` (high half of `type`, or flag `i1`). */
export interface PairInst { readonly kind: 'pair'; readonly op: PairOp; readonly type: Type; readonly a: Value; readonly b: Value; readonly result: Value; readonly result2: Value; readonly loc: number }
/** From `from` to `type`. */
export interface ConvertInst { readonly kind: 'convert'; readonly op: ConvertOp; readonly from: Type; readonly type: Type; readonly a: Value; readonly result: Value; readonly loc: number }
/** `condition` (`i1`) ? `a` : `b`, both of `type`; both are always computed. */
export interface SelectInst { readonly kind: 'select'; readonly type: Type; readonly condition: Value; readonly a: Value; readonly b: Value; readonly result: Value; readonly loc: number }

/**
 * An address: `((base + index * scale) mod 2^N) + offset`, N the pointer width. `base` is a `ptr`; `index` is an
 * integer of pointer width (`i32` linear, `i64` native) or {@link NO_VALUE}; `scale` is 1, 2, 4 or 8; `offset` is in
 * [0, 2^31) and the final addition does **not** wrap: in the linear model an access any byte of which lies at or
 * above the memory's size traps `memory-out-of-bounds` and has no effect.
 */
export interface Address { readonly base: Value; readonly index: Value; readonly scale: number; readonly offset: number }

/** `align` is a promise-free hint in bytes (a wrong one is only slower). A load of `i8`/`i16` is exactly that wide. */
export interface LoadInst extends Address { readonly kind: 'load'; readonly type: Type; readonly align: number; readonly volatile: boolean; readonly result: Value; readonly loc: number }
export interface StoreInst extends Address { readonly kind: 'store'; readonly type: Type; readonly value: Value; readonly align: number; readonly volatile: boolean; readonly loc: number }
/** The address itself, all of it (offset included) modulo the pointer width; never traps. */
export interface LeaInst extends Address { readonly kind: 'lea'; readonly result: Value; readonly loc: number }
/** The address of a stack slot of this activation, a `ptr`. Its numeric value is not specified. */
export interface SlotAddrInst { readonly kind: 'slot_addr'; readonly slot: number; readonly result: Value; readonly loc: number }
/** The address of a global, a `ptr`. */
export interface GlobalAddrInst { readonly kind: 'global_addr'; readonly global: string; readonly result: Value; readonly loc: number }
/** Copies `size` bytes (`i32` linear, `i64` native) as if through a temporary; bounds are checked before any write. */
export interface MemoryCopyInst { readonly kind: 'memory_copy'; readonly destination: Value; readonly source: Value; readonly size: Value; readonly loc: number }
/** Fills `size` bytes with the low 8 bits of `value` (`i32`); bounds are checked before any write. */
export interface MemoryFillInst { readonly kind: 'memory_fill'; readonly destination: Value; readonly value: Value; readonly size: Value; readonly loc: number }
/** Current size of the linear memory in 64 KiB pages, `i32`. Linear model only. */
export interface MemorySizeInst { readonly kind: 'memory_size'; readonly result: Value; readonly loc: number }
/** Grows by `pages` (`i32`, unsigned); result `i32`: the old size in pages, or −1 when the maximum would be passed. */
export interface MemoryGrowInst { readonly kind: 'memory_grow'; readonly pages: Value; readonly result: Value; readonly loc: number }

/** Direct call of a function or import by name. */
export interface CallInst { readonly kind: 'call'; readonly callee: string; readonly args: readonly Value[]; readonly results: readonly Value[]; readonly loc: number }
/** Call through the module's function table: `index` (`i32`) out of range or empty traps `indirect-call-null`, another signature `indirect-call-type`. */
export interface CallIndirectInst { readonly kind: 'call_indirect'; readonly signature: Signature; readonly index: Value; readonly args: readonly Value[]; readonly results: readonly Value[]; readonly loc: number }

export interface AtomicLoadInst extends Address { readonly kind: 'atomic_load'; readonly type: Type; readonly ordering: MemoryOrdering; readonly result: Value; readonly loc: number }
export interface AtomicStoreInst extends Address { readonly kind: 'atomic_store'; readonly type: Type; readonly value: Value; readonly ordering: MemoryOrdering; readonly loc: number }
/** Result: the value before. */
export interface AtomicRmwInst extends Address { readonly kind: 'atomic_rmw'; readonly op: RmwOp; readonly type: Type; readonly value: Value; readonly ordering: MemoryOrdering; readonly result: Value; readonly loc: number }
/** Result: the value before; the store happened when it equals `expected`. */
export interface AtomicCmpxchgInst extends Address { readonly kind: 'atomic_cmpxchg'; readonly type: Type; readonly expected: Value; readonly replacement: Value; readonly ordering: MemoryOrdering; readonly result: Value; readonly loc: number }
export interface FenceInst { readonly kind: 'fence'; readonly ordering: MemoryOrdering; readonly loc: number }

/** Any {@link VectorOp}: operands in `args`, in the order the table's row gives. */
export interface VectorInst { readonly kind: 'vector'; readonly op: VectorOp; readonly lanes: Lanes; readonly args: readonly Value[]; readonly result: Value; readonly loc: number }
/** Every lane is the scalar `a` (of the lane type; `i8`/`i16` lanes take those types). */
export interface SplatInst { readonly kind: 'splat'; readonly lanes: Lanes; readonly a: Value; readonly result: Value; readonly loc: number }
export interface ExtractLaneInst { readonly kind: 'extract_lane'; readonly lanes: Lanes; readonly lane: number; readonly a: Value; readonly result: Value; readonly loc: number }
export interface InsertLaneInst { readonly kind: 'insert_lane'; readonly lanes: Lanes; readonly lane: number; readonly a: Value; readonly b: Value; readonly result: Value; readonly loc: number }
/**
 * Byte shuffle. The length of the mask is that of the vectors: 16 indices for `v128`, 0–15 from `a` and 16–31 from `b`;
 * 32 for `v256`, 0–31 from `a` and 32–63 from `b`, across halves as well.
 */
export interface ShuffleInst { readonly kind: 'shuffle'; readonly mask: readonly number[]; readonly a: Value; readonly b: Value; readonly result: Value; readonly loc: number }

/** A place where a host may stop or inspect the run. No effect on values. */
export interface SafepointInst { readonly kind: 'safepoint'; readonly loc: number }
/** Records where `live` values are, under `id`; no effect on values. */
export interface StackMapInst { readonly kind: 'stack_map'; readonly id: number; readonly live: readonly Value[]; readonly loc: number }
/** Leaves `bytes` bytes of no-ops that a host may overwrite, under `id`, and records where `live` values are. */
export interface PatchPointInst { readonly kind: 'patch_point'; readonly id: number; readonly bytes: number; readonly live: readonly Value[]; readonly loc: number }

export type Instruction =
  | ConstInst | BinaryInst | UnaryInst | TernaryInst | CompareInst | PairInst | ConvertInst | SelectInst
  | LoadInst | StoreInst | LeaInst | SlotAddrInst | GlobalAddrInst
  | MemoryCopyInst | MemoryFillInst | MemorySizeInst | MemoryGrowInst
  | CallInst | CallIndirectInst
  | AtomicLoadInst | AtomicStoreInst | AtomicRmwInst | AtomicCmpxchgInst | FenceInst
  | VectorInst | SplatInst | ExtractLaneInst | InsertLaneInst | ShuffleInst
  | SafepointInst | StackMapInst | PatchPointInst;

/** A control-flow edge: the target block and the values its parameters take (all at once: a parallel assignment). */
export interface Edge { readonly block: BlockId; readonly args: readonly Value[] }
export interface JumpTerm { readonly kind: 'jump'; readonly target: Edge; readonly loc: number }
export interface BranchTerm { readonly kind: 'br'; readonly condition: Value; readonly then: Edge; readonly else: Edge; readonly loc: number }
/** `value` is `i8 i16 i32 i64`; `cases[i].value` follows the constant rules of the type and is unique. */
export interface SwitchTerm { readonly kind: 'switch'; readonly type: Type; readonly value: Value; readonly cases: readonly SwitchCase[]; readonly default: Edge; readonly loc: number }
export interface SwitchCase { readonly value: number | bigint; readonly target: Edge }
export interface ReturnTerm { readonly kind: 'ret'; readonly args: readonly Value[]; readonly loc: number }
/** Replaces this activation: the stack never grows. The callee's results are this function's results. */
export interface TailCallTerm { readonly kind: 'tail_call'; readonly callee: string; readonly args: readonly Value[]; readonly loc: number }
export interface TailCallIndirectTerm { readonly kind: 'tail_call_indirect'; readonly signature: Signature; readonly index: Value; readonly args: readonly Value[]; readonly loc: number }
export interface TrapTerm { readonly kind: 'trap'; readonly code: TrapCode; readonly loc: number }

export type Terminator = JumpTerm | BranchTerm | SwitchTerm | ReturnTerm | TailCallTerm | TailCallIndirectTerm | TrapTerm;
export type InstructionKind = Instruction['kind'];
export type TerminatorKind = Terminator['kind'];
