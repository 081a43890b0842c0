import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateRegisters } from '../../lib/codegen/allocate.ts';
import { checkAllocation } from '../../lib/codegen/allocation-checker.ts';
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, FIRST_SPILL_LOCATION, ROLE_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo,
  type Allocation, type MachineFunction,
} from '../../lib/codegen/machine-function.ts';
import { Random, randomMachineFunction, registerFile } from './random-machine-function.ts';
import { runOnLocations, runOnVRegs } from './allocation-interpreter.ts';

const test = suite('allocation checker');
const file = registerFile(4, 4, 1);
const USE = operandInfo(ROLE_USE, CONSTRAINT_REG), DEF = operandInfo(ROLE_DEF, CONSTRAINT_REG);

/** def a; def b; use a b; ret. */
function twoValues(cls: number, bytes: number, constraint = CONSTRAINT_REG, clobbers: readonly number[] = [], role = ROLE_USE): MachineFunction {
  const m = new MachineFunctionBuilder('two', [[], clobbers]);
  const a = m.newVReg(cls, bytes), b = m.newVReg(cls, bytes);
  m.startBlock(0, false);
  m.inst(1); m.operand(a, DEF);
  m.inst(1); m.operand(b, DEF);
  m.inst(2, 0, 0, 0, clobbers.length > 0 ? 1 : 0); m.operand(a, operandInfo(role, constraint)); m.operand(b, operandInfo(role, constraint));
  m.inst(7);
  return m.finish();
}
function allocation(operandLocation: number[], edits: number[] = [], editBytes: number[] = [], spillSlots = 0, usedCalleeSaved: number[] = []): Allocation {
  return { operandLocation: Int32Array.from(operandLocation), edits: Int32Array.from(edits), editBytes: Uint8Array.from(editBytes), spillSlots, usedCalleeSaved };
}
function complains(f: MachineFunction, a: Allocation, pattern: RegExp): void {
  const errors = checkAllocation(f, file, a);
  assert.ok(errors.some((e) => pattern.test(e)), `expected ${String(pattern)}, got ${JSON.stringify(errors)}`);
}
const S = FIRST_SPILL_LOCATION;

test('accepts what is right', () => {
  assert.equal(checkAllocation(twoValues(0, 8), file, allocation([0, 1, 0, 1])), []);
  assert.equal(checkAllocation(twoValues(1, 16), file, allocation([32, 32, 33, 32], [1, 32, S, 4, S, 33], [16, 16], 2)), []);
});
test('a value overwritten by another', () => complains(twoValues(0, 8), allocation([0, 0, 0, 0]), /r0 holds v1, not v0/));
test('a register that was never written', () => complains(twoValues(0, 8), allocation([0, 1, 2, 1]), /r2 holds nothing, not v0/));
test('a slot where a register is needed', () => complains(twoValues(0, 8), allocation([0, 1, S, 1], [1, 0, S], [8], 1), /in a slot/));
test('a slot outside the spill area', () => complains(twoValues(0, 8, CONSTRAINT_ANY), allocation([0, 1, S, 1], [1, 0, S], [8], 0), /out of range/));
test('an odd slot for 16 bytes', () => complains(twoValues(1, 16), allocation([32, 33, 32, 33], [1, 32, S + 1], [16], 3), /16 bytes at slot 1/));
test('a spill of half a value', () => complains(twoValues(1, 16), allocation([32, 32, 33, 32], [1, 32, S, 4, S, 33], [8, 16], 2), /cuts off v0/));
test('a 16-byte slot overwritten in its upper half', () => complains(twoValues(1, 16), allocation([32, 32, 33, 32], [1, 32, S, 1, 34, S + 1, 4, S, 33], [16, 8, 16], 2), /reads x2, which holds nothing|reads slot 0/));
test('the other class', () => complains(twoValues(0, 8), allocation([0, 33, 0, 33]), /other class/));
test('a move between classes', () => complains(twoValues(0, 8), allocation([0, 1, 0, 1], [1, 0, 33], [8]), /between classes/));
test('a move between slots', () => complains(twoValues(0, 8), allocation([0, 1, 0, 1], [1, S, S + 1], [8], 2), /between two slots/));
test('the scratch register for a value', () => complains(twoValues(0, 8), allocation([4, 1, 4, 1]), /not allocatable/));
test('the scratch register across an instruction', () => complains(twoValues(0, 8), allocation([0, 0, 0, 1], [1, 0, 4, 3, 0, 1, 4, 4, 0], [8, 8, 8]), /reads r4, which holds nothing/));
test('a callee-saved register that is not listed', () => complains(twoValues(0, 8), allocation([3, 1, 3, 1]), /r3 is written but not listed/));
test('edits out of order', () => complains(twoValues(0, 8), allocation([0, 1, 0, 1], [4, 0, 2, 1, 0, 2], [8, 8]), /out of order/));
test('an edit behind a terminator', () => complains(twoValues(0, 8), allocation([0, 1, 0, 1], [7, 0, 2], [8]), /behind terminator/));
test('a late use in a clobbered register', () => complains(twoValues(0, 8, CONSTRAINT_REG, [0], ROLE_LATE_USE), allocation([0, 1, 0, 1]), /read late in clobbered r0/));
test('rematerialisation of what cannot be', () => complains(twoValues(0, 8), allocation([0, 1, 0, 1], [1, ~0, 0], [8]), /rematerialises nothing/));

