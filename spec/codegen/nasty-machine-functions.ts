/** Machine functions of any size that are nasty for register allocation: each is linear in `n`, and so must be the work. */
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo, type MachineFunction,
} from '../../lib/codegen/machine-function.ts';

const USE = operandInfo(ROLE_USE, CONSTRAINT_REG), SOFT = operandInfo(ROLE_USE, CONSTRAINT_ANY), LATE_SOFT = operandInfo(ROLE_LATE_USE, CONSTRAINT_ANY);
const DEF = operandInfo(ROLE_DEF, CONSTRAINT_REG), REUSE = operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0);
const useIn = (r: number): number => operandInfo(ROLE_USE, CONSTRAINT_FIXED, r);

/** The clobbers of a call. */
const CALL = [0, 1, 2, 3, 4, 5, 6, 7, ...Array.from({ length: 15 }, (_, k) => 32 + k)];

class Writer {
  readonly m = new MachineFunctionBuilder('nasty', [[], CALL]);
  blocks = 0;
  value(): number { return this.m.newVReg(0); }
  values(n: number): number[] { return Array.from({ length: n }, () => this.value()); }
  block(depth = 0, cold = false, params: readonly number[] = []): number {
    this.m.startBlock(depth, cold);
    for (const p of params) this.m.blockParam(p);
    return this.blocks++;
  }
  op(...operands: (readonly [number, number])[]): number { return this.inst(0, operands); }
  call(...operands: (readonly [number, number])[]): number { return this.inst(1, operands); }
  inst(clobbers: number, operands: readonly (readonly [number, number])[]): number {
    const i = this.m.inst(1, 0, 0, 0, clobbers);
    for (const [v, info] of operands) this.m.operand(v, info);
    return i;
  }
  jump(to: number, args: readonly number[] = []): void {
    this.m.inst(2);
    this.m.edge(to);
    for (const v of args) this.m.edgeArg(v);
  }
  branch(on: number, ...to: number[]): void {
    this.op([on, USE]);
    for (const s of to) this.m.edge(s);
  }
}

