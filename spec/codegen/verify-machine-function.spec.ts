import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo,
} from '../../lib/codegen/machine-function.ts';
import { verifyMachineFunction } from '../../lib/codegen/verify-machine-function.ts';
import { FILES, randomMachineFunction } from './random-machine-function.ts';

const test = suite('machine function verifier');
const USE = operandInfo(ROLE_USE, CONSTRAINT_REG), DEF = operandInfo(ROLE_DEF, CONSTRAINT_REG);

/** Builds with `body`, which gets a builder with vregs 0–3 (general) and 4 (vector). */
function errorsOf(body: (m: MachineFunctionBuilder) => void, clobbers: readonly number[] = []): string[] {
  const m = new MachineFunctionBuilder('bad', [[], clobbers]);
  for (let k = 0; k < 4; k++) m.newVReg(0);
  m.newVReg(1, 16);
  body(m);
  return verifyMachineFunction(m.finish());
}
function finds(pattern: RegExp, body: (m: MachineFunctionBuilder) => void, clobbers: readonly number[] = []): void {
  const errors = errorsOf(body, clobbers);
  assert.ok(errors.some((e) => pattern.test(e)), `expected ${String(pattern)}, got ${JSON.stringify(errors)}`);
}
const op = (m: MachineFunctionBuilder, ...operands: (readonly [number, number])[]): void => {
  m.inst(1);
  for (const [v, info] of operands) m.operand(v, info);
};

test('accepts random functions', () => {
  for (let seed = 0; seed < 200; seed++) {
    assert.equal(verifyMachineFunction(randomMachineFunction({ seed, blocks: 1 + (seed % 12), length: 8, reach: 40 }, FILES[seed % FILES.length])), []);
  }
});
test('a builder that is done gives nothing more', () => {
  const m = new MachineFunctionBuilder('done');
  m.startBlock(0, false);
  op(m);
  m.finish();
  assert.throws(() => m.finish(), /done is finished twice/);
});
test('two definitions', () => finds(/v0 is defined twice/, (m) => { m.startBlock(0, false); op(m, [0, DEF]); op(m, [0, DEF]); op(m); }));
test('no definition', () => finds(/v1 has no definition/, (m) => { m.startBlock(0, false); op(m, [1, USE]); op(m); }));
test('a use before the definition', () => finds(/does not dominate/, (m) => { m.startBlock(0, false); op(m, [1, USE]); op(m, [1, DEF]); op(m); }));
test('a use beside the definition', () => finds(/v0 does not dominate/, (m) => {
  m.startBlock(0, false); op(m, [1, DEF]); op(m, [1, USE]); m.edge(1); m.edge(2);
  m.startBlock(0, false); op(m, [0, DEF]); op(m);
  m.startBlock(0, false); op(m, [0, USE]); op(m);
}));
test('a critical edge', () => finds(/critical edge from block 0 to block 2/, (m) => {
  m.startBlock(0, false); op(m); m.edge(1); m.edge(2);
  m.startBlock(0, false); op(m); m.edge(2);
  m.startBlock(0, false); op(m);
}));
test('values passed from a block with several successors', () => finds(/several successors/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]); op(m); m.edge(1); m.edgeArg(0); m.edge(2);
  m.startBlock(0, false); m.blockParam(1); op(m);
  m.startBlock(0, false); op(m);
}));
test('a wrong number of arguments', () => finds(/passes 0 values for 1 parameters/, (m) => {
  m.startBlock(0, false); op(m); m.edge(1);
  m.startBlock(0, false); m.blockParam(1); op(m);
}));
test('an argument of another class', () => finds(/differ in class or size/, (m) => {
  m.startBlock(0, false); op(m, [4, DEF]); op(m); m.edge(1); m.edgeArg(4);
  m.startBlock(0, false); m.blockParam(1); op(m);
}));
test('a terminator that defines', () => finds(/terminator 0 defines v0/, (m) => { m.startBlock(0, false); op(m, [0, DEF]); }));
test('a reading terminator before edge moves', () => finds(/single successor/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]); op(m, [0, USE]); m.edge(1);
  m.startBlock(0, false); op(m);
}));
test('an unreachable block', () => finds(/block 1 is unreachable/, (m) => { m.startBlock(0, false); op(m); m.startBlock(0, false); op(m); }));
test('a jump to the entry', () => finds(/is the entry/, (m) => { m.startBlock(0, false); op(m); m.edge(0); }));
test('an empty block', () => finds(/block 0: empty/, (m) => { m.startBlock(0, false); }));
test('a reuse of a late use', () => finds(/is no early use/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]); op(m, [0, operandInfo(ROLE_LATE_USE, CONSTRAINT_REG)], [1, operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0)]); op(m);
}));
test('a reuse by an early definition', () => finds(/no late definition/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]); op(m, [0, USE], [1, operandInfo(ROLE_EARLY_DEF, CONSTRAINT_REUSE, 0)]); op(m);
}));
test('a fixed register of the other class', () => finds(/no register of its class/, (m) => { m.startBlock(0, false); op(m, [0, operandInfo(ROLE_DEF, CONSTRAINT_FIXED, 40)]); op(m); }));
test('two values in one fixed register', () => finds(/both fixed to register 2/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF], [1, DEF]);
  op(m, [0, operandInfo(ROLE_USE, CONSTRAINT_FIXED, 2)], [1, operandInfo(ROLE_USE, CONSTRAINT_FIXED, 2)]); op(m);
}));
test('a late use in a clobbered register', () => finds(/read late and clobbered/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]);
  m.inst(1, 0, 0, 0, 1); m.operand(0, operandInfo(ROLE_LATE_USE, CONSTRAINT_FIXED, 2)); op(m);
}, [2]));
test('a rematerialisation that reads', () => finds(/rematerialises it reads v0/, (m) => {
  m.startBlock(0, false); op(m, [0, DEF]);
  const i = m.inst(1); m.operand(0, USE); m.operand(1, DEF); m.setRemat(1, i); op(m);
}));

test.run();
