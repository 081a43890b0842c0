/** Parses operands, and keeps the function's table of values, which every mention of a value goes through. */
import type { Address, Edge, Value } from './instruction.ts';
import { NO_VALUE } from './instruction.ts';
import { TOKEN } from './lexer.ts';
import type { TokenReader } from './token-reader.ts';
import type { Type } from './types.ts';

/** The place where a value gets its number, and its type when that is written. */
export interface Definition { readonly value: Value; readonly type: Type | undefined; readonly at: number }

/** One per function: what it has seen of values is the function's. */
export class OperandParser {
  /** Names of values, as far as they have one. */
  readonly names: Record<number, string> = {};
  protected readonly t: TokenReader;
  readonly #types: Type[] = [];
  #definedCount = 0;
  /** Where each value is first mentioned, for the error about one without a definition. */
  readonly #mentioned: number[] = [];

  constructor(t: TokenReader) { this.t = t; }

  // --- values ---

  /** `v2 "name": type`, name and type optional. */
  definition(): Definition {
    const t = this.t, at = t.start;
    const value = t.numbered(TOKEN.VALUE, 'a value, `v0`');
    if (t.kind === TOKEN.STRING) this.names[value] = t.string('a name');
    const type = t.accept(':') ? t.type() : undefined;
    return { value, type, at };
  }

  /** Gives the value its type: the written one, else the one its instruction implies. */
  define(d: Definition, implied: Type | undefined): void {
    const type = d.type ?? implied;
    if (type === undefined) this.t.fail(`v${d.value} needs its type here: \`v${d.value}: i32\``, d.at);
    if (this.#types[d.value] === undefined) this.#definedCount++;
    this.#types[d.value] = type;
    this.#mention(d.value, d.at);
  }

  #mention(v: Value, at: number): void {
    if (this.#mentioned[v] === undefined) this.#mentioned[v] = at;
  }

  protected value(): Value {
    const t = this.t;
    if (t.kind !== TOKEN.VALUE) t.expected('a value, `v0`');
    const v = t.number;
    this.#mention(v, t.start);
    t.next();
    return v;
  }

  protected comma(): Value {
    this.t.take(',');
    return this.value();
  }

  /** Values up to a closing character, which is taken. */
  protected list(open: string, close: string): Value[] {
    const t = this.t, list: Value[] = [];
    t.take(open);
    if (!t.isPunctuation(close)) do list.push(this.value()); while (t.accept(','));
    t.take(close);
    return list;
  }

  /** The table of types, once every value in it turns out to have one. */
  valueTypes(start: number): Type[] {
    const n = Math.max(this.#types.length, this.#mentioned.length);
    if (n > this.#definedCount) {
      // Object.keys, because the tables are sparse when someone writes v2000000000.
      const used = Object.keys(this.#mentioned).map(Number).find((v) => this.#types[v] === undefined);
      if (used !== undefined) this.t.fail(`v${used} is used but never defined`, this.#mentioned[used]);
      let v = 0;
      while (this.#types[v] !== undefined) v++;
      this.t.fail(`v${v} is missing from this function: values are numbered without gaps (write \`unused v${v}: i32\` before the \`}\` to keep one)`, start);
    }
    return Array.from(this.#types);
  }

  // --- addresses and edges ---

  /** `v0 + v1*4 + 16`. */
  protected address(): Address {
    const t = this.t, base = this.value();
    let index = NO_VALUE, scale = 1, offset = 0, scaled = false, moved = false;
    while (t.accept('+')) {
      if (t.kind === TOKEN.NUMBER) {
        if (moved) t.fail('an address has one offset');
        offset = t.unsigned('an offset');
        moved = true;
        continue;
      }
      if (scaled || moved) t.fail('an address is written base + index*scale + offset');
      scaled = true;
      if (!t.acceptWord('_')) index = this.value();
      if (t.accept('*')) scale = t.unsigned('a scale (1, 2, 4 or 8)');
    }
    return { base, index, scale, offset };
  }

  protected access(): { align: number; volatile: boolean } {
    const t = this.t;
    const align = t.acceptWord('align') ? t.unsigned('an alignment in bytes') : 1;
    return { align, volatile: t.acceptWord('volatile') };
  }

  protected edge(): Edge {
    const t = this.t, block = t.numbered(TOKEN.BLOCK, 'a block, `b1`');
    return { block, args: t.isPunctuation('(') ? this.list('(', ')') : [] };
  }
}
