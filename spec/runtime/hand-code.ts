/** Machine code written by hand for the runtime's specs: every way a run can go, independent of the code generator. */
import { RAX, RCX, RDI, RDX, RSI, RSP, R11, R15, XMM0 } from '../../backends/x86_64/convention.ts';
import { X86_64_CODE } from '../../backends/x86_64/code-target.ts';
import { Assembler } from '../../backends/x86_64/encoder.ts';
import { CC, FIXED, X } from '../../backends/x86_64/forms.ts';
import { hostTarget } from '../../lib/host-target.ts';
import type { CompiledFunction } from '../../lib/codegen/backend.ts';
import { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { CTX } from '../../lib/codegen/run-context.ts';
import type { Import } from '../../lib/mir/module.ts';
import { TRAP_CODES, type TrapCode, type Type } from '../../lib/mir/types.ts';
import { CodeArena } from '../../lib/runtime/code-memory.ts';
import { GuestThread } from '../../lib/runtime/guest-thread.ts';
import { Instance, type InstanceOptions } from '../../lib/runtime/instance.ts';
import { TRAP_SITE_WORDS, type ModuleImage } from '../../lib/runtime/module-image.ts';
import { nativeBridge } from '../../lib/runtime/native/load.ts';

export interface HandFunction {
  readonly name: string;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
  readonly frameSize?: number;
  /** `site(trap, divisor)` marks the next instruction as one that may trap. */
  readonly emit: (asm: Assembler, site: (trap: TrapCode, divisor?: number) => void) => void;
}

/** Assembles functions into code and the image of a module without an address. */
export function assemble(functions: readonly HandFunction[], imports: readonly Import[] = [], options: Partial<ModuleImage> = {}): { code: Uint8Array; image: (address: number) => ModuleImage } {
  const buffer = new CodeBuffer(X86_64_CODE), asm = new Assembler(buffer);
  const compiled: CompiledFunction[] = [], sites: { mark: number; trap: number; divisor: number }[] = [];
  for (const f of functions) {
    const offset = buffer.beginFunction(-1, 16);
    f.emit(asm, (trap, divisor = -1) => sites.push({ mark: buffer.mark(), trap: TRAP_CODES.indexOf(trap), divisor }));
    const end = buffer.endFunction();
    compiled.push({ name: f.name, params: f.params, results: f.results, offset, size: end - offset, frameSize: f.frameSize ?? 0, linearFrameSize: 0 });
  }
  const { code, marks } = buffer.finish();
  const trapSites = new Int32Array(sites.length * TRAP_SITE_WORDS);
  sites.forEach((s, k) => trapSites.set([marks[s.mark], s.trap, k + 1, s.divisor], k * TRAP_SITE_WORDS));
  const exports: Record<string, number> = {};
  compiled.forEach((f, k) => { exports[f.name] = k; });
  return {
    code,
    image: (codeAddress) => ({
      moduleName: 'hand', architecture: 'x86_64', memoryModel: 'linear', codeAddress, codeSize: code.length, functions: compiled, exports, imports,
      table: [], trapSites, lines: new Int32Array(0), locations: sites.map((_, k) => ({ file: 'hand.ts', line: k, column: 1 })).concat({ file: 'hand.ts', line: sites.length, column: 1 }),
      initialPages: 1, maximumPages: 4, stackLow: 1024, stackHigh: 2048, surface: undefined, globals: [], data: [], ...options,
    }),
  };
}

/** The functions most specs need. */
export const HAND_FUNCTIONS: readonly HandFunction[] = [
  { name: 'add', params: ['i64', 'i64'], results: ['i64'], emit: (a) => { a.rm(X.lea, 8, RAX, a.indexed(RDI, RSI, 1)); a.fixed(FIXED.ret); } },
  { name: 'nothing', params: [], results: [], emit: (a) => { a.fixed(FIXED.ret); } },
  { name: 'spin', params: [], results: [], emit: (a) => { const l = a.code.newLabel(); a.code.bind(l); a.jmp(l); } },
  { name: 'unreachable', params: [], results: [], emit: (a, site) => { site('unreachable'); a.fixed(FIXED.ud2); } },
  { name: 'sdiv', params: ['i32', 'i32'], results: ['i32'], emit: (a, site) => { a.rr(X.mov, 4, RAX, RDI); a.fixed(FIXED.cdq); site('integer-divide-by-zero', RSI | (32 << 8)); a.r(X.idiv, 4, RSI); a.fixed(FIXED.ret); } },
  { name: 'sdiv64', params: ['i64', 'i64'], results: ['i64'], emit: (a, site) => { a.rr(X.mov, 8, RAX, RDI); a.fixed(FIXED.cqo); site('integer-divide-by-zero', RSI | (64 << 8)); a.r(X.idiv, 8, RSI); a.fixed(FIXED.ret); } },
  { name: 'load', params: ['ptr'], results: ['i32'], emit: (a, site) => { site('memory-out-of-bounds'); a.rm(X.mov, 4, RAX, a.indexed(R15, RDI, 1)); a.fixed(FIXED.ret); } },
  { name: 'loadFar', params: ['ptr'], results: ['i32'], emit: (a, site) => { site('memory-out-of-bounds'); a.rm(X.mov, 4, RAX, a.indexed(R15, RDI, 1, 0x7fffffff)); a.fixed(FIXED.ret); } },
  { name: 'store', params: ['ptr', 'i32'], results: [], emit: (a, site) => { site('memory-out-of-bounds'); a.mr(X.mov, 4, a.indexed(R15, RDI, 1), RSI); a.fixed(FIXED.ret); } },
  { name: 'wild', params: [], results: ['i64'], emit: (a) => { a.movRI64(RAX, 8, 0); a.rm(X.mov, 8, RAX, a.at(RAX)); a.fixed(FIXED.ret); } },
  { name: 'recurse', params: [], results: [], frameSize: 24, emit: (a) => { const l = a.code.newLabel(); a.code.bind(l); a.ri(X.sub, 8, RSP, 24); a.call(l); a.ri(X.add, 8, RSP, 24); a.fixed(FIXED.ret); } },
  { name: 'call0', params: ['i32'], results: ['i32'], frameSize: 8, emit: (a) => { callImport(a, 0); } },
  { name: 'grow', params: ['i32'], results: ['i32'], frameSize: 8, emit: (a) => { a.ri(X.sub, 8, RSP, 8); a.m(X.callIndirect, 8, a.gs(CTX.growThunk)); a.ri(X.add, 8, RSP, 8); a.fixed(FIXED.ret); } },
  { name: 'copy', params: ['ptr', 'ptr', 'i32'], results: [], emit: (a) => { a.m(X.jmpIndirect, 8, a.gs(CTX.copyThunk)); } },
  { name: 'fill', params: ['ptr', 'i32', 'i32'], results: [], emit: (a) => { a.m(X.jmpIndirect, 8, a.gs(CTX.fillThunk)); } },
  { name: 'gsbase', params: [], results: ['i64'], emit: (a) => { a.r(X.rdgsbase, 8, RAX); a.fixed(FIXED.ret); } },
  { name: 'roughen', params: [], results: [], emit: (a, site) => { a.fixed(FIXED.std); a.ri(X.mov, 4, RAX, 0x7f80); a.push(RAX); a.m(X.ldmxcsr, 4, a.at(RSP)); site('user'); a.fixed(FIXED.ud2); } },
  { name: 'fillForever', params: ['ptr', 'i32', 'i32'], results: [], frameSize: 32, emit: (a) => {
    const l = a.code.newLabel();
    a.ri(X.sub, 8, RSP, 32);
    a.mr(X.mov, 8, a.at(RSP), RDI); a.mr(X.mov, 8, a.at(RSP, 8), RSI); a.mr(X.mov, 8, a.at(RSP, 16), RDX);
    a.code.bind(l);
    a.rm(X.mov, 8, RDI, a.at(RSP)); a.rm(X.mov, 8, RSI, a.at(RSP, 8)); a.rm(X.mov, 8, RDX, a.at(RSP, 16));
    a.m(X.callIndirect, 8, a.gs(CTX.fillThunk));
    a.jmp(l);
  } },
  { name: 'sumTo', params: ['i64'], results: ['i64'], emit: (a) => {
    const l = a.code.newLabel();
    a.rr(X.xor, 4, RAX, RAX); a.code.bind(l); a.rr(X.add, 8, RAX, RDI); a.r(X.dec, 8, RDI); a.jcc(CC.ne, l); a.fixed(FIXED.ret);
  } },
  { name: 'mixed', params: ['i32', 'f64', 'i64', 'f32', 'i8', 'i1', 'ptr'], results: ['f32', 'f64', 'i1', 'i8', 'i64', 'i32', 'ptr'], emit: (a) => {
    // Integer arguments edi i32, rsi i64, edx i8, ecx i1, r8 ptr; floats xmm0 f64, xmm1 f32. Results: rax i1, rdx i8, rcx i64, rdi i32, rsi ptr; xmm0 f32, xmm1 f64.
    a.rr(X.mov, 8, RAX, RCX); a.rr(X.mov, 8, RCX, RSI); a.rr(X.mov, 8, RSI, 8);
    a.vv(X.movaps, XMM0 + 2, XMM0); a.vv(X.movaps, XMM0, XMM0 + 1); a.vv(X.movaps, XMM0 + 1, XMM0 + 2);
    a.fixed(FIXED.ret);
  } },
  { name: 'nineIntegers', params: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i32', 'i64'], results: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'i32', 'i64'], emit: (a) => {
    // Arguments 6, 7, 8 are in the overflow area, and so are results 6, 7, 8: left as they are. Results 0 to 5: rax rdx rcx rdi rsi r8.
    a.rr(X.mov, 8, RAX, RDI); a.rr(X.mov, 8, R11, RDX); a.rr(X.mov, 8, RDX, RSI); a.rr(X.xchg, 8, RCX, R11); a.rr(X.mov, 8, RDI, R11);
    a.rr(X.mov, 8, RSI, 8); a.rr(X.mov, 8, 8, 9); a.fixed(FIXED.ret);
  } },
];

