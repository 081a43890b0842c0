import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateRegisters } from '../../lib/codegen/allocate.ts';
import { checkAllocation } from '../../lib/codegen/allocation-checker.ts';
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, FIRST_SPILL_LOCATION, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo,
  type Allocation, type MachineFunction, type RegisterFile,
} from '../../lib/codegen/machine-function.ts';
import type { LivenessLimits } from '../../lib/codegen/machine-liveness.ts';
import { verifyMachineFunction } from '../../lib/codegen/verify-machine-function.ts';
import { runOnLocations, runOnVRegs } from './allocation-interpreter.ts';
import { largeMachineFunction } from './large-machine-function.ts';
import { NASTY_FUNCTIONS } from './nasty-machine-functions.ts';
import { FILES, OP_JUMP, randomMachineFunction, registerFile } from './random-machine-function.ts';

const test = suite('register allocation');
const USE = operandInfo(ROLE_USE, CONSTRAINT_REG), SOFT = operandInfo(ROLE_USE, CONSTRAINT_ANY), DEF = operandInfo(ROLE_DEF, CONSTRAINT_REG);
const LATE = operandInfo(ROLE_LATE_USE, CONSTRAINT_REG), EARLY = operandInfo(ROLE_EARLY_DEF, CONSTRAINT_REG);
const REUSE = operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0);
const useIn = (r: number): number => operandInfo(ROLE_USE, CONSTRAINT_FIXED, r);
const defIn = (r: number): number => operandInfo(ROLE_DEF, CONSTRAINT_FIXED, r);

/** Like x86-64: r0–r12 with r8–r12 callee-saved. */
const FILE = registerFile(13, 15, 5);
const CALL = [0, 1, 2, 3, 4, 5, 6, 7, ...Array.from({ length: 15 }, (_, k) => 32 + k)];

/** Verifies, allocates, checks, runs both ways. */
function allocateChecked(f: MachineFunction, file: RegisterFile, limits?: LivenessLimits): Allocation {
  assert.equal(verifyMachineFunction(f), []);
  const a = allocateRegisters(f, file, limits);
  assert.equal(checkAllocation(f, file, a), []);
  assert.equal(runOnLocations(f, file, a, 300), runOnVRegs(f, 300));
  return a;
}

/** A little assembler: `op` adds an instruction with (vreg, info) pairs. */
class Writer {
  readonly m = new MachineFunctionBuilder('test', [[], CALL]);
  int(): number { return this.m.newVReg(0); }
  wide(): number { return this.m.newVReg(1, 16); }
  block(depth = 0, cold = false, ...params: number[]): void {
    this.m.startBlock(depth, cold);
    for (const p of params) this.m.blockParam(p);
  }
  op(...operands: (readonly [number, number])[]): number { return this.#inst(0, operands); }
  call(...operands: (readonly [number, number])[]): number { return this.#inst(1, operands); }
  constant(v: number): void { this.m.setRemat(v, this.op([v, DEF])); }
  jump(to: number, ...args: number[]): void {
    this.m.inst(OP_JUMP);
    this.m.edge(to);
    for (const v of args) this.m.edgeArg(v);
  }
  branch(on: number, ...to: number[]): void {
    this.op([on, USE]);
    for (const s of to) this.m.edge(s);
  }
  #inst(clobbers: number, operands: readonly (readonly [number, number])[]): number {
    const i = this.m.inst(1, 0, 0, 0, clobbers);
    for (const [v, info] of operands) this.m.operand(v, info);
    return i;
  }
}

/** Number of edits in instructions [from, to). */
function editsWithin(a: Allocation, from: number, to: number): number {
  let n = 0;
  for (let k = 0; k < a.editBytes.length; k++) if (a.edits[3 * k] >= 2 * from && a.edits[3 * k] < 2 * to) n++;
  return n;
}
function blockEdits(f: MachineFunction, a: Allocation, block: number): number { return editsWithin(a, f.blockStart[block], f.blockStart[block + 1]); }

test('random functions: the checker finds nothing and both runs read the same (property)', () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 0x3fffffff }), fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 10 }), fc.constantFrom(5, 40, 90), fc.constantFrom(...FILES),
    (seed, blocks, length, reach, file) => { allocateChecked(randomMachineFunction({ seed, blocks, length, reach }, file), file); },
  ), { numRuns: 3000 });
});

