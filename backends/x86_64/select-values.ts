/**
 * Registers of values: the part of a function's selection state that knows which virtual register holds what, emits
 * constants and addresses where they are used, and tells which constants are immediates.
 */
import type { CodeBuffer, Label } from '../../lib/codegen/code-buffer.ts';
import { int32, uint8 } from '../../lib/analysis/slab.ts';
import { CLASS_INT, CLASS_VECTOR, type PReg, type VReg } from '../../lib/codegen/machine-function.ts';
import { CTX } from '../../lib/codegen/run-context.ts';
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import type { SelectionInput } from '../../lib/codegen/selection.ts';
import type { ConstInst, Instruction, Value } from '../../lib/mir/instruction.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import { sizeOf, type Type } from '../../lib/mir/types.ts';
import type { ModulePlan } from './module-plan.ts';
import { LOAD_64, MODE_BASE, MODE_CONTEXT, OP_CONST, OP_FCONST, OP_LEA, OP_LOAD, OP_SLOT_BASE, pack, sizeLog } from './opcodes.ts';
import { DEF_REG, USE_ANY, USE_REG, defReuse } from './operand-constraints.ts';

const ONES_128 = (1n << 128n) - 1n;
const IS_IMMEDIATE = 1, NOT_IMMEDIATE = 2;

export abstract class SelectValues {
  readonly f: MirFunction;
  readonly input: SelectionInput;
  readonly plan: ModulePlan;
  readonly b: MachineFunctionBuilder;
  readonly code: CodeBuffer;
  readonly linear: boolean;
  /** Constraint of a vector result whose first source is operand 1: apart from it under AVX, else the same register. */
  readonly vectorResult: number;

  readonly #vreg: Int32Array;
  // Registers of literals, and the block they hold in.
  readonly #constant: Int32Array;
  readonly #constantBlock: Int32Array;
  readonly #immediate: Int32Array;
  /** 0 while not looked at. */
  readonly #immediateKnown: Uint8Array;
  #block = -1;
  #loc = 0;
  #foldedLoc = -1;
  #slotBase: VReg = -1;

  constructor(f: MirFunction, input: SelectionInput, plan: ModulePlan, code: CodeBuffer, clobberSets: readonly (readonly PReg[])[]) {
    this.f = f;
    this.input = input;
    this.plan = plan;
    this.code = code;
    this.linear = plan.linear;
    this.vectorResult = plan.features.avx ? DEF_REG : defReuse(1);
    this.b = new MachineFunctionBuilder(f.name, clobberSets);
    const n = f.valueTypes.length;
    this.#vreg = int32(n).fill(-1);
    this.#constant = int32(n);
    this.#constantBlock = int32(n).fill(-1);
    this.#immediate = int32(n);
    this.#immediateKnown = uint8(n);
  }

  /** Emits a definition that was put off. */
  protected abstract lower(d: Instruction): void;

