/** Copies of instructions with other results, for inlining, loop rotation and renumbering. */
import type { Instruction, Value } from '../mir/instruction.ts';

/** The instruction with every result replaced by `map(result)`; always a new object when it has results. */
export function withResults(i: Instruction, map: (v: Value) => Value): Instruction {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': return i;
    case 'pair': return { ...i, result: map(i.result), result2: map(i.result2) };
    case 'call': case 'call_indirect': return { ...i, results: i.results.map(map) };
    default: {
      const result = map(i.result);
      return result === i.result ? i : { ...i, result };
    }
  }
}
