/** Which definitions x86-64 folds into their only user: loads, compares, scaled indices, negated masks. */
import { quietBetween, userOf, type SelectionInput } from '../../lib/codegen/selection.ts';
import type { BinaryInst, CompareInst, Instruction, ShuffleInst, StoreInst, Terminator, Value } from '../../lib/mir/instruction.ts';
import { LANE_TYPE, VECTOR_TYPE, isVector } from '../../lib/mir/types.ts';
import { isExchangedFloat } from './lower-compare.ts';
import { memoryAlu } from './lower-memory.ts';
import { sameAddress } from './select-context.ts';

type User = Instruction | Terminator;

/** For processors with AVX: vectors in memory may lie anywhere. */
export function foldsWithAvx(s: SelectionInput, d: Instruction, user: User, place: number): boolean { return folds(s, d, user, place, true); }
/** Vector instructions would need aligned memory. */
export function foldsWithoutAvx(s: SelectionInput, d: Instruction, user: User, place: number): boolean { return folds(s, d, user, place, false); }

function folds(s: SelectionInput, d: Instruction, user: User, place: number, avx: boolean): boolean {
  switch (d.kind) {
    case 'load':
      // What a vector operation does not take from memory it loads right before; the widths are the same either way.
      if (isVector(d.type)) return avx && (user.kind === 'vector' || (user.kind === 'shuffle' && isRead(s, user, d.result)));
      // Lanes from memory: VEX forms for every lane type.
      if (user.kind === 'splat') return avx;
      if (user.kind === 'insert_lane') return avx && is(s, user.b, d.result);
      return foldsLoad(s, d.result, d.type, user, place);
    case 'extract_lane':
      // Of the same width: what is stored may be the lane under another type.
      return avx && user.kind === 'store' && is(s, user.value, d.result) && user.type === LANE_TYPE[d.lanes] && VECTOR_TYPE[d.lanes] === 'v128';
    case 'compare': return feedsCondition(s, d.result, user);
    case 'vector': return (d.op === 'vany_true' || d.op === 'vall_true') && feedsCondition(s, d.result, user);
    case 'convert':
      return d.op === 'trunc' && d.type === 'i1' && feedsCondition(s, d.result, user);
    case 'binary': return foldsBinary(s, d, user, place);
    default: return false;
  }
}

/** A shuffle that takes nothing of an operand would lose the load, and its trap. */
function isRead(s: SelectionInput, { mask, a }: ShuffleInst, v: Value): boolean {
  const first = is(s, a, v), n = mask.length;
  return mask.some((m) => m < n === first);
}

function constantOf(s: SelectionInput, v: Value): number | bigint | undefined {
  const a = s.alias[v];
  if (s.literal[a] === 0) return undefined;
  const d = s.definitions[a];
  return d !== undefined && d.kind === 'const' ? d.value : undefined;
}
function is(s: SelectionInput, v: Value, w: Value): boolean { return s.alias[v] === s.alias[w]; }

/** As a condition, not as what a branch passes on: that is computed on one of its ways only, and a folded load with it. */
function feedsCondition(s: SelectionInput, v: Value, user: User): boolean {
  if (user.kind === 'br' || user.kind === 'select') return is(s, user.condition, v);
  // Through a negation that is folded itself.
  return user.kind === 'binary' && user.op === 'xor' && user.type === 'i1' && s.folded[user.result] === 1 && is(s, user.a, v) && Number(constantOf(s, user.b)) === 1;
}