test('random functions whose values are memory-resident, some or all that leave their block (property)', () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 0x3fffffff }), fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 10 }), fc.constantFrom(5, 40, 90), fc.constantFrom(...FILES), fc.constantFrom(0, 20),
    (seed, blocks, length, reach, file, freeSteps) => {
      allocateChecked(randomMachineFunction({ seed, blocks, length, reach }, file), file, { stepsPerInstruction: 0, freeSteps, stepsPerUse: 0, rangesPerInstruction: 1 });
    },
  ), { numRuns: 3000 });
});

test('large random functions', () => {
  for (let seed = 0; seed < 6; seed++) {
    const file = FILES[seed % FILES.length];
    allocateChecked(randomMachineFunction({ seed, blocks: 60, length: 30, reach: 30 }, file), file);
  }
});

test('is deterministic', () => {
  const f = randomMachineFunction({ seed: 99, blocks: 12, length: 10, reach: 40 }, FILES[0]);
  assert.equal(allocateRegisters(f, FILES[0]), allocateRegisters(f, FILES[0]));
});

test('what was allocated before leaves no trace', () => {
  const make = (seed: number): MachineFunction => randomMachineFunction({ seed, blocks: 1 + (seed % 12), length: 10, reach: 40 }, FILES[seed % 5]);
  const seeds = Array.from({ length: 60 }, (_, k) => k), forwards = seeds.map((s) => allocateRegisters(make(s), FILES[s % 5]));
  const tooMany = new Writer(), v = Array.from({ length: 20 }, () => tooMany.int());
  tooMany.block(); tooMany.op(...v.map((x) => [x, DEF] as const)); tooMany.op(...v.map((x) => [x, USE] as const));
  const bad = tooMany.m.finish();
  for (const s of seeds.reverse()) {
    assert.throws(() => allocateRegisters(bad, FILE), /needs more registers/);
    assert.equal(allocateRegisters(make(s), FILES[s % 5]), forwards[s]);
  }
});

test('swap through block parameters', () => {
  const w = new Writer(), a = w.int(), b = w.int(), p = w.int(), q = w.int();
  w.block(); w.op([a, DEF], [b, DEF]); w.jump(1, a, b);
  w.block(1, false, p, q); w.branch(p, 2, 3);
  w.block(1); w.jump(1, q, p);
  w.block(); w.op([p, USE], [q, USE]);
  const f = w.m.finish(), x = allocateChecked(f, FILE);
  assert.is(blockEdits(f, x, 2), 3, 'a swap is three moves through the scratch register');
});

test('one source for several parameters', () => {
  const w = new Writer(), a = w.int(), p = [w.int(), w.int(), w.int()];
  w.block(); w.op([a, DEF]); w.jump(1, a, a, a);
  w.block(0, false, ...p); w.op(...p.map((v) => [v, USE] as const));
  allocateChecked(w.m.finish(), FILE);
});

test('a value in two fixed registers of one call, and alive behind it', () => {
  const w = new Writer(), a = w.int(), r = w.int();
  w.block(); w.op([a, DEF]); w.call([a, useIn(3)], [a, useIn(5)], [r, defIn(0)]); w.op([a, USE], [r, USE]);
  const f = w.m.finish(), x = allocateChecked(f, FILE);
  assert.is(x.spillSlots, 0, 'it lives in a callee-saved register');
  assert.equal(x.usedCalleeSaved, [8]);
});

test('arguments and results of calls need no moves when they are made for them', () => {
  const w = new Writer(), a = w.int(), b = w.int(), r = w.int();
  w.block(); w.op([a, DEF]); w.op([b, DEF]); w.call([a, useIn(3)], [b, useIn(5)], [r, defIn(0)]); w.op([r, useIn(0)]);
  assert.is(allocateChecked(w.m.finish(), FILE).editBytes.length, 0);
});

