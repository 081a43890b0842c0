/**
 * The signal handler, in machine code because no JavaScript may run where it runs: on a thread stopped anywhere.
 *
 * `handler(signal: edi, siginfo: rsi, ucontext: rdx)`, installed `SA_SIGINFO | SA_ONSTACK | SA_NODEFER`, without
 * `SA_RESTART`: a system call that blocks past the deadline comes back with EINTR.
 *
 * 1. GS base 0, or a context that does not name itself: not ours.
 * 2. PC in the guest's code or in the stubs' window: a fault of the kernel's making (`si_code > 0`) is a trap; the
 *    interrupt signal ends the run when it comes from the run's own timer or the host has set `interrupt`. The state
 *    is copied to the context, and the *saved* context is rewritten to the exit stub: the handler itself returns, so
 *    the kernel restores the signal mask and leaves the alternate stack.
 * 3. PC elsewhere, during a run: a timer tick leaves a note in `interrupt` (the timer keeps ticking).
 * 4. All else goes to the disposition that was there before, with the signal mask that it asked for. (Its
 *    `SA_RESETHAND` is not imitated: this image is not writable.)
 *
 * Offsets: `siginfo_t` and `ucontext_t` of Linux x86-64 (`asm/siginfo.h`, `sys/ucontext.h`).
 */
import type { Label } from '../../lib/codegen/code-buffer.ts';
import { CTX, RUN_STATUS } from '../../lib/codegen/run-context.ts';
import { R10, R12, R8, R9, RAX, RCX, RDI, RDX, RSI, RSP } from './convention.ts';
import type { Assembler } from './encoder.ts';
import { CC, FIXED, X } from './forms.ts';

const SIGILL = 4, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGURG = 23;
/** In the order of the chain table. */
export const FAULT_SIGNALS: readonly number[] = [SIGSEGV, SIGBUS, SIGFPE, SIGILL];
/** Ignored by default, so a stray one does no harm; used by no part of Node. */
export const INTERRUPT_SIGNAL = SIGURG;

const SI_CODE = 8, SI_ADDRESS = 16, SI_TIMER_ID = 16;
const SI_TIMER = -2;
/** `uc_mcontext.gregs`, and its indices. */
const GREGS = 40, REG_RSP = GREGS + 15 * 8, REG_RIP = GREGS + 16 * 8, REG_EFLAGS = GREGS + 17 * 8;
/** Index in `gregs` of each register in the architecture's numbering. */
const GREG_OF: readonly number[] = [13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7];
/** Direction, alignment check, trap flag. */
const FLAGS_TO_CLEAR = 0x400 | 0x40000 | 0x100;
const SYS_RT_SIGACTION = 13, SYS_RT_SIGPROCMASK = 14, SYS_GETPID = 39, SYS_GETTID = 186, SYS_TGKILL = 234;
const SA_NODEFER_BIT = 0x4000_0000;

export interface HandlerLabels {
  /** Bound here. */
  readonly handler: Label; readonly signature: Label; readonly chainTable: Label;
  /** The window is [windowLow, afterCall) and [guestSide, windowHigh). */
  readonly windowLow: Label; readonly afterCall: Label; readonly guestSide: Label; readonly windowHigh: Label;
}

