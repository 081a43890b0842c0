/**
 * What emission of one function keeps while it runs: where operands are, the frame, labels, and the tables that grow
 * beside the code (trap sites, source lines, stack maps, code put off to the function's end).
 */
import { int32 } from '../../lib/analysis/slab.ts';
import type { StackMap } from '../../lib/codegen/backend.ts';
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { IntBuffer } from '../../lib/codegen/growable.ts';
import { FIRST_SPILL_LOCATION, isDefinition, type Allocation, type MachineFunction } from '../../lib/codegen/machine-function.ts';
import { TRAP_CODES, type TrapCode } from '../../lib/mir/types.ts';
import { MEMORY_BASE, RSP } from './convention.ts';
import { FIXED } from './forms.ts';
import type { Frame } from './frame.ts';
import type { Mem } from './memory-operand.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import {
  MODE_ABSOLUTE, MODE_BASE, MODE_CONTEXT, MODE_FRAME, MODE_INDEX, MODE_NONE, MODE_POOL, modeOf, scaleOf,
} from './opcodes.ts';
import type { SelectedFunction } from './select.ts';
import type { VectorAssembler } from './vector-assembler.ts';

export function trapNumber(code: TrapCode): number { return TRAP_CODES.indexOf(code); }
export const TRAP_DIVIDE = trapNumber('integer-divide-by-zero'), TRAP_OVERFLOW = trapNumber('integer-overflow');
export const TRAP_CONVERSION = trapNumber('invalid-conversion'), TRAP_MEMORY = trapNumber('memory-out-of-bounds');
export const TRAP_MISALIGNED = trapNumber('misaligned-atomic');
export const TRAP_STACK = trapNumber('stack-overflow');
export const TRAP_NULL = trapNumber('indirect-call-null'), TRAP_SIGNATURE = trapNumber('indirect-call-type');

/** Tables of the whole module that emission appends to. Offsets are marks until the code is finished. */
export class ModuleTables {
  /** Quadruples: mark, trap, loc, divisor. */
  readonly sites = new IntBuffer(256);
  /** Triples: mark, loc, function number. */
  readonly lines = new IntBuffer(256);
  readonly stackMaps: (StackMap & { readonly mark: number })[] = [];
}

/** A rarely executed piece of an instruction, written after the function's blocks. */
export interface ColdPiece {
  readonly label: Label;
  /** Where it goes on when it does not trap. */
  readonly back: Label;
  readonly kind: 'remainder' | 'unsigned-to-float' | 'float-to-int' | 'table-mismatch';
  readonly loc: number;
  /** data0 of the instruction. */
  readonly data: number;
  readonly a: number;
  readonly d: number;
}

export class EmitContext {
  readonly asm: VectorAssembler;
  readonly selected: SelectedFunction;
  readonly f: MachineFunction;
  readonly allocation: Allocation;
  readonly frame: Frame;
  readonly linear: boolean;
  readonly tables: ModuleTables;
  readonly functionLabels: readonly Label[];
  readonly functionNumber: number;
  /** Label of each machine block. */
  readonly labels: Int32Array;
  readonly cold: ColdPiece[] = [];
  /** Jump table label of each switch, −1 until made. */
  readonly jumpTables: Int32Array;

  /** True when the function uses 256-bit registers. */
  readonly #wide: boolean;

  /** The instruction being emitted, its first operand, its data words, its source location. */
  index = 0;
  first = 0;
  data = 0;
  word = 0;
  loc = 0;
  block = 0;
  /** True in blocks that run before the prologue (see `shrink-wrap.ts`). */
  frameless = false;
  /** Register of a flexible operand that is not memory. */
  register = -1;

  /**
   * Register whose sign and zero flags the processor's flags hold at the moment, −1 for none; the size they were set
   * at; whether carry and overflow are clear as after a logical instruction.
   */
  flagsRegister = -1;
  flagsBytes = 0;
  flagsLogical = false;
  /** The instruction that set them: they count for the next one only. */
  flagsIndex = -1;

  /** Shared traps of this function by trap × loc. */
  readonly #traps = new Map<number, Label>();
  #lastLoc = -1;

  constructor(asm: VectorAssembler, selected: SelectedFunction, allocation: Allocation, frame: Frame, linear: boolean, tables: ModuleTables, functionLabels: readonly Label[], functionNumber: number) {
    this.asm = asm;
    this.selected = selected;
    this.f = selected.machine;
    this.allocation = allocation;
    this.frame = frame;
    this.linear = linear;
    this.tables = tables;
    this.functionLabels = functionLabels;
    this.functionNumber = functionNumber;
    this.#wide = asm.avx && selected.machine.vregBytes.includes(32);
    this.labels = int32(selected.machine.loopDepth.length).fill(-1);
    this.jumpTables = int32(selected.switches.length).fill(-1);
  }

