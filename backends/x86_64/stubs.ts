/**
 * The stubs of x86-64 Linux: entry and exit, calls from the guest to the host. Bulk memory is in `stubs-bulk.ts`, the
 * signal handler in `stubs-signal.ts`. All of them are one position-independent image.
 *
 * Invariants:
 * - while a run is on (also while the host serves one of its calls) the GS base is the address of its context, and
 *   `context.self` is that address; otherwise GS is what it was before: 0, an outer run's, or (the kernel hands it on) that
 *   of a run whose host function started this thread, which is not in this thread's window and so is not touched;
 * - from the store of `hostStackPointer` in `enter` on, jumping to `exit` with GS set ends the run from anywhere in the
 *   *window*: nothing in it depends on what it was doing. So the handler may end a run at any instruction of guest code
 *   or of the window, and outside of both only leaves a note in `context.interrupt`;
 * - no interrupt is lost: whoever wants one sets `context.interrupt` first and signals then. `enter` tests the flag after
 *   GS is set (an earlier signal finds the flag noted, a later one finds the run), and so does every return of a host
 *   call;
 * - the timer is armed after GS is set and disarmed before GS is restored, so its ticks only ever meet the run they are
 *   for;
 * - the guest runs on its own stack, the host's callbacks on the stack that `enter` was called on (JavaScript engines
 *   insist on it).
 */
import { CodeBuffer, type Label } from '../../lib/codegen/code-buffer.ts';
import { CTX, RUN_STATUS } from '../../lib/codegen/run-context.ts';
import { CALLBACK_CONTINUE, GROW_INDEX, type StubImage } from '../../lib/codegen/stub-image.ts';
import { X86_64_CODE } from './code-target.ts';
import {
  INT_ARGS, INT_RESULTS, MEMORY_BASE, R10, R11, R12, R13, R14, R15, R8, R9, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP,
  VECTOR_ARGS, VECTOR_RESULTS, XMM0,
} from './convention.ts';
import { Assembler } from './encoder.ts';
import { CC, FIXED, X } from './forms.ts';
import { emitCopy, emitFill } from './stubs-bulk.ts';
import { emitHandler, FAULT_SIGNALS, INTERRUPT_SIGNAL } from './stubs-signal.ts';

/** System call number of `timer_settime`. */
const SYS_TIMER_SETTIME = 223;
/** MXCSR with all exceptions masked, rounding to nearest, no flushing of denormals. */
const DEFAULT_MXCSR = 0x1f80;
/** Host state inside `CTX.hostRegisters`: MXCSR, then the x87 control word, then a scratch MXCSR. */
const HOST_MXCSR = CTX.hostRegisters, HOST_X87 = CTX.hostRegisters + 8, GUEST_MXCSR = CTX.hostRegisters + 16;

const images: [StubImage | undefined, StubImage | undefined] = [undefined, undefined];

/**
 * The image, built on first use; every build gives the same bytes.
 *
 * @param avx - the machine has AVX: what ends a run elsewhere than at a return or a call (which clear them themselves,
 *   see `EmitContext.leaveWide`) clears the upper halves of vector registers too. A guest's data would stay in them,
 *   and the host's code in legacy encoding would be slow. One process should use one image
 */
export function x86_64Stubs(avx = false): StubImage { return images[avx ? 1 : 0] ??= build(avx); }

function build(avx: boolean): StubImage {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  const label = (): Label => code.newLabel();
  const enter = label(), exit = label(), importThunk = label(), growThunk = label(), copyThunk = label(), fillThunk = label();
  const windowLow = label(), windowHigh = label(), interrupted = label(), hostException = label(), leave = label();
  const handler = label(), signature = label(), chainTable = label();

  code.beginFunction(-1, 64);
  code.bind(enter);
  emitEnterPrologue(asm);
  emitEnterGuest(asm, windowLow, interrupted);
  // Past the call the results are being handed over: too late to interrupt, so the window must not contain it.
  const afterCall = label();
  code.bind(afterCall);
  emitStoreResults(asm, leave);

  code.align(64);
  const guestSide = label();
  code.bind(guestSide);
  code.bind(growThunk);
  asm.ri(X.mov, 4, R11, GROW_INDEX);
  code.bind(importThunk);
  emitImportThunk(asm, interrupted, hostException);
  code.align(64);
  code.bind(copyThunk);
  emitCopy(asm);
  code.align(64);
  code.bind(fillThunk);
  emitFill(asm);
  code.bind(windowHigh);

  code.align(64);
  code.bind(interrupted);
  asm.mi(X.mov, 4, asm.gs(CTX.status), RUN_STATUS.interrupted);
  asm.jmp(exit);
  code.bind(hostException);
  asm.mi(X.mov, 4, asm.gs(CTX.status), RUN_STATUS.hostException);
  code.bind(exit);
  emitExit(asm, avx);
  code.bind(leave);
  emitLeave(asm);

  code.align(64);
  emitHandler(asm, { handler, signature, chainTable, windowLow, afterCall, guestSide, windowHigh });
  code.endFunction();

  const finished = code.finish(), at = (l: Label): number => finished.labels[l];
  const bytes = finished.code;
  sign(bytes, at(signature));
  return {
    architecture: 'x86_64',
    code: bytes,
    enter: at(enter), exit: at(exit), importThunk: at(importThunk), growThunk: at(growThunk), copyThunk: at(copyThunk), fillThunk: at(fillThunk),
    windowLow: at(guestSide), windowHigh: at(windowHigh),
    handler: at(handler),
    signature: bytes.slice(at(handler), at(signature) + 16),
    faultSignals: FAULT_SIGNALS,
    interruptSignal: INTERRUPT_SIGNAL,
    chainTable: at(chainTable),
    registers: { intArgs: INT_ARGS.length, vectorArgs: VECTOR_ARGS.length, intResults: INT_RESULTS.length, vectorResults: VECTOR_RESULTS.length, stackPointer: RSP },
  };
}

