/** The rules of terminators: edges, switches, returns, tail calls. */
import { constantProblem } from './constants.ts';
import type { Edge, SwitchTerm, Terminator } from './instruction.ts';
import { show } from './show.ts';
import { TRAP_CODES } from './types.ts';
import { callArguments, callee, indirect, tailResults } from './verify-call.ts';
import { ANY, I1, I16, I32, I64, I8, NO_TYPE, count, isBelow, typeCode, typeList, type RuleContext } from './verify-rules.ts';

const TRAPS: ReadonlySet<unknown> = new Set(TRAP_CODES);

/** Checks one terminator. */
export function verifyTerminator(c: RuleContext, t: Terminator): void {
  switch (t.kind) {
    case 'jump': return edge(c, t.target, 'target');
    case 'br':
      c.use(t.condition, I1, 'condition');
      edge(c, t.then, 'then');
      return edge(c, t.else, 'else');
    case 'switch': return verifySwitch(c, t);
    case 'ret': {
      const expected = c.results;
      if (t.args.length !== expected.length) c.report('type', `returns ${count(t.args.length, 'value')}, the function's results are (${typeList(expected)})`);
      for (let k = 0; k < t.args.length; k++) c.use(t.args[k], k < expected.length ? typeCode(expected[k]) : ANY, 'returned value');
      return;
    }
    case 'tail_call': {
      const s = callee(c, t.callee);
      callArguments(c, s, t.args);
      return tailResults(c, s);
    }
    case 'tail_call_indirect': {
      const s = indirect(c, t.signature, t.index);
      callArguments(c, s, t.args);
      return tailResults(c, s);
    }
    case 'trap':
      if (!TRAPS.has(t.code)) c.report('trap', `there is no trap code ${show(t.code)} (${TRAP_CODES.join(' ')})`);
      return;
    default: {
      const unknown: { readonly kind?: unknown } = t satisfies never;
      c.report('operation', `there is no terminator of kind ${show(unknown.kind)}`);
    }
  }
}

function edge(c: RuleContext, e: Edge, role: string): void {
  const args = e.args;
  if (!isBelow(e.block, c.blockCount)) {
    c.report('edge', `${role}: there is no block b${show(e.block)}`);
    for (let k = 0; k < args.length; k++) c.use(args[k], ANY, 'edge argument');
    return;
  }
  if (e.block === 0) c.report('edge', `${role}: the entry block b0 cannot be the target of an edge`);
  const params = c.paramsOf(e.block);
  if (args.length !== params.length) c.report('edge', `${role}: ${count(args.length, 'argument')} for ${count(params.length, 'parameter')} of b${e.block}`);
  for (let k = 0; k < args.length; k++) {
    const t = k < params.length ? c.typeOf(params[k]) : ANY;
    c.use(args[k], t === NO_TYPE ? ANY : t, 'edge argument');
  }
}

function verifySwitch(c: RuleContext, t: SwitchTerm): void {
  const type = typeCode(t.type);
  const known = type === I8 || type === I16 || type === I32 || type === I64;
  if (!known) c.report('switch', `a switch is on i8 i16 i32 i64, not ${show(t.type)}`);
  c.use(t.value, known ? type : ANY, 'value');
  const seen = new Set<unknown>();
  for (let k = 0; k < t.cases.length; k++) {
    const { value, target } = t.cases[k];
    const problem = known ? constantProblem(t.type, value, c.model) : undefined;
    if (problem !== undefined) c.report('switch', `case ${show(value)}: ${problem}`);
    if (seen.has(value)) c.report('switch', `case ${show(value)} occurs twice`);
    seen.add(value);
    edge(c, target, 'case');
  }
  edge(c, t.default, 'default');
}
