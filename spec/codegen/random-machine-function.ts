/** Random well-formed machine functions and register files, for testing register allocation. */
import { MachineFunctionBuilder } from '../../lib/codegen/machine-function-builder.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REG, CONSTRAINT_REUSE, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, operandInfo,
  type MachineFunction, type PReg, type RegisterFile,
} from '../../lib/codegen/machine-function.ts';

/** xorshift32: small and reproducible. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1;
    for (let k = 0; k < 8; k++) this.next();
  }
  next(): number {
    let x = this.#state;
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
  /** An integer in [0, n). */
  below(n: number): number { return this.next() % n; }
  chance(percent: number): boolean { return this.below(100) < percent; }
  pick<T>(list: readonly T[]): T { return list[this.below(list.length)]; }
}

export function registerFile(ints: number, vectors: number, savedInts: number): RegisterFile {
  const names = Array.from({ length: 64 }, (_, k) => (k < 32 ? `r${k}` : `x${k - 32}`));
  const int = Array.from({ length: ints }, (_, k) => k), vector = Array.from({ length: vectors }, (_, k) => 32 + k);
  return { names, allocatable: [int, vector], calleeSaved: new Set(int.slice(ints - savedInts)), scratch: [ints, 32 + vectors] };
}

export const FILES: readonly RegisterFile[] = [
  registerFile(3, 3, 0), registerFile(3, 3, 1), registerFile(4, 3, 2), registerFile(6, 5, 2), registerFile(13, 15, 5),
];

export interface Shape {
  readonly seed: number;
  /** Blocks before splitting critical edges. */
  readonly blocks: number;
  /** Instructions of a block, at most. */
  readonly length: number;
  /** Percentage of uses that take an old value rather than a recent one: raises pressure. */
  readonly reach: number;
}

interface Operand { readonly v: number; readonly info: number }
interface Inst { readonly opcode: number; readonly operands: Operand[]; readonly clobberSet: number; readonly rematOf: number }
interface Block { succs: number[]; preds: number[]; params: number[]; insts: Inst[]; available: number[]; args: number[][] }

export const OP_PLAIN = 1, OP_CONSTANT = 2, OP_CALL = 3, OP_FIXED = 4, OP_JUMP = 5, OP_BRANCH = 6, OP_RETURN = 7;

