/**
 * Selected code: wasm instructions as nodes with value operands and results, block by block, before it is decided
 * which values live on the wasm stack. Columns are flat arrays.
 *
 * Values are the function's own and new ones; every value has a wasm type. Narrow integers are `i32` whose upper
 * bits are anybody's, except `i1`, which is 0 or 1.
 */
import { IntBuffer } from '../../lib/codegen/growable.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import type { MirFunction } from '../../lib/mir/module.ts';
import type { Type } from '../../lib/mir/types.ts';
import { OP } from './opcodes.ts';

/** Wasm value types as small numbers. */
export const I32 = 0, I64 = 1, F32 = 2, F64 = 3, V128 = 4;
/** The byte of each in the binary format. */
export const TYPE_BYTES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b] as const;
export const TYPE_NAMES = ['i32', 'i64', 'f32', 'f64', 'v128'] as const;

/** The wasm type that holds a MIR type (linear memory model). */
export function wasmType(t: Type): number {
  switch (t) {
    case 'i1': case 'i8': case 'i16': case 'i32': case 'ptr': return I32;
    case 'i64': return I64;
    case 'f32': return F32;
    case 'f64': return F64;
    case 'v128': return V128;
    case 'v256': throw new InternalError('a v256 reached WebAssembly selection: splitVectors comes before');
    default: return t satisfies never;
  }
}

/** A pseudo opcode: traps with the code in its site when its operand is not zero. */
export const TRAP_IF = -1;

export class Nodes {
  readonly op = new IntBuffer(64);
  readonly a = new IntBuffer(64);
  readonly b = new IntBuffer(64);
  readonly site = new IntBuffer(64);
  readonly loc = new IntBuffer(64);
  readonly argStart = new IntBuffer(64);
  readonly args = new IntBuffer(128);
  readonly resultStart = new IntBuffer(64);
  readonly results = new IntBuffer(64);
  /** Nodes of block `b` are `blockStart[b] .. blockEnd[b]`. */
  readonly blockStart: Int32Array;
  readonly blockEnd: Int32Array;
  /** Wasm type of each value. */
  readonly types: IntBuffer;
  /** Bytes of vector constants and shuffles. */
  readonly lists: number[][] = [];

  constructor(f: MirFunction) {
    this.blockStart = new Int32Array(f.blocks.length);
    this.blockEnd = new Int32Array(f.blocks.length);
    this.types = new IntBuffer(Math.max(16, f.valueTypes.length * 2));
    for (const t of f.valueTypes) this.types.push(wasmType(t));
    this.argStart.push(0);
    this.resultStart.push(0);
  }

  get count(): number { return this.op.length; }
  newValue(type: number): number { return this.types.push(type); }

  /** Appends a node whose operands and results have been pushed to `args` and `results`. */
  end(op: number, a: number, b: number, site: number, loc: number): number {
    this.a.push(a); this.b.push(b); this.site.push(site); this.loc.push(loc);
    this.argStart.push(this.args.length);
    this.resultStart.push(this.results.length);
    return this.op.push(op);
  }
}

/** True for constants: cheap enough to be written again at every use. */
export function isConstant(op: number): boolean { return op >= OP.i32Const && op <= OP.f64Const; }

/** True when the instruction can be seen from outside or depends on when it runs, so that it keeps its place among others like it. */
export function isEffect(op: number): boolean {
  if (op < 0x45) return !isConstant(op) && op !== OP.select && op !== OP.localGet;
  if (op < 0xc5) {
    return op >= 0x6d && op <= 0x70 || op >= 0x7f && op <= 0x82 // division
      || op >= 0xa8 && op <= 0xab || op >= 0xae && op <= 0xb1; // trapping conversion
  }
  return op === OP.memoryCopy || op === OP.memoryFill || op === OP.v128Load || op === OP.v128Store || op >= 0xfe000;
}
