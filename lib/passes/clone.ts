/**
 * Copies of instructions with other operands and results.
 *
 * The frequent kinds are written out as literals on purpose: an object literal is built from one hidden class in a
 * few nanoseconds, while spreading an instruction (whose class differs by kind, origin and frozenness) takes the slow
 * path. These functions make most of the objects of an optimisation run.
 */
import type { Edge, Instruction, Terminator, Value } from '../mir/instruction.ts';
import { NO_VALUE } from '../mir/instruction.ts';
import type { Block } from '../mir/module.ts';
import { mapOperands, mapTerminatorOperands } from '../mir/operands.ts';

type Mapping = (v: Value) => Value;

/** A block in place of `old`, under its name. A literal, as spreading blocks of many origins takes the slow path. */
export function replaceBlock(old: Block, params: readonly Value[], instructions: readonly Instruction[], terminator: Terminator): Block {
  return old.name === undefined ? { params, instructions, terminator } : { params, instructions, terminator, name: old.name };
}

/** A copy with operands replaced by `map(operand)` and results by `name(result)`. */
export function copyInstruction(i: Instruction, map: Mapping, name: Mapping): Instruction {
  switch (i.kind) {
    case 'const': return { kind: 'const', type: i.type, value: i.value, result: name(i.result), loc: i.loc };
    case 'binary': return { kind: 'binary', op: i.op, type: i.type, a: map(i.a), b: map(i.b), result: name(i.result), loc: i.loc };
    case 'compare': return { kind: 'compare', op: i.op, type: i.type, a: map(i.a), b: map(i.b), result: name(i.result), loc: i.loc };
    case 'unary': return { kind: 'unary', op: i.op, type: i.type, a: map(i.a), result: name(i.result), loc: i.loc };
    case 'convert': return { kind: 'convert', op: i.op, from: i.from, type: i.type, a: map(i.a), result: name(i.result), loc: i.loc };
    case 'select': return { kind: 'select', type: i.type, condition: map(i.condition), a: map(i.a), b: map(i.b), result: name(i.result), loc: i.loc };
    case 'load':
      return {
        kind: 'load', type: i.type, base: map(i.base), index: i.index === NO_VALUE ? NO_VALUE : map(i.index), scale: i.scale, offset: i.offset,
        align: i.align, volatile: i.volatile, result: name(i.result), loc: i.loc,
      };
    case 'store':
      return {
        kind: 'store', type: i.type, base: map(i.base), index: i.index === NO_VALUE ? NO_VALUE : map(i.index), scale: i.scale, offset: i.offset,
        value: map(i.value), align: i.align, volatile: i.volatile, loc: i.loc,
      };
    case 'lea': return { kind: 'lea', base: map(i.base), index: i.index === NO_VALUE ? NO_VALUE : map(i.index), scale: i.scale, offset: i.offset, result: name(i.result), loc: i.loc };
    case 'call': return { kind: 'call', callee: i.callee, args: i.args.map(map), results: i.results.map(name), loc: i.loc };
    default: return withResults(mapOperands(i, map), name);
  }
}

function withResults(i: Instruction, name: Mapping): Instruction {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': return i;
    case 'pair': return { ...i, result: name(i.result), result2: name(i.result2) };
    case 'call': case 'call_indirect': return { ...i, results: i.results.map(name) };
    default: return { ...i, result: name(i.result) };
  }
}

