/** A machine function of any size shaped like compiled code: loops, diamonds, cold exits, calls, long-lived values. */
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_USE, operandInfo, type MachineFunction, type RegisterFile,
} from '../../lib/codegen/machine-function.ts';
import { Random } from './random-machine-function.ts';

const USE = operandInfo(ROLE_USE, CONSTRAINT_REG), SOFT = operandInfo(ROLE_USE, CONSTRAINT_ANY);
const DEF = operandInfo(ROLE_DEF, CONSTRAINT_REG), REUSE = operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0);

/** @param insts about how many instructions */
export function largeMachineFunction(insts: number, seed: number, file: RegisterFile): MachineFunction {
  const random = new Random(seed);
  const clobbers = [...file.allocatable[0], ...file.allocatable[1]].filter((r) => !file.calleeSaved.has(r));
  const b = new MachineFunctionBuilder('large', [[], clobbers]);
  // Segments of four blocks: head (a parameter for the loop variable), body, cold exit, latch and exit; emission order.
  let live: number[] = [];
  const recent: number[] = [];
  const value = (): number => (random.chance(15) ? random.pick(live) : recent[Math.max(0, recent.length - 1 - random.below(5))] ?? random.pick(live));
  const work = (n: number): void => {
    for (let k = 0; k < n; k++) {
      const kind = random.below(20), x = value(), y = value(), d = b.newVReg(0);
      if (kind < 9) { b.inst(1); b.operand(x, USE); b.operand(y, SOFT); b.operand(d, REUSE); }
      else if (kind < 14) { b.inst(2); b.operand(x, USE); b.operand(y, USE); b.operand(d, DEF); }
      else if (kind < 17) { b.setRemat(d, b.inst(3)); b.operand(d, DEF); }
      else if (kind < 19) { b.inst(4); b.operand(x, USE); b.operand(y, operandInfo(ROLE_USE, CONSTRAINT_FIXED, file.allocatable[0][1])); b.operand(d, REUSE); }
      else {
        b.inst(5, 0, 0, 0, 1);
        b.operand(x, operandInfo(ROLE_USE, CONSTRAINT_FIXED, file.allocatable[0][0]));
        b.operand(y, operandInfo(ROLE_USE, CONSTRAINT_FIXED, file.allocatable[0][1]));
        b.operand(d, operandInfo(ROLE_DEF, CONSTRAINT_FIXED, file.allocatable[0][0]));
      }
      recent.push(d);
    }
  };
  b.startBlock(0, false);
  b.inst(6);
  for (let k = 0; k < 4; k++) { const v = b.newVReg(0); live.push(v); b.operand(v, operandInfo(ROLE_DEF, CONSTRAINT_FIXED, file.allocatable[0][k])); }
  work(4);
  b.inst(7);
  b.edge(1);
  b.edgeArg(value());
  for (let block = 1; b.instructionCount < insts; block += 5) {
    const i = b.newVReg(0);
    b.startBlock(1, false); // block: loop head
    b.blockParam(i);
    recent.length = 0;
    recent.push(i);
    work(2 + random.below(6));
    b.inst(8); b.operand(value(), USE); b.edge(block + 1); b.edge(block + 2);
    const before = recent.length;
    b.startBlock(1, false); // block + 1: one arm
    work(1 + random.below(8));
    b.inst(7); b.edge(block + 3); b.edgeArg(value());
    recent.length = before;
    b.startBlock(1, random.chance(50)); // block + 2: other arm, perhaps cold
    work(1 + random.below(4));
    b.inst(7); b.edge(block + 3); b.edgeArg(value());
    recent.length = before;
    b.startBlock(1, false); // block + 3: join
    const j = b.newVReg(0);
    b.blockParam(j);
    recent.push(j);
    work(2 + random.below(4));
    const next = value();
    b.inst(8); b.operand(value(), USE); b.edge(block + 4); b.edge(block + 5);
    b.startBlock(1, false); // block + 4: latch
    b.inst(7); b.edge(block); b.edgeArg(next);
    // block + 5: exit, leads into the next head
    b.startBlock(0, false);
    const keep = recent.slice(-2);
    live = [...live, ...keep].slice(-10);
    b.inst(7); b.edge(block + 6); b.edgeArg(value());
    block++;
  }
  const param = b.newVReg(0);
  b.startBlock(0, false);
  b.blockParam(param);
  b.inst(9);
  b.operand(param, operandInfo(ROLE_USE, CONSTRAINT_FIXED, file.allocatable[0][0]));
  return b.finish();
}