function foldsLoad(s: SelectionInput, v: Value, type: string, user: User, place: number): boolean {
  switch (user.kind) {
    case 'binary':
      if (s.folded[user.result] === 1) {
        // The arithmetic is put off in turn: only a store that absorbs it takes the load along.
        const store = userOf(s, user.result);
        if (store.kind === 'store') return isLoadOfStore(s, v, store, place) && !(user.op === 'sub' && !is(s, user.a, v));
        if (store.kind !== 'compare') return false;
      }
      if (user.type !== type) return false;
      switch (user.op) {
        case 'add': case 'and': case 'or': case 'xor': case 'mul':
          // With a constant the load is a separate instruction anyway (but in a product).
          return (type === 'i32' || type === 'i64') && (user.op === 'mul' || (constantOf(s, user.a) === undefined && constantOf(s, user.b) === undefined));
        case 'sub': return (type === 'i32' || type === 'i64') && is(s, user.b, v) && !is(s, user.a, v);
        case 'fadd': case 'fmul': return true;
        case 'fsub': case 'fdiv': return is(s, user.b, v) && !is(s, user.a, v);
        case 'shl': case 'lshr': case 'ashr': return (type === 'i32' || type === 'i64') && is(s, user.a, v) && constantOf(s, user.b) === undefined;
        default: return false;
      }
    case 'unary': return (type === 'i32' || type === 'i64') && (user.op === 'clz' || user.op === 'ctz' || user.op === 'popcnt');
    case 'ternary': return user.type === type && is(s, user.b, v);
    case 'compare': return user.type === type && type !== 'i1' && foldsIntoCompare(s, v, user);
    case 'convert':
      if (user.from !== type) return false;
      switch (user.op) {
        case 'zext': case 'sext': return type !== 'i1';
        case 'sitofp': case 'fpromote': case 'fdemote': return true;
        default: return false;
      }
    default: return false;
  }
}

function foldsIntoCompare(s: SelectionInput, v: Value, user: CompareInst): boolean {
  if (user.type !== 'f32' && user.type !== 'f64') return true;
  if (user.op === 'feq' || user.op === 'fne') return true;
  return isExchangedFloat(user.op) ? is(s, user.a, v) : is(s, user.b, v);
}

function foldsBinary(s: SelectionInput, d: BinaryInst, user: User, place: number): boolean {
  switch (d.op) {
    case 'shl':
      if ((d.type !== 'i32' && d.type !== 'i64') || user.kind !== 'binary' || user.op !== 'add' || user.type !== d.type) return false;
      return isSmallShift(constantOf(s, d.b)) && !isImmediateLike(s, user.a) && !isImmediateLike(s, user.b);
    case 'xor':
      if (d.type === 'i1') return Number(constantOf(s, d.b)) === 1 && feedsCondition(s, d.result, user);
      if (user.kind === 'binary' && user.op === 'and' && user.type === d.type) {
        return (d.type === 'i32' || d.type === 'i64') && Number(constantOf(s, d.b)) === -1 && !isImmediateLike(s, user.a) && !isImmediateLike(s, user.b);
      }
      break;
    case 'and':
      if (user.kind === 'compare' && user.type === d.type && d.type !== 'i1') return is(s, user.a, d.result) && Number(constantOf(s, user.b)) === 0;
      break;
    default: break;
  }
  return user.kind === 'store' && foldsIntoStore(s, d, user, place);
}

function isSmallShift(c: number | bigint | undefined): boolean { return c !== undefined && Number(c) >= 1 && Number(c) <= 3; }
function isImmediateLike(s: SelectionInput, v: Value): boolean { return constantOf(s, v) !== undefined; }

/** `store(p, load(p) op x)` becomes arithmetic on memory when nothing happens between load and store. */
function foldsIntoStore(s: SelectionInput, d: BinaryInst, store: StoreInst, place: number): boolean {
  if (memoryAlu(d.op) < 0 || d.type !== store.type || d.type === 'i1' || store.volatile || !is(s, store.value, d.result)) return false;
  return isLoadOfStore(s, d.a, store, place) || (d.op !== 'sub' && isLoadOfStore(s, d.b, store, place));
}

function isLoadOfStore(s: SelectionInput, v: Value, store: StoreInst, place: number): boolean {
  const a = s.alias[v], l = s.definitions[a];
  if (l === undefined || l.kind !== 'load' || l.volatile || l.type !== store.type || s.useCount[a] !== 1 || !sameAddress(l, store)) return false;
  const at = s.definedAt[a];
  // A load in another block is ruled out too: the terminators between are barriers.
  return at < place && quietBetween(s, at, place);
}

