/**
 * Every form of the x86-64 instruction table with representative operands: the text for GNU as and the call that
 * should give the same instruction. `regenerate.ts` writes the goldens from it, `encodings.spec.ts` holds us to them.
 */
import { CC_NAMES, FIXED, X, type Form, type Shape } from '../../backends/x86_64/forms.ts';
import { FPU_AND_STATE, MEMORY, SIZED_SHAPES, VECTOR_SHAPES } from './case-groups.ts';
import { Mem } from '../../backends/x86_64/memory-operand.ts';
import type { VectorAssembler } from '../../backends/x86_64/vector-assembler.ts';
import { avxCases } from './avx-cases.ts';
import { NARROW, registerName, sizeWord, type MemoryCase } from './operands.ts';

export interface EncodingCase {
  /** Intel syntax, as GNU as reads it. */
  readonly text: string;
  emit(asm: VectorAssembler): void;
}

/** Cases by golden file, and the names of table rows they cover. */
export interface EncodingCases { readonly groups: ReadonlyMap<string, readonly EncodingCase[]>; readonly covered: ReadonlySet<string> }

type XName = keyof typeof X;
/** A form whose shapes were checked by the tables of case-groups. */
type AnyForm = Form<Shape>;

const PAIRS: readonly (readonly [number, number])[] = [[0, 1], [7, 8], [9, 6], [12, 13], [5, 4], [15, 0]];
const VECTOR_PAIRS: readonly (readonly [number, number])[] = [[32, 33], [39, 40], [41, 38], [47, 47], [32, 44]];

