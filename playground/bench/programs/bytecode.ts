/** A switch in a loop: an interpreter for a small register machine. */
import { fn, i32, module, ptr, u32 } from 'lamella';
import { pagesFor, type BenchProgram } from '../program.ts';

const ROUNDS = 1_000_000, BYTES = 4096;

/** Operation numbers of the machine; each instruction is one word `operation | a << 8 | b << 16 | c << 24`. */
const HALT = 0, LOAD = 1, ADD = 2, SUB = 3, MUL = 4, AND = 5, XOR = 6, SHR = 7, JUMP_IF = 8, LESS = 9;
const op = (operation: number, a: number, b = 0, c = 0): number => operation | (a << 8) | (b << 16) | (c << 24);
const wide = (operation: number, a: number, imm: number): number => operation | (a << 8) | (imm << 16);

/** A pseudo-random walk: eleven instructions a round. */
const PROGRAM = [
  wide(LOAD, 1, 1000), op(MUL, 1, 1, 1), // r1 = rounds
  wide(LOAD, 2, 12345), wide(LOAD, 3, 25173), wide(LOAD, 4, 13849), wide(LOAD, 5, 7), wide(LOAD, 6, 1), wide(LOAD, 7, 0), wide(LOAD, 8, 255),
  op(MUL, 2, 2, 3), op(ADD, 2, 2, 4), op(SHR, 9, 2, 5), op(XOR, 7, 7, 9), op(AND, 10, 9, 8), // round: r7 ^= (r2 = r2 * r3 + r4) >>> 7
  op(LESS, 11, 10, 5), wide(JUMP_IF, 11, 2), op(ADD, 7, 7, 10), op(SUB, 7, 7, 6), // if ((r9 & 255) >= 7) r7 += r10 - 1
  op(SUB, 1, 1, 6), wide(JUMP_IF, 1, -11), op(HALT, 7),
];

const bytecodeDsl = fn('bytecode', [ptr(i32)], i32, (b, regs) => {
  const code = regs.add(16).cast(u32), pc = b.var(i32, 0);
  b.loop(() => {
    const word = code.at(pc.get()).get();
    pc.set(pc.get().add(1));
    const ra = regs.at(word.shr(8).and(15)), rb = regs.at(word.shr(16).and(15)), rc = regs.at(word.shr(24).and(15));
    b.switch(word.and(255), [
      [HALT, () => b.ret(ra.get())],
      [LOAD, () => ra.set(word.toI32().shr(16))],
      [ADD, () => ra.set(rb.get().add(rc.get()))],
      [SUB, () => ra.set(rb.get().sub(rc.get()))],
      [MUL, () => ra.set(rb.get().mul(rc.get()))],
      [AND, () => ra.set(rb.get().and(rc.get()))],
      [XOR, () => ra.set(rb.get().xor(rc.get()))],
      [SHR, () => ra.set(rb.get().toU32().shr(rc.get().toU32()).toI32())],
      [JUMP_IF, () => b.if(ra.get().ne(0), () => pc.set(pc.get().add(word.toI32().shr(16))))],
      [LESS, () => ra.set(rb.get().lt(rc.get()).toI32())],
    ], () => b.trap());
  });
});

function bytecodeJs(regs: Int32Array, code: Int32Array): number {
  for (let pc = 0; ;) {
    const word = code[pc++], a = (word >> 8) & 15, b = (word >> 16) & 15, c = (word >> 24) & 15;
    switch (word & 255) {
      case HALT: return regs[a];
      case LOAD: regs[a] = word >> 16; break;
      case ADD: regs[a] = regs[b] + regs[c]; break;
      case SUB: regs[a] = regs[b] - regs[c]; break;
      case MUL: regs[a] = Math.imul(regs[b], regs[c]); break;
      case AND: regs[a] = regs[b] & regs[c]; break;
      case XOR: regs[a] = regs[b] ^ regs[c]; break;
      case SHR: regs[a] = regs[b] >>> regs[c]; break;
      case JUMP_IF: if (regs[a] !== 0) pc += word >> 16; break;
      case LESS: regs[a] = regs[b] < regs[c] ? 1 : 0; break;
      default: throw new Error(`operation ${word & 255}`);
    }
  }
}

export const bytecode: BenchProgram = {
  name: 'bytecode',
  description: `register machine, ${ROUNDS.toLocaleString('en')} rounds of a loop`,
  bytes: BYTES,
  prepare: (memory) => {
    const words = new Int32Array(memory.buffer, memory.byteOffset, BYTES / 4);
    words.fill(0);
    words.set(PROGRAM, 16);
  },
  args: [],
  c: { result: 'int32_t', params: ['uint8_t *'] },
  module: () => module('bytecode', { memory: { initialPages: pagesFor(BYTES) } }).export({ bytecode: bytecodeDsl }).build(),
  javascript: (memory) => {
    const regs = new Int32Array(memory, 0, 16), code = new Int32Array(memory, 64, 64);
    return () => bytecodeJs(regs, code);
  },
};