  /** Begins a machine block: nothing computed for one block's use is known in the next. */
  enterBlock(): void { this.#block++; }
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

  /** A new register for a value of the type. */
  newOfType(type: Type): VReg {
    switch (type) {
      case 'f32': case 'f64': return this.b.newVReg(CLASS_VECTOR, 8);
      case 'v128': return this.b.newVReg(CLASS_VECTOR, 16);
      case 'v256': return this.b.newVReg(CLASS_VECTOR, 32);
      default: return this.b.newVReg(CLASS_INT, 8);
    }
  }

  /** The register that holds `v` (not followed through names): for definitions. */
  def(v: Value): VReg {
    let r = this.#vreg[v];
    if (r < 0) {
      r = this.newOfType(this.f.valueTypes[v]);
      this.#vreg[v] = r;
    }
    return r;
  }

  /** A register with the value of `v`, emitting what was put off until now. */
  reg(v: Value): VReg {
    const { alias, literal, folded, definitions } = this.input, a = alias[v];
    if (this.#vreg[a] >= 0) return this.#vreg[a];
    if (literal[a] === 1) {
      if (this.#constantBlock[a] === this.#block) return this.#constant[a];
      const d = definitions[a]!;
      switch (d.kind) {
        case 'const': return this.#remember(a, this.#constantReg(d));
        case 'global_addr': return this.#remember(a, this.#globalAddress(d.global));
        case 'slot_addr': return this.#remember(a, this.#slotAddress(d.slot));
        default: break;
      }
    } else if (folded[a] === 1) {
      const d = definitions[a]!, loc = this.#loc;
      this.#loc = d.loc;
      this.lower(d);
      this.#loc = loc;
    }
    return this.def(a);
  }
  /** True while `v` (not a name of another value) has no register yet. */
  protected isUndefined(v: Value): boolean { return this.#vreg[v] < 0; }
  #remember(v: Value, r: VReg): VReg {
    this.#constantBlock[v] = this.#block;
    this.#constant[v] = r;
    return r;
  }

  /** True when `v` is a constant that a sign-extended 32-bit immediate can stand for at its width. */
  isImmediate(v: Value): boolean {
    const a = this.input.alias[v];
    return this.input.literal[a] === 1 && (this.#immediateKnown[a] === IS_IMMEDIATE || (this.#immediateKnown[a] === 0 && this.#findImmediate(a)));
  }
  /** The immediate of a value that {@link isImmediate}. */
  immediate(v: Value): number {
    const a = this.input.alias[v];
    if (this.#immediateKnown[a] === 0) this.#findImmediate(a);
    return this.#immediate[a];
  }
  /** Looks at the definition of a literal once. */
  #findImmediate(a: Value): boolean {
    const d = this.input.definitions[a]!;
    let is = false;
    if (d.kind === 'global_addr' && this.linear) {
      is = true;
      this.#immediate[a] = this.plan.globalAddress(d.global);
    } else if (d.kind === 'const') {
      switch (d.type) {
        case 'i1': case 'i8': case 'i16': case 'i32': is = true; break;
        case 'i64': is = BigInt.asIntN(32, d.value as bigint) === d.value; break;
        case 'ptr': is = this.linear || (d.value as number) < 0x80000000; break;
        default: break;
      }
      if (is) this.#immediate[a] = Number(d.value);
    }
    this.#immediateKnown[a] = is ? IS_IMMEDIATE : NOT_IMMEDIATE;
    return is;
  }
  /** The constant integer `v` is, or undefined (numbers as they are, i64 as bigint). */
  constant(v: Value): number | bigint | undefined {
    const a = this.input.alias[v];
    if (this.input.literal[a] === 0) return undefined;
    const d = this.input.definitions[a];
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

  /** A 64-bit constant integer in a register. */
  wideInteger(value: bigint): VReg {
    const r = this.newInt();
    this.#emitInteger(r, value);
    return r;
  }

  #constantReg(d: ConstInst): VReg {
    switch (d.type) {
      case 'f32': case 'f64': case 'v128': case 'v256': {
        const r = this.newOfType(d.type);
        this.b.setRemat(r, this.inst(OP_FCONST, pack(0, sizeLog(this.bytesOf(d.type))), this.poolLabel(d)));
        this.op(r, DEF_REG);
        return r;
      }
      case 'i64': return this.wideInteger(d.value as bigint);
      default: {
        const r = this.newInt(), value = Number(d.value);
        this.b.setRemat(r, this.inst(OP_CONST, value | 0, d.type === 'ptr' ? Math.floor(value / 4294967296) : 0));
        this.op(r, DEF_REG);
        return r;
      }
    }
  }
  #emitInteger(r: VReg, value: bigint): void {
    const low = Number(BigInt.asIntN(32, value)), high = Number(BigInt.asIntN(32, value >> 32n));
    this.b.setRemat(r, this.inst(OP_CONST, low, high));
    this.op(r, DEF_REG);
  }

  /**
   * Label of a float or vector constant in the pool, −1 for all zero bits, −2 for all one bits of a vector. A `v256`
   * has equal halves (see `legalize.ts`), and the label is of one.
   */
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
        const v = BigInt.asUintN(128, BigInt(d.value));
        if (v === 0n) return -1;
        if (v === ONES_128) return -2;
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
    }
    return this.#slotBase;
  }
  #globalAddress(name: string): VReg {
    const place = this.plan.globalAddress(name);
    if (this.linear) return this.integer(place);
    const base = this.newInt(), r = this.newInt();
    this.inst(OP_LOAD, pack(LOAD_64, 3, MODE_CONTEXT), CTX.globalsBase);
    this.op(base, DEF_REG);
    this.inst(OP_LEA, pack(0, 3, MODE_BASE, 0), place);
    this.op(r, DEF_REG);
    this.op(base, USE_REG);
    return r;
  }

  #slotAddress(slot: number): VReg {
    const offset = this.plan.slotOffsets(this.f)[slot];
    if (!this.linear) {
      const r = this.newInt();
      this.b.setRemat(r, this.inst(OP_SLOT_BASE, 0, offset));
      this.op(r, DEF_REG);
      return r;
    }
    const base = this.slotBase();
    if (offset === 0) return base;
    const r = this.newInt();
    this.inst(OP_LEA, pack(0, 2, MODE_BASE), offset);
    this.op(r, DEF_REG);
    this.op(base, USE_REG);
    return r;
  }
}

const F64 = new Float64Array(1), F32 = new Float32Array(F64.buffer), I32 = new Int32Array(F64.buffer);
