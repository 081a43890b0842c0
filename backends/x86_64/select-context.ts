/**
 * What instruction selection of one function keeps while it runs, and the vocabulary its rules are written in.
 *
 * A rule first asks for all its operands (asking may emit instructions), the flexible operand last, then begins its
 * machine instruction and lists them. The flexible operand is in {@link SelectContext.mode} and the fields after it.
 */
import type { CodeBuffer, Label } from '../../lib/codegen/code-buffer.ts';
import { IntBuffer } from '../../lib/codegen/growable.ts';
import {
  CLASS_INT, CLASS_VECTOR, CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_EARLY_DEF,
  ROLE_LATE_USE, ROLE_USE, operandInfo, type PReg, type VReg,
} from '../../lib/codegen/machine-function.ts';
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import type { SelectionInput } from '../../lib/codegen/selection.ts';
import type { Address, ConstInst, Instruction, LoadInst, Value } from '../../lib/mir/instruction.ts';
import { NO_VALUE } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { sizeOf, type Type } from '../../lib/mir/types.ts';
import type { ModulePlan } from './module-plan.ts';
import {
  MODE_ABSOLUTE, MODE_BASE, MODE_FRAME, MODE_INDEX, MODE_NONE, MODE_POOL, MODE_SCALED, OP_CONST, OP_FCONST, OP_LEA,
  OP_SLOT_BASE, modeRegisters, pack, sizeLog,
} from './opcodes.ts';

export const USE_REG = operandInfo(ROLE_USE, CONSTRAINT_REG);
export const USE_ANY = operandInfo(ROLE_USE, CONSTRAINT_ANY);
export const LATE_REG = operandInfo(ROLE_LATE_USE, CONSTRAINT_REG);
export const DEF_REG = operandInfo(ROLE_DEF, CONSTRAINT_REG);
export const EARLY_DEF_REG = operandInfo(ROLE_EARLY_DEF, CONSTRAINT_REG);
export function useFixed(r: PReg): number { return operandInfo(ROLE_USE, CONSTRAINT_FIXED, r); }
export function defFixed(r: PReg): number { return operandInfo(ROLE_DEF, CONSTRAINT_FIXED, r); }
/** A definition in the register of operand number `k`. */
export function defReuse(k: number): number { return operandInfo(ROLE_DEF, CONSTRAINT_REUSE, k); }

/** Cases of a switch terminator, as emission needs them: successor numbers by value. */
export interface SwitchTable {
  /** Bytes of the compared value: 4 or 8. */
  readonly size: number;
  /** Jump table: successor of each value from 0 on. */
  readonly targets: readonly number[];
  /** Compare tree: sorted case values (low and high word) and their successors. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly fallback: number;
}

/** Emits one MIR instruction. */
export type Lowering = (s: SelectContext, i: Instruction) => void;

const CACHE = 8;

export class SelectContext {
  readonly f: MirFunction;
  readonly input: SelectionInput;
  readonly plan: ModulePlan;
  readonly b: MachineFunctionBuilder;
  readonly code: CodeBuffer;
  readonly linear: boolean;
  /** Second immediates of instructions that have two. */
  readonly extra = new IntBuffer();
  readonly switches: SwitchTable[] = [];
  /** Set when the function calls anything (and needs an aligned stack). */
  calls = false;
  /** Set when a linear stack frame is used. */
  usesLinearFrame = false;

  // The flexible operand.
  mode = MODE_NONE;
  /** 1, 2, 4, 8 as a power of two. */
  scale = 0;
  displacement = 0;
  /** Its registers: the value itself, or base and index. */
  first: VReg = -1;
  second: VReg = -1;

  /** The block's last division, whose other result may be wanted too: dividend, divisor register or constant. */
  readonly division = { a: -1 as VReg, b: -1 as VReg, constant: 0n, signed: false, bytes: 0, quotient: -1 as VReg, remainder: -1 as VReg };

