/** Facts about functions: control flow, dominators, loops, uses, slots, traps, aliases, calls. Results are typed arrays. */
export * from './cfg.ts';
export * from './dominators.ts';
export * from './loops.ts';
export * from './uses.ts';
export * from './traps.ts';
export * from './slots.ts';
export * from './alias.ts';
export * from './loop-memory.ts';
export * from './function-summary.ts';
export * from './call-graph.ts';
export * from './thaw.ts';