export function emitHandler(asm: Assembler, l: HandlerLabels): void {
  const { code } = asm;
  const body = code.newLabel(), guest = code.newLabel(), notCode = code.newLabel(), notEntry = code.newLabel();
  const save = code.newLabel(), guestInterrupt = code.newLabel(), host = code.newLabel(), chain = code.newLabel(), done = code.newLabel(), endRun = code.newLabel();

  code.bind(l.handler);
  asm.jmp(body);
  // The signature: the magic, then the hash of the image (written when the image is complete).
  code.bind(l.signature);
  asm.fixed([...new TextEncoder().encode('LAMELLA1')]);
  asm.fixed([0, 0, 0, 0, 0, 0, 0, 0]);

  code.bind(body);
  asm.r(X.rdgsbase, 8, RAX);
  asm.rr(X.test, 8, RAX, RAX);
  asm.jcc(CC.e, chain);
  asm.mr(X.cmp, 8, asm.at(RAX, CTX.self), RAX);
  asm.jcc(CC.ne, chain);
  asm.rm(X.mov, 8, RCX, asm.at(RDX, REG_RIP));
  asm.rm(X.cmp, 8, RCX, asm.at(RAX, CTX.codeLow));
  asm.jcc(CC.b, notCode);
  asm.rm(X.cmp, 8, RCX, asm.at(RAX, CTX.codeHigh));
  asm.jcc(CC.b, guest);
  code.bind(notCode);
  emitRangeTest(asm, l.windowLow, l.afterCall, guest, notEntry);
  code.bind(notEntry);
  emitRangeTest(asm, l.guestSide, l.windowHigh, guest, host);

  code.bind(guest);
  asm.ri(X.cmp, 4, RDI, SIGURG);
  asm.jcc(CC.e, guestInterrupt);
  asm.mi(X.cmp, 4, asm.at(RSI, SI_CODE), 0);
  asm.jcc(CC.le, chain);
  asm.ri(X.mov, 4, RCX, RUN_STATUS.trap);
  code.bind(save);
  asm.mr(X.mov, 4, asm.at(RAX, CTX.status), RCX);
  asm.mr(X.mov, 4, asm.at(RAX, CTX.signal), RDI);
  asm.rm(X.mov, 4, R8, asm.at(RSI, SI_CODE));
  asm.mr(X.mov, 4, asm.at(RAX, CTX.trapSignalCode), R8);
  asm.rm(X.mov, 8, R8, asm.at(RDX, REG_RIP));
  asm.mr(X.mov, 8, asm.at(RAX, CTX.trapPc), R8);
  asm.rm(X.mov, 8, R8, asm.at(RSI, SI_ADDRESS));
  asm.mr(X.mov, 8, asm.at(RAX, CTX.trapAddress), R8);
  for (let r = 0; r < 16; r++) {
    asm.rm(X.mov, 8, R8, asm.at(RDX, GREGS + 8 * GREG_OF[r]));
    asm.mr(X.mov, 8, asm.at(RAX, CTX.trapRegisters + 8 * r), R8);
  }
  asm.rm(X.mov, 8, R8, asm.at(RAX, CTX.exit));
  asm.mr(X.mov, 8, asm.at(RDX, REG_RIP), R8);
  asm.rm(X.mov, 8, R8, asm.at(RAX, CTX.hostStackPointer));
  asm.mr(X.mov, 8, asm.at(RDX, REG_RSP), R8);
  asm.mi(X.and, 4, asm.at(RDX, REG_EFLAGS), ~FLAGS_TO_CLEAR);
  code.bind(done);
  asm.fixed(FIXED.ret);

  code.bind(guestInterrupt);
  emitTimerTest(asm, endRun);
  asm.mi(X.cmp, 4, asm.at(RAX, CTX.interrupt), 0);
  asm.jcc(CC.e, chain);
  code.bind(endRun);
  asm.ri(X.mov, 4, RCX, RUN_STATUS.interrupted);
  asm.jmp(save);

  code.bind(host);
  const note = code.newLabel();
  asm.ri(X.cmp, 4, RDI, SIGURG);
  asm.jcc(CC.ne, chain);
  emitTimerTest(asm, note);
  asm.mi(X.cmp, 4, asm.at(RAX, CTX.interrupt), 0);
  asm.jcc(CC.ne, done);
  asm.jmp(chain);
  code.bind(note);
  asm.mi(X.mov, 4, asm.at(RAX, CTX.interrupt), 1);
  asm.fixed(FIXED.ret);

  code.bind(chain);
  emitChain(asm, l.chainTable);
}

/** Jumps to `inside` when rcx is in [low, high), else to `outside`. */
function emitRangeTest(asm: Assembler, low: Label, high: Label, inside: Label, outside: Label): void {
  asm.rm(X.lea, 8, R8, asm.rip(low));
  asm.rr(X.cmp, 8, RCX, R8);
  asm.jcc(CC.b, outside);
  asm.rm(X.lea, 8, R8, asm.rip(high));
  asm.rr(X.cmp, 8, RCX, R8);
  asm.jcc(CC.b, inside);
  asm.jmp(outside);
}

/** Jumps to `ours` when the signal comes from the timer of the context in rax. */
function emitTimerTest(asm: Assembler, ours: Label): void {
  const other = asm.code.newLabel();
  asm.mi(X.cmp, 4, asm.at(RSI, SI_CODE), SI_TIMER);
  asm.jcc(CC.ne, other);
  asm.rm(X.mov, 4, R8, asm.at(RSI, SI_TIMER_ID));
  asm.rm(X.cmp, 4, R8, asm.at(RAX, CTX.timerId));
  asm.jcc(CC.e, ours);
  asm.code.bind(other);
}