test('a shift count stays in its register over several shifts', () => {
  const w = new Writer(), n = w.int(), x = w.int(), y = w.int(), z = w.int();
  w.block(); w.op([n, defIn(1)], [x, defIn(0)]);
  w.op([x, USE], [n, useIn(1)], [y, REUSE]);
  w.op([y, USE], [n, useIn(1)], [z, REUSE]);
  w.op([z, useIn(0)]);
  assert.is(allocateChecked(w.m.finish(), FILE).editBytes.length, 0);
});

test('a division: fixed, reused and clobbering operands', () => {
  const w = new Writer(), x = w.int(), y = w.int(), q = w.int(), t = w.int();
  w.block(); w.op([x, DEF]); w.op([y, DEF]);
  w.op([x, useIn(0)], [y, LATE], [q, operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0)], [t, operandInfo(ROLE_EARLY_DEF, CONSTRAINT_FIXED, 2)]);
  w.op([x, USE], [y, USE], [q, USE]);
  const f = w.m.finish(), a = allocateChecked(f, FILE);
  assert.is(a.operandLocation[f.operandStart[2] + 2], 0);
});

test('REUSE copies an input that lives on, and takes over one that dies', () => {
  const w = new Writer(), x = w.int(), y = w.int(), z = w.int();
  w.block(); w.op([x, DEF]); w.op([x, USE], [y, REUSE]); w.op([y, USE], [x, USE], [z, REUSE]); w.op([z, USE]);
  const f = w.m.finish(), a = allocateChecked(f, FILE);
  assert.is(a.editBytes.length, 1);
  assert.is(a.edits[0], 2);
});

test('x + x in place', () => {
  const w = new Writer(), x = w.int(), y = w.int();
  w.block(); w.op([x, DEF]); w.op([x, USE], [x, USE], [y, REUSE]); w.op([y, USE]);
  assert.is(allocateChecked(w.m.finish(), FILE).editBytes.length, 0);
});

test('early definitions and late uses share nothing', () => {
  const file = registerFile(4, 3, 0), w = new Writer(), x = w.int(), y = w.int(), t = w.int(), d = w.int();
  w.block(); w.op([x, DEF]); w.op([y, DEF]); w.op([x, USE], [y, LATE], [t, EARLY], [d, DEF]); w.op([d, USE]);
  const f = w.m.finish(), a = allocateChecked(f, file), o = f.operandStart[2];
  assert.is(a.operandLocation[o + 3], a.operandLocation[o], 'the late definition may take the early use\'s register');
  assert.is(new Set(a.operandLocation.subarray(o + 1, o + 4)).size, 3);
});

test('a full instruction with three registers', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), v = Array.from({ length: 6 }, () => w.int()), d = Array.from({ length: 3 }, () => w.int());
  w.block();
  for (const x of v) w.op([x, DEF]);
  w.op([v[0], USE], [v[1], USE], [v[2], USE], [d[0], DEF], [d[1], DEF], [d[2], DEF]);
  for (const x of [...v, ...d]) w.op([x, USE]);
  allocateChecked(w.m.finish(), file);
});

test('too many registers in one instruction is an error that says where', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), v = Array.from({ length: 4 }, () => w.int());
  w.block(); w.op(...v.map((x) => [x, DEF] as const)); w.op(...v.map((x) => [x, USE] as const));
  assert.throws(() => allocateRegisters(w.m.finish(), file), /instruction 0 .* needs more registers/);
});

test('spilled block parameters: many carried values, three registers', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), n = 8;
  const a = Array.from({ length: n }, () => w.int()), p = Array.from({ length: n }, () => w.int()), c = w.int();
  w.block(); for (const v of a) w.op([v, DEF]); w.jump(1, ...a);
  w.block(1, false, ...p); w.op([p[0], USE], [c, DEF]); w.branch(c, 2, 3);
  w.block(1); w.jump(1, ...p.slice(1), p[0]);
  w.block(); for (const v of p) w.op([v, USE]);
  const x = allocateChecked(w.m.finish(), file);
  assert.ok(x.spillSlots >= n - 3);
});

