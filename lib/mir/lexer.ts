/**
 * Tokens of MIR text. One token of lookahead, held in the lexer's own fields: reading a token allocates nothing.
 * White space and comments (`;` to the end of the line) separate tokens; `newline` says whether a line ended before
 * the token, because statements end with their line.
 */
import { ParseError } from './parse-error.ts';

export const TOKEN = {
  END: 0,
  /** A word: mnemonic, keyword, type. Letters, digits, `_`, `.`, and `-` between letters or digits. */
  WORD: 1,
  /** `v12`; `number` is 12. */
  VALUE: 2,
  /** `b12`. */
  BLOCK: 3,
  /** `s12`. */
  SLOT: 4,
  /** `!12`. */
  LOCATION: 5,
  /** `@name` or `@"any text"`. */
  NAME: 6,
  /** `"..."`, still escaped: names and bytes have their own escapes. */
  STRING: 7,
  /** Starts with a digit or a minus sign; its text is judged where it is used. */
  NUMBER: 8,
  /** One character, or `->` as `>`. */
  PUNCTUATION: 9,
} as const;
export type TokenKind = (typeof TOKEN)[keyof typeof TOKEN];

/** Value, block, slot and location numbers stay below this. */
const MAX_NUMBER = 0x7fffffff;

const WORD_CHAR = 1, DIGIT = 2, SPACE = 4;
/** Character classes of ASCII. */
const CLASS = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const s = String.fromCharCode(c);
  if (/[\w.$]/.test(s)) CLASS[c] |= WORD_CHAR;
  if (/\d/.test(s)) CLASS[c] |= DIGIT;
  if (/[ \t\r\n]/.test(s)) CLASS[c] |= SPACE;
}
const NEWLINE = 10, QUOTE = 34, MINUS = 45, GREATER = 62, SEMICOLON = 59, BACKSLASH = 92, AT = 64, BANG = 33, PLUS = 43;
const LOWER_B = 98, LOWER_S = 115, LOWER_V = 118;

export class Lexer {
  readonly source: string;
  kind: TokenKind = TOKEN.END;
  /** Where the token starts and ends. */
  start = 0;
  end = 0;
  /** The number of a VALUE, BLOCK, SLOT or LOCATION; the character code of PUNCTUATION. */
  number = 0;
  newline = true;

  constructor(source: string) {
    this.source = source;
    this.next();
  }

  /** The token's text as it stands in the source. */
  get text(): string { return this.source.slice(this.start, this.end); }

  fail(what: string, at = this.start): never { throw new ParseError(this.source, at, what); }

  /** Moves to the next token. */
  next(): void {
    const s = this.source, n = s.length;
    let at = this.end;
    this.newline = at === 0;
    let c = 0;
    for (;;) {
      if (at >= n) { this.kind = TOKEN.END; this.start = this.end = n; this.newline = true; return; }
      c = s.charCodeAt(at);
      if (c === NEWLINE) this.newline = true;
      if (c < 128 && (CLASS[c] & SPACE) !== 0) at++;
      else if (c === SEMICOLON) { const stop = s.indexOf('\n', at); at = stop < 0 ? n : stop; }
      else break;
    }
    this.start = at;
    if (c < 128 && (CLASS[c] & WORD_CHAR) !== 0) {
      if ((CLASS[c] & DIGIT) !== 0) return this.#number(at);
      return this.#word(at, c);
    }
    if (c === QUOTE) { this.kind = TOKEN.STRING; this.end = this.#string(at); return; }
    if (c === AT) return this.#name(at);
    if (c === BANG) { this.kind = TOKEN.LOCATION; this.end = this.#index(at + 1); return; }
    if (c === MINUS) {
      const d = at + 1 < n ? s.charCodeAt(at + 1) : 0;
      if (d === GREATER) { this.kind = TOKEN.PUNCTUATION; this.number = GREATER; this.end = at + 2; return; }
      if (d < 128 && (CLASS[d] & WORD_CHAR) !== 0) return this.#number(at);
    }
    this.kind = TOKEN.PUNCTUATION;
    this.number = c;
    this.end = at + 1;
  }

  #word(from: number, first: number): void {
    const s = this.source, n = s.length;
    let at = from + 1, digits = true, value = 0;
    for (; at < n; at++) {
      const c = s.charCodeAt(at);
      if (c >= 128) break;
      if ((CLASS[c] & DIGIT) !== 0) { if (value <= MAX_NUMBER) value = value * 10 + (c - 48); continue; }
      if ((CLASS[c] & WORD_CHAR) === 0) {
        // A hyphen belongs to the word between letters or digits (`nul-terminated`); `->` does not.
        if (c !== MINUS || at + 1 >= n || s.charCodeAt(at + 1) >= 128 || (CLASS[s.charCodeAt(at + 1)] & WORD_CHAR) === 0) break;
      }
      digits = false;
    }
    this.end = at;
    this.kind = TOKEN.WORD;
    if (digits && at > from + 1 && (first === LOWER_V || first === LOWER_B || first === LOWER_S)) {
      if (value >= MAX_NUMBER) this.fail('this number is too large (values, blocks and slots are numbered below 2^31-1)');
      this.kind = first === LOWER_V ? TOKEN.VALUE : first === LOWER_B ? TOKEN.BLOCK : TOKEN.SLOT;
      this.number = value;
    }
  }

  #number(from: number): void {
    const s = this.source, n = s.length;
    let at = from + 1;
    for (; at < n; at++) {
      const c = s.charCodeAt(at);
      if (c < 128 && (CLASS[c] & WORD_CHAR) !== 0) continue;
      // The sign of an exponent, unless the number is hexadecimal.
      if ((c === MINUS || c === PLUS) && (s.charCodeAt(at - 1) | 32) === 101 && (s.charCodeAt(from + 1) | 32) !== 120) continue;
      break;
    }
    this.kind = TOKEN.NUMBER;
    this.end = at;
  }

  /** Reads digits at `at` into `number`; returns where they end. */
  #index(at: number): number {
    const s = this.source, from = at;
    let value = 0;
    for (; at < s.length; at++) {
      const c = s.charCodeAt(at);
      if (c < 48 || c > 57) break;
      value = Math.min(value * 10 + (c - 48), MAX_NUMBER);
    }
    if (at === from) this.fail('a location is written as `!` and a number');
    if (value >= MAX_NUMBER) this.fail('this number is too large');
    this.number = value;
    return at;
  }

  /** The end of the string that starts at `from`. */
  #string(from: number): number {
    const s = this.source;
    for (let at = from + 1; at < s.length; at++) {
      const c = s.charCodeAt(at);
      if (c === QUOTE) return at + 1;
      if (c === NEWLINE) break;
      if (c === BACKSLASH) at++;
    }
    return this.fail('this text is not closed: a `"` is missing before the end of the line', from);
  }

  #name(from: number): void {
    const s = this.source;
    this.kind = TOKEN.NAME;
    if (s.charCodeAt(from + 1) === QUOTE) { this.end = this.#string(from + 1); return; }
    let at = from + 1;
    for (; at < s.length; at++) {
      const c = s.charCodeAt(at);
      if (c >= 128 || (CLASS[c] & WORD_CHAR) === 0) break;
    }
    if (at === from + 1) this.fail('a name is written as `@name`, or `@"any text"`');
    this.end = at;
  }
}
