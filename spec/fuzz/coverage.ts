/** What the generated programs contained and how they ended, so that a campaign can say what it tried. */
import { BINARY_OPS, COMPARE_OPS, LANES, PAIR_OPS, RMW_OPS, TERNARY_OPS, UNARY_OPS, VECTOR_OPS, VECTOR_TYPE, divisionsOf, type Instruction, type Lanes, type Terminator, type Type, type VectorOp } from '../../lib/mir/index.ts';
import type { Outcome } from '../conformance/run-table.ts';
import type { Program } from './program.ts';

function keyOf(i: Instruction | Terminator): string {
  switch (i.kind) {
    case 'binary': case 'unary': case 'ternary': case 'compare': case 'pair': return `${i.op} ${i.type}`;
    case 'convert': return `${i.op} ${i.from} ${i.type}`;
    case 'vector': return `${i.op} ${i.lanes}`;
    case 'const': case 'select': case 'load': case 'store': case 'switch': return `${i.kind} ${i.type}`;
    case 'splat': case 'extract_lane': case 'insert_lane': return `${i.kind} ${i.lanes}`;
    case 'atomic_load': case 'atomic_store': case 'atomic_cmpxchg': return `${i.kind} ${i.type}`;
    case 'atomic_rmw': return `${i.kind} ${i.op} ${i.type}`;
    default: return i.kind;
  }
}

/** Every operation × type of the scalar op tables, as {@link Coverage} names it. */
export function scalarOperations(): readonly string[] {
  const list: string[] = [];
  for (const table of [BINARY_OPS, UNARY_OPS, TERNARY_OPS, COMPARE_OPS, PAIR_OPS] as readonly Readonly<Record<string, { readonly types: readonly Type[] }>>[]) {
    for (const [op, spec] of Object.entries(table)) for (const t of spec.types) list.push(`${op} ${t}`);
  }
  return list;
}

/** Every vector operation × division, and what makes and takes apart vectors of up to `bits` bits. */
export function vectorOperations(bits: 128 | 256): readonly string[] {
  const has = (lanes: Lanes): boolean => bits === 256 || VECTOR_TYPE[lanes] === 'v128', types = bits === 256 ? ['v128', 'v256'] : ['v128'];
  return [
    ...(Object.keys(VECTOR_OPS) as VectorOp[]).flatMap((op) => divisionsOf(op).filter(has).map((l) => `${op} ${l}`)),
    ...LANES.filter(has).flatMap((l) => ['splat', 'extract_lane', 'insert_lane'].map((k) => `${k} ${l}`)),
    ...['load', 'store', 'select', 'const'].flatMap((k) => types.map((t) => `${k} ${t}`)), 'shuffle',
  ];
}

/** Every atomic operation × type. */
export function atomicOperations(): readonly string[] {
  const types = ['i8', 'i16', 'i32', 'i64'];
  return [...['atomic_load', 'atomic_store', 'atomic_cmpxchg', ...RMW_OPS.map((op) => `atomic_rmw ${op}`)].flatMap((k) => types.map((t) => `${k} ${t}`)), 'fence'];
}

export class Coverage {
  readonly operations = new Map<string, number>();
  readonly endings = new Map<string, number>();
  programs = 0;
  instructions = 0;

  /** @param detail - count operations too, not only instructions and endings */
  add(program: Program, outcomes: readonly Outcome[], detail = true): void {
    this.programs++;
    for (const f of program.module.functions) {
      for (const b of f.blocks) {
        this.instructions += b.instructions.length + 1;
        if (!detail) continue;
        for (const i of b.instructions) this.#count(this.operations, keyOf(i));
        this.#count(this.operations, keyOf(b.terminator));
      }
    }
    for (const o of outcomes) this.#count(this.endings, 'trap' in o ? o.trap : 'returned');
  }
  #count(map: Map<string, number>, key: string): void { map.set(key, (map.get(key) ?? 0) + 1); }

  /** Takes another's counts in. */
  merge(other: { readonly operations: Iterable<readonly [string, number]>; readonly endings: Iterable<readonly [string, number]>; readonly programs: number; readonly instructions: number }): void {
    for (const [k, n] of other.operations) this.operations.set(k, (this.operations.get(k) ?? 0) + n);
    for (const [k, n] of other.endings) this.endings.set(k, (this.endings.get(k) ?? 0) + n);
    this.programs += other.programs;
    this.instructions += other.instructions;
  }
  toJSON(): object { return { operations: [...this.operations], endings: [...this.endings], programs: this.programs, instructions: this.instructions }; }

  /** Operations that no program contained: of the scalar tables, or of those given. */
  missing(wanted: readonly string[] = scalarOperations()): readonly string[] { return wanted.filter((op) => !this.operations.has(op)); }

  format(): string {
    const endings = [...this.endings].sort((a, b) => b[1] - a[1]), calls = endings.reduce((n, [, k]) => n + k, 0);
    // Vectors and atomics only where some were asked for.
    const vectors = this.operations.has('shuffle') ? vectorOperations(this.operations.has('splat i8x32') ? 256 : 128) : [], atomics = this.operations.has('atomic_load i32') ? atomicOperations() : [];
    const missing = this.missing([...scalarOperations(), ...vectors, ...atomics]);
    return [
      `${this.programs} programs, ${this.instructions} instructions (${Math.round(this.instructions / Math.max(1, this.programs))} each on average), ${calls} calls`,
      `endings: ${endings.map(([k, n]) => `${k} ${n}`).join(', ')}`,
      `operations: ${this.operations.size} kinds seen; ${missing.length === 0 ? `every scalar operation × type${vectors.length > 0 ? ', every vector operation × lanes' : ''}${atomics.length > 0 ? ', every atomic operation × type' : ''}` : `missing ${missing.slice(0, 30).join(', ')}${missing.length > 30 ? ` and ${missing.length - 30} more` : ''}`}`,
    ].join('\n');
  }
}
