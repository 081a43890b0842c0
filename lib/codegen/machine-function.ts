/**
 * Machine IR: one function after instruction selection, before register allocation.
 *
 * Opcodes, registers and immediates belong to the architecture; this file knows only what register allocation and
 * its checker need: virtual registers in SSA form, operands with constraints, clobbers, blocks with parameters, edges.
 * Everything is a dense typed array indexed by instruction, operand, block or virtual register.
 *
 * Invariants (checked by `verifyMachineFunction`):
 * - blocks are in emission order; block 0 is the entry, has no predecessors and no parameters (arguments enter as
 *   fixed-register definitions of the first instruction);
 * - every virtual register has exactly one definition (operand or block parameter), which dominates its uses;
 * - no critical edges: an edge from a block with several successors leads to a block with one predecessor;
 * - the last instruction of a block is its terminator; terminators define nothing; the values an edge passes are in
 *   the edge's argument list, not among the terminator's operands, and only a block with a single successor passes any;
 * - every block is reachable.
 */

/** Virtual register number, dense from 0. */
export type VReg = number;
/** Machine register: 0–31 are general registers, 32–63 vector registers. */
export type PReg = number;

export const CLASS_INT = 0;
export const CLASS_VECTOR = 1;
/** Vector registers are numbered from here, so that a register number tells its class. */
export const FIRST_VECTOR_PREG = 32;

/** Where a value is: below 64 a machine register; from 64 on, spill slot `location − 64` (unit: 8 bytes). */
export type Location = number;
export const FIRST_SPILL_LOCATION = 64;

/** What an operand does. An instruction reads at its *early* and writes at its *late* point, unless said otherwise. */
/** Read at the early point: may share a register with a late definition. */
export const ROLE_USE = 0;
/** Written at the late point: may share a register with an early use that dies here. */
export const ROLE_DEF = 1;
/** Read up to the late point: never shares a register with any definition of the instruction. */
export const ROLE_LATE_USE = 2;
/** Written at the early point (temporaries too): never shares a register with any use or definition of the instruction. */
export const ROLE_EARLY_DEF = 3;

/** Any register of the class, or a spill slot. */
export const CONSTRAINT_ANY = 0;
/** Any register of the class. */
export const CONSTRAINT_REG = 1;
/** Exactly the register in the payload. */
export const CONSTRAINT_FIXED = 2;
/** (late definitions only) The same register as operand number `payload` of this instruction, an early use. */
export const CONSTRAINT_REUSE = 3;

/** Packs an operand's role, constraint and payload (a register for FIXED, an operand index for REUSE). */
export function operandInfo(role: number, constraint: number, payload = 0): number {
  return role | (constraint << 2) | (payload << 4);
}
export function operandRole(info: number): number { return info & 3; }
export function operandConstraint(info: number): number { return (info >> 2) & 3; }
export function operandPayload(info: number): number { return info >> 4; }
export function isDefinition(info: number): boolean { return (info & 1) === 1; }

/** What register allocation must know of an architecture. */
export interface RegisterFile {
  /** Name of each register by number, for listings; holes are empty. */
  readonly names: readonly string[];
  /** Allocatable registers of each class in order of preference: `[int, vector]`. */
  readonly allocatable: readonly [readonly PReg[], readonly PReg[]];
  /** Registers a call leaves intact, as a set over 0–63. */
  readonly calleeSaved: ReadonlySet<PReg>;
  /** Reserved for moves between two spill slots and for breaking cycles, one per class; never allocatable. */
  readonly scratch: readonly [PReg, PReg];
}

export interface MachineFunction {
  readonly name: string;
  /** Class of each virtual register, {@link CLASS_INT} or {@link CLASS_VECTOR}. */
  readonly vregClass: Uint8Array;
  /** Bytes to save when spilled: 8, 16 or 32. */
  readonly vregBytes: Uint8Array;
  /** The instruction that can recompute the value anywhere from nothing (a constant, an address), or −1. */
  readonly vregRemat: Int32Array;

  /** Opcode of each instruction (the architecture's numbering). */
  readonly opcode: Uint16Array;
  /** Operands of instruction i are `operandStart[i] .. operandStart[i+1]`. */
  readonly operandStart: Int32Array;
  readonly operandVReg: Int32Array;
  readonly operandInfo: Int32Array;
  /** Index into {@link clobberSets} of the registers the instruction destroys besides its definitions (0: none). */
  readonly clobber: Uint8Array;
  readonly clobberSets: readonly (readonly PReg[])[];
  /** Architecture data of each instruction: a small integer word, an index of a side table, as it likes. */
  readonly data0: Int32Array;
  readonly data1: Int32Array;
  /** Source location of each instruction. */
  readonly loc: Int32Array;

  /** Instructions of block b are `blockStart[b] .. blockStart[b+1]`. */
  readonly blockStart: Int32Array;
  readonly blockParamStart: Int32Array;
  readonly blockParams: Int32Array;
  /** Successor edges of block b are `succStart[b] .. succStart[b+1]`. */
  readonly succStart: Int32Array;
  readonly succs: Int32Array;
  readonly predStart: Int32Array;
  readonly preds: Int32Array;
  /** Arguments of edge e (an index into {@link succs}) are `edgeArgStart[e] .. edgeArgStart[e+1]` of {@link edgeArgs}. */
  readonly edgeArgStart: Int32Array;
  readonly edgeArgs: Int32Array;
  /** Nesting depth of the innermost loop that holds the block (0: none), for spill weights. */
  readonly loopDepth: Uint8Array;
  /** 1 for blocks that hardly ever run (they end in a trap): spilling there is free. */
  readonly cold: Uint8Array;
}

export function instructionCount(f: MachineFunction): number { return f.opcode.length; }
export function blockCount(f: MachineFunction): number { return f.loopDepth.length; }
export function vregCount(f: MachineFunction): number { return f.vregClass.length; }

/**
 * The result of register allocation.
 *
 * `edits` are moves to insert, as triples `(point, from, to)` sorted by point, where point `2*i` is before and
 * `2*i + 1` after instruction i. Moves of one point are already sequentialised: execute them in order. `from` is a
 * {@link Location}, or `~i` (negative) to recompute instruction i's rematerialisable value into the register `to`.
 * A move's class follows from its register operand; between two spill slots it never occurs (the scratch is used).
 * A vector move between register and slot has the width of `editBytes`.
 */
export interface Allocation {
  /** The location of each operand. */
  readonly operandLocation: Int32Array;
  readonly edits: Int32Array;
  /** Width of each edit in bytes (8, 16 or 32), one per triple. */
  readonly editBytes: Uint8Array;
  /** Spill area in units of 8 bytes. Values of 16 and 32 bytes sit at even slots. */
  readonly spillSlots: number;
  /** Callee-saved registers that were used, ascending. */
  readonly usedCalleeSaved: readonly PReg[];
  /** How much work it was: rounds of the loops whose length depends on more than their operand. Linear in the function. */
  readonly steps?: number;
}