test('16-byte values are spilled whole, at even slots, apart from 8-byte ones', () => {
  const file = registerFile(3, 3, 0), w = new Writer();
  const a = Array.from({ length: 5 }, () => w.wide()), b = Array.from({ length: 5 }, () => w.int());
  w.block();
  a.forEach((v, k) => { w.op([v, DEF]); w.op([b[k], DEF]); });
  [...a, ...b].forEach((v) => w.op([v, USE]));
  const x = allocateChecked(w.m.finish(), file);
  for (let k = 0; k < x.editBytes.length; k++) {
    const s = Math.max(x.edits[3 * k + 1], x.edits[3 * k + 2]);
    if (x.editBytes[k] === 16 && s >= FIRST_SPILL_LOCATION) assert.is((s - FIRST_SPILL_LOCATION) % 2, 0);
  }
});

test('values of 8, 16 and 32 bytes are spilled whole, the wide ones at even slots, none over another', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), widths = [8, 32, 16, 32, 16, 8, 32, 8, 16, 32, 8];
  const vectors = widths.map((bytes) => w.m.newVReg(1, bytes));
  w.block();
  vectors.forEach((v) => w.op([v, DEF]));
  // In an order that makes slots free one by one, so that sizes could be mixed up.
  [3, 0, 7, 2, 9, 4, 1, 10, 6, 5, 8].forEach((k) => { w.op([vectors[k], USE]); const v = w.m.newVReg(1, widths[(k * 5) % 11]); w.op([v, DEF]); vectors.push(v); });
  vectors.slice(11).forEach((v) => w.op([v, USE]));
  const x = allocateChecked(w.m.finish(), file);
  assert.ok(x.editBytes.includes(32) && x.editBytes.includes(16) && x.editBytes.includes(8));
  for (let k = 0; k < x.editBytes.length; k++) {
    const s = Math.max(x.edits[3 * k + 1], x.edits[3 * k + 2]);
    if (x.editBytes[k] > 8 && s >= FIRST_SPILL_LOCATION) assert.is((s - FIRST_SPILL_LOCATION) % 2, 0);
  }
});

test('constants are recomputed, never stored', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), c = Array.from({ length: 8 }, () => w.int());
  w.block(); for (const v of c) w.constant(v); for (const v of c) w.op([v, USE]);
  const x = allocateChecked(w.m.finish(), file);
  assert.is(x.spillSlots, 0);
  assert.ok([...x.edits].some((_, k) => k % 3 === 1 && x.edits[k] < 0));
});

test('an instruction may list more constants than there are registers', () => {
  for (const file of FILES) {
    const w = new Writer(), c = Array.from({ length: 40 }, () => w.int()), d = Array.from({ length: 40 }, () => w.int());
    w.block();
    for (const v of [...c, ...d]) w.constant(v);
    w.op(...c.map((v) => [v, SOFT] as const));
    w.op(...d.map((v) => [v, operandInfo(ROLE_LATE_USE, CONSTRAINT_ANY)] as const));
    for (const v of [...c, ...d]) w.op([v, USE], [v, SOFT]);
    allocateChecked(w.m.finish(), file);
  }
});

test('values that are apart share a slot', () => {
  const file = registerFile(3, 3, 0), w = new Writer();
  w.block();
  for (let k = 0; k < 10; k++) { const v = w.int(); w.op([v, DEF]); w.call(); w.op([v, USE]); }
  const clobberAll = w.m.finish();
  assert.is(allocateChecked(clobberAll, file).spillSlots, 1);
});