/** Saves the host's state. In: `rdi` the context. Out: `rbx` the context, stack aligned to 16. */
function emitEnterPrologue(asm: Assembler): void {
  for (const r of [RBP, RBX, R12, R13, R14, R15]) asm.push(r);
  asm.ri(X.sub, 8, RSP, 8);
  asm.rr(X.mov, 8, RBX, RDI);
  asm.m(X.stmxcsr, 4, asm.at(RBX, HOST_MXCSR));
  asm.m(X.fnstcw, 4, asm.at(RBX, HOST_X87));
  asm.mi(X.mov, 4, asm.at(RBX, GUEST_MXCSR), DEFAULT_MXCSR);
  asm.m(X.ldmxcsr, 4, asm.at(RBX, GUEST_MXCSR));
  asm.r(X.rdgsbase, 8, RAX);
  asm.mr(X.mov, 8, asm.at(RBX, CTX.outerGsBase), RAX);
  asm.mr(X.mov, 8, asm.at(RBX, CTX.hostStackPointer), RSP);
  asm.mi(X.mov, 8, asm.at(RBX, CTX.status), RUN_STATUS.ok); // and the signal beside it
  asm.mi(X.add, 4, asm.at(RBX, CTX.runCount), 1);
  asm.mi(X.mov, 4, asm.at(RBX, CTX.active), 1);
}

/** Sets GS, arms the timer, tests the flag, loads the arguments, calls the guest. */
function emitEnterGuest(asm: Assembler, windowLow: Label, interrupted: Label): void {
  const unarmed = asm.code.newLabel();
  asm.r(X.wrgsbase, 8, RBX);
  // Not before: what GS was is none of this run's, and may be the context of the thread that started this one.
  asm.code.bind(windowLow);
  asm.rm(X.mov, 8, RAX, asm.at(RBX, CTX.timerSpec + 16));
  asm.rm(X.or, 8, RAX, asm.at(RBX, CTX.timerSpec + 24));
  asm.jcc(CC.e, unarmed);
  asm.mi(X.mov, 4, asm.at(RBX, CTX.timerArmed), 1);
  asm.rm(X.lea, 8, RDX, asm.at(RBX, CTX.timerSpec));
  emitSetTimer(asm);
  asm.code.bind(unarmed);
  asm.mi(X.cmp, 4, asm.at(RBX, CTX.interrupt), 0);
  asm.jcc(CC.ne, interrupted);
  asm.rm(X.mov, 8, RSP, asm.at(RBX, CTX.guestStackTop));
  asm.rm(X.mov, 8, MEMORY_BASE, asm.at(RBX, CTX.memoryBase));
  VECTOR_ARGS.forEach((v, k) => asm.vm(X.movups, v, asm.at(RBX, CTX.vectorRegisters + 16 * k)));
  INT_ARGS.forEach((r, k) => asm.rm(X.mov, 8, r, asm.at(RBX, CTX.intRegisters + 8 * k)));
  // No host value is left where guest code could find it.
  for (const r of [RAX, RBP, R10, R12, R13, R14]) asm.rr(X.xor, 4, r, r);
  asm.m(X.callIndirect, 8, asm.gs(CTX.entry));
}

/** `timer_settime(context.timerId, 0, rdx, null)`; `rbx` is the context. Destroys rax, rcx, rsi, rdi, r10, r11. */
function emitSetTimer(asm: Assembler): void {
  asm.ri(X.mov, 4, RAX, SYS_TIMER_SETTIME);
  asm.rm(X.mov, 4, RDI, asm.at(RBX, CTX.timerId));
  asm.rr(X.xor, 4, RSI, RSI);
  asm.rr(X.xor, 4, R10, R10);
  asm.fixed(FIXED.syscall);
}