/** Builds a function from `shape` that fits the registers of `file`. */
export function randomMachineFunction(shape: Shape, file: RegisterFile): MachineFunction {
  const random = new Random(shape.seed);
  const classes: number[] = [], bytes: number[] = [];
  const blocks = randomGraph(random, shape.blocks);
  const order = emissionOrder(random, blocks);
  const callerSaved = [...file.allocatable[0], ...file.allocatable[1]].filter((r) => !file.calleeSaved.has(r));
  const few = file.allocatable[0].slice(0, 1);
  const clobberSets: (readonly PReg[])[] = [[], callerSaved, few];

  const newVReg = (cls: number, width: number): number => {
    bytes.push(width);
    return classes.push(cls) - 1;
  };
  /** The width of vectors in this function; values of 8 bytes are in the same registers. */
  const vector = random.chance(50) ? 16 : 32;
  const anyKind = (): [number, number] => (random.chance(65) ? [0, 8] : random.chance(50) ? [1, 8] : [1, vector]);
  /** A value of the class (and width, if given) from those available. */
  const choose = (available: readonly number[], cls: number, width = 0): number => {
    const fits = available.filter((v) => classes[v] === cls && (width === 0 || bytes[v] === width));
    if (random.chance(shape.reach)) return random.pick(fits);
    return fits[fits.length - 1 - random.below(Math.min(4, fits.length))];
  };

  /** Keeps one instruction within the registers there are. */
  class Budget {
    readonly early = [0, 0];
    readonly late = [0, 0];
    readonly both = [0, 0];
    readonly fixedEarly = new Set<PReg>();
    readonly fixedLate = new Set<PReg>();
    readonly lateUses = new Set<PReg>();
    ok(): boolean {
      for (let c = 0; c < 2; c++) {
        const all = file.allocatable[c], k = all.length;
        const e = all.filter((r) => this.fixedEarly.has(r)).length, l = all.filter((r) => this.fixedLate.has(r)).length;
        const either = all.filter((r) => this.fixedEarly.has(r) || this.fixedLate.has(r)).length;
        if (this.both[c] + either > k || this.early[c] + this.both[c] + e > k || this.late[c] + this.both[c] + l > k) return false;
      }
      return true;
    }
    /** Reserves if it fits. */
    take(counts: readonly number[], cls: number, n = 1): boolean {
      (counts as number[])[cls] += n;
      if (this.ok()) return true;
      (counts as number[])[cls] -= n;
      return false;
    }
    fix(set: Set<PReg>, r: PReg): boolean {
      if (set.has(r)) return false;
      set.add(r);
      if (this.ok()) return true;
      set.delete(r);
      return false;
    }
  }

  const plain = (available: number[]): Inst => {
    const budget = new Budget(), operands: Operand[] = [], defs: number[] = [];
    for (let k = random.below(4); k > 0; k--) {
      const [cls] = anyKind(), v = choose(available, cls);
      switch (random.below(6)) {
        case 0: operands.push({ v, info: operandInfo(ROLE_USE, CONSTRAINT_ANY) });
          // A rematerialised value must be in a register.
          if (!budget.take(budget.early, cls)) operands.pop();
          break;
        case 1: if (budget.take(budget.both, cls)) operands.push({ v, info: operandInfo(ROLE_LATE_USE, random.chance(70) ? CONSTRAINT_REG : CONSTRAINT_ANY) }); break;
        default: if (budget.take(budget.early, cls)) operands.push({ v, info: operandInfo(ROLE_USE, CONSTRAINT_REG) });
      }
    }
    const reused = operands.findIndex((o) => (o.info & 3) === ROLE_USE);
    if (reused >= 0 && random.chance(45)) {
      const x = operands[reused].v, cls = classes[x];
      if (budget.take(budget.both, cls)) {
        const d = newVReg(cls, bytes[x]);
        defs.push(d);
        operands.push({ v: d, info: operandInfo(ROLE_DEF, CONSTRAINT_REUSE, reused) });
      }
    }
    if (random.chance(15)) {
      const [cls, width] = anyKind();
      if (budget.take(budget.both, cls)) {
        const d = newVReg(cls, width);
        if (random.chance(50)) defs.push(d);
        operands.push({ v: d, info: operandInfo(ROLE_EARLY_DEF, CONSTRAINT_REG) });
      }
    }
    for (let k = defs.length > 0 ? random.below(2) : 1 + random.below(2); k > 0; k--) {
      const [cls, width] = anyKind();
      if (!budget.take(budget.late, cls)) continue;
      const d = newVReg(cls, width);
      defs.push(d);
      operands.push({ v: d, info: operandInfo(ROLE_DEF, random.chance(15) ? CONSTRAINT_ANY : CONSTRAINT_REG) });
    }
    available.push(...defs);
    return { opcode: OP_PLAIN, operands, clobberSet: 0, rematOf: -1 };
  };

  const fixed = (available: number[], call: boolean): Inst => {
    const budget = new Budget(), operands: Operand[] = [], defs: number[] = [];
    const set = call ? 1 : random.chance(30) ? 2 : 0;
    for (const r of clobberSets[set]) budget.fixedLate.add(r);
    for (let k = random.below(call ? 5 : 3); k > 0; k--) {
      const [cls] = anyKind(), r = random.pick(file.allocatable[cls]);
      const last = operands.length > 0 && classes[operands[operands.length - 1].v] === cls && random.chance(25);
      const v = last ? operands[operands.length - 1].v : choose(available, cls);
      const late = !call && random.chance(20) && !budget.fixedLate.has(r);
      if (!budget.fix(budget.fixedEarly, r)) continue;
      if (late && !budget.fix(budget.fixedLate, r)) { budget.fixedEarly.delete(r); continue; }
      operands.push({ v, info: operandInfo(late ? ROLE_LATE_USE : ROLE_USE, CONSTRAINT_FIXED, r) });
    }
    for (let k = random.below(3); k > 0; k--) {
      const [cls] = anyKind(), v = choose(available, cls);
      if (budget.take(budget.early, cls)) operands.push({ v, info: operandInfo(ROLE_USE, random.chance(50) ? CONSTRAINT_REG : CONSTRAINT_ANY) });
    }
    const written = new Set<PReg>();
    if (!call && random.chance(25) && operands.length > 0 && (operands[0].info & 15) === (CONSTRAINT_FIXED << 2)) {
      const r = operands[0].info >> 4, x = operands[0].v;
      if (!budget.fixedLate.has(r)) {
        budget.fixedLate.add(r);
        written.add(r);
        const d = newVReg(classes[x], bytes[x]);
        defs.push(d);
        operands.push({ v: d, info: operandInfo(ROLE_DEF, CONSTRAINT_REUSE, 0) });
        if (!budget.ok()) { operands.pop(); defs.pop(); budget.fixedLate.delete(r); }
      }
    }
    for (let k = random.below(3); k > 0; k--) {
      const [cls, width] = anyKind(), r = random.pick(file.allocatable[cls]);
      if (written.has(r) || operands.some((o) => (o.info & 3) === ROLE_LATE_USE && o.info >> 4 === r && ((o.info >> 2) & 3) === CONSTRAINT_FIXED)) continue;
      const already = budget.fixedLate.has(r);
      if (!already && !budget.fix(budget.fixedLate, r)) continue;
      written.add(r);
      const d = newVReg(cls, width);
      if (random.chance(85)) defs.push(d);
      const first = random.chance(30);
      const operand = { v: d, info: operandInfo(ROLE_DEF, CONSTRAINT_FIXED, r) };
      // The order of operands means nothing; REUSE counts them, so only without one.
      if (first && !operands.some((o) => ((o.info >> 2) & 3) === CONSTRAINT_REUSE)) operands.unshift(operand);
      else operands.push(operand);
    }
    available.push(...defs);
    return { opcode: call ? OP_CALL : OP_FIXED, operands, clobberSet: set, rematOf: -1 };
  };

  const constant = (available: number[]): Inst => {
    const [cls, width] = anyKind(), v = newVReg(cls, width);
    available.push(v);
    return { opcode: OP_CONSTANT, operands: [{ v, info: operandInfo(ROLE_DEF, CONSTRAINT_REG) }], clobberSet: 0, rematOf: random.chance(80) ? v : -1 };
  };

  for (const b of dominatorPreorder(blocks)) {
    const block = blocks[b.block], available = b.parent < 0 ? [] : [...blocks[b.parent].available];
    block.available = available;
    if (b.block === 0) {
      // Arguments, and one value of each kind.
      const operands: Operand[] = [];
      for (const r of [...file.allocatable[0].slice(0, 3), ...file.allocatable[1].slice(0, 2)]) {
        const v = newVReg(r < 32 ? 0 : 1, r < 33 ? 8 : vector);
        available.push(v);
        operands.push({ v, info: operandInfo(ROLE_DEF, CONSTRAINT_FIXED, r) });
      }
      block.insts.push({ opcode: OP_FIXED, operands, clobberSet: 0, rematOf: -1 });
    } else if (block.preds.every((p) => blocks[p].succs.length === 1)) {
      for (let k = random.below(5); k > 0; k--) {
        const [cls, width] = anyKind(), v = newVReg(cls, width);
        block.params.push(v);
        available.push(v);
      }
    }
    for (let k = random.below(shape.length + 1); k > 0; k--) {
      const kind = random.below(100);
      block.insts.push(kind < 70 ? plain(available) : kind < 82 ? constant(available) : kind < 92 ? fixed(available, false) : fixed(available, true));
    }
    const operands: Operand[] = [];
    if (block.succs.length !== 1) {
      operands.push({ v: choose(available, 0), info: operandInfo(ROLE_USE, CONSTRAINT_REG) });
      if (random.chance(50)) operands.push({ v: choose(available, 0), info: operandInfo(ROLE_USE, CONSTRAINT_ANY) });
      if (random.chance(20)) operands.push({ v: choose(available, 1), info: operandInfo(ROLE_USE, CONSTRAINT_FIXED, file.allocatable[1][0]) });
    }
    block.insts.push({ opcode: block.succs.length === 1 ? OP_JUMP : block.succs.length === 0 ? OP_RETURN : OP_BRANCH, operands, clobberSet: 0, rematOf: -1 });
  }
  for (const block of blocks) {
    block.args = block.succs.map((s) => blocks[s].params.map((p) => choose(block.available, classes[p], bytes[p])));
  }

  const builder = new MachineFunctionBuilder(`random${shape.seed}`, clobberSets);
  for (let v = 0; v < classes.length; v++) builder.newVReg(classes[v], bytes[v]);
  const place = new Int32Array(blocks.length);
  for (let k = 0; k < order.length; k++) place[order[k]] = k;
  for (const b of order) {
    const block = blocks[b];
    builder.startBlock(random.below(3), b !== 0 && random.chance(15));
    for (const p of block.params) builder.blockParam(p);
    for (const inst of block.insts) {
      const i = builder.inst(inst.opcode, 0, 0, 0, inst.clobberSet);
      for (const o of inst.operands) builder.operand(o.v, o.info);
      if (inst.rematOf >= 0) builder.setRemat(inst.rematOf, i);
    }
    for (let e = 0; e < block.succs.length; e++) {
      builder.edge(place[block.succs[e]]);
      for (const v of block.args[e]) builder.edgeArg(v);
    }
  }
  return builder.finish();
}