/** for (i = 0, s = 0; cond; i += step) s = s + i: `n` extra values live through and used in the loop. */
function countingLoop(n: number): MachineFunction {
  const w = new Writer(), i0 = w.int(), s0 = w.int(), i = w.int(), s = w.int(), i1 = w.int(), s1 = w.int(), extra = Array.from({ length: n }, () => w.int());
  w.block(); w.op([i0, DEF]); w.op([s0, DEF]); for (const v of extra) w.op([v, DEF]); w.jump(1, i0, s0);
  w.block(1, false, i, s);
  let sum = s;
  for (const v of extra) { const t = w.int(); w.op([sum, USE], [v, USE], [t, REUSE]); sum = t; }
  w.op([sum, USE], [i, USE], [s1, REUSE]); w.op([i, USE], [i1, REUSE]); w.branch(i1, 2, 3);
  w.block(1); w.jump(1, i1, s1);
  w.block(); w.op([s1, useIn(0)]);
  return w.m.finish();
}
test('a hot loop has no moves: parameters are coalesced, nothing is spilled while registers last', () => {
  for (const n of [0, 5, 10]) {
    const f = countingLoop(n), a = allocateChecked(f, FILE);
    assert.is(blockEdits(f, a, 1) + blockEdits(f, a, 2), 0, `${n} values`);
    assert.is(a.spillSlots, 0);
  }
});

test('values live through a loop are the ones spilled, outside it', () => {
  const w = new Writer(), keep = Array.from({ length: 6 }, () => w.int()), i0 = w.int(), i = w.int(), i1 = w.int(), k = w.int();
  w.block(); for (const v of keep) w.op([v, DEF]); w.op([i0, DEF]); w.op([k, DEF]); w.jump(1, i0);
  w.block(1, false, i); const t = w.int(), u = w.int(); w.op([i, USE], [k, USE], [t, DEF]); w.op([t, USE], [i, USE], [u, DEF]); w.op([i, USE], [u, USE], [i1, REUSE]); w.branch(i1, 2, 3);
  w.block(1); w.jump(1, i1);
  w.block(); for (const v of keep) w.op([v, USE]);
  const f = w.m.finish(), a = allocateChecked(f, registerFile(4, 3, 0));
  assert.is(blockEdits(f, a, 1) + blockEdits(f, a, 2), 0);
});

/** A loop with a call in it and `n` values used around it each time. */
function loopWithCall(n: number): MachineFunction {
  const w = new Writer(), v = Array.from({ length: n }, () => w.int()), i0 = w.int(), i = w.int(), i1 = w.int();
  w.block(); for (const x of v) w.op([x, DEF]); w.op([i0, DEF]); w.jump(1, i0);
  w.block(1, false, i); w.call([i, useIn(3)]); for (const x of v) w.op([x, USE]); w.op([i, USE], [i1, REUSE]); w.branch(i1, 2, 3);
  w.block(1); w.jump(1, i1);
  w.block(); w.op();
  return w.m.finish();
}
test('values live across calls in a loop are in callee-saved registers', () => {
  const f = loopWithCall(4), a = allocateChecked(f, FILE);
  assert.is(blockEdits(f, a, 1) + blockEdits(f, a, 2), 1, 'only the argument is moved');
  assert.is(a.spillSlots, 0);
});

test('colder values yield callee-saved registers to the loop', () => {
  const w = new Writer(), cold = Array.from({ length: 5 }, () => w.int()), hot = Array.from({ length: 3 }, () => w.int()), i0 = w.int(), i = w.int(), i1 = w.int();
  w.block(); for (const x of cold) w.op([x, DEF]); for (const x of hot) w.op([x, DEF]); w.call(); w.op([i0, DEF]); w.jump(1, i0);
  w.block(1, false, i); w.call(); for (const x of hot) w.op([x, USE]); w.op([i, USE], [i1, REUSE]); w.branch(i1, 2, 3);
  w.block(1); w.jump(1, i1);
  w.block(); for (const x of cold) w.op([x, USE]);
  const f = w.m.finish(), a = allocateChecked(f, FILE);
  assert.is(blockEdits(f, a, 1) + blockEdits(f, a, 2), 0);
});

