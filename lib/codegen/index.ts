/** What every native backend shares: the backend contract, machine functions, selection, register allocation, code buffers. */
export * from './backend.ts';
export * from './wasm-module.ts';
export * from './run-context.ts';
export * from './stub-image.ts';
export * from './machine-function.ts';
export { MachineFunctionBuilder } from './machine-function-builder.ts';
export { verifyMachineFunction } from './verify-machine-function.ts';
export { planBlocks, type BlockOrder } from './block-order.ts';
export { prepareSelection, quietBetween, userOf, type AliasPredicate, type FoldPredicate, type SelectionInput } from './selection.ts';
export { allocateRegisters } from './allocate.ts';
export { checkAllocation } from './allocation-checker.ts';
export { ParallelMoves } from './parallel-moves.ts';
export { CodeBuffer, type CodeTarget, type FinishedCode, type Label } from './code-buffer.ts';
export { ConstantPool } from './constant-pool.ts';
