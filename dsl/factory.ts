/** Makes the value object of a type. */
import type { BaseValue } from './base-value.ts';
import type { Wrap } from './context.ts';
import { FloatValue } from './float-value.ts';
import { FunctionReferenceValue } from './function-reference.ts';
import { BoolValue, IntegerValue } from './integer-value.ts';
import { PointerValue } from './pointer-value.ts';

export const wrapValue: Wrap = (context, type, id): BaseValue => {
  switch (type.surface) {
    case 'bool': return new BoolValue(context, type, id);
    case 'i8': case 'i16': case 'i32': case 'i64': case 'u8': case 'u16': case 'u32': case 'u64': return new IntegerValue(context, type, id);
    case 'f32': case 'f64': return new FloatValue(context, type, id);
    case 'ptr': return new PointerValue(context, type, id);
    case 'fn': return new FunctionReferenceValue(context, type, id);
    default: return type.surface satisfies never;
  }
};