/** The instruction with operand `v` replaced by `to[v]`; the same object when nothing changed. */
export function renameOperands(i: Instruction, to: Int32Array): Instruction {
  switch (i.kind) {
    case 'const': case 'slot_addr': case 'global_addr': return i;
    case 'binary': {
      const a = to[i.a], b = to[i.b];
      return a === i.a && b === i.b ? i : { kind: 'binary', op: i.op, type: i.type, a, b, result: i.result, loc: i.loc };
    }
    case 'load': {
      const base = to[i.base], index = i.index === NO_VALUE ? NO_VALUE : to[i.index];
      return base === i.base && index === i.index ? i
        : { kind: 'load', type: i.type, base, index, scale: i.scale, offset: i.offset, align: i.align, volatile: i.volatile, result: i.result, loc: i.loc };
    }
    case 'store': {
      const base = to[i.base], index = i.index === NO_VALUE ? NO_VALUE : to[i.index], value = to[i.value];
      return base === i.base && index === i.index && value === i.value ? i
        : { kind: 'store', type: i.type, base, index, scale: i.scale, offset: i.offset, value, align: i.align, volatile: i.volatile, loc: i.loc };
    }
    case 'compare': {
      const a = to[i.a], b = to[i.b];
      return a === i.a && b === i.b ? i : { kind: 'compare', op: i.op, type: i.type, a, b, result: i.result, loc: i.loc };
    }
    case 'unary': {
      const a = to[i.a];
      return a === i.a ? i : { kind: 'unary', op: i.op, type: i.type, a, result: i.result, loc: i.loc };
    }
    case 'convert': {
      const a = to[i.a];
      return a === i.a ? i : { kind: 'convert', op: i.op, from: i.from, type: i.type, a, result: i.result, loc: i.loc };
    }
    case 'select': {
      const condition = to[i.condition], a = to[i.a], b = to[i.b];
      return condition === i.condition && a === i.a && b === i.b ? i : { kind: 'select', type: i.type, condition, a, b, result: i.result, loc: i.loc };
    }
    case 'lea': {
      const base = to[i.base], index = i.index === NO_VALUE ? NO_VALUE : to[i.index];
      return base === i.base && index === i.index ? i : { kind: 'lea', base, index, scale: i.scale, offset: i.offset, result: i.result, loc: i.loc };
    }
    case 'call': {
      const args = renameList(i.args, to);
      return args === i.args ? i : { kind: 'call', callee: i.callee, args, results: i.results, loc: i.loc };
    }
    default: return renameOther(i, to);
  }
}

// Apart: a function whose parameter a closure captures allocates on every call, also where the closure is not made.
function renameOther(i: Instruction, to: Int32Array): Instruction { return mapOperands(i, (v) => to[v]); }
function renameOtherTerminator(t: Terminator, to: Int32Array): Terminator { return mapTerminatorOperands(t, (v) => to[v]); }

/** The list with every value replaced by its entry in the table; the same list when nothing changed. */
export function renameList(list: readonly Value[], to: Int32Array): readonly Value[] {
  for (let k = 0; k < list.length; k++) {
    if (to[list[k]] === list[k]) continue;
    const out: Value[] = [];
    for (let j = 0; j < list.length; j++) out.push(to[list[j]]);
    return out;
  }
  return list;
}

/** {@link renameOperands} for a list of instructions; the same list when nothing changed. */
export function renameAll(list: readonly Instruction[], to: Int32Array): readonly Instruction[] {
  let out: Instruction[] | undefined;
  for (let k = 0; k < list.length; k++) {
    const before = list[k], after = renameOperands(before, to);
    if (after !== before) (out ??= list.slice())[k] = after;
  }
  return out ?? list;
}

function renameEdge(e: Edge, to: Int32Array): Edge {
  const args = renameList(e.args, to);
  return args === e.args ? e : { block: e.block, args };
}

/** {@link renameOperands} for a terminator, edge arguments included. */
export function renameTerminator(t: Terminator, to: Int32Array): Terminator {
  switch (t.kind) {
    case 'jump': {
      const target = renameEdge(t.target, to);
      return target === t.target ? t : { kind: 'jump', target, loc: t.loc };
    }
    case 'br': {
      const condition = to[t.condition], then = renameEdge(t.then, to), otherwise = renameEdge(t.else, to);
      return condition === t.condition && then === t.then && otherwise === t.else ? t : { kind: 'br', condition, then, else: otherwise, loc: t.loc };
    }
    case 'ret': {
      const args = renameList(t.args, to);
      return args === t.args ? t : { kind: 'ret', args, loc: t.loc };
    }
    case 'trap': return t;
    default: return renameOtherTerminator(t, to);
  }
}

/** Puts `i` at place `n` of a list that is written over from the front; gives the next place. */
export function put(list: Instruction[], n: number, i: Instruction): number {
  if (n < list.length) list[n] = i; else list.push(i);
  return n + 1;
}

/** Keeps the first `n` of a list; assigning `length` is many times slower. */
export function cutTo(list: unknown[], n: number): void {
  while (list.length > n) list.pop();
}
