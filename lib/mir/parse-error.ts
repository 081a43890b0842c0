/** What the text parser throws: a message with line, column and a caret under the place. */
import { LamellaError } from './errors.ts';

/** Columns of source shown on each side of the caret; lines of machine-made text can be very long. */
const WINDOW = 60;

/**
 * MIR text that could not be read.
 *
 * @example
 * parseModule('func @f() -> () {\nb0:\n  ert\n}')
 * // throws ParseError: 3:3: there is no instruction `ert`: did you mean `ret`?
 * //   3 |   ert
 * //     |   ^
 */
export class ParseError extends LamellaError {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
  /** What is wrong, without place and snippet. */
  readonly what: string;
  /** The line at fault and a caret line under it. */
  readonly snippet: string;

  /** `offset` is an index into `source`. */
  constructor(source: string, offset: number, what: string) {
    const lineStart = source.lastIndexOf('\n', offset - 1) + 1;
    const lineEnd = source.indexOf('\n', offset) < 0 ? source.length : source.indexOf('\n', offset);
    let line = 1;
    for (let at = source.indexOf('\n'); at >= 0 && at < lineStart; at = source.indexOf('\n', at + 1)) line++;
    const column = offset - lineStart + 1;
    const snippet = caret(source.slice(lineStart, lineEnd).replace(/\r$/, ''), column - 1, line);
    super('parse', `${line}:${column}: ${what}\n${snippet}`, '');
    this.line = line;
    this.column = column;
    this.what = what;
    this.snippet = snippet;
  }
}

function caret(text: string, at: number, line: number): string {
  const from = Math.max(0, at - WINDOW), to = Math.min(text.length, at + WINDOW);
  const before = from > 0 ? '...' : '', after = to < text.length ? '...' : '';
  // A tab stays a tab under a tab, so that the caret stands right whatever the tab width.
  const pad = `${before}${text.slice(from, at)}`.replace(/[^\t]/g, ' ');
  return `  ${line} | ${before}${text.slice(from, to)}${after}\n  ${' '.repeat(String(line).length)} | ${pad}^`;
}
