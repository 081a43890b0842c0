/**
 * The first word of an instruction in text form (`add.i32`, `sext.i8.i64`, `atomic_rmw.add.i32.seq_cst`) as data. All
 * words that exist are derived from the op tables; each is decoded once and kept.
 */
import type { InstructionKind, TerminatorKind } from './instruction.ts';
import { BINARY_OPS, COMPARE_OPS, CONVERT_OPS, PAIR_OPS, RMW_OPS, TERNARY_OPS, UNARY_OPS } from './ops.ts';
import type { BinaryOp, CompareOp, ConvertOp, PairOp, RmwOp, TernaryOp, UnaryOp } from './ops.ts';
import type { Lanes, MemoryOrdering, Type } from './types.ts';
import { LANES, MEMORY_ORDERINGS, TYPES } from './types.ts';
import { VECTOR_OPS, type VectorOp } from './vector-ops.ts';

type PlainInstruction = 'lea' | 'slot_addr' | 'global_addr' | 'memory_copy' | 'memory_fill' | 'memory_size' | 'memory_grow' | 'call'
  | 'call_indirect' | 'shuffle' | 'safepoint' | 'stack_map' | 'patch_point';
type PlainTerminator = 'jump' | 'br' | 'ret' | 'tail_call' | 'tail_call_indirect' | 'trap';

/** A decoded mnemonic: the kind and what the word's other parts say. */
export type Mnemonic = InstructionMnemonic | TerminatorMnemonic;
export type TerminatorMnemonic = { readonly kind: 'switch'; readonly type: Type } | { readonly kind: PlainTerminator };
export type InstructionMnemonic =
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly type: Type }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly type: Type }
  | { readonly kind: 'ternary'; readonly op: TernaryOp; readonly type: Type }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly type: Type }
  | { readonly kind: 'pair'; readonly op: PairOp; readonly type: Type }
  | { readonly kind: 'convert'; readonly op: ConvertOp; readonly from: Type; readonly type: Type }
  | { readonly kind: 'const' | 'select' | 'load' | 'store'; readonly type: Type }
  | { readonly kind: 'atomic_load' | 'atomic_store' | 'atomic_cmpxchg'; readonly type: Type; readonly ordering: MemoryOrdering }
  | { readonly kind: 'atomic_rmw'; readonly op: RmwOp; readonly type: Type; readonly ordering: MemoryOrdering }
  | { readonly kind: 'fence'; readonly ordering: MemoryOrdering }
  | { readonly kind: 'vector'; readonly op: VectorOp; readonly lanes: Lanes }
  | { readonly kind: 'splat' | 'extract_lane' | 'insert_lane'; readonly lanes: Lanes }
  | { readonly kind: PlainInstruction };

/** What follows a head word, so that a wrong word can be answered with the right form. */
interface Head { readonly form: string; readonly decode: (parts: readonly string[]) => Mnemonic | undefined }

const PLAIN = ['lea', 'slot_addr', 'global_addr', 'memory_copy', 'memory_fill', 'memory_size', 'memory_grow', 'call',
  'call_indirect', 'shuffle', 'safepoint', 'stack_map', 'patch_point',
  'jump', 'br', 'ret', 'tail_call', 'tail_call_indirect', 'trap'] as const satisfies readonly (InstructionKind | TerminatorKind)[];

