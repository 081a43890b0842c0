/** The parser's vocabulary over tokens: "expect this here, or fail with a caret and the right words". */
import { parseConstant } from './constants.ts';
import { Lexer, TOKEN, type TokenKind } from './lexer.ts';
import type { Signature, Type } from './types.ts';
import { TYPES } from './types.ts';

const TYPE_NAMES: ReadonlyMap<string, Type> = new Map(TYPES.map((t) => [t, t]));

export class TokenReader extends Lexer {
  /** What stands here, for messages. */
  found(): string {
    if (this.kind === TOKEN.END) return 'the end of the text';
    const text = this.text;
    return `\`${text.length > 40 ? `${text.slice(0, 40)}...` : text}\``;
  }

  expected(what: string): never { this.fail(`expected ${what}, found ${this.found()}`); }

  atEnd(): boolean { return this.kind === TOKEN.END; }

  isPunctuation(c: string): boolean { return this.kind === TOKEN.PUNCTUATION && this.number === c.charCodeAt(0); }

  /** Takes the character when it is here. */
  accept(c: string): boolean {
    if (!this.isPunctuation(c)) return false;
    this.next();
    return true;
  }

  take(c: string): void {
    if (!this.accept(c)) this.expected(c === '>' ? '`->`' : `\`${c}\``);
  }

  isWord(word: string): boolean { return this.kind === TOKEN.WORD && this.end - this.start === word.length && this.source.startsWith(word, this.start); }

  acceptWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.next();
    return true;
  }

  takeWord(word: string): void {
    if (!this.acceptWord(word)) this.expected(`\`${word}\``);
  }

  /** A word out of a list. */
  oneOf<W extends string>(what: string, words: readonly W[]): W {
    const text = this.kind === TOKEN.WORD ? this.text : '';
    const k = (words as readonly string[]).indexOf(text);
    if (k < 0) this.expected(`${what} (${words.join(', ')})`);
    this.next();
    return words[k];
  }

  /** The number of a `v1`, `b1`, `s1` or `!1`. */
  numbered(kind: TokenKind, what: string): number {
    if (this.kind !== kind) this.expected(what);
    const n = this.number;
    this.next();
    return n;
  }

  /** A number that is a size, index or the like: an integer from 0 to 2^53-1. */
  unsigned(what: string): number {
    const n = this.kind === TOKEN.NUMBER ? parseConstant('i32', this.text) : undefined;
    if (typeof n !== 'number' || n < 0) this.expected(`${what} (an integer, not negative)`);
    this.next();
    return n;
  }

  /** A constant of a type. */
  constant(type: Type): number | bigint {
    const value = this.kind === TOKEN.NUMBER || this.kind === TOKEN.WORD ? parseConstant(type, this.text) : undefined;
    if (value === undefined) this.expected(`a constant of type ${type}`);
    this.next();
    return value;
  }

  type(): Type {
    // `v128` is also how value 128 is written, `v256` value 256; a type and a value never stand in the same place.
    const t = this.kind === TOKEN.WORD || this.kind === TOKEN.VALUE ? TYPE_NAMES.get(this.text) : undefined;
    if (t === undefined) this.expected(`a type (${TYPES.join(', ')})`);
    this.next();
    return t;
  }

  /** `@name`. */
  name(what: string): string {
    if (this.kind !== TOKEN.NAME) this.expected(`${what}, written \`@name\``);
    const raw = this.source.charCodeAt(this.start + 1) === 34;
    const name = raw ? this.#unescape(this.start + 1) : this.source.slice(this.start + 1, this.end);
    this.next();
    return name;
  }

  /** `"text"` with JSON's escapes. */
  string(what: string): string {
    if (this.kind !== TOKEN.STRING) this.expected(`${what} in double quotes`);
    const text = this.#unescape(this.start);
    this.next();
    return text;
  }

  #unescape(from: number): string {
    try {
      return JSON.parse(this.source.slice(from, this.end)) as string;
    } catch {
      return this.fail('this text has an escape that does not exist (they are those of JSON: \\" \\\\ \\n \\t \\u00e9 ...)', from);
    }
  }

  /** `"bytes"`, where `\xx` is a byte in hexadecimal and everything else printable ASCII. */
  bytes(): Uint8Array {
    if (this.kind !== TOKEN.STRING) this.expected('bytes in double quotes');
    const s = this.source, out = new Uint8Array(this.end - this.start);
    let n = 0;
    for (let at = this.start + 1; at < this.end - 1; at++) {
      const c = s.charCodeAt(at);
      if (c === 92) {
        const high = hexDigit(s.charCodeAt(at + 1)), low = hexDigit(s.charCodeAt(at + 2));
        if (high < 0 || low < 0) this.fail('in bytes, a backslash is followed by two hexadecimal digits', at);
        out[n++] = high * 16 + low;
        at += 2;
      } else if (c < 0x20 || c > 0x7e) {
        this.fail('bytes are printable ASCII or `\\xx` (two hexadecimal digits)', at);
      } else out[n++] = c;
    }
    this.next();
    return out.slice(0, n);
  }

  /** `(i32, i64) -> (f64)`. */
  signature(): Signature {
    const params = this.#typeList();
    this.take('>');
    return { params, results: this.#typeList() };
  }

  #typeList(): Type[] {
    const types: Type[] = [];
    this.take('(');
    if (!this.isPunctuation(')')) do types.push(this.type()); while (this.accept(','));
    this.take(')');
    return types;
  }

  /** `!12` when it is here, else 0. */
  location(): number {
    if (this.kind !== TOKEN.LOCATION || this.newline) return 0;
    return this.numbered(TOKEN.LOCATION, 'a location');
  }

  /** Requires that the statement ended with its line (or the function with it). */
  endOfStatement(): void {
    if (!this.newline && !this.isPunctuation('}')) this.expected('the end of the line');
  }
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
