/** Asks the processor and the system which features there are: machine code to run, and how to read what it wrote. */
import { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { X86_64_CODE } from './code-target.ts';
import { R8, RAX, RBX, RCX, RDI, RDX } from './convention.ts';
import { Assembler } from './encoder.ts';
import { featureSet, type X86Feature, type X86Features } from './features.ts';
import { CC, FIXED, X } from './forms.ts';

/** Words that {@link cpuidProbe} writes. */
export const PROBE_WORDS = 6;

/**
 * Machine code of `void probe(uint32_t words[6])`, C convention: the largest basic leaf, ECX and EDX of leaf 1, the
 * low half of XCR0 (0 when the system has not turned XSAVE on), EBX of leaf 7, ECX of leaf 0x80000001; 0 where the
 * processor has no such leaf (Intel SDM vol. 2A, CPUID; vol. 1, 13.2).
 */
export function cpuidProbe(): Uint8Array {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  const noXsave = code.newLabel(), noLeaf7 = code.newLabel(), noExtended = code.newLabel();
  code.beginFunction(-1, 16);
  asm.rr(X.mov, 8, R8, RBX);
  for (let k = 0; k < PROBE_WORDS; k++) asm.mi(X.mov, 4, asm.at(RDI, 4 * k), 0);
  asm.rr(X.xor, 4, RAX, RAX);
  asm.fixed(FIXED.cpuid);
  asm.mr(X.mov, 4, asm.at(RDI), RAX);
  asm.ri(X.mov, 4, RAX, 1);
  asm.fixed(FIXED.cpuid);
  asm.mr(X.mov, 4, asm.at(RDI, 4), RCX);
  asm.mr(X.mov, 4, asm.at(RDI, 8), RDX);
  asm.ri(X.bt, 4, RCX, 27); // OSXSAVE
  asm.jcc(CC.ae, noXsave);
  asm.rr(X.xor, 4, RCX, RCX);
  asm.fixed(FIXED.xgetbv);
  asm.mr(X.mov, 4, asm.at(RDI, 12), RAX);
  code.bind(noXsave);
  asm.mi(X.cmp, 4, asm.at(RDI), 7);
  asm.jcc(CC.b, noLeaf7);
  asm.ri(X.mov, 4, RAX, 7);
  asm.rr(X.xor, 4, RCX, RCX);
  asm.fixed(FIXED.cpuid);
  asm.mr(X.mov, 4, asm.at(RDI, 16), RBX);
  code.bind(noLeaf7);
  asm.ri(X.mov, 4, RAX, -0x80000000);
  asm.fixed(FIXED.cpuid);
  asm.ri(X.cmp, 4, RAX, -0x7fffffff);
  asm.jcc(CC.b, noExtended);
  asm.ri(X.mov, 4, RAX, -0x7fffffff);
  asm.fixed(FIXED.cpuid);
  asm.mr(X.mov, 4, asm.at(RDI, 20), RCX);
  code.bind(noExtended);
  asm.rr(X.mov, 8, RBX, R8);
  asm.fixed(FIXED.ret);
  code.endFunction();
  return code.finish().code;
}

/**
 * The feature set that the probe's words tell.
 *
 * @example
 * featureNames(featuresOfWords(new Uint32Array(PROBE_WORDS))) // => []
 */
export function featuresOfWords(words: Uint32Array): X86Features {
  const [, c1, , xcr0, b7, extended] = words, names: X86Feature[] = [];
  const add = (name: X86Feature, word: number, bit: number): void => { if ((word >>> bit & 1) === 1) names.push(name); };
  add('sse3', c1, 0);
  add('ssse3', c1, 9);
  add('sse4_1', c1, 19);
  add('sse4_2', c1, 20);
  add('popcnt', c1, 23);
  add('lzcnt', extended, 5);
  add('bmi1', b7, 3);
  add('bmi2', b7, 8);
  // The system must save XMM (bit 1) and the upper halves (bit 2).
  if ((xcr0 & 6) === 6) {
    add('avx', c1, 28);
    add('avx2', b7, 5);
    add('fma', c1, 12);
  }
  return featureSet(names);
}
