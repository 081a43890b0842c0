/**
 * A compiler for arithmetic: the text of an expression in `x` becomes native code.
 * `node dist/playground/expression.js 'sqrt(x*x + 1) / (x + 2)'`, or without an argument to be asked for one;
 * `npm start -- 'x*x'` gives the tour one.
 */
import { createInterface } from 'node:readline/promises';
import { f64, fn, i32, module, type Body, type F64, type F64Type } from 'lamella';
import { argument, compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

type Node =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable' }
  | { readonly kind: 'binary'; readonly op: '+' | '-' | '*' | '/'; readonly a: Node; readonly b: Node }
  | { readonly kind: 'call'; readonly name: 'sqrt' | 'abs' | 'floor' | 'neg'; readonly a: Node };

/** Text to tree, by recursive descent. Throws a message with the position for anything that is not an expression. */
export function parse(text: string): Node {
  const tokens = [...text.matchAll(/\s*(?:(\d+(?:\.\d+)?)|([a-z]+)|(\S))/gy)];
  let at = 0;
  const peek = (): string | undefined => tokens[at]?.[0].trim();
  const fail = (wanted: string): never => { throw new SyntaxError(`${wanted} expected at position ${tokens[at]?.index ?? text.length} of "${text}"`); };
  const expect = (symbol: string): void => { if (peek() === symbol) at++; else fail(`"${symbol}"`); };
  const atom = (): Node => {
    const token = tokens[at];
    if (token?.[1] !== undefined) { at++; return { kind: 'number', value: Number(token[1]) }; }
    switch (peek()) {
      case 'x': at++; return { kind: 'variable' };
      case '-': at++; return { kind: 'call', name: 'neg', a: atom() };
      case '(': { at++; const inner = sum(); expect(')'); return inner; }
      case 'sqrt': case 'abs': case 'floor': {
        const name = peek() as 'sqrt' | 'abs' | 'floor';
        at++; expect('(');
        const a = sum();
        expect(')');
        return { kind: 'call', name, a };
      }
      default: return fail('a number, x, sqrt, abs, floor, "-" or "("');
    }
  };
  const chain = (next: () => Node, ...ops: readonly string[]): Node => {
    let a = next();
    while (ops.includes(peek() ?? '')) { const op = peek() as '+'; at++; a = { kind: 'binary', op, a, b: next() }; }
    return a;
  };
  const product = (): Node => chain(atom, '*', '/');
  const sum = (): Node => chain(product, '+', '-');
  const tree = sum();
  if (at < tokens.length) fail('the end');
  return tree;
}

/** Emits the code of a tree: the whole compiler back end of this little language. */
function emit(b: Body<F64Type>, node: Node, x: F64): F64 {
  switch (node.kind) {
    case 'number': return b.const(f64, node.value);
    case 'variable': return x;
    case 'call': return emit(b, node.a, x)[node.name]();
    case 'binary': {
      const left = emit(b, node.a, x), right = emit(b, node.b, x);
      switch (node.op) {
        case '+': return left.add(right);
        case '-': return left.sub(right);
        case '*': return left.mul(right);
        case '/': return left.div(right);
        default: return node.op satisfies never;
      }
    }
    default: return node satisfies never;
  }
}

/** A module with `f(x)`, the expression, and `sum(n)`, its sum over x = 0, 1/n, 2/n, ... below 1. */
export function expressionModule(text: string) {
  const tree = parse(text);
  const f = fn('f', [f64], f64, (b, x) => b.ret(emit(b, tree, x)));
  const sum = fn('sum', [i32], f64, (b, n) => {
    const total = b.var(f64, 0);
    b.for([0, n], (i) => total.update((t) => t.add(f(i.toF64().div(n.toF64())))));
    b.ret(total.get());
  });
  return module('expression').export({ f, sum }).build();
}

/** The same by walking the tree, as an interpreter in JavaScript would. */
function evaluate(node: Node, x: number): number {
  switch (node.kind) {
    case 'number': return node.value;
    case 'variable': return x;
    case 'call': {
      const a = evaluate(node.a, x);
      return { sqrt: Math.sqrt, abs: Math.abs, floor: Math.floor, neg: (v: number) => -v }[node.name](a);
    }
    case 'binary': {
      const a = evaluate(node.a, x), b = evaluate(node.b, x);
      return { '+': a + b, '-': a - b, '*': a * b, '/': a / b }[node.op];
    }
    default: return node satisfies never;
  }
}

export async function main(text = 'sqrt(x*x + 1) / (x + 2) - abs(x - 0.5)'): Promise<void> {
  heading('An expression compiler');
  const points = 1_000_000, demo = expressionModule(text), tree = parse(text);
  const one = valueOf(await sandbox.run(demo, 'f', [0.25]));
  const all = valueOf(await sandbox.run(demo, 'sum', [points]));
  const js = timed(() => { let t = 0; for (let i = 0; i < points; i++) t += evaluate(tree, i / points); return t; });
  say(`f(x) = ${text}`);
  say(`f(0.25) = ${one.value}; the sum over ${points} points is ${all.value}`);
  if (!Object.is(one.value, evaluate(tree, 0.25)) || !Object.is(all.value, js.value)) throw new Error(`walking the tree gives ${evaluate(tree, 0.25)} and ${js.value}`);
  say('(plain JavaScript here walks the tree, as an interpreter would)');
  compare(all, js.ms);
}

/** Asks for an expression where somebody is there to type one. */
async function ask(): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const typed = await terminal.question('An expression in x (Enter for an example): ');
  terminal.close();
  return typed.trim() === '' ? undefined : typed;
}

if (isMain(import.meta.url)) {
  try {
    await main(argument ?? await ask());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