const HEADS: ReadonlyMap<string, Head> = new Map<string, Head>([
  ...typed(BINARY_OPS, (op, type) => ({ kind: 'binary', op: op as BinaryOp, type })),
  ...typed(UNARY_OPS, (op, type) => ({ kind: 'unary', op: op as UnaryOp, type })),
  ...typed(TERNARY_OPS, (op, type) => ({ kind: 'ternary', op: op as TernaryOp, type })),
  ...typed(COMPARE_OPS, (op, type) => ({ kind: 'compare', op: op as CompareOp, type })),
  ...typed(PAIR_OPS, (op, type) => ({ kind: 'pair', op: op as PairOp, type })),
  ...Object.keys(CONVERT_OPS).map((op): [string, Head] => [op, {
    form: `${op}.FROM.TO, two types`,
    decode: (p) => {
      const from = pick(TYPES, p[1]), type = pick(TYPES, p[2]);
      return p.length === 3 && from && type ? { kind: 'convert', op: op as ConvertOp, from, type } : undefined;
    },
  }]),
  ...(['const', 'select', 'load', 'store', 'switch'] as const).map((kind): [string, Head] => [kind, {
    form: `${kind}.TYPE`,
    decode: (p) => {
      const type = pick(TYPES, p[1]);
      return p.length === 2 && type ? { kind, type } : undefined;
    },
  }]),
  ...(['atomic_load', 'atomic_store', 'atomic_cmpxchg'] as const).map((kind): [string, Head] => [kind, {
    form: `${kind}.TYPE.ORDERING (${MEMORY_ORDERINGS.join(' ')})`,
    decode: (p) => {
      const type = pick(TYPES, p[1]), ordering = pick(MEMORY_ORDERINGS, p[2]);
      return p.length === 3 && type && ordering ? { kind, type, ordering } : undefined;
    },
  }]),
  ['atomic_rmw', {
    form: `atomic_rmw.OP.TYPE.ORDERING (${RMW_OPS.join(' ')}; ${MEMORY_ORDERINGS.join(' ')})`,
    decode: (p) => {
      const op = pick(RMW_OPS, p[1]), type = pick(TYPES, p[2]), ordering = pick(MEMORY_ORDERINGS, p[3]);
      return p.length === 4 && op && type && ordering ? { kind: 'atomic_rmw', op, type, ordering } : undefined;
    },
  }],
  ['fence', {
    form: `fence.ORDERING (${MEMORY_ORDERINGS.join(' ')})`,
    decode: (p) => {
      const ordering = pick(MEMORY_ORDERINGS, p[1]);
      return p.length === 2 && ordering ? { kind: 'fence', ordering } : undefined;
    },
  }],
  ...Object.keys(VECTOR_OPS).map((op): [string, Head] => [op, laned(op, (lanes) => ({ kind: 'vector', op: op as VectorOp, lanes }))]),
  ...(['splat', 'extract_lane', 'insert_lane'] as const).map((kind): [string, Head] => [kind, laned(kind, (lanes) => ({ kind, lanes }))]),
  ...PLAIN.map((kind): [string, Head] => [kind, { form: `${kind}, without a type`, decode: (p) => (p.length === 1 ? { kind } : undefined) }]),
]);

function typed(table: object, make: (op: string, type: Type) => Mnemonic): [string, Head][] {
  return Object.keys(table).map((op) => [op, {
    form: `${op}.TYPE`,
    decode: (p) => {
      const type = pick(TYPES, p[1]);
      return p.length === 2 && type ? make(op, type) : undefined;
    },
  }]);
}

function laned(word: string, make: (lanes: Lanes) => Mnemonic): Head {
  return {
    form: `${word}.LANES (${LANES.join(' ')})`,
    decode: (p) => {
      const lanes = pick(LANES, p[1]);
      return p.length === 2 && lanes ? make(lanes) : undefined;
    },
  };
}

function pick<W extends string>(words: readonly W[], text: string | undefined): W | undefined {
  const k = (words as readonly (string | undefined)[]).indexOf(text);
  return text === undefined || k < 0 ? undefined : words[k];
}

/** True when the mnemonic ends a block. */
export function isTerminator(m: Mnemonic): m is TerminatorMnemonic {
  switch (m.kind) {
    case 'jump': case 'br': case 'switch': case 'ret': case 'tail_call': case 'tail_call_indirect': case 'trap': return true;
    default: return false;
  }
}

const decoded = new Map<string, Mnemonic>();

/** The mnemonic a word stands for, or a text that says why it is none and what was probably meant. */
export function decodeMnemonic(word: string): Mnemonic | string {
  const known = decoded.get(word);
  if (known !== undefined) return known;
  const parts = word.split('.');
  const head = HEADS.get(parts[0]);
  if (head === undefined) {
    const near = nearest(parts[0]);
    return `there is no instruction \`${parts[0].slice(0, 40)}\`${near === undefined ? '' : `: did you mean \`${near}\`?`}`;
  }
  const m = head.decode(parts);
  if (m === undefined) return `\`${word.slice(0, 60)}\` is not complete or names no type: it is written ${head.form}`;
  decoded.set(word, m); // Bounded: only words that exist get here.
  return m;
}

/** The head word within two edits of a wrong one. */
function nearest(word: string): string | undefined {
  if (word.length > 24) return undefined;
  let best: string | undefined, least = Math.min(3, word.length);
  for (const head of HEADS.keys()) {
    const d = Math.abs(head.length - word.length) < least ? distance(word, head) : least;
    if (d < least) { least = d; best = head; }
  }
  return best;
}

/** Edit distance with transpositions of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [], last = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let d = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2] + 1);
      row.push(d);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}
