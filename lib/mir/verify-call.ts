/** The rules of calls, which instructions and terminators share. */
import type { Value } from './instruction.ts';
import { MAX_ARITY, arityOf } from './module.ts';
import { show } from './show.ts';
import { sameTypes, type Signature } from './types.ts';
import { ANY, I32, NO_TYPE, count, signatureText, typeCode, typeList, type RuleContext } from './verify-rules.ts';

/** The signature of what is called by name. */
export function callee(c: RuleContext, name: string): Signature | undefined {
  const s = c.signatureOf(name);
  if (s === undefined) c.report('call', `there is no function or import @${show(name)}`);
  return s;
}

/** The signature of what is called through the table, unless it is none. */
export function indirect(c: RuleContext, s: Signature, index: Value): Signature | undefined {
  c.use(index, I32, 'table index');
  const bad = [...s.params, ...s.results].find((t) => typeCode(t) === NO_TYPE);
  if (bad !== undefined) { c.report('signature', `there is no type ${show(bad)}`); return undefined; }
  // Backends store what exceeds the registers before the call checks the callee's signature: a longer list would leave their area.
  for (const [what, list] of [['parameter', s.params], ['result', s.results]] as const) {
    const arity = arityOf(list);
    if (arity > MAX_ARITY) c.report('signature', `${count(arity, what)}${arity > list.length ? ', a v256 counted as two' : ''}, at most ${MAX_ARITY} are possible`);
  }
  return s;
}

export function callArguments(c: RuleContext, s: Signature | undefined, args: readonly Value[]): void {
  if (s !== undefined && args.length !== s.params.length) c.report('call', `${count(args.length, 'argument')} for ${count(s.params.length, 'parameter')} ${signatureText(s)}`);
  for (let k = 0; k < args.length; k++) c.use(args[k], s !== undefined && k < s.params.length ? typeCode(s.params[k]) : ANY, 'argument');
}

export function callResults(c: RuleContext, s: Signature | undefined, results: readonly Value[]): void {
  if (s === undefined) return;
  if (results.length !== s.results.length) c.report('call', `${count(results.length, 'result')} taken of a call that gives ${s.results.length} ${signatureText(s)}`);
  for (let k = 0; k < results.length && k < s.results.length; k++) c.result(results[k], typeCode(s.results[k]));
}

/** The results of a tail call are those of the function it stands in. */
export function tailResults(c: RuleContext, s: Signature | undefined): void {
  if (s === undefined || s.results.length === c.results.length && s.results.length > MAX_ARITY) return; // too long to compare each time, and reported as such
  if (!sameTypes(s.results, c.results)) c.report('call', `a tail call's results are the caller's: (${typeList(s.results)}) is not (${typeList(c.results)})`);
}
