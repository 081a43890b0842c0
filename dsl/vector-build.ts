/** Vectors from lanes: constants, splats and lists of lanes, as values of MIR. */
import { BaseValue } from './base-value.ts';
import type { FunctionContext } from './context.ts';
import { isLiteral, literal } from './literals.ts';
import type { RuntimeType } from './types.ts';
import { describe, usageError, withArticle } from './usage.ts';

/** A vector with `x` in every lane. Call after `begin`. */
export function splatVector(c: FunctionContext, type: RuntimeType, x: unknown): BaseValue {
  const { lane, lanes } = type.vector!;
  if (isLiteral(x)) return c.wrap(type, c.operand(type, x, `${type.name}.splat`));
  return c.wrap(type, c.fb.splat(lanes, c.operand(lane, x, `${type.name}.splat`)));
}

/** A vector of the given lanes: one constant of the literals, into which the values go. Call after `begin`. */
export function buildVector(c: FunctionContext, type: RuntimeType, values: readonly unknown[]): BaseValue {
  const { lane, length, lanes } = type.vector!;
  if (values.length !== length) throw usageError(`${type.name}.of takes ${length} lanes, not ${values.length}`, `One number in every lane is ${type.name}.splat(x).`);
  const what = `a lane of ${type.name}.of`;
  const wrong = values.find((x) => !isLiteral(x) && !(x instanceof BaseValue));
  if (wrong !== undefined) throw usageError(`${what} wants ${withArticle(lane.name)}, not ${describe(wrong)}`, `Give ${withArticle(lane.name)} value or a literal.`);
  let id = -1, rest: readonly unknown[] = values;
  if (values.some(isLiteral)) id = c.fb.const(type.mir, literal(type, values.map((x) => isLiteral(x) ? x : lane.mir === 'i64' ? 0n : 0)));
  else {
    id = c.fb.splat(lanes, c.operand(lane, values[0], what));
    rest = values.map((x) => x === values[0] ? undefined : x);
  }
  rest.forEach((x, k) => { if (x instanceof BaseValue) id = c.fb.insertLane(lanes, k, id, c.operand(lane, x, what)); });
  return c.wrap(type, id);
}