for (const where of ['in the middle', 'at the end'] as const) {
  test(`a call in a cold block ${where} costs the hot loop nothing`, () => {
    const w = new Writer(), n = 9, v = Array.from({ length: n }, () => w.int()), i0 = w.int(), i = w.int(), i1 = w.int(), t = w.int();
    w.block(); for (const x of v) w.op([x, DEF]); w.op([i0, DEF]); w.jump(1, i0);
    const cold = where === 'at the end' ? 6 : 2, join = where === 'at the end' ? 3 : 4, other = where === 'at the end' ? 2 : 3;
    const latch = where === 'at the end' ? 4 : 5, exit = where === 'at the end' ? 5 : 6;
    const writeCold = (): void => { w.block(1, true); w.call([i, useIn(3)]); w.jump(join); };
    w.block(1, false, i); w.op([i, USE], [t, DEF]); w.branch(t, cold, other);
    if (where === 'in the middle') writeCold();
    w.block(1); w.jump(join);
    w.block(1); for (const x of v) w.op([x, USE]); w.op([i, USE], [i1, REUSE]); w.branch(i1, latch, exit);
    w.block(1); w.jump(1, i1);
    w.block(); w.op();
    if (where === 'at the end') writeCold();
    const f = w.m.finish(), a = allocateChecked(f, FILE);
    for (const b of [1, other, join, latch]) assert.is(blockEdits(f, a, b), 0, `block ${b}`);
  });
}

test('a soft use of a spilled value stays in its slot', () => {
  const file = registerFile(3, 3, 0), w = new Writer(), a = w.int(), v = Array.from({ length: 3 }, () => w.int());
  w.block(); w.op([a, DEF]); for (const x of v) w.op([x, DEF]); w.op(...v.map((x) => [x, USE] as const)); w.op(...v.map((x) => [x, USE] as const), [a, SOFT]);
  const f = w.m.finish(), x = allocateChecked(f, file);
  assert.ok(x.operandLocation[f.operandStart[5] + 3] >= FIRST_SPILL_LOCATION);
  assert.is(x.editBytes.length, 1, 'one store');
});

test('large functions shaped like code', () => {
  const f = largeMachineFunction(4000, 7, FILE);
  allocateChecked(f, FILE);
  const file = registerFile(5, 3, 2);
  allocateChecked(largeMachineFunction(2000, 8, file), file);
});

for (const [name, make] of Object.entries(NASTY_FUNCTIONS)) {
  test(`${name}: right, and steps are linear in the function`, () => {
    allocateChecked(make(60), FILE);
    // Small enough for the checker, and everything memory-resident that leaves its block.
    allocateChecked(make(60), FILE, { stepsPerInstruction: 0, freeSteps: 0, stepsPerUse: 0, rangesPerInstruction: 1 });
    const perUnit = [5_000, 10_000].map((n) => {
      const f = make(n);
      return (allocateRegisters(f, FILE).steps ?? NaN) / (f.opcode.length + f.operandVReg.length + f.succs.length + f.edgeArgs.length);
    });
    assert.ok(perUnit[1] < 100 && perUnit[1] < Math.max(perUnit[0] * 1.3, 2), `${perUnit.map((x) => x.toFixed(2)).join(' and ')} steps a unit`);
  });
}

test('time is linear: 200,000 instructions in one function, 100,000 values live at once', () => {
  const rate = (n: number): number => {
    const f = largeMachineFunction(n, 5, FILE);
    const started = performance.now();
    allocateRegisters(f, FILE);
    return (performance.now() - started) / n;
  };
  rate(20_000);
  // Generous: a machine under load must not fail it, a quadratic step must.
  const small = Math.min(rate(20_000), rate(20_000)), large = rate(200_000);
  assert.ok(large < small * 6, `${(large * 1000).toFixed(2)} µs against ${(small * 1000).toFixed(2)} µs an instruction`);

  const w = new Writer(), n = 100_000, v = Array.from({ length: n }, () => w.int());
  w.block(); for (const x of v) w.op([x, DEF]); for (const x of v) w.op([x, USE]);
  const started = performance.now();
  assert.is(allocateRegisters(w.m.finish(), FILE).spillSlots, n - 13);
  assert.ok(performance.now() - started < 20_000);
});

test.run();
