/** Makes the value object of a type. */
import type { BaseValue } from './base-value.ts';
import type { Wrap } from './context.ts';
import { FloatValue } from './float-value.ts';
import { FunctionReferenceValue } from './function-reference.ts';
import { BoolValue, IntegerValue } from './integer-value.ts';
import { PointerValue } from './pointer-value.ts';
import { usageError } from './usage.ts';
import { VectorValue } from './vector-value.ts';

/** Operations by class; what a class lacks gets a method that says so, for callers without types. */
const classes = [BoolValue, IntegerValue, FloatValue, VectorValue, PointerValue, FunctionReferenceValue];
const operationsOf = (c: (typeof classes)[number]): string[] => Object.getOwnPropertyNames(c.prototype).filter((n) => n !== 'constructor');
const everything = new Set(classes.flatMap(operationsOf));
for (const c of classes) {
  const own = operationsOf(c);
  for (const name of everything) {
    if (own.includes(name)) continue;
    Object.defineProperty(c.prototype, name, {
      configurable: true,
      value(this: BaseValue): never { throw usageError(`${this.type.name} has no operation '${name}'`, `It has ${own.join(', ')}.`); },
    });
  }
}

export const wrapValue: Wrap = (context, type, id): BaseValue => {
  switch (type.surface) {
    case 'bool': return new BoolValue(context, type, id);
    case 'i8': case 'i16': case 'i32': case 'i64': case 'u8': case 'u16': case 'u32': case 'u64': return new IntegerValue(context, type, id);
    case 'f32': case 'f64': return new FloatValue(context, type, id);
    case 'ptr': return new PointerValue(context, type, id);
    case 'fn':
      context.module.useReferences();
      return new FunctionReferenceValue(context, type, id);
    default: return new VectorValue(context, type, id);
  }
};
