/** Parses what follows a mnemonic: operands, results, edges. */
import type { Instruction, SwitchCase, Terminator, Value } from './instruction.ts';
import { TOKEN } from './lexer.ts';
import type { InstructionMnemonic, TerminatorMnemonic } from './mnemonics.ts';
import { OperandParser, type Definition } from './operand-parser.ts';
import type { Type } from './types.ts';
import { LANE_TYPE, TRAP_CODES, VECTOR_TYPE } from './types.ts';
import { vectorResultType } from './vector-ops.ts';

/** One per function. */
export class InstructionParser extends OperandParser {
  /** The instruction that a mnemonic starts; `at` is where the mnemonic stands. */
  instruction(m: InstructionMnemonic, results: readonly Definition[], at: number): Instruction {
    const t = this.t;
    switch (m.kind) {
      case 'const': {
        const value = t.constant(m.type), result = this.#one(m.kind, results, at, m.type);
        return { kind: 'const', type: m.type, value, result, loc: t.location() };
      }
      case 'binary': {
        const a = this.value(), b = this.comma(), result = this.#one(m.op, results, at, m.type);
        return { kind: 'binary', op: m.op, type: m.type, a, b, result, loc: t.location() };
      }
      case 'unary': {
        const a = this.value(), result = this.#one(m.op, results, at, m.type);
        return { kind: 'unary', op: m.op, type: m.type, a, result, loc: t.location() };
      }
      case 'ternary': {
        const a = this.value(), b = this.comma(), c = this.comma(), result = this.#one(m.op, results, at, m.type);
        return { kind: 'ternary', op: m.op, type: m.type, a, b, c, result, loc: t.location() };
      }
      case 'compare': {
        const a = this.value(), b = this.comma(), result = this.#one(m.op, results, at, 'i1');
        return { kind: 'compare', op: m.op, type: m.type, a, b, result, loc: t.location() };
      }
      case 'pair': {
        const a = this.value(), b = this.comma();
        if (results.length !== 2) t.fail(`\`${m.op}\` gives 2 results, here are ${results.length}`, at);
        this.define(results[0], m.type);
        this.define(results[1], m.op.endsWith('_wide') ? m.type : 'i1');
        return { kind: 'pair', op: m.op, type: m.type, a, b, result: results[0].value, result2: results[1].value, loc: t.location() };
      }
      case 'convert': {
        const a = this.value(), result = this.#one(m.op, results, at, m.type);
        return { kind: 'convert', op: m.op, from: m.from, type: m.type, a, result, loc: t.location() };
      }
      case 'select': {
        const condition = this.value(), a = this.comma(), b = this.comma(), result = this.#one(m.kind, results, at, m.type);
        return { kind: 'select', type: m.type, condition, a, b, result, loc: t.location() };
      }
      case 'load': {
        const { base, index, scale, offset } = this.address(), { align, volatile } = this.access();
        const result = this.#one(m.kind, results, at, m.type);
        return { kind: 'load', type: m.type, base, index, scale, offset, align, volatile, result, loc: t.location() };
      }
      case 'store': {
        this.#none(m.kind, results);
        const value = this.value();
        t.take(',');
        const { base, index, scale, offset } = this.address(), { align, volatile } = this.access();
        return { kind: 'store', type: m.type, base, index, scale, offset, value, align, volatile, loc: t.location() };
      }
      case 'lea': {
        const { base, index, scale, offset } = this.address(), result = this.#one(m.kind, results, at, 'ptr');
        return { kind: 'lea', base, index, scale, offset, result, loc: t.location() };
      }
      case 'slot_addr': {
        const slot = t.numbered(TOKEN.SLOT, 'a stack slot, `s0`'), result = this.#one(m.kind, results, at, 'ptr');
        return { kind: 'slot_addr', slot, result, loc: t.location() };
      }
      case 'global_addr': {
        const global = t.name('a global'), result = this.#one(m.kind, results, at, 'ptr');
        return { kind: 'global_addr', global, result, loc: t.location() };
      }
      case 'memory_copy': {
        this.#none(m.kind, results);
        const destination = this.value(), source = this.comma(), size = this.comma();
        return { kind: 'memory_copy', destination, source, size, loc: t.location() };
      }
      case 'memory_fill': {
        this.#none(m.kind, results);
        const destination = this.value(), value = this.comma(), size = this.comma();
        return { kind: 'memory_fill', destination, value, size, loc: t.location() };
      }
      case 'memory_size': return { kind: 'memory_size', result: this.#one(m.kind, results, at, 'i32'), loc: t.location() };
      case 'memory_grow': {
        const pages = this.value(), result = this.#one(m.kind, results, at, 'i32');
        return { kind: 'memory_grow', pages, result, loc: t.location() };
      }
      case 'call': {
        const callee = t.name('a function'), args = this.list('(', ')');
        return { kind: 'call', callee, args, results: this.#all(results), loc: t.location() };
      }
      case 'call_indirect': {
        const index = this.value(), args = this.list('(', ')');
        t.take(':');
        return { kind: 'call_indirect', signature: t.signature(), index, args, results: this.#all(results), loc: t.location() };
      }
      case 'atomic_load': {
        const { base, index, scale, offset } = this.address(), result = this.#one(m.kind, results, at, m.type);
        return { kind: 'atomic_load', type: m.type, base, index, scale, offset, ordering: m.ordering, result, loc: t.location() };
      }
      case 'atomic_store': {
        this.#none(m.kind, results);
        const value = this.value();
        t.take(',');
        const { base, index, scale, offset } = this.address();
        return { kind: 'atomic_store', type: m.type, base, index, scale, offset, value, ordering: m.ordering, loc: t.location() };
      }
      case 'atomic_rmw': {
        const value = this.value();
        t.take(',');
        const { base, index, scale, offset } = this.address(), result = this.#one(m.kind, results, at, m.type);
        return { kind: 'atomic_rmw', op: m.op, type: m.type, base, index, scale, offset, value, ordering: m.ordering, result, loc: t.location() };
      }
      case 'atomic_cmpxchg': {
        const expected = this.value(), replacement = this.comma();
        t.take(',');
        const { base, index, scale, offset } = this.address(), result = this.#one(m.kind, results, at, m.type);
        return { kind: 'atomic_cmpxchg', type: m.type, base, index, scale, offset, expected, replacement, ordering: m.ordering, result, loc: t.location() };
      }
      case 'fence': this.#none(m.kind, results); return { kind: 'fence', ordering: m.ordering, loc: t.location() };
      case 'vector': {
        const args = [this.value()];
        while (t.accept(',')) args.push(this.value());
        const result = this.#one(m.op, results, at, vectorResultType(m.op, m.lanes));
        return { kind: 'vector', op: m.op, lanes: m.lanes, args, result, loc: t.location() };
      }
      case 'splat': {
        const a = this.value(), result = this.#one(m.kind, results, at, VECTOR_TYPE[m.lanes]);
        return { kind: 'splat', lanes: m.lanes, a, result, loc: t.location() };
      }
      case 'extract_lane': {
        const a = this.value();
        t.take(',');
        const lane = t.unsigned('a lane'), result = this.#one(m.kind, results, at, LANE_TYPE[m.lanes]);
        return { kind: 'extract_lane', lanes: m.lanes, lane, a, result, loc: t.location() };
      }
      case 'insert_lane': {
        const a = this.value(), b = this.comma();
        t.take(',');
        const lane = t.unsigned('a lane'), result = this.#one(m.kind, results, at, VECTOR_TYPE[m.lanes]);
        return { kind: 'insert_lane', lanes: m.lanes, lane, a, b, result, loc: t.location() };
      }
      case 'shuffle': {
        const a = this.value(), b = this.comma();
        t.take(',');
        t.take('[');
        const mask = [t.unsigned('a byte index')];
        while (t.accept(',')) mask.push(t.unsigned('a byte index'));
        t.take(']');
        return { kind: 'shuffle', mask, a, b, result: this.#one(m.kind, results, at, mask.length === 32 ? 'v256' : 'v128'), loc: t.location() };
      }
      case 'safepoint': this.#none(m.kind, results); return { kind: 'safepoint', loc: t.location() };
      case 'stack_map': {
        this.#none(m.kind, results);
        const id = t.unsigned('an id');
        t.take(',');
        return { kind: 'stack_map', id, live: this.list('[', ']'), loc: t.location() };
      }
      case 'patch_point': {
        this.#none(m.kind, results);
        const id = t.unsigned('an id');
        t.take(',');
        const bytes = t.unsigned('a number of bytes');
        t.take(',');
        return { kind: 'patch_point', id, bytes, live: this.list('[', ']'), loc: t.location() };
      }
      default: return m satisfies never;
    }
  }

  #one(what: string, results: readonly Definition[], at: number, implied: Type): Value {
    if (results.length !== 1) this.t.fail(`\`${what}\` gives 1 result, here are ${results.length}${results.length === 0 ? ' (write `v2 = ...`)' : ''}`, at);
    this.define(results[0], implied);
    return results[0].value;
  }

  #none(what: string, results: readonly Definition[]): void {
    if (results.length > 0) this.t.fail(`\`${what}\` gives no result`, results[0].at);
  }

  /** The results of a call, whose types stand in the text. */
  #all(results: readonly Definition[]): Value[] {
    return results.map((d) => {
      this.define(d, undefined);
      return d.value;
    });
  }

  /** The terminator that a mnemonic starts. */
  terminator(m: TerminatorMnemonic): Terminator {
    const t = this.t;
    switch (m.kind) {
      case 'jump': return { kind: 'jump', target: this.edge(), loc: t.location() };
      case 'br': {
        const condition = this.value();
        t.take(',');
        const then = this.edge();
        t.take(',');
        return { kind: 'br', condition, then, else: this.edge(), loc: t.location() };
      }
      case 'switch': {
        const value = this.value(), cases: SwitchCase[] = [];
        t.take(',');
        while (!t.acceptWord('else')) {
          const constant = t.constant(m.type);
          t.take('>');
          cases.push({ value: constant, target: this.edge() });
          t.take(',');
        }
        t.take('>');
        return { kind: 'switch', type: m.type, value, cases, default: this.edge(), loc: t.location() };
      }
      case 'ret': {
        const args: Value[] = [];
        if (t.kind === TOKEN.VALUE && !t.newline) do args.push(this.value()); while (t.accept(','));
        return { kind: 'ret', args, loc: t.location() };
      }
      case 'tail_call': {
        const callee = t.name('a function');
        return { kind: 'tail_call', callee, args: this.list('(', ')'), loc: t.location() };
      }
      case 'tail_call_indirect': {
        const index = this.value(), args = this.list('(', ')');
        t.take(':');
        return { kind: 'tail_call_indirect', signature: t.signature(), index, args, loc: t.location() };
      }
      case 'trap': return { kind: 'trap', code: t.oneOf('a trap code', TRAP_CODES), loc: t.location() };
      default: return m satisfies never;
    }
  }
}