/** A random graph, every block reachable, irreducible loops included, without critical edges. */
function randomGraph(random: Random, n: number): Block[] {
  const blocks: Block[] = [];
  const add = (): number => blocks.push({ succs: [], preds: [], params: [], insts: [], available: [], args: [] }) - 1;
  for (let b = 0; b < n; b++) add();
  for (let b = 1; b < n; b++) {
    let p = random.chance(60) ? b - 1 : random.below(b);
    while (blocks[p].succs.length >= 3) p = (p + 1) % b;
    blocks[p].succs.push(b);
  }
  for (let k = random.below(n + 1); k > 0 && n > 1; k--) {
    const from = blocks[random.below(n)];
    if (from.succs.length < 4) from.succs.push(1 + random.below(n - 1));
  }
  const predCount = new Array<number>(n).fill(0);
  for (const block of blocks) for (const s of block.succs) predCount[s]++;
  for (let b = 0; b < n; b++) {
    const block = blocks[b];
    if (block.succs.length < 2) continue;
    block.succs = block.succs.map((s) => {
      if (predCount[s] < 2) return s;
      const middle = add();
      blocks[middle].succs.push(s);
      return middle;
    });
  }
  blocks.forEach((block, b) => { for (const s of block.succs) blocks[s].preds.push(b); });
  return blocks;
}