/** Passes the signal to the disposition before ours; binds the table that keeps them. */
function emitChain(asm: Assembler, table: Label): void {
  const { code } = asm;
  const found = code.newLabel(), call = code.newLabel(), deferred = code.newLabel(), unmasked = code.newLabel(), done = code.newLabel(), zeros = code.newLabel();
  const signals = [...FAULT_SIGNALS, INTERRUPT_SIGNAL];
  asm.rm(X.lea, 8, R9, asm.rip(table));
  for (const s of signals) {
    asm.ri(X.cmp, 4, RDI, s);
    asm.jcc(CC.e, found);
    asm.ri(X.add, 8, R9, 32);
  }
  asm.fixed(FIXED.ret);
  code.bind(found);
  asm.mi(X.cmp, 8, asm.at(R9), 1);
  asm.jcc(CC.a, call);

  // Default or ignored. The interrupt's default is to be ignored; a fault cannot be ignored.
  asm.ri(X.cmp, 4, RDI, INTERRUPT_SIGNAL);
  asm.jcc(CC.e, done);
  const byDefault = code.newLabel();
  asm.mi(X.cmp, 4, asm.at(RSI, SI_CODE), 0);
  asm.jcc(CC.g, byDefault);
  asm.mi(X.cmp, 8, asm.at(R9), 1);
  asm.jcc(CC.e, done);
  code.bind(byDefault);
  // Back to the default action; a fault happens again on return, a sent signal is sent again.
  asm.push(R12);
  asm.rr(X.mov, 8, R12, RSI);
  asm.push(RDI);
  asm.rm(X.lea, 8, RSI, asm.rip(zeros));
  asm.rr(X.xor, 4, RDX, RDX);
  asm.ri(X.mov, 4, R10, 8);
  asm.ri(X.mov, 4, RAX, SYS_RT_SIGACTION);
  asm.fixed(FIXED.syscall);
  const again = code.newLabel();
  asm.mi(X.cmp, 4, asm.at(R12, SI_CODE), 0);
  asm.jcc(CC.g, again);
  asm.ri(X.mov, 4, RAX, SYS_GETTID);
  asm.fixed(FIXED.syscall);
  asm.rr(X.mov, 8, RSI, RAX);
  asm.ri(X.mov, 4, RAX, SYS_GETPID);
  asm.fixed(FIXED.syscall);
  asm.rr(X.mov, 8, RDI, RAX);
  asm.rm(X.mov, 8, RDX, asm.at(RSP));
  asm.ri(X.mov, 4, RAX, SYS_TGKILL);
  asm.fixed(FIXED.syscall);
  code.bind(again);
  asm.pop(RDI);
  asm.pop(R12);
  code.bind(done);
  asm.fixed(FIXED.ret);

  // A handler: block what it wants blocked (the kernel restores the mask when it returns), then become it.
  code.bind(call);
  asm.rm(X.mov, 8, R8, asm.at(R9, 16));
  asm.mi(X.test, 4, asm.at(R9, 8), SA_NODEFER_BIT);
  asm.jcc(CC.ne, deferred);
  asm.rm(X.lea, 4, RCX, asm.at(RDI, -1));
  asm.ri(X.mov, 4, RAX, 1);
  asm.rc(X.shl, 8, RAX);
  asm.rr(X.or, 8, R8, RAX);
  code.bind(deferred);
  asm.rr(X.test, 8, R8, R8);
  asm.jcc(CC.e, unmasked);
  for (const r of [RDI, RSI, RDX, R9, R8]) asm.push(r);
  asm.rr(X.xor, 4, RDI, RDI); // SIG_BLOCK
  asm.rr(X.mov, 8, RSI, RSP);
  asm.rr(X.xor, 4, RDX, RDX);
  asm.ri(X.mov, 4, R10, 8);
  asm.ri(X.mov, 4, RAX, SYS_RT_SIGPROCMASK);
  asm.fixed(FIXED.syscall);
  for (const r of [R8, R9, RDX, RSI, RDI]) asm.pop(r);
  code.bind(unmasked);
  asm.m(X.jmpIndirect, 8, asm.at(R9));

  code.align(64);
  code.bind(zeros);
  for (let i = 0; i < 4; i++) asm.fixed([0, 0, 0, 0, 0, 0, 0, 0]);
  code.bind(table);
  for (let i = 0; i < signals.length * 4; i++) asm.fixed([0, 0, 0, 0, 0, 0, 0, 0]);
}
