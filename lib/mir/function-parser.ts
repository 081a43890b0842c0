/**
 * Parses one function of MIR text. Values, blocks and slots carry their numbers in the text, so nothing needs to be
 * looked up ahead: a use before its definition is only a number, and what remains undefined is found at the end.
 */
import type { Instruction, Terminator, Value } from './instruction.ts';
import { InstructionParser } from './instruction-parser.ts';
import { TOKEN } from './lexer.ts';
import { decodeMnemonic, isTerminator, type Mnemonic } from './mnemonics.ts';
import type { Block, MirFunction, StackSlot } from './module.ts';
import type { Definition } from './operand-parser.ts';
import type { TokenReader } from './token-reader.ts';

/** Reads `func @name(...) -> (...) { ... }`, from the `func`. */
export function parseFunction(t: TokenReader): MirFunction {
  return new FunctionParser(t).parse();
}

class FunctionParser {
  readonly #t: TokenReader;
  readonly #body: InstructionParser;

  constructor(t: TokenReader) {
    this.#t = t;
    this.#body = new InstructionParser(t);
  }

  parse(): MirFunction {
    const t = this.#t, start = t.start;
    t.takeWord('func');
    const name = t.name('the name of the function');
    const { params, results } = t.signature();
    const loc = t.location();
    t.take('{');
    const slots: StackSlot[] = [];
    while (t.isWord('slot')) slots.push(this.#slot(slots.length));
    const blocks: Block[] = [];
    while (t.kind === TOKEN.BLOCK) blocks.push(this.#block(blocks.length));
    if (t.acceptWord('unused')) {
      do this.#body.define(this.#body.definition(), undefined); while (t.accept(','));
      t.endOfStatement();
    }
    if (!t.isPunctuation('}')) t.expected(blocks.length === 0 ? 'a block, `b0:`' : '`}` or another block');
    t.next();
    return { name, params, results, valueTypes: this.#body.valueTypes(start), blocks, slots, valueNames: this.#body.names, loc };
  }

  #slot(expected: number): StackSlot {
    const t = this.#t;
    t.takeWord('slot');
    if (t.kind !== TOKEN.SLOT || t.number !== expected) t.expected(`\`s${expected}\` (slots are numbered in order)`);
    t.next();
    const name = t.kind === TOKEN.STRING ? t.string('a name') : undefined;
    t.takeWord('size');
    const size = t.unsigned('a size in bytes');
    t.takeWord('align');
    const align = t.unsigned('an alignment in bytes');
    t.endOfStatement();
    return name === undefined ? { size, align } : { size, align, name };
  }

  #block(expected: number): Block {
    const t = this.#t;
    if (t.number !== expected) t.expected(`\`b${expected}\` (blocks are numbered in order)`);
    t.next();
    const name = t.kind === TOKEN.STRING ? t.string('a name') : undefined;
    const params: Value[] = [];
    if (t.accept('(')) {
      do {
        const d = this.#body.definition();
        this.#body.define(d, undefined);
        params.push(d.value);
      } while (t.accept(','));
      t.take(')');
    }
    t.take(':');
    const instructions: Instruction[] = [];
    for (;;) {
      const terminator = this.#statement(instructions);
      if (terminator !== undefined) {
        return name === undefined ? { params, instructions, terminator } : { params, instructions, terminator, name };
      }
    }
  }

  /** Reads one line of a block; an instruction goes to the list, a terminator is returned. */
  #statement(instructions: Instruction[]): Terminator | undefined {
    const t = this.#t;
    const results: Definition[] = [];
    if (t.kind === TOKEN.VALUE) {
      do results.push(this.#body.definition()); while (t.accept(','));
      t.take('=');
    } else if (t.kind !== TOKEN.WORD) {
      t.expected('an instruction (a block ends with jump, br, switch, ret, tail_call, tail_call_indirect or trap)');
    }
    const at = t.start, m = this.#mnemonic();
    if (isTerminator(m)) {
      if (results.length > 0) t.fail(`\`${m.kind}\` gives no result`, results[0].at);
      const terminator = this.#body.terminator(m);
      t.endOfStatement();
      return terminator;
    }
    instructions.push(this.#body.instruction(m, results, at));
    t.endOfStatement();
    return undefined;
  }

  #mnemonic(): Mnemonic {
    const t = this.#t;
    if (t.kind !== TOKEN.WORD) return t.expected('an instruction');
    const m = decodeMnemonic(t.text);
    if (typeof m === 'string') return t.fail(m);
    t.next();
    return m;
  }
}