test('a value lost by a clobber, a fixed operand elsewhere', () => {
  const m = new MachineFunctionBuilder('clobbered', [[], [0, 1]]);
  const a = m.newVReg(0);
  m.startBlock(0, false);
  m.inst(1); m.operand(a, DEF);
  m.inst(3, 0, 0, 0, 1);
  m.inst(2); m.operand(a, operandInfo(ROLE_USE, CONSTRAINT_FIXED, 2));
  m.inst(7);
  const f = m.finish();
  complains(f, allocation([0, 2], [4, 0, 2], [8]), /reads r0, which holds nothing/);
  complains(f, allocation([2, 0]), /in r0 instead of r2/);
  assert.equal(checkAllocation(f, file, allocation([2, 2])), []);
});

test('an edge that leaves a parameter where its argument is not', () => {
  const m = new MachineFunctionBuilder('edge');
  const a = m.newVReg(0), p = m.newVReg(0);
  m.startBlock(0, false);
  m.inst(1); m.operand(a, DEF);
  m.inst(5); m.edge(1); m.edgeArg(a);
  m.startBlock(0, false);
  m.blockParam(p);
  m.inst(2); m.operand(p, USE);
  m.inst(7);
  const f = m.finish();
  assert.equal(checkAllocation(f, file, allocation([0, 0])), []);
  assert.equal(checkAllocation(f, file, allocation([0, 1], [2, 0, 1], [8])), []);
  complains(f, allocation([0, 1]), /r1 holds nothing, not v1/);
});

test('every corruption of random allocations that changes what runs is found', () => {
  let found = 0, tried = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const f = randomMachineFunction({ seed, blocks: 2 + (seed % 8), length: 6, reach: 50 }, file);
    const good = allocateRegisters(f, file);
    for (let k = 0; k < 6; k++) {
      const operandLocation = good.operandLocation.slice(), edits = [...good.edits], editBytes = [...good.editBytes];
      let { spillSlots, usedCalleeSaved } = good;
      const n = editBytes.length;
      switch (random.below(6)) {
        case 0: { // another location for an operand
          const o = random.below(operandLocation.length);
          operandLocation[o] = random.chance(80) ? (operandLocation[o] & 32) + random.below(4) : S + random.below(spillSlots + 1);
          break;
        }
        case 1: // an edit lost
          if (n > 0) { const e = random.below(n); edits.splice(3 * e, 3); editBytes.splice(e, 1); }
          break;
        case 2: // another source
          if (n > 0) { const e = random.below(n), from = edits[3 * e + 1]; edits[3 * e + 1] = from < 64 && from >= 0 ? (from & 32) + random.below(4) : S + random.below(spillSlots + 1); }
          break;
        case 3: // another destination
          if (n > 0) { const e = random.below(n), to = edits[3 * e + 2]; edits[3 * e + 2] = to < 64 ? (to & 32) + random.below(4) : S + random.below(spillSlots + 1); }
          break;
        case 4: // two edits swapped
          if (n > 1) {
            const e = random.below(n - 1);
            for (const w of [1, 2]) { const x = edits[3 * e + w]; edits[3 * e + w] = edits[3 * e + 3 + w]; edits[3 * e + 3 + w] = x; }
          }
          break;
        default: // half the width
          for (let e = 0; e < n; e++) if (editBytes[e] === 16 && random.chance(50)) { editBytes[e] = 8; break; }
      }
      const bad: Allocation = { operandLocation, edits: Int32Array.from(edits), editBytes: Uint8Array.from(editBytes), spillSlots, usedCalleeSaved };
      tried++;
      const errors = checkAllocation(f, file, bad);
      if (errors.length > 0) { found++; continue; }
      // Nothing reported: then it must run as before.
      assert.equal(runOnLocations(f, file, bad, 300), runOnVRegs(f, 300), `seed ${seed}, corruption ${k}`);
    }
  }
  assert.ok(found > tried / 2, `${found} of ${tried} corruptions found`);
});

test.run();