  // --- operands ---
  /** Location of operand `k`. */
  at(k: number): number { return this.allocation.operandLocation[this.first + k]; }
  /** Register of operand `k`. */
  reg(k: number): number {
    const r = this.allocation.operandLocation[this.first + k];
    if (r >= FIRST_SPILL_LOCATION || r < 0) throw new InternalError(`operand ${k} of machine instruction ${this.index} of ${this.f.name} is not in a register`);
    return r;
  }
  slot(location: number): Mem { return this.asm.at(RSP, (location - FIRST_SPILL_LOCATION) * 8); }
  /** Operand `k` as memory, or undefined with {@link register} set. */
  value(k: number): Mem | undefined {
    const r = this.allocation.operandLocation[this.first + k];
    if (r >= FIRST_SPILL_LOCATION) return this.slot(r);
    this.register = r;
    return undefined;
  }
  /** The flexible operand that begins at operand `k`. Call it right before the instruction that uses it: it marks trap sites (unless `access` is false). */
  flexible(k: number, displacement: number, access = true): Mem | undefined {
    const mode = modeOf(this.data);
    switch (mode) {
      case MODE_NONE: return this.value(k);
      case MODE_BASE:
        if (access) this.site(TRAP_MEMORY);
        return this.linear ? this.asm.indexed(MEMORY_BASE, this.reg(k), 1, displacement) : this.asm.at(this.reg(k), displacement);
      case MODE_INDEX:
        if (access) this.site(TRAP_MEMORY);
        return this.asm.indexed(this.reg(k), this.reg(k + 1), 1 << scaleOf(this.data), displacement);
      case MODE_ABSOLUTE:
        if (access) this.site(TRAP_MEMORY);
        return this.asm.at(MEMORY_BASE, displacement);
      case MODE_POOL: return this.asm.rip(displacement);
      case MODE_FRAME: return this.asm.at(RSP, this.frame.slots + displacement);
      case MODE_CONTEXT: return this.asm.gs(displacement);
      default: throw new InternalError(`addressing mode ${mode} in ${this.f.name}`);
    }
  }
  /** The flexible operand of an instruction that must have memory there. */
  memory(displacement: number): Mem {
    const m = this.flexible(0, displacement);
    if (m === undefined) throw new InternalError(`memory operand missing in ${this.f.name}`);
    return m;
  }

  // --- traps and tables ---
  /** The next instruction may trap. */
  site(trap: number, divisor = -1): void {
    const t = this.tables.sites;
    t.push(this.asm.code.mark());
    t.push(trap);
    t.push(this.loc);
    t.push(divisor);
  }
  /** An explicit trap here. */
  trapHere(trap: number): void {
    this.site(trap);
    this.asm.fixed(FIXED.ud2);
  }
  /** Label of a trap at the end of the function, shared by all of one code and location. */
  trapLabel(trap: number): Label {
    const key = this.loc * 16 + trap;
    let label = this.#traps.get(key);
    if (label === undefined) {
      label = this.asm.code.newLabel();
      this.#traps.set(key, label);
    }
    return label;
  }
  emitTraps(): void {
    for (const [key, label] of this.#traps) {
      this.asm.code.bind(label);
      this.setLoc(Math.floor(key / 16));
      this.trapHere(key % 16);
    }
  }
  /** Starts a source location. */
  setLoc(loc: number): void {
    this.loc = loc;
    if (loc === this.#lastLoc) return;
    this.#lastLoc = loc;
    const t = this.tables.lines;
    t.push(this.asm.code.mark());
    t.push(loc);
    t.push(this.functionNumber);
  }

  /** Puts a piece off; returns it. */
  putOff(kind: ColdPiece['kind'], a: number, d: number): ColdPiece {
    const code = this.asm.code;
    const piece: ColdPiece = { label: code.newLabel(), back: code.newLabel(), kind, loc: this.loc, data: this.data, a, d };
    this.cold.push(piece);
    return piece;
  }

  /**
   * Clears the upper halves of all vector registers before the instruction hands control on, unless it hands on a
   * 256-bit value: the host, the runtime's stubs and the C library have code in legacy encoding, which waits for upper
   * halves that are not known to be zero (Intel SDM vol. 1, 14.9; Intel optimization manual, 15.3). Whoever is given a
   * 256-bit value does the same in turn. Nothing is lost: every call destroys all vector registers.
   */
  leaveWide(): void {
    if (!this.#wide) return;
    const { operandVReg, operandInfo, operandStart, vregBytes } = this.f;
    for (let k = this.first; k < operandStart[this.index + 1]; k++) if (!isDefinition(operandInfo[k]) && vregBytes[operandVReg[k]] === 32) return;
    this.asm.fixed(FIXED.vzeroupper);
  }

  // --- flags ---
  flagsFrom(register: number, bytes: number, logical: boolean): void {
    this.flagsRegister = register;
    this.flagsBytes = bytes;
    this.flagsLogical = logical;
    this.flagsIndex = this.index;
  }
  forgetFlags(): void { this.flagsRegister = -1; }
}
