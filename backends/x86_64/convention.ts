/**
 * Registers of x86-64 and the guest calling convention, as tables.
 *
 * The guest convention (between compiled functions, and at the entry stub):
 * - integer, `i1` and `ptr` arguments in order in {@link INT_ARGS}, floats and vectors in {@link VECTOR_ARGS}; an argument
 *   past the registers of its class is stored by the caller at `gs:[CTX.overflow + 16*k]`, k counting overflow arguments
 *   from 0 in parameter order (a `v256` as two), and read by the callee before it calls anything;
 * - results likewise in {@link INT_RESULTS}, {@link VECTOR_RESULTS}, then the overflow area;
 * - {@link CALLEE_SAVED} survive a call, all other registers do not; the stack pointer is 16-byte aligned at the call;
 *   nothing is passed on the stack, so a tail call is a jump after the epilogue;
 * - `r15` holds the linear memory's base throughout guest code (linear model); `r11` and `xmm15` are scratch registers
 *   that the allocator never assigns;
 * - an import is called with its index in `r11d` through `call gs:[CTX.importThunk]`, the arguments as for any callee.
 *
 * Values in registers: `i32` and (linear) `ptr` always have bits 32–63 zero; `i1` is 0 or 1 in the whole register;
 * `i8`/`i16` have unspecified bits above their width (and whoever looks at the width extends first).
 */
import type { RegisterFile } from '../../lib/codegen/machine-function.ts';

export const RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;
export const R8 = 8, R9 = 9, R10 = 10, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15;
/** `XMM0 + n` is vector register n. */
export const XMM0 = 32, XMM15 = 47;

export const MEMORY_BASE = R15;
export const SCRATCH_INT = R11;
export const SCRATCH_VECTOR = XMM15;

export const INT_ARGS: readonly number[] = [RDI, RSI, RDX, RCX, R8, R9];
export const VECTOR_ARGS: readonly number[] = [32, 33, 34, 35, 36, 37, 38, 39];
export const INT_RESULTS: readonly number[] = [RAX, RDX, RCX, RDI, RSI, R8];
export const VECTOR_RESULTS: readonly number[] = VECTOR_ARGS;
export const CALLEE_SAVED: readonly number[] = [RBX, RBP, R12, R13, R14];
/** What a call destroys (the scratch registers are never live, so they need not be listed). */
export const CALL_CLOBBERS: readonly number[] = [
  RAX, RCX, RDX, RSI, RDI, R8, R9, R10,
  32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
];

export const REGISTER_NAMES: readonly string[] = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
  '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '',
  'xmm0', 'xmm1', 'xmm2', 'xmm3', 'xmm4', 'xmm5', 'xmm6', 'xmm7', 'xmm8', 'xmm9', 'xmm10', 'xmm11', 'xmm12', 'xmm13', 'xmm14', 'xmm15',
];

/** Caller-saved registers come first: using them costs nothing in the prologue. */
export const X86_64_REGISTERS: RegisterFile = {
  names: REGISTER_NAMES,
  allocatable: [
    [RAX, RCX, RDX, RSI, RDI, R8, R9, R10, RBX, RBP, R12, R13, R14],
    [32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46],
  ],
  calleeSaved: new Set(CALLEE_SAVED),
  scratch: [SCRATCH_INT, SCRATCH_VECTOR],
};