  readonly #vreg: Int32Array;
  readonly #constant: Int32Array;
  readonly #constantBlock: Int32Array;
  #block = -1;
  #loc = 0;
  #foldedLoc = -1;
  #slotBase: VReg = -1;
  readonly #lower: Lowering;
  // Addresses computed in this block: base, index, scale and displacement to register.
  readonly #cacheBase = new Int32Array(CACHE).fill(-1);
  readonly #cacheIndex = new Int32Array(CACHE);
  readonly #cacheScale = new Int32Array(CACHE);
  readonly #cacheDisplacement = new Int32Array(CACHE);
  readonly #cacheResult = new Int32Array(CACHE);
  #cacheNext = 0;

  constructor(f: MirFunction, input: SelectionInput, plan: ModulePlan, code: CodeBuffer, clobberSets: readonly (readonly PReg[])[], lower: Lowering) {
    this.f = f;
    this.input = input;
    this.plan = plan;
    this.code = code;
    this.linear = plan.linear;
    this.b = new MachineFunctionBuilder(f.name, clobberSets);
    this.#lower = lower;
    const n = f.valueTypes.length;
    this.#vreg = new Int32Array(n).fill(-1);
    this.#constant = new Int32Array(n);
    this.#constantBlock = new Int32Array(n).fill(-1);
  }

