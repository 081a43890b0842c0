/**
 * Loops of a machine function as stretches of the emission order, and block frequencies.
 *
 * An edge to the same or an earlier block closes a loop; the loop is the stretch from its target to the last block
 * that jumps back there. Stretches that overlap without nesting (irreducible control flow, odd layouts) are widened
 * until they nest. That is all the splitting heuristics need; correctness never depends on it. Loops nested deeper than
 * {@link MAX_NESTING} count as part of the one around them, so that walking outwards takes bounded time.
 */
import type { MachineFunction } from './machine-function.ts';

export const MAX_NESTING = 16;

export interface MachineLoops {
  /** Innermost loop of each block, −1 for none. */
  readonly loopOf: Int32Array;
  /** Enclosing loop, −1 for none. */
  readonly parent: Int32Array;
  /** Positions of the loop's first and past its last instruction. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Estimated executions per call of the function. */
  readonly frequency: Float64Array;
}

export function findMachineLoops(f: MachineFunction): MachineLoops {
  const blocks = f.loopDepth.length;
  const lastBack = new Int32Array(blocks).fill(-1);
  const frequency = new Float64Array(blocks);
  let count = 0;
  for (let b = 0; b < blocks; b++) {
    frequency[b] = 8 ** Math.min(f.loopDepth[b], 8) * (f.cold[b] === 1 ? 1 / 1024 : 1);
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const s = f.succs[e];
      if (s > b) continue;
      if (lastBack[s] < 0) count++;
      lastBack[s] = b;
    }
  }
  const loopOf = new Int32Array(blocks).fill(-1), parent = new Int32Array(count).fill(-1);
  const from = new Int32Array(count), to = new Int32Array(count), lastBlock = new Int32Array(count);
  let open = -1, next = 0, nesting = 0;
  for (let b = 0; b < blocks; b++) {
    while (open >= 0 && lastBlock[open] < b) { open = parent[open]; nesting--; }
    if (lastBack[b] >= 0 && nesting === MAX_NESTING) {
      for (let outer = open; outer >= 0 && lastBlock[outer] < lastBack[b]; outer = parent[outer]) lastBlock[outer] = lastBack[b];
    } else if (lastBack[b] >= 0) {
      const loop = next++;
      nesting++;
      parent[loop] = open;
      from[loop] = f.blockStart[b] * 4;
      lastBlock[loop] = lastBack[b];
      for (let outer = open; outer >= 0 && lastBlock[outer] < lastBack[b]; outer = parent[outer]) lastBlock[outer] = lastBack[b];
      open = loop;
    }
    loopOf[b] = open;
  }
  for (let loop = 0; loop < next; loop++) to[loop] = f.blockStart[lastBlock[loop] + 1] * 4;
  return { loopOf, parent, from, to, frequency };
}