/** Calls import `index` with this function's own arguments. */
export function callImport(a: Assembler, index: number): void {
  a.ri(X.sub, 8, RSP, 8);
  a.ri(X.mov, 4, R11, index);
  a.m(X.callIndirect, 8, a.gs(CTX.importThunk));
  a.ri(X.add, 8, RSP, 8);
  a.fixed(FIXED.ret);
}

export const CALL0: Import = { name: 'host0', kind: 'js', capability: 'none', params: ['i32'], results: ['i32'], loc: 0 };

export interface Bench { readonly arena: CodeArena; readonly thread: GuestThread; instance(options?: Partial<InstanceOptions>, image?: Partial<ModuleImage>): Instance; close(): void }

/** A thread, an arena and instances of the hand-written module in this JavaScript thread. */
export function bench(functions: readonly HandFunction[] = HAND_FUNCTIONS, imports: readonly Import[] = [CALL0], stackSize?: number): Bench {
  const arena = new CodeArena(nativeBridge());
  const thread = new GuestThread({ stubs: hostTarget().stubs, ...(stackSize === undefined ? {} : { stackSize }) });
  const assembled = assemble(functions, imports), block = arena.publish(assembled.code);
  return {
    arena, thread,
    instance: (options = {}, image = {}) => new Instance({ ...assembled.image(block.address), ...image }, { thread, imports: { host0: (x: number) => x }, ...options }),
    close: () => { thread.dispose(); block.release(); arena.dispose(); },
  };
}

/**
 * Lines of /proc/self/maps, open descriptors, threads. Anonymous writable mappings are left out: V8's heap comes and
 * goes in them, while each of ours (stacks, memories) has an inaccessible guard beside it that is counted.
 */
export async function footprint(): Promise<{ maps: number; fds: number; threads: number }> {
  const { readFileSync, readdirSync } = await import('node:fs');
  return { maps: readFileSync('/proc/self/maps', 'latin1').split('\n').filter((l) => !/ rw-p [0-9a-f]+ 00:00 0\s*$/.test(l)).length, fds: readdirSync('/proc/self/fd').length, threads: readdirSync('/proc/self/task').length };
}