/** Creation order, depth-first order or any order; the entry first. */
function emissionOrder(random: Random, blocks: readonly Block[]): number[] {
  const kind = random.below(3);
  const order = blocks.map((_, b) => b);
  if (kind === 0) return order;
  if (kind === 1) return reversePostorder(blocks);
  for (let k = order.length - 1; k > 1; k--) {
    const j = 1 + random.below(k);
    [order[k], order[j]] = [order[j], order[k]];
  }
  return order;
}

function reversePostorder(blocks: readonly Block[]): number[] {
  const seen = new Set([0]), post: number[] = [];
  const visit = (b: number): void => {
    for (const s of blocks[b].succs) if (!seen.has(s)) { seen.add(s); visit(s); }
    post.push(b);
  };
  visit(0);
  return post.reverse();
}

/** Blocks with their immediate dominators, dominators first. */
function dominatorPreorder(blocks: readonly Block[]): { block: number; parent: number }[] {
  const order = reversePostorder(blocks);
  // Dominator sets by plain iteration: the graphs are small.
  const dominators = blocks.map((_, b) => (b === 0 ? new Set([0]) : new Set(order)));
  for (let changed = true; changed;) {
    changed = false;
    for (const b of order.slice(1)) {
      const next = new Set([...dominators[b]].filter((d) => d === b || blocks[b].preds.every((p) => dominators[p].has(d))));
      if (next.size !== dominators[b].size) { dominators[b] = next; changed = true; }
    }
  }
  return order.map((block) => {
    let parent = -1;
    for (const d of dominators[block]) if (d !== block && dominators[d].size === dominators[block].size - 1) parent = d;
    return { block, parent };
  }).sort((x, y) => dominators[x.block].size - dominators[y.block].size);
}
