/**
 * Live ranges and uses of every virtual register, by value, in flat typed arrays.
 *
 * Positions. Instruction i has four: `4i` GAP (values are where the code above left them; block entry), `4i+1` EARLY
 * (uses are read), `4i+2` LATE (definitions are written, clobbers strike), `4i+3` AFTER. The moves "before i" happen in
 * parallel between GAP and EARLY, the moves "after i" between LATE and AFTER. Ranges are half-open `[from, to)`.
 *
 * A use that reads its value through a move of its own (a fixed register, the input of a REUSE definition) keeps the
 * value alive only to EARLY (exclusive), so that the value may sit in the very register it is moved to; likewise a
 * definition in a fixed register starts its value at AFTER.
 */
import { sharedBuffer } from './growable.ts';
import {
  CONSTRAINT_ANY, CONSTRAINT_FIXED, CONSTRAINT_REUSE, ROLE_DEF, ROLE_EARLY_DEF, ROLE_LATE_USE, ROLE_USE, isDefinition,
  operandConstraint, operandPayload, operandRole, type MachineFunction,
} from './machine-function.ts';
import { Scratch } from './scratch.ts';

export const GAP = 0, EARLY = 1, LATE = 2, AFTER = 3;

/** Kinds of uses. Read at EARLY, register or slot. */
export const USE_ANY = 0;
/** Read at EARLY, in a register. */
export const USE_REG = 1;
/** Read up to LATE, in a register. */
export const USE_LATE = 2;
/** Read up to LATE, register or slot. */
export const USE_LATE_ANY = 3;
/** Moved at the gap into the register of the REUSE definition. */
export const USE_REUSED = 4;
/** Moved at the gap into a fixed register. */
export const USE_FIXED = 5;
/** Passed along an edge, read at the end of the block. */
export const USE_EDGE = 6;

/** Kinds of definitions. Written at LATE, in a register. */
export const DEF_REG = 0;
/** Written at LATE, register or slot. */
export const DEF_ANY = 1;
/** Written at EARLY, in a register. */
export const DEF_EARLY = 2;
/** Holds the reused input from EARLY on, in a register. */
export const DEF_REUSE = 3;
/** Moved out of a fixed register at AFTER. */
export const DEF_FIXED = 4;
/** A block parameter. */
export const DEF_PARAM = 5;

export function isRegisterUse(kind: number): boolean { return kind === USE_REG || kind === USE_LATE; }
/** Definitions that need a register the moment they are made. */
export function isRegisterDef(kind: number): boolean { return kind === DEF_REG || kind === DEF_EARLY || kind === DEF_REUSE; }

/**
 * Uses, definitions and fixed-register reservations in program order. The arrays are scratch: valid up to the next
 * function, and longer than their contents.
 */
export interface UseTable {
  /** Uses of vreg v are `useStart[v] .. useStart[v+1]`, ascending by position. */
  readonly useStart: Int32Array;
  readonly usePosition: Int32Array;
  /** Operand index, or `~a` for edge argument number a. */
  readonly useTarget: Int32Array;
  readonly useKind: Uint8Array;
  /** Position where the value starts to exist, −1 for a vreg without definition. */
  readonly defPosition: Int32Array;
  /** Operand index, or `~p` for block parameter number p. */
  readonly defTarget: Int32Array;
  readonly defKind: Uint8Array;
  /** Block of each instruction. */
  readonly blockOf: Int32Array;
  /** REUSE definitions as triples (instruction, operand of the definition, operand of the use). */
  readonly reuses: Int32Array;
  /** Length of {@link reuses}. */
  readonly reuseEnd: number;
  /** Reservations of registers by fixed operands, ascending by start: register, span, and the vreg it is for (−1: none). */
  readonly fixedRegister: Int32Array;
  readonly fixedFrom: Int32Array;
  readonly fixedTo: Int32Array;
  readonly fixedOwner: Int32Array;
  readonly fixedCount: number;
  /** The instruction that recomputes each vreg, −1 if it is rather stored. */
  readonly remat: Int32Array;
}

/**
 * An instruction reads what is recomputed in registers, so one with more operands than this (a stack map lists any
 * number of values, constants too) has those operands stored that may be in memory.
 */
const RECOMPUTED_OPERANDS = 6;
const REMAT = new Scratch(Int32Array);

const OPERAND_KIND = new Scratch(Uint8Array);
/** Operand kind of a definition. */
const NO_USE = 255;
/** 1 for instructions that read operands in the gap. */
const READS_IN_GAP = new Scratch(Uint8Array);
const DEF_POSITION = new Scratch(Int32Array), DEF_TARGET = new Scratch(Int32Array), DEF_KIND = new Scratch(Uint8Array);
const USE_START = new Scratch(Int32Array), USE_FILL = new Scratch(Int32Array);
const USE_POSITION = new Scratch(Int32Array), USE_TARGET = new Scratch(Int32Array), USE_KIND = new Scratch(Uint8Array);
const BLOCK_OF = new Scratch(Int32Array);
const REUSES = sharedBuffer();
const FIXED_REGISTER = sharedBuffer(), FIXED_FROM = sharedBuffer(), FIXED_TO = sharedBuffer(), FIXED_OWNER = sharedBuffer();

