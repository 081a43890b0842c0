/**
 * What instruction selection of one function keeps while it runs, and the vocabulary its rules are written in.
 *
 * A rule first asks for all its operands (asking may emit instructions), the flexible operand last, then begins its
 * machine instruction and lists them. The flexible operand is in {@link SelectContext.mode} and the fields after it.
 */
import type { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { IntBuffer } from '../../lib/codegen/growable.ts';
import type { PReg, VReg } from '../../lib/codegen/machine-function.ts';
import type { SelectionInput } from '../../lib/codegen/selection.ts';
import { NO_VALUE, type Address, type Instruction, type Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import type { ModulePlan } from './module-plan.ts';
import {
  MODE_ABSOLUTE, MODE_BASE, MODE_FRAME, MODE_INDEX, MODE_NONE, MODE_POOL, MODE_SCALED, OP_LEA, modeRegisters, pack, sizeLog,
} from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG } from './operand-constraints.ts';
import { SelectValues } from './select-values.ts';

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

export class SelectContext extends SelectValues {
  /** Second immediates of instructions that have two. */
  readonly extra = new IntBuffer(16);
  readonly switches: SwitchTable[] = [];
  /** Set when the function calls anything (and needs an aligned stack). */
  calls = false;

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

  readonly #lower: Lowering;
  // Addresses computed in this block: base, index, scale and displacement to register.
  readonly #cacheBase = new Int32Array(CACHE).fill(-1);
  readonly #cacheIndex = new Int32Array(CACHE);
  readonly #cacheScale = new Int32Array(CACHE);
  readonly #cacheDisplacement = new Int32Array(CACHE);
  readonly #cacheResult = new Int32Array(CACHE);
  #cacheNext = 0;

  constructor(f: MirFunction, input: SelectionInput, plan: ModulePlan, code: CodeBuffer, clobberSets: readonly (readonly PReg[])[], lower: Lowering) {
    super(f, input, plan, code, clobberSets);
    this.#lower = lower;
  }

  protected lower(d: Instruction): void { this.#lower(this, d); }

  override enterBlock(): void {
    super.enterBlock();
    if (this.#cacheNext > 0) this.#cacheBase.fill(-1);
    this.#cacheNext = 0;
    this.division.a = -1;
  }

  // --- the flexible operand ---
  /** Makes `v` the flexible operand: a folded load's memory, a float constant's place, or a register. */
  flexible(v: Value): void {
    const a = this.input.alias[v];
    if (this.isUndefined(a)) {
      const d = this.input.definitions[a];
      if (d !== undefined) {
        if (d.kind === 'load' && this.input.folded[a] === 1) {
          this.address(d);
          this.accessAt(d.loc);
          return;
        }
        if (d.kind === 'const' && (d.type === 'f32' || d.type === 'f64' || d.type === 'v128')) {
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
  /** True when `v` is a constant or an address of its own. */
  isConstant(v: Value): boolean { return this.input.literal[this.input.alias[v]] === 1; }
  /** True when the flexible operand of `v` will be memory that may trap. */
  isFoldedLoad(v: Value): boolean {
    const a = this.input.alias[v];
    return this.isUndefined(a) && this.input.folded[a] === 1 && this.input.definitions[a]!.kind === 'load';
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
    const fixed = base === undefined ? -1 : base.kind === 'const' ? Number(base.value) >>> 0 : base.kind === 'global_addr' ? this.plan.globalAddress(base.global) : -1;
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
      const offset = this.plan.slotOffsets(this.f)[base.slot] + at.offset;
      // Inside the frame a displacement has room for it (see `frame.ts`); an address far outside is computed.
      if (offset < this.plan.slotBytes(this.f)) {
        this.mode = MODE_FRAME;
        this.displacement = offset;
        return;
      }
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