  /** Begins a machine block: nothing computed for one block's use is known in the next. */
  enterBlock(): void {
    this.#block++;
    this.#cacheBase.fill(-1);
    this.#cacheNext = 0;
    this.division.a = -1;
  }
  /** Source location of what is emitted next. */
  setLocation(loc: number): void { this.#loc = loc; }
  get location(): number { return this.#loc; }

  // --- emitting ---
  inst(opcode: number, data0 = 0, data1 = 0, clobberSet = 0): number {
    const loc = this.#foldedLoc >= 0 ? this.#foldedLoc : this.#loc;
    this.#foldedLoc = -1;
    return this.b.inst(opcode, data0, data1, loc, clobberSet);
  }
  /** The next instruction contains the memory access written at `loc`, which is where it may trap. */
  accessAt(loc: number): void { this.#foldedLoc = loc; }
  op(v: VReg, info: number): void { this.b.operand(v, info); }
  newInt(): VReg { return this.b.newVReg(CLASS_INT, 8); }
  newFloat(): VReg { return this.b.newVReg(CLASS_VECTOR, 8); }
  /** A new register that a machine instruction `d <- a` defines; for intermediate steps. */
  step(opcode: number, data0: number, data1: number, a: VReg, reuse = false): VReg {
    const d = this.newInt();
    this.inst(opcode, data0, data1);
    this.op(d, reuse ? defReuse(1) : DEF_REG);
    this.op(a, reuse ? USE_REG : USE_ANY);
    return d;
  }

  // --- values ---
  typeOf(v: Value): Type { return this.f.valueTypes[v]; }
  bytesOf(type: Type): number { return sizeOf(type, this.plan.model); }
  resolve(v: Value): Value { return this.input.alias[v]; }
  definition(v: Value): Instruction | undefined { return this.input.definitions[this.input.alias[v]]; }
  useCount(v: Value): number { return this.input.useCount[this.input.alias[v]]; }
  /** Position of the definition, −1 for a parameter. */
  definedAt(v: Value): number { return this.input.definedAt[this.input.alias[v]]; }
  /** True when `result` is passed to the block parameter that `v` is: the next value of one loop variable. */
  continues(result: Value, v: Value): boolean { return this.input.feeds[result] === this.input.alias[v]; }
  isFolded(v: Value): boolean { return this.input.folded[this.input.alias[v]] === 1; }

  /** The register that holds `v` (not followed through names): for definitions. */
  def(v: Value): VReg {
    let r = this.#vreg[v];
    if (r < 0) {
      const type = this.f.valueTypes[v];
      r = type === 'f32' || type === 'f64' ? this.b.newVReg(CLASS_VECTOR, 8) : type === 'v128' ? this.b.newVReg(CLASS_VECTOR, 16) : this.b.newVReg(CLASS_INT, 8);
      this.#vreg[v] = r;
    }
    return r;
  }

  /** A register with the value of `v`, emitting what was put off until now. */
  reg(v: Value): VReg {
    const a = this.input.alias[v];
    if (this.#vreg[a] >= 0) return this.#vreg[a];
    const d = this.input.definitions[a];
    if (d !== undefined) {
      switch (d.kind) {
        case 'const': return this.#constantReg(a, d);
        case 'global_addr': if (this.linear) return this.#addressConstant(a, this.plan.globalAddress(this.f, d.global)); break;
        case 'slot_addr': return this.#slotAddress(a, d.slot);
        default:
          if (this.input.folded[a] === 1) {
            const loc = this.#loc;
            this.#loc = d.loc;
            this.#lower(this, d);
            this.#loc = loc;
          }
      }
    }
    return this.def(a);
  }

  /** True when `v` is a constant that a sign-extended 32-bit immediate can stand for at its width. */
  isImmediate(v: Value): boolean {
    const d = this.definition(v);
    if (d === undefined) return false;
    if (d.kind === 'global_addr') return this.linear;
    if (d.kind !== 'const') return false;
    switch (d.type) {
      case 'i1': case 'i8': case 'i16': case 'i32': return true;
      case 'i64': return BigInt.asIntN(32, d.value as bigint) === d.value;
      case 'ptr': return this.linear || (d.value as number) < 0x80000000;
      default: return false;
    }
  }
  /** The immediate of a value that {@link isImmediate}. */
  immediate(v: Value): number {
    const d = this.definition(v)!;
    if (d.kind === 'global_addr') return this.plan.globalAddress(this.f, d.global) | 0;
    return Number((d as ConstInst).value) | 0;
  }
  /** The constant integer `v` is, or undefined (numbers as they are, i64 as bigint). */
  constant(v: Value): number | bigint | undefined {
    const d = this.definition(v);
    return d !== undefined && d.kind === 'const' ? d.value : undefined;
  }

  /** Defines the constant here, where MIR has it, for use anywhere. */
  defineConstant(d: ConstInst): void { this.#emitInteger(this.def(d.result), d.value as bigint); }
  /** A constant integer in a register. */
  integer(value: number): VReg {
    const r = this.newInt();
    this.b.setRemat(r, this.inst(OP_CONST, value | 0, value < 0 ? -1 : Math.floor(value / 4294967296)));
    this.op(r, DEF_REG);
    return r;
  }

  #constantReg(v: Value, d: ConstInst): VReg {
    if (this.#constantBlock[v] === this.#block) return this.#constant[v];
    let r: VReg;
    switch (d.type) {
      case 'f32': case 'f64': case 'v128': {
        r = this.b.newVReg(CLASS_VECTOR, d.type === 'v128' ? 16 : 8);
        this.b.setRemat(r, this.inst(OP_FCONST, pack(0, sizeLog(this.bytesOf(d.type))), this.poolLabel(d)));
        this.op(r, DEF_REG);
        break;
      }
      case 'i64':
        r = this.newInt();
        this.#emitInteger(r, d.value as bigint);
        break;
      default: {
        r = this.newInt();
        const value = Number(d.value);
        this.b.setRemat(r, this.inst(OP_CONST, value | 0, d.type === 'ptr' ? Math.floor(value / 4294967296) : 0));
        this.op(r, DEF_REG);
      }
    }
    this.#constantBlock[v] = this.#block;
    this.#constant[v] = r;
    return r;
  }
  #emitInteger(r: VReg, value: bigint): void {
    const low = Number(BigInt.asIntN(32, value)), high = Number(BigInt.asIntN(32, value >> 32n));
    this.b.setRemat(r, this.inst(OP_CONST, low, high));
    this.op(r, DEF_REG);
  }
  #addressConstant(v: Value, address: number): VReg {
    if (this.#constantBlock[v] !== this.#block) {
      this.#constant[v] = this.integer(address);
      this.#constantBlock[v] = this.#block;
    }
    return this.#constant[v];
  }

  /** Label of a float constant in the pool, −1 for all zero bits. */
  poolLabel(d: ConstInst): Label {
    switch (d.type) {
      case 'f32': {
        F32[0] = d.value as number;
        if (Number.isNaN(d.value)) I32[0] = 0x7fc00000;
        return I32[0] === 0 ? -1 : this.code.constant32(I32[0]);
      }
      case 'f64': {
        F64[0] = d.value as number;
        if (Number.isNaN(d.value)) { I32[0] = 0; I32[1] = 0x7ff80000; }
        return I32[0] === 0 && I32[1] === 0 ? -1 : this.code.constant64(I32[0], I32[1]);
      }
      default: {
        const v = BigInt(d.value);
        if (v === 0n) return -1;
        const word = (k: bigint): number => Number(BigInt.asIntN(32, v >> k));
        return this.code.constant128(word(0n), word(32n), word(64n), word(96n));
      }
    }
  }

  // --- stack slots ---
  /** Linear model: the register with this activation's linear stack pointer. */
  slotBase(): VReg {
    if (this.#slotBase < 0) {
      // Defined by the entry block (see `select.ts`), which is selected first or asks for it itself.
      this.#slotBase = this.newInt();
      this.usesLinearFrame = true;
    }
    return this.#slotBase;
  }
  #slotAddress(v: Value, slot: number): VReg {
    if (this.#constantBlock[v] === this.#block) return this.#constant[v];
    const offset = this.plan.slotOffsets(this.f)[slot];
    let r: VReg;
    if (this.linear) {
      const base = this.slotBase();
      if (offset === 0) r = base;
      else {
        r = this.newInt();
        this.inst(OP_LEA, pack(0, 2, MODE_BASE), offset);
        this.op(r, DEF_REG);
        this.op(base, USE_REG);
      }
    } else {
      r = this.newInt();
      this.b.setRemat(r, this.inst(OP_SLOT_BASE, 0, offset));
      this.op(r, DEF_REG);
    }
    this.#constantBlock[v] = this.#block;
    this.#constant[v] = r;
    return r;
  }

  // --- the flexible operand ---
  /** Makes `v` the flexible operand: a folded load's memory, a float constant's place, or a register. */
  flexible(v: Value): void {
    const a = this.input.alias[v];
    if (this.#vreg[a] < 0) {
      const d = this.input.definitions[a];
      if (d !== undefined) {
        if (d.kind === 'load' && this.input.folded[a] === 1) {
          this.address(d);
          this.#foldedLoc = d.loc;
          return;
        }
        if (d.kind === 'const' && (d.type === 'f32' || d.type === 'f64')) {
          const label = this.poolLabel(d);
          if (label >= 0) {
            this.mode = MODE_POOL;
            this.displacement = label;
            return;
          }
        }
      }
    }
    this.register(this.reg(v));
  }
  /** Makes a register the flexible operand. */
  register(r: VReg): void {
    this.mode = MODE_NONE;
    this.scale = 0;
    this.displacement = 0;
    this.first = r;
  }
  /** True when the flexible operand of `v` will be memory that may trap. */
  isFoldedLoad(v: Value): boolean {
    const a = this.input.alias[v];
    return this.#vreg[a] < 0 && this.input.folded[a] === 1 && this.input.definitions[a]!.kind === 'load';
  }
  /** Lists the registers of the flexible operand. */
  flexibleOperands(): void {
    if (this.mode === MODE_NONE) this.op(this.first, USE_ANY);
    else this.memoryOperands();
  }
  memoryOperands(): void {
    const n = modeRegisters(this.mode);
    if (n > 0) this.op(this.first, USE_REG);
    if (n > 1) this.op(this.second, USE_REG);
  }
  /** data0 for `sub` at `bytes` with the flexible operand. */
  packed(sub: number, bytes: number): number { return pack(sub, sizeLog(bytes), this.mode, this.scale); }

  /**
   * Makes a memory access's place the flexible operand. In the linear model `base + index * scale` wraps at 32 bits
   * and the offset does not, so the sum is computed in a 32-bit register of its own and only the offset is folded.
   */
  address(at: Address): void {
    const base = this.definition(at.base);
    this.scale = 0;
    this.displacement = at.offset;
    if (!this.linear) {
      this.#nativeAddress(at, base);
      return;
    }
    const fixed = base === undefined ? -1 : base.kind === 'const' ? Number(base.value) >>> 0 : base.kind === 'global_addr' ? this.plan.globalAddress(this.f, base.global) : -1;
    if (at.index === NO_VALUE) {
      if (fixed >= 0 && fixed + at.offset < 0x80000000) {
        this.mode = MODE_ABSOLUTE;
        this.displacement = fixed + at.offset;
        return;
      }
      if (base !== undefined && base.kind === 'slot_addr') {
        const offset = this.plan.slotOffsets(this.f)[base.slot] + at.offset;
        if (offset < 0x80000000) {
          this.mode = MODE_BASE;
          this.first = this.slotBase();
          this.displacement = offset;
          return;
        }
      }
      const r = this.reg(at.base);
      this.mode = MODE_BASE;
      this.first = r;
      this.displacement = at.offset;
      return;
    }
    const r = this.effective(at, fixed);
    this.mode = MODE_BASE;
    this.scale = 0;
    this.first = r;
    this.displacement = at.offset;
  }

  /** `base + index * scale` of the linear model modulo 2^32 in a register; `fixed` is the base if it is constant, else −1. */
  effective(at: Address, fixed: number): VReg {
    const index = this.reg(at.index), scale = sizeLog(at.scale);
    if (fixed === 0 && scale === 0) return index;
    const base = fixed >= 0 ? -2 : this.reg(at.base), displacement = fixed >= 0 ? fixed | 0 : 0;
    for (let k = 0; k < CACHE; k++) {
      if (this.#cacheBase[k] === base && this.#cacheIndex[k] === index && this.#cacheScale[k] === scale && this.#cacheDisplacement[k] === displacement) return this.#cacheResult[k];
    }
    const r = this.newInt();
    this.inst(OP_LEA, pack(0, 2, fixed >= 0 ? MODE_SCALED : MODE_INDEX, scale), displacement);
    this.op(r, DEF_REG);
    if (fixed < 0) this.op(base, USE_REG);
    this.op(index, USE_REG);
    const k = this.#cacheNext++ & (CACHE - 1);
    this.#cacheBase[k] = base;
    this.#cacheIndex[k] = index;
    this.#cacheScale[k] = scale;
    this.#cacheDisplacement[k] = displacement;
    this.#cacheResult[k] = r;
    return r;
  }

  #nativeAddress(at: Address, base: Instruction | undefined): void {
    if (at.index === NO_VALUE && base !== undefined && base.kind === 'slot_addr') {
      this.mode = MODE_FRAME;
      this.displacement = this.plan.slotOffsets(this.f)[base.slot] + at.offset;
      return;
    }
    const b = this.reg(at.base), index = at.index === NO_VALUE ? -1 : this.reg(at.index);
    this.first = b;
    this.second = index;
    this.scale = index < 0 ? 0 : sizeLog(at.scale);
    this.mode = index < 0 ? MODE_BASE : MODE_INDEX;
    this.displacement = at.offset;
  }
}

/** True for two loads or stores of the same place. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.base === b.base && a.index === b.index && a.scale === b.scale && a.offset === b.offset;
}
export type { LoadInst };

const F64 = new Float64Array(1), F32 = new Float32Array(F64.buffer), I32 = new Int32Array(F64.buffer);