/** Adds a reservation; ascending by start, whatever the order of the operands. */
function reserve(register: number, from: number, to: number, owner: number): void {
  FIXED_REGISTER.push(register);
  FIXED_TO.push(to);
  FIXED_OWNER.push(owner);
  for (let e = FIXED_FROM.push(from); e > 0 && FIXED_FROM.data[e - 1] > from; e--) {
    swap(FIXED_REGISTER.data, e); swap(FIXED_FROM.data, e); swap(FIXED_TO.data, e); swap(FIXED_OWNER.data, e);
  }
}

/** First position after the last one at which a use of this kind at instruction `inst` needs its value. */
export function useEnd(kind: number, position: number): number {
  const gap = position & ~3;
  switch (kind) {
    case USE_REUSED: case USE_FIXED: return gap + EARLY;
    case USE_ANY: case USE_REG: return gap + LATE;
    case USE_LATE: case USE_LATE_ANY: return gap + AFTER;
    default: return gap + 4;
  }
}

/** Collects uses, definitions and reservations in two passes over the operands. */
export function collectUses(f: MachineFunction): UseTable {
  const vregs = f.vregClass.length, insts = f.opcode.length, blocks = f.loopDepth.length;
  const { operandStart, operandVReg, operandInfo } = f, remat = REMAT.raw(vregs);
  for (let v = 0; v < vregs; v++) remat[v] = f.vregRemat[v];
  const operandKind = OPERAND_KIND.filled(operandVReg.length, 0);
  const defPosition = DEF_POSITION.filled(vregs, -1), defTarget = DEF_TARGET.raw(vregs), defKind = DEF_KIND.filled(vregs, 0);
  const useStart = USE_START.filled(vregs + 1, 0);
  const blockOf = BLOCK_OF.raw(insts), readsInGap = READS_IN_GAP.filled(insts, 0);
  const reuses = REUSES.reuse();
  FIXED_REGISTER.reuse(); FIXED_FROM.reuse(); FIXED_TO.reuse(); FIXED_OWNER.reuse();

  for (let b = 0; b < blocks; b++) {
    const first = f.blockStart[b], end = f.blockStart[b + 1];
    for (let p = f.blockParamStart[b]; p < f.blockParamStart[b + 1]; p++) {
      const v = f.blockParams[p];
      defPosition[v] = first * 4;
      defTarget[v] = ~p;
      defKind[v] = DEF_PARAM;
    }
    for (let i = first; i < end; i++) {
      blockOf[i] = b;
      const o0 = operandStart[i], o1 = operandStart[i + 1], at = i * 4;
      if (o1 - o0 > RECOMPUTED_OPERANDS) {
        for (let o = o0; o < o1; o++) if (operandConstraint(operandInfo[o]) === CONSTRAINT_ANY) remat[operandVReg[o]] = -1;
      }
      for (let o = o0; o < o1; o++) {
        const info = operandInfo[o], role = operandRole(info), constraint = operandConstraint(info), v = operandVReg[o];
        switch (role) {
          case ROLE_USE:
            useStart[v + 1]++;
            if (constraint === CONSTRAINT_FIXED) {
              operandKind[o] = USE_FIXED;
              readsInGap[i] = 1;
              reserve(operandPayload(info), at + EARLY, at + LATE, v);
            } else if (operandKind[o] !== USE_REUSED) {
              operandKind[o] = constraint === CONSTRAINT_ANY && remat[v] < 0 ? USE_ANY : USE_REG;
            }
            break;
          case ROLE_LATE_USE:
            useStart[v + 1]++;
            if (constraint === CONSTRAINT_FIXED) {
              operandKind[o] = USE_FIXED;
              readsInGap[i] = 1;
              reserve(operandPayload(info), at + EARLY, at + AFTER, v);
            } else {
              operandKind[o] = constraint === CONSTRAINT_ANY && remat[v] < 0 ? USE_LATE_ANY : USE_LATE;
            }
            break;
          default: {
            operandKind[o] = NO_USE;
            defTarget[v] = o;
            let register = constraint === CONSTRAINT_FIXED ? operandPayload(info) : -1;
            if (constraint === CONSTRAINT_REUSE) {
              const used = o0 + operandPayload(info), usedInfo = operandInfo[used], x = operandVReg[used];
              if (operandConstraint(usedInfo) === CONSTRAINT_FIXED) register = operandPayload(usedInfo);
              else {
                readsInGap[i] = 1;
                reuses.push(i); reuses.push(o); reuses.push(used);
                // Every other early use of the same value may read the reused register too.
                for (let k = o0; k < o1; k++) {
                  if (operandVReg[k] !== x || operandRole(operandInfo[k]) !== ROLE_USE || operandConstraint(operandInfo[k]) === CONSTRAINT_FIXED) continue;
                  if (k === used || !namedByReuse(f, i, k)) operandKind[k] = USE_REUSED;
                }
                defKind[v] = DEF_REUSE;
                defPosition[v] = at + EARLY;
                break;
              }
            }
            if (register >= 0) {
              reserve(register, at + (role === ROLE_EARLY_DEF ? EARLY : LATE), at + AFTER, -1);
              defKind[v] = DEF_FIXED;
              defPosition[v] = at + AFTER;
            } else if (role === ROLE_EARLY_DEF) {
              // An early definition in memory gains nothing.
              defKind[v] = DEF_EARLY;
              defPosition[v] = at + EARLY;
            } else {
              defKind[v] = constraint === CONSTRAINT_ANY && remat[v] < 0 ? DEF_ANY : DEF_REG;
              defPosition[v] = at + LATE;
            }
          }
        }
      }
    }
    const a0 = f.edgeArgStart[f.succStart[b]], a1 = f.edgeArgStart[f.succStart[b + 1]];
    for (let a = a0; a < a1; a++) useStart[f.edgeArgs[a] + 1]++;
  }
  for (let v = 0; v < vregs; v++) useStart[v + 1] += useStart[v];

  const total = useStart[vregs];
  const usePosition = USE_POSITION.raw(total), useTarget = USE_TARGET.raw(total), useKind = USE_KIND.raw(total);
  const fill = USE_FILL.raw(vregs);
  for (let v = 0; v < vregs; v++) fill[v] = useStart[v];
  for (let b = 0; b < blocks; b++) {
    const end = f.blockStart[b + 1];
    for (let i = f.blockStart[b]; i < end; i++) {
      const o0 = operandStart[i], o1 = operandStart[i + 1];
      if (readsInGap[i] === 1) {
        // Ascending by position: these come first.
        for (let o = o0; o < o1; o++) {
          const kind = operandKind[o];
          if (kind !== USE_REUSED && kind !== USE_FIXED) continue;
          const k = fill[operandVReg[o]]++;
          usePosition[k] = i * 4 + GAP; useTarget[k] = o; useKind[k] = kind;
        }
      }
      let inRegister = -1;
      for (let o = o0; o < o1; o++) {
        let kind = operandKind[o];
        if (kind === NO_USE || kind === USE_REUSED || kind === USE_FIXED) continue;
        if (kind === USE_LATE_ANY) {
          // Read in a register by another operand, the value stays in it up to LATE.
          if (inRegister < 0) inRegister = anyOfKind(operandKind, USE_REG, o0, o1) ? 1 : 0;
          if (inRegister === 1 && readInRegister(f, operandKind, i, operandVReg[o])) kind = USE_LATE;
        }
        const k = fill[operandVReg[o]]++;
        usePosition[k] = i * 4 + EARLY; useTarget[k] = o; useKind[k] = kind;
      }
    }
    const a0 = f.edgeArgStart[f.succStart[b]], a1 = f.edgeArgStart[f.succStart[b + 1]];
    for (let a = a0; a < a1; a++) {
      const k = fill[f.edgeArgs[a]]++;
      usePosition[k] = (end - 1) * 4 + AFTER; useTarget[k] = ~a; useKind[k] = USE_EDGE;
    }
  }
  return {
    useStart, usePosition, useTarget, useKind, defPosition, defTarget, defKind, blockOf, reuses: reuses.data, reuseEnd: reuses.length,
    fixedRegister: FIXED_REGISTER.data, fixedFrom: FIXED_FROM.data, fixedTo: FIXED_TO.data, fixedOwner: FIXED_OWNER.data, fixedCount: FIXED_FROM.length, remat,
  };
}

function anyOfKind(kinds: Uint8Array, kind: number, from: number, to: number): boolean {
  for (let o = from; o < to; o++) if (kinds[o] === kind) return true;
  return false;
}

function readInRegister(f: MachineFunction, operandKind: Uint8Array, i: number, v: number): boolean {
  for (let o = f.operandStart[i]; o < f.operandStart[i + 1]; o++) {
    if (f.operandVReg[o] === v && !isDefinition(f.operandInfo[o]) && operandKind[o] === USE_REG) return true;
  }
  return false;
}

function swap(a: Int32Array, e: number): void {
  const x = a[e];
  a[e] = a[e - 1];
  a[e - 1] = x;
}

/** Whether another REUSE definition of instruction `i` names operand `k`. */
function namedByReuse(f: MachineFunction, i: number, k: number): boolean {
  const o0 = f.operandStart[i];
  for (let o = o0; o < f.operandStart[i + 1]; o++) {
    const info = f.operandInfo[o];
    if (operandRole(info) === ROLE_DEF && operandConstraint(info) === CONSTRAINT_REUSE && o0 + operandPayload(info) === k) return true;
  }
  return false;
}