/** By name: a function with a size that is linear in `n`. */
export const NASTY_FUNCTIONS: Readonly<Record<string, (n: number) => MachineFunction>> = {
  'n values live at once in one block': (n) => {
    const w = new Writer(), v = w.values(n);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (const x of v) w.op([x, USE]);
    return w.m.finish();
  },
  'n values live through n blocks': (n) => {
    const w = new Writer(), v = w.values(n);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let b = 0; b < n; b++) { w.jump(b + 1); w.block(); }
    for (const x of v) w.op([x, USE]);
    return w.m.finish();
  },
  'n values live through n diamonds': (n) => {
    const w = new Writer(), v = w.values(n);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let d = 0; d < n; d++) {
      const b = w.blocks;
      w.branch(v[d % n], b, b + 1);
      w.block(); w.jump(b + 2);
      w.block(); w.jump(b + 2);
      w.block();
    }
    for (const x of v) w.op([x, SOFT]);
    return w.m.finish();
  },
  'n diamonds, the values of each used in the last': (n) => {
    const w = new Writer(), v: number[] = [];
    w.block();
    for (let d = 0; d < n; d++) {
      const x = w.value(), b = w.blocks;
      w.op([x, DEF]);
      v.push(x);
      w.branch(x, b, b + 1);
      w.block(); w.call(); w.jump(b + 2);
      w.block(0, true); w.jump(b + 2);
      w.block();
    }
    w.op(...v.map((x) => [x, SOFT] as const));
    return w.m.finish();
  },
  'a ladder: n blocks, each with an exit of its own to one end that takes parameters': (n) => {
    const w = new Writer(), v = w.values(20), p = w.values(20), end = 2 * n + 1;
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let k = 0; k < n; k++) {
      const b = w.blocks;
      w.branch(v[k % 20], b, b + 1);
      w.block(); w.jump(end, v);
      w.block();
    }
    w.jump(end, v);
    w.block(0, false, p);
    for (const x of p) w.op([x, USE]);
    return w.m.finish();
  },
  'loops nested n deep, 20 values used in the innermost': (n) => {
    const w = new Writer(), v = w.values(20);
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.jump(1);
    for (let k = 1; k <= n; k++) { w.block(Math.min(k, 255)); w.op([v[k % 20], USE]); w.jump(k + 1); }
    w.block(255);
    for (const x of v) w.op([x, USE]);
    for (let k = n; k >= 1; k--) {
      const b = w.blocks;
      w.branch(v[k % 20], b, b + 1);
      w.block(Math.min(k, 255)); w.jump(k);
      w.block(Math.min(k - 1, 255));
      w.op([v[(k * 7) % 20], USE]);
    }
    return w.m.finish();
  },
  'loops nested n deep with a call in each': (n) => {
    const w = new Writer(), v = w.values(20);
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.jump(1);
    for (let k = 1; k <= n; k++) { w.block(Math.min(k, 255)); w.call([v[k % 20], useIn(3)]); w.jump(k + 1); }
    w.block(255);
    for (const x of v) w.op([x, USE]);
    for (let k = n; k >= 1; k--) {
      const b = w.blocks;
      w.call([v[(k * 3) % 20], useIn(5)]);
      w.branch(v[k % 20], b, b + 1);
      w.block(Math.min(k, 255)); w.jump(k);
      w.block(Math.min(k - 1, 255));
    }
    w.op();
    return w.m.finish();
  },
  'n block parameters around a loop': (n) => {
    const w = new Writer(), v = w.values(n), p = w.values(n);
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.jump(1, v);
    w.block(1, false, p);
    for (const x of p) w.op([x, USE]);
    w.branch(p[0], 2, 3);
    w.block(1); w.jump(1, [...p.slice(1), p[0]]);
    w.block();
    for (const x of p) w.op([x, SOFT]);
    return w.m.finish();
  },
  'one value for n parameters, and work before': (n) => {
    const w = new Writer(), a = w.value(), v = w.values(20), p = w.values(n);
    w.block();
    w.op([a, DEF]);
    for (const x of v) w.op([x, DEF]);
    for (let k = 0; k < n; k++) w.op([v[k % 20], USE]);
    w.jump(1, p.map(() => a));
    w.block(0, false, p);
    for (const x of p) w.op([x, USE]);
    return w.m.finish();
  },
  'a switch with n targets, each of which passes values on': (n) => {
    const w = new Writer(), v = w.values(20), p = w.values(20);
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.branch(v[0], ...Array.from({ length: n }, (_, k) => k + 1));
    for (let k = 0; k < n; k++) { w.block(); w.jump(n + 1, v.map((_, j) => v[(j + k) % 20])); }
    w.block(0, false, p);
    for (const x of p) w.op([x, USE]);
    return w.m.finish();
  },
  'n calls with one value as argument, half of them cold': (n) => {
    const w = new Writer(), v = w.values(20);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let k = 0; k < n; k++) {
      const b = w.blocks;
      w.branch(v[k % 20], b, b + 1);
      w.block(0, true); w.call([v[0], useIn(3)], [v[1], useIn(5)]); w.jump(b + 2);
      w.block(); w.call([v[0], useIn(3)], [v[1], useIn(5)]); w.jump(b + 2);
      w.block();
    }
    for (const x of v) w.op([x, USE]);
    return w.m.finish();
  },
  'n shifts by one value, under pressure': (n) => {
    const w = new Writer(), v = w.values(20), c = w.value();
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.op([c, DEF]);
    for (let k = 0; k < n; k++) {
      const d = w.value();
      w.op([v[k % 20], USE], [c, useIn(1)], [d, REUSE]);
      v[k % 20] = d;
    }
    for (const x of v) w.op([x, USE]);
    return w.m.finish();
  },
  'n cold stretches, and n soft uses of values': (n) => {
    const w = new Writer(), v = w.values(20);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let k = 0; k < n; k++) {
      const b = w.blocks;
      w.branch(v[k % 20], b, b + 1);
      w.block(0, true); w.call(); w.jump(b + 2);
      w.block(); w.jump(b + 2);
      w.block(0, k % 2 === 0);
      w.op(...v.map((x) => [x, SOFT] as const));
    }
    return w.m.finish();
  },
  'an instruction that lists n values, and one that lists a value n times': (n) => {
    const w = new Writer(), v = w.values(n);
    w.block();
    for (const x of v) w.op([x, DEF]);
    w.call(...v.map((x) => [x, LATE_SOFT] as const));
    for (let k = 0; k < 20; k++) w.op([v[k], USE]);
    w.op(...v.map((x) => [x, SOFT] as const));
    w.call(...v.map(() => [v[0], LATE_SOFT] as const));
    for (const x of v) w.op([x, USE], [v[0], SOFT]);
    return w.m.finish();
  },
  'n values spilled in waves': (n) => {
    const w = new Writer();
    w.block();
    for (let k = 0; k < n / 200; k++) {
      const v = w.values(100 + (k % 7) * 30);
      for (const x of v) w.op([x, DEF]);
      w.call();
      for (const x of v) w.op([x, USE]);
    }
    return w.m.finish();
  },
  'n parameters passed along a chain, all spilled': (n) => {
    const w = new Writer();
    let v = w.values(200);
    w.block();
    for (const x of v) w.op([x, DEF]);
    for (let k = 0; k < n / 200; k++) {
      const p = w.values(200);
      w.jump(w.blocks, v);
      w.block(0, false, p);
      w.op([p[k % 200], USE]);
      v = p;
    }
    for (const x of v) w.op([x, USE]);
    return w.m.finish();
  },
  'values used before their definition in emission order': (n) => {
    // Blocks in reverse: 0 jumps to the last, each jumps to the one before.
    const w = new Writer();
    w.block(); w.jump(n);
    const v = w.values(n + 2);
    for (let k = 1; k <= n; k++) {
      w.block();
      w.op([v[k], DEF]);
      for (let j = 1; j <= 8; j++) if (k + j <= n) w.op([v[k + j], USE]);
      if (k + 300 <= n) w.op([v[k + 300], SOFT]);
      if (k > 1) w.jump(k - 1);
      else w.op();
    }
    return w.m.finish();
  },
};
