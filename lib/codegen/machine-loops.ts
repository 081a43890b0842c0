/**
 * Loops of a machine function as stretches of the emission order, and block frequencies.
 *
 * An edge to the same or an earlier block closes a loop; the loop is the stretch from its target to the last block
 * that jumps back there. Stretches that overlap without nesting (irreducible control flow, odd layouts) are widened
 * until they nest. That is all the splitting heuristics need; correctness never depends on it. Loops nested deeper than
 * {@link MAX_NESTING} count as part of the one around them, so that walking outwards takes bounded time.
 */
import type { MachineFunction } from './machine-function.ts';
import { Scratch } from './scratch.ts';

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

/** A loop's body runs 8 times as often as what is around it. */
const DEPTH_FREQUENCY = Float64Array.from({ length: 9 }, (_, depth) => 8 ** depth);

const LAST_BACK = new Scratch(Int32Array), FREQUENCY = new Scratch(Float64Array), LOOP_OF = new Scratch(Int32Array), PARENT = new Scratch(Int32Array);
const FROM = new Scratch(Int32Array), TO = new Scratch(Int32Array), LAST_BLOCK = new Scratch(Int32Array);

/** The arrays of the result are scratch: valid up to the next function. */
export function findMachineLoops(f: MachineFunction): MachineLoops {
  const blocks = f.loopDepth.length;
  const lastBack = LAST_BACK.filled(blocks, -1), frequency = FREQUENCY.raw(blocks);
  let count = 0;
  for (let b = 0; b < blocks; b++) {
    const depth = f.loopDepth[b];
    frequency[b] = DEPTH_FREQUENCY[depth < 8 ? depth : 8] * (f.cold[b] === 1 ? 1 / 1024 : 1);
    for (let e = f.succStart[b]; e < f.succStart[b + 1]; e++) {
      const s = f.succs[e];
      if (s > b) continue;
      if (lastBack[s] < 0) count++;
      lastBack[s] = b;
    }
  }
  const loopOf = LOOP_OF.raw(blocks), parent = PARENT.raw(count), from = FROM.raw(count), to = TO.raw(count), lastBlock = LAST_BLOCK.raw(count);
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
