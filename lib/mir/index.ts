/** MIR: types, the op table, modules as data, builder, verifier, printer, parser, layout, reference interpreter. */
export * from './types.ts';
export * from './ops.ts';
export * from './vector-ops.ts';
export * from './instruction.ts';
export * from './operands.ts';
export * from './module.ts';
export * from './layout.ts';
export * from './errors.ts';
export * from './builder.ts';
export * from './evaluate.ts';
export * from './typed-module.ts';
export * from './surface.ts';
export * from './constants.ts';
export { VerificationError, type VerifyError, type VerifyRule } from './verify-errors.ts';
export { assertValid, verifyModule } from './verifier.ts';
export { formatInstruction, formatName, formatTerminator, impliedType, printFunction, printModule } from './printer.ts';
export * from './interpreter.ts';