export function encodingCases(): EncodingCases {
  const groups = new Map<string, EncodingCase[]>(), covered = new Set<string>();
  let group: EncodingCase[] = [];
  let spin = 0;
  const open = (name: string): void => { groups.set(name, group = groups.get(name) ?? []); };
  const add = (text: string, emit: (a: VectorAssembler) => void): void => { group.push({ text, emit }); };
  const someMemory = (count: number): MemoryCase[] => Array.from({ length: count }, () => NARROW[spin++ % NARROW.length]);

  // Every addressing form, with one instruction of each of the encoder's paths.
  open('memory');
  for (const m of MEMORY) {
    add(`mov rax, QWORD PTR ${m.text}`, (a) => a.rm(X.mov, 8, 0, m.operand(a)));
    add(`mov BYTE PTR ${m.text}, r14b`, (a) => a.mr(X.mov, 1, m.operand(a), 14));
    add(`movsd xmm9, QWORD PTR ${m.text}`, (a) => a.vm(X.movsd, 41, m.operand(a)));
    add(`vaddsd xmm1, xmm10, QWORD PTR ${m.text}`, (a) => a.binaryM(X.addsd, 16, 33, 42, m.operand(a)));
    add(`add DWORD PTR ${m.text}, 1000`, (a) => a.mi(X.add, 4, m.operand(a), 1000));
    add(`lea rdx, ${m.text}`, (a) => a.rm(X.lea, 8, 2, m.operand(a)));
  }
  // Every pair of base and index.
  for (let base = 0; base < 16; base++) {
    for (let index = 0; index < 16; index++) {
      if (index === 4) continue;
      const scale = [1, 2, 4, 8][(base + index) & 3], disp = [0, 16, -1024][(base * 3 + index) % 3];
      const text = `[${registerName(base, 8)}+${registerName(index, 8)}*${scale}${disp === 0 ? '' : disp < 0 ? disp : `+${disp}`}]`;
      add(`lea rdi, ${text}`, (a) => a.rm(X.lea, 8, 7, a.indexed(base, index, scale, disp)));
    }
  }
  // Every register in every place, byte registers included.
  open('registers');
  for (let i = 0; i < 16; i++) {
    const j = (i * 5 + 3) & 15;
    for (const size of [1, 2, 4, 8]) {
      add(`mov ${registerName(i, size)}, ${registerName(j, size)}`, (a) => a.rr(X.mov, size, i, j));
      add(`xor ${registerName(i, size)}, 100`, (a) => a.ri(X.xor, size, i, 100));
    }
    for (let k = 0; k < 16; k++) add(`movzx ${registerName(i, 4)}, ${registerName(k, 1)}`, (a) => a.rr(X.movzx8, 4, i, k));
    add(`mulsd ${registerName(32 + i, 16)}, ${registerName(32 + j, 16)}`, (a) => a.vv(X.mulsd, 32 + i, 32 + j));
    for (let k = 0; k < 16; k += 3) {
      add(`vmulsd ${registerName(32 + i, 16)}, ${registerName(32 + j, 16)}, ${registerName(32 + k, 16)}`, (a) => a.binary(X.mulsd, 16, 32 + i, 32 + j, 32 + k));
    }
    add(`push ${registerName(i, 8)}`, (a) => a.push(i));
    add(`pop ${registerName(i, 8)}`, (a) => a.pop(i));
    for (const size of [4, 8]) add(`bswap ${registerName(i, size)}`, (a) => a.bswap(size, i));
    for (const size of [1, 2, 4]) add(`mov ${registerName(i, size)}, ${size === 1 ? 99 : 1234}`, (a) => a.ri(X.mov, size, i, size === 1 ? 99 : 1234));
    add(`mov ${registerName(i, 4)}, 0xfedcba98`, (a) => a.movRI64(i, 0xfedcba98, 0));
    add(`mov ${registerName(i, 8)}, -2`, (a) => a.movRI64(i, -2, -1));
    add(`movabs ${registerName(i, 8)}, 0x123456789abcdef0`, (a) => a.movRI64(i, 0x9abcdef0, 0x12345678));
    add(`movabs ${registerName(i, 8)}, 5`, (a) => a.movabs(i, 5, 0));
  }
  for (const imm of [0, 127, -128, 128, -129, 0x7fffffff, -0x80000000]) add(`push ${imm}`, (a) => a.pushI(imm));

  for (let cc = 0; cc < 16; cc++) {
    open('conditions');
    for (const r of [0, 4, 6, 9]) add(`set${CC_NAMES[cc]} ${registerName(r, 1)}`, (a) => a.setcc(cc, r));
    for (const m of someMemory(2)) add(`set${CC_NAMES[cc]} BYTE PTR ${m.text}`, (a) => a.setccM(cc, m.operand(a)));
    for (const size of [2, 4, 8]) {
      for (const [p, q] of PAIRS) add(`cmov${CC_NAMES[cc]} ${registerName(p, size)}, ${registerName(q, size)}`, (a) => a.cmov(cc, size, p, q));
      for (const m of someMemory(2)) add(`cmov${CC_NAMES[cc]} ${registerName(cc, size)}, ${sizeWord(size)} PTR ${m.text}`, (a) => a.cmovM(cc, size, cc, m.operand(a)));
    }
  }

  for (const row of SIZED_SHAPES) {
    open(row.file);
    for (const name of row.names.split(' ') as XName[]) {
      covered.add(name);
      const f = X[name] as AnyForm, mnemonic = row.mnemonics?.[name] ?? name;
      const firstName = (r: number, size: number): string => row.first === undefined ? registerName(r, size) : row.first(r, size);
      const lastName = (r: number, size: number): string => row.last === undefined ? registerName(r, size) : row.last(r, size, name);
      const word = (size: number): string => {
        const w = row.memoryWord?.(size, name) ?? sizeWord(size);
        return w === '' ? '' : `${w} PTR `;
      };
      const vectorFirst = row.firstVector === true ? 32 : 0, vectorLast = row.lastVector === true ? 32 : 0;
      for (const size of row.sizes) {
        for (const shape of row.shapes.split(' ') as Shape[]) {
          const memories = someMemory(row.memories ?? 4);
          switch (shape) {
            case 'r':
              for (const [p] of PAIRS) add(`${mnemonic} ${registerName(p, size)}`, (a) => a.r(f, size, p));
              break;
            case 'm':
              for (const m of memories) add(`${mnemonic} ${word(size)}${m.text}`, (a) => a.m(f, size, m.operand(a)));
              break;
            case 'rr':
              for (const [p, q] of PAIRS) add(`${mnemonic} ${firstName(vectorFirst + p, size)}, ${lastName(vectorLast + q, size)}`, (a) => a.rr(f, size, vectorFirst + p, vectorLast + q));
              break;
            case 'rm':
              for (const [i, m] of memories.entries()) add(`${mnemonic} ${firstName(vectorFirst + PAIRS[i][0], size)}, ${word(size)}${m.text}`, (a) => a.rm(f, size, vectorFirst + PAIRS[i][0], m.operand(a)));
              break;
            case 'mr':
              for (const [i, m] of memories.entries()) add(`${mnemonic} ${word(size)}${m.text}, ${lastName(vectorLast + PAIRS[i][1], size)}`, (a) => a.mr(f, size, m.operand(a), vectorLast + PAIRS[i][1]));
              break;
            case 'ri':
              for (const imm of row.immediates(size)) for (const p of [0, 6, 13]) add(`${mnemonic} ${registerName(p, size)}, ${imm}`, (a) => a.ri(f, size, p, imm));
              break;
            case 'mi':
              for (const imm of row.immediates(size)) {
                const [m] = someMemory(1);
                add(`${mnemonic} ${word(size)}${m.text}, ${imm}`, (a) => a.mi(f, size, m.operand(a), imm));
              }
              break;
            case 'rri':
              for (const [i, imm] of row.immediates(size).entries()) {
                const [p, q] = PAIRS[i % PAIRS.length];
                add(`${mnemonic} ${firstName(vectorFirst + p, size)}, ${lastName(vectorLast + q, size)}, ${imm}`, (a) => a.rri(f, size, vectorFirst + p, vectorLast + q, imm));
              }
              break;
            case 'rmi':
              for (const [i, imm] of row.immediates(size).entries()) {
                const [m] = someMemory(1), p = PAIRS[i % PAIRS.length][0];
                add(`${mnemonic} ${firstName(vectorFirst + p, size)}, ${word(size)}${m.text}, ${imm}`, (a) => a.rmi(f, size, vectorFirst + p, m.operand(a), imm));
              }
              break;
            case 'mri':
              for (const [i, imm] of row.immediates(size).entries()) {
                const [m] = someMemory(1), q = PAIRS[i % PAIRS.length][1];
                add(`${mnemonic} ${word(size)}${m.text}, ${lastName(vectorLast + q, size)}, ${imm}`, (a) => a.mri(f, size, m.operand(a), vectorLast + q, imm));
              }
              break;
            case 'rc':
              for (const [p] of PAIRS) add(`${mnemonic} ${registerName(p, size)}, cl`, (a) => a.rc(f, size, p));
              break;
            case 'mc':
              for (const m of memories) add(`${mnemonic} ${word(size)}${m.text}, cl`, (a) => a.mc(f, size, m.operand(a)));
              break;
            case 'rrc':
              for (const [p, q] of PAIRS) add(`${mnemonic} ${registerName(p, size)}, ${registerName(q, size)}, cl`, (a) => a.rrc(f, size, p, q));
              break;
            case 'mrc':
              for (const [i, m] of memories.entries()) add(`${mnemonic} ${word(size)}${m.text}, ${registerName(PAIRS[i][1], size)}, cl`, (a) => a.mrc(f, size, m.operand(a), PAIRS[i][1]));
              break;
            case 'rrr':
              for (const [i, [p, q]] of PAIRS.entries()) {
                const t = PAIRS[(i + 3) % PAIRS.length][1];
                add(`${mnemonic} ${firstName(vectorFirst + p, size)}, ${firstName(q, size)}, ${registerName(t, size)}`, (a) => a.rrr(f, size, vectorFirst + p, q, t));
              }
              break;
            case 'rmr':
              for (const [i, m] of memories.entries()) add(`${mnemonic} ${registerName(PAIRS[i][0], size)}, ${word(size)}${m.text}, ${registerName(PAIRS[i][1], size)}`, (a) => a.rmr(f, size, PAIRS[i][0], m.operand(a), PAIRS[i][1]));
              break;
            case 'rrm':
              for (const [i, m] of memories.entries()) add(`${mnemonic} ${firstName(vectorFirst + PAIRS[i][0], size)}, ${firstName(PAIRS[i][1], size)}, ${word(size)}${m.text}`, (a) => a.rrm(f, size, vectorFirst + PAIRS[i][0], PAIRS[i][1], m.operand(a)));
              break;
            default: throw new Error(`no cases for shape ${shape}`);
          }
        }
      }
    }
  }

  for (const row of VECTOR_SHAPES) {
    open(row.file);
    for (const name of row.names.split(' ') as XName[]) {
      covered.add(name);
      const f = X[name] as AnyForm, mnemonic = name === 'movqStore' ? 'movq' : name.replace(/(By|Into)$/, '');
      const word = row.memory === '' ? '' : `${row.memory} PTR `;
      const tail = row.implicit ?? '';
      for (const shape of row.shapes.split(' ') as Shape[]) {
        const memories = someMemory(3);
        const v = (r: number): string => registerName(r, 16);
        switch (shape) {
          case 'vv':
            for (const [p, q] of VECTOR_PAIRS) add(`${mnemonic} ${v(p)}, ${v(q)}${tail}`, (a) => a.vv(f, p, q));
            break;
          case 'vm':
            for (const [i, m] of memories.entries()) add(`${mnemonic} ${v(VECTOR_PAIRS[i][0])}, ${word}${m.text}${tail}`, (a) => a.vm(f, VECTOR_PAIRS[i][0], m.operand(a)));
            break;
          case 'mv':
            for (const [i, m] of memories.entries()) add(`${mnemonic} ${word}${m.text}, ${v(VECTOR_PAIRS[i][1])}`, (a) => a.mv(f, m.operand(a), VECTOR_PAIRS[i][1]));
            break;
          case 'vi':
            for (const [i, [p]] of VECTOR_PAIRS.entries()) add(`${mnemonic} ${v(p)}, ${i * 7}`, (a) => a.vi(f, p, i * 7));
            break;
          case 'vvi':
            for (const [i, [p, q]] of VECTOR_PAIRS.entries()) add(`${mnemonic} ${v(p)}, ${v(q)}, ${i + 1}`, (a) => a.vvi(f, p, q, i + 1));
            break;
          case 'vmi':
            for (const [i, m] of memories.entries()) add(`${mnemonic} ${v(VECTOR_PAIRS[i][0])}, ${word}${m.text}, ${i + 4}`, (a) => a.vmi(f, VECTOR_PAIRS[i][0], m.operand(a), i + 4));
            break;
          default: throw new Error(`no cases for vector shape ${shape}`);
        }
      }
    }
  }

  avxCases((name) => covered.add(name), open, add);
  open('avx128');
  // Moves, halves, whole constants.
  for (const bytes of [16, 32]) {
    open(bytes === 16 ? 'avx128' : 'avx256');
    const v = (r: number): string => `${bytes === 32 ? 'y' : 'x'}mm${r - 32}`, word = bytes === 32 ? 'YMMWORD' : 'XMMWORD';
    for (const [p, q] of VECTOR_PAIRS) if (p !== q) add(`vmovaps ${v(p)}, ${v(q)}`, (a) => a.moveVector(bytes, p, q));
    for (const m of someMemory(3)) {
      add(`vmovups ${v(41)}, ${word} PTR ${m.text}`, (a) => a.loadVector(bytes, 41, m.operand(a)));
      add(`vmovups ${word} PTR ${m.text}, ${v(35)}`, (a) => a.storeVector(bytes, m.operand(a), 35));
    }
    add(`vpcmpeqd ${v(44)}, ${v(44)}, ${v(44)}`, (a) => a.onesVector(bytes, 44));
  }
  open('avx128');
  add('vxorps xmm3, xmm3, xmm3', (a) => a.zeroVector(35));
  for (const m of someMemory(2)) {
    add(`vmovss xmm1, DWORD PTR ${m.text}`, (a) => a.loadVector(4, 33, m.operand(a)));
    add(`vmovsd QWORD PTR ${m.text}, xmm9`, (a) => a.storeVector(8, m.operand(a), 41));
    add(`vmovhps xmm2, xmm13, QWORD PTR ${m.text}`, (a) => a.binaryM(X.movhps, 16, 34, 45, m.operand(a)));
    add(`vmovhps QWORD PTR ${m.text}, xmm13`, (a) => a.storeHalf(X.movhps, m.operand(a), 45));
    add(`vmovlps QWORD PTR ${m.text}, xmm3`, (a) => a.storeHalf(X.movlps, m.operand(a), 35));
    add(`vcvtsi2sd xmm2, xmm13, QWORD PTR ${m.text}`, (a) => a.scalarFromIntM(X.cvtsi2sd, 8, 34, 45, m.operand(a)));
    add(`vmovd xmm2, DWORD PTR ${m.text}`, (a) => a.fromIntM(X.movd, 4, 34, m.operand(a)));
  }
  for (const name of ['vpblendvb', 'vblendvps', 'vblendvpd']) covered.add(name);

  open('state');
  for (const [name, word] of Object.entries(FPU_AND_STATE)) {
    covered.add(name);
    const f = X[name as XName] as AnyForm;
    for (const m of someMemory(6)) add(`${name} ${word}${m.text}`, (a) => a.m(f, 4, m.operand(a)));
  }
  for (const [name, bytes] of Object.entries(FIXED)) add(name.replace('_', ' '), (a) => a.fixed(bytes));
  for (const size of [1, 2, 4, 8]) {
    const lockable = new Mem().indexed(12, 13, 4, 64);
    const text = `${sizeWord(size)} PTR [r12+r13*4+64], ${registerName(6, size)}`;
    for (const name of ['add', 'and', 'or', 'xor', 'sub', 'xadd', 'cmpxchg'] as const) {
      add(`lock ${name} ${text}`, (a) => { a.lock(); a.mr(X[name], size, lockable, 6); });
    }
  }
  return { groups, covered };
}