function emitStoreResults(asm: Assembler, leave: Label): void {
  INT_RESULTS.forEach((r, k) => asm.mr(X.mov, 8, asm.gs(CTX.intRegisters + 8 * k), r));
  VECTOR_RESULTS.forEach((v, k) => asm.mv(X.movups, asm.gs(CTX.vectorRegisters + 16 * k), v));
  asm.rm(X.mov, 8, RBX, asm.gs(CTX.self));
  asm.jmp(leave);
}

/** The guest calls import number r11d: arguments to the context, over to the host stack, results from the context. */
function emitImportThunk(asm: Assembler, interrupted: Label, hostException: Label): void {
  INT_ARGS.forEach((r, k) => asm.mr(X.mov, 8, asm.gs(CTX.intRegisters + 8 * k), r));
  VECTOR_ARGS.forEach((v, k) => asm.mv(X.movups, asm.gs(CTX.vectorRegisters + 16 * k), v));
  asm.mr(X.mov, 8, asm.gs(CTX.guestStackPointer), RSP);
  asm.rm(X.mov, 8, RSP, asm.gs(CTX.hostStackPointer));
  asm.mi(X.mov, 4, asm.gs(CTX.active), 0);
  asm.rr(X.mov, 4, RDI, R11);
  asm.m(X.callIndirect, 8, asm.gs(CTX.hostCallback));
  asm.mi(X.mov, 4, asm.gs(CTX.active), 1);
  asm.ri(X.cmp, 4, RAX, CALLBACK_CONTINUE);
  asm.jcc(CC.ne, hostException);
  asm.mi(X.cmp, 4, asm.gs(CTX.interrupt), 0);
  asm.jcc(CC.ne, interrupted);
  asm.rm(X.mov, 8, RSP, asm.gs(CTX.guestStackPointer));
  asm.rm(X.mov, 8, MEMORY_BASE, asm.gs(CTX.memoryBase));
  VECTOR_RESULTS.forEach((v, k) => asm.vm(X.movups, v, asm.gs(CTX.vectorRegisters + 16 * k)));
  INT_RESULTS.forEach((r, k) => asm.rm(X.mov, 8, r, asm.gs(CTX.intRegisters + 8 * k)));
  for (const r of [R9, R10, R11]) asm.rr(X.xor, 4, r, r);
  asm.fixed(FIXED.ret);
}

/** The end of a run that did not return: brings back the processor state and clears what could carry data across. */
function emitExit(asm: Assembler, avx: boolean): void {
  if (avx) asm.fixed(FIXED.vzeroupper);
  asm.fixed(FIXED.cld);
  asm.rm(X.mov, 8, RBX, asm.gs(CTX.self));
  asm.fixed(FIXED.fninit);
  asm.m(X.fldcw, 4, asm.at(RBX, HOST_X87));
  for (let v = XMM0; v < XMM0 + 16; v++) asm.vv(X.xorps, v, v);
}

/** The end of every run. In: `rbx` the context. */
function emitLeave(asm: Assembler): void {
  const unarmed = asm.code.newLabel();
  asm.rm(X.mov, 8, RSP, asm.at(RBX, CTX.hostStackPointer));
  asm.mi(X.mov, 4, asm.at(RBX, CTX.active), 0);
  asm.mi(X.cmp, 4, asm.at(RBX, CTX.timerArmed), 0);
  asm.jcc(CC.e, unarmed);
  asm.mi(X.mov, 4, asm.at(RBX, CTX.timerArmed), 0);
  asm.ri(X.sub, 8, RSP, 32);
  for (let k = 0; k < 4; k++) asm.mi(X.mov, 8, asm.at(RSP, 8 * k), 0);
  asm.rr(X.mov, 8, RDX, RSP);
  emitSetTimer(asm);
  asm.ri(X.add, 8, RSP, 32);
  asm.code.bind(unarmed);
  asm.rm(X.mov, 8, RAX, asm.at(RBX, CTX.outerGsBase));
  asm.r(X.wrgsbase, 8, RAX);
  asm.m(X.ldmxcsr, 4, asm.at(RBX, HOST_MXCSR));
  for (const r of [RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11]) asm.rr(X.xor, 4, r, r);
  asm.ri(X.add, 8, RSP, 8);
  for (const r of [R15, R14, R13, R12, RBX, RBP]) asm.pop(r);
  asm.fixed(FIXED.ret);
}

/** Writes a hash of the image (FNV-1a, two lanes) over the 8 bytes after the magic, which are zero so far. */
function sign(bytes: Uint8Array, at: number): void {
  let a = 0x811c9dc5, b = 0x9747b28c;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte ^ (a >>> 24), 0x01000193);
  }
  new DataView(bytes.buffer, bytes.byteOffset + at + 8).setUint32(0, a >>> 0, true);
  new DataView(bytes.buffer, bytes.byteOffset + at + 8).setUint32(4, b >>> 0, true);
}
