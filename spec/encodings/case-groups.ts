/** Which rows of the instruction table take which operand shapes, sizes and immediates in the encoding cases. */
import type { VectorShape, X } from '../../backends/x86_64/forms.ts';
import { everyMemoryCase, registerName } from './operands.ts';

type XName = keyof typeof X;

export const MEMORY = everyMemoryCase();

export interface SizedRow {
  readonly file: string;
  /** Names of table rows, with spaces between. */
  readonly names: string;
  readonly shapes: string;
  readonly sizes: readonly number[];
  immediates(size: number): readonly number[];
  /** Mnemonics that differ from the row's name. */
  readonly mnemonics?: Partial<Record<XName, string>>;
  /** Vector registers in the first or last place. */
  readonly firstVector?: true;
  readonly lastVector?: true;
  first?(r: number, size: number): string;
  last?(r: number, size: number, name: XName): string;
  memoryWord?(size: number, name: XName): string;
  readonly memories?: number;
}

const none = (): readonly number[] => [];
const counts = (size: number): readonly number[] => [1, 2, size * 8 - 1];
const aluImmediates = (size: number): readonly number[] =>
  size === 1 ? [0, 1, 127, -128] : size === 2 ? [0, 127, -128, 128, -129, 0x7fff] : [0, 1, 127, -128, 128, -129, 0x7fffffff, -0x80000000];
const lanes = (): readonly number[] => [0, 1, 2, 3];
const ALL = [1, 2, 4, 8], WORDS = [2, 4, 8], LARGE = [4, 8];
const dword = (r: number): string => registerName(r, 4);

export const SIZED_SHAPES: readonly SizedRow[] = [
  { file: 'integer', names: 'add or adc sbb and sub xor cmp', shapes: 'rr rm mr ri mi', sizes: ALL, immediates: aluImmediates },
  { file: 'integer', names: 'mov', shapes: 'rr rm mr mi', sizes: ALL, immediates: aluImmediates },
  { file: 'integer', names: 'mov', shapes: 'ri', sizes: [1, 2, 4, 8], immediates: aluImmediates },
  { file: 'integer', names: 'test', shapes: 'rr mr ri mi', sizes: ALL, immediates: aluImmediates },
  { file: 'integer', names: 'not neg mul imul1 div idiv inc dec', shapes: 'r m', sizes: ALL, immediates: none, mnemonics: { imul1: 'imul' } },
  { file: 'shifts', names: 'rol ror rcl rcr shl shr sar', shapes: 'ri mi rc mc', sizes: ALL, immediates: counts },
  { file: 'shifts', names: 'shld shrd', shapes: 'rri mri rrc mrc', sizes: WORDS, immediates: counts },
  { file: 'shifts', names: 'bt bts btr btc', shapes: 'rr mr ri mi', sizes: WORDS, immediates: counts },
  { file: 'integer', names: 'xchg xadd cmpxchg', shapes: 'rr mr', sizes: ALL, immediates: none },
  { file: 'integer', names: 'imul popcnt tzcnt lzcnt bsf bsr', shapes: 'rr rm', sizes: WORDS, immediates: none },
  { file: 'integer', names: 'imul3', shapes: 'rri rmi', sizes: WORDS, immediates: aluImmediates, mnemonics: { imul3: 'imul' } },
  { file: 'integer', names: 'lea', shapes: 'rm', sizes: LARGE, immediates: none, memories: 6, memoryWord: () => '' },
  { file: 'integer', names: 'movzx8 movsx8', shapes: 'rr rm', sizes: WORDS, immediates: none, mnemonics: { movzx8: 'movzx', movsx8: 'movsx' }, last: (r) => registerName(r, 1), memoryWord: () => 'BYTE' },
  { file: 'integer', names: 'movzx16 movsx16', shapes: 'rr rm', sizes: LARGE, immediates: none, mnemonics: { movzx16: 'movzx', movsx16: 'movsx' }, last: (r) => registerName(r, 2), memoryWord: () => 'WORD' },
  { file: 'integer', names: 'movsxd', shapes: 'rr rm', sizes: [8], immediates: none, last: dword, memoryWord: () => 'DWORD' },
  { file: 'integer', names: 'movbe', shapes: 'rm mr', sizes: WORDS, immediates: none },
  { file: 'bmi', names: 'shlx sarx shrx', shapes: 'rrr rmr', sizes: LARGE, immediates: none },
  { file: 'bmi', names: 'andn mulx pdep pext', shapes: 'rrr rrm', sizes: LARGE, immediates: none },
  { file: 'bmi', names: 'rorx', shapes: 'rri rmi', sizes: LARGE, immediates: counts },
  { file: 'integer', names: 'callIndirect jmpIndirect', shapes: 'r m', sizes: [8], immediates: none, mnemonics: { callIndirect: 'call', jmpIndirect: 'jmp' } },
  { file: 'integer', names: 'push pop', shapes: 'm', sizes: [8], immediates: none },
  { file: 'state', names: 'rdfsbase rdgsbase wrfsbase wrgsbase', shapes: 'r', sizes: LARGE, immediates: none },
  { file: 'crossing', names: 'cvtsi2ss cvtsi2sd', shapes: 'rr rm', sizes: LARGE, immediates: none, firstVector: true },
  { file: 'crossing', names: 'cvttss2si cvttsd2si cvtss2si cvtsd2si', shapes: 'rr rm', sizes: LARGE, immediates: none, lastVector: true, memoryWord: (_size, name) => name.includes('ss2si') ? 'DWORD' : 'QWORD' },
  { file: 'crossing', names: 'movd', shapes: 'rr rm', sizes: [4], immediates: none, firstVector: true },
  { file: 'crossing', names: 'movd', shapes: 'rr', sizes: [8], immediates: none, firstVector: true, mnemonics: { movd: 'movq' } },
  { file: 'crossing', names: 'movdOut', shapes: 'rr mr', sizes: [4], immediates: none, lastVector: true, mnemonics: { movdOut: 'movd' } },
  { file: 'crossing', names: 'movdOut', shapes: 'rr', sizes: [8], immediates: none, lastVector: true, mnemonics: { movdOut: 'movq' } },
  { file: 'crossing', names: 'movmskps movmskpd pmovmskb', shapes: 'rr', sizes: [4], immediates: none, lastVector: true },
  { file: 'crossing', names: 'pinsrb pinsrw', shapes: 'rri rmi', sizes: [4], immediates: lanes, firstVector: true, last: dword, memoryWord: (_size, name) => name === 'pinsrb' ? 'BYTE' : 'WORD' },
  { file: 'crossing', names: 'pinsrd', shapes: 'rri rmi', sizes: [4], immediates: lanes, firstVector: true },
  { file: 'crossing', names: 'pinsrd', shapes: 'rri rmi', sizes: [8], immediates: () => [0, 1], firstVector: true, mnemonics: { pinsrd: 'pinsrq' } },
  { file: 'crossing', names: 'pextrb pextrw extractps', shapes: 'rri mri', sizes: [4], immediates: lanes, lastVector: true, memoryWord: (_size, name) => name === 'pextrb' ? 'BYTE' : name === 'pextrw' ? 'WORD' : 'DWORD' },
  { file: 'crossing', names: 'pextrwSse2', shapes: 'rri', sizes: [4], immediates: lanes, lastVector: true, mnemonics: { pextrwSse2: 'pextrw' } },
  { file: 'crossing', names: 'pextrd', shapes: 'rri mri', sizes: [4], immediates: lanes, lastVector: true },
  { file: 'crossing', names: 'pextrd', shapes: 'rri mri', sizes: [8], immediates: () => [0, 1], lastVector: true, mnemonics: { pextrd: 'pextrq' } },
];

export interface VectorRow {
  readonly file: string;
  readonly names: string;
  readonly shapes: string;
  /** Size keyword of the memory operand. */
  readonly memory: string;
  /** Operand that the text shows and the encoding implies. */
  readonly implicit?: string;
}

const FMA_SS = '132 213 231'.split(' ').flatMap((n) => ['vfmadd', 'vfmsub', 'vfnmadd', 'vfnmsub'].map((p) => `${p}${n}ss`)).join(' ');

export const VECTOR_SHAPES: readonly VectorRow[] = [
  { file: 'sse', names: 'movss', shapes: 'vv vm mv', memory: 'DWORD' },
  { file: 'sse', names: 'movsd', shapes: 'vv vm mv', memory: 'QWORD' },
  { file: 'sse', names: 'addss subss mulss divss minss maxss sqrtss ucomiss comiss cvtss2sd', shapes: 'vv vm', memory: 'DWORD' },
  { file: 'sse', names: 'addsd subsd mulsd divsd minsd maxsd sqrtsd ucomisd comisd cvtsd2ss movq cvtdq2pd cvtps2pd', shapes: 'vv vm', memory: 'QWORD' },
  { file: 'sse', names: 'movqStore', shapes: 'mv', memory: 'QWORD' },
  { file: 'sse', names: 'cmpss roundss insertps', shapes: 'vvi vmi', memory: 'DWORD' },
  { file: 'sse', names: 'cmpsd roundsd', shapes: 'vvi vmi', memory: 'QWORD' },
  { file: 'sse', names: 'movaps movapd movups movupd movdqa movdqu', shapes: 'vv vm mv', memory: 'XMMWORD' },
  { file: 'sse', names: 'movhlps movlhps', shapes: 'vv', memory: '' },
  { file: 'sse', names: 'andps andpd andnps andnpd orps orpd xorps xorpd pand pandn por pxor', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'addps addpd subps subpd mulps mulpd divps divpd minps minpd maxps maxpd sqrtps sqrtpd', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'cmpps cmppd roundps roundpd shufps shufpd pshufd', shapes: 'vvi vmi', memory: 'XMMWORD' },
  { file: 'sse', names: 'unpcklps unpcklpd unpckhps unpckhpd punpcklbw punpcklwd punpckldq punpcklqdq punpckhbw punpckhwd punpckhdq punpckhqdq', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'paddb paddw paddd paddq psubb psubw psubd psubq pcmpeqb pcmpeqw pcmpeqd pcmpeqq pcmpgtb pcmpgtw pcmpgtd pcmpgtq', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'pmulld pmullw pmuludq pshufb ptest cvtdq2ps cvttps2dq cvttpd2dq cvtpd2ps', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'psrlw psrld psrlq psraw psrad psllw pslld psllq psrldq pslldq', shapes: 'vi', memory: '' },
  { file: 'sse', names: 'paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw pminub pmaxub pminsw pmaxsw pavgb pavgw', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'pminsb pmaxsb pminsd pmaxsd pminuw pmaxuw pminud pmaxud pabsb pabsw pabsd pmaddwd pmulhw pmulhuw pmuldq pmaddubsw', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'packsswb packssdw packuswb packusdw psllwBy pslldBy psllqBy psrlwBy psrldBy psrlqBy psrawBy psradBy', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'pmovsxbw pmovsxwd pmovsxdq pmovzxbw pmovzxwd pmovzxdq movddup', shapes: 'vv vm', memory: 'QWORD' },
  { file: 'sse', names: 'pmovsxbd pmovsxwq pmovzxbd pmovzxwq', shapes: 'vv vm', memory: 'DWORD' },
  { file: 'sse', names: 'pmovsxbq pmovzxbq', shapes: 'vv vm', memory: 'WORD' },
  { file: 'sse', names: 'movssInto movsdInto', shapes: 'vv', memory: '' },
  { file: 'sse', names: 'movshdup movsldup', shapes: 'vv vm', memory: 'XMMWORD' },
  { file: 'sse', names: 'movlps movhps', shapes: 'vm mv', memory: 'QWORD' },
  { file: 'sse', names: 'pshuflw pshufhw palignr pblendw blendps blendpd', shapes: 'vvi vmi', memory: 'XMMWORD' },
  { file: 'sse', names: 'blendvps blendvpd pblendvb', shapes: 'vv vm', memory: 'XMMWORD', implicit: ', xmm0' },
];

/** Rows in the shapes of the vector assembler, which writes them VEX-encoded here; at 256 bits too unless `only` says otherwise. */
export interface AvxRow {
  readonly names: string;
  readonly shape: VectorShape | 'loadOnly';
  /** Size keywords of the memory operand at 128 and at 256 bits; absent: no memory form. */
  readonly memory?: readonly [string, string];
  readonly only?: 128 | 256;
  /** Size of the general register. */
  readonly sizes?: readonly number[];
  /** Immediates, when they are few. */
  readonly immediates?: readonly number[];
  /** Vector operand that is 128 bits wide at 256: the source of a widening, the last of an insertion, the destination of an extraction. */
  readonly half?: 'source' | 'last' | 'destination';
}

const WHOLE = ['XMMWORD', 'YMMWORD'] as const;

export const AVX_SHAPES: readonly AvxRow[] = [
  { names: 'addss subss mulss divss minss maxss', shape: 'binary', memory: ['DWORD', ''], only: 128 },
  { names: 'addsd subsd mulsd divsd minsd maxsd', shape: 'binary', memory: ['QWORD', ''], only: 128 },
  { names: 'sqrtss cvtss2sd', shape: 'scalar', memory: ['DWORD', ''], only: 128 },
  { names: 'sqrtsd cvtsd2ss', shape: 'scalar', memory: ['QWORD', ''], only: 128 },
  { names: 'roundss roundsd', shape: 'scalarI', only: 128 },
  { names: 'cvtsi2ss cvtsi2sd', shape: 'scalarFromInt', sizes: [4, 8], only: 128 },
  { names: 'cvttss2si cvttsd2si cvtss2si cvtsd2si', shape: 'toInt', sizes: [4, 8], only: 128 },
  { names: 'movmskps movmskpd pmovmskb', shape: 'toInt', sizes: [4] },
  { names: 'movd', shape: 'fromInt', sizes: [4, 8], only: 128 },
  { names: 'movdOut', shape: 'toInt', sizes: [4, 8], only: 128 },
  { names: 'ucomiss comiss', shape: 'unary', memory: ['DWORD', ''], only: 128 },
  { names: 'ucomisd comisd', shape: 'unary', memory: ['QWORD', ''], only: 128 },
  { names: 'movq', shape: 'unary', memory: ['QWORD', ''], only: 128 },
  { names: 'andps andpd andnps andnpd orps orpd xorps xorpd pand pandn por pxor', shape: 'binary', memory: WHOLE },
  { names: 'addps addpd subps subpd mulps mulpd divps divpd minps minpd maxps maxpd', shape: 'binary', memory: WHOLE },
  { names: 'sqrtps sqrtpd ptest pabsb pabsw pabsd cvtdq2ps cvttps2dq movshdup movsldup', shape: 'unary', memory: WHOLE },
  { names: 'movddup', shape: 'unary', memory: ['QWORD', 'YMMWORD'] },
  { names: 'cvtdq2pd cvtps2pd pmovsxbw pmovsxwd pmovsxdq pmovzxbw pmovzxwd pmovzxdq', shape: 'unary', memory: ['QWORD', 'XMMWORD'], half: 'source' },
  { names: 'pmovsxbd pmovsxwq pmovzxbd pmovzxwq', shape: 'unary', memory: ['DWORD', 'QWORD'], half: 'source' },
  { names: 'pmovsxbq pmovzxbq', shape: 'unary', memory: ['WORD', 'DWORD'], half: 'source' },
  { names: 'movssInto movsdInto', shape: 'binary', only: 128 },
  { names: 'cvttpd2dq cvtpd2ps', shape: 'unary', memory: WHOLE, half: 'destination' },
  { names: 'cmpps cmppd shufps shufpd palignr pblendw blendps blendpd', shape: 'binaryI', memory: WHOLE },
  { names: 'cmpss insertps', shape: 'binaryI', memory: ['DWORD', ''], only: 128 },
  { names: 'cmpsd', shape: 'binaryI', memory: ['QWORD', ''], only: 128 },
  { names: 'roundps roundpd pshufd pshuflw pshufhw vpermilps vpermilpd', shape: 'unaryI', memory: WHOLE },
  { names: 'unpcklps unpcklpd unpckhps unpckhpd punpcklbw punpcklwd punpckldq punpcklqdq punpckhbw punpckhwd punpckhdq punpckhqdq', shape: 'binary', memory: WHOLE },
  { names: 'paddb paddw paddd paddq psubb psubw psubd psubq pcmpeqb pcmpeqw pcmpeqd pcmpeqq pcmpgtb pcmpgtw pcmpgtd pcmpgtq', shape: 'binary', memory: WHOLE },
  { names: 'pmulld pmullw pmuludq pshufb paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw pminub pmaxub pminsw pmaxsw pavgb pavgw', shape: 'binary', memory: WHOLE },
  { names: 'pminsb pmaxsb pminsd pmaxsd pminuw pmaxuw pminud pmaxud pmaddwd pmulhw pmulhuw pmuldq pmaddubsw packsswb packssdw packuswb packusdw', shape: 'binary', memory: WHOLE },
  { names: 'psllwBy pslldBy psllqBy psrlwBy psrldBy psrlqBy psrawBy psradBy', shape: 'binary', memory: ['XMMWORD', 'XMMWORD'], half: 'last' },
  { names: 'psrlw psrld psrlq psraw psrad psllw pslld psllq psrldq pslldq', shape: 'shiftI' },
  { names: 'movhlps movlhps', shape: 'binary', only: 128 },
  { names: 'pinsrb', shape: 'insertI', memory: ['BYTE', ''], sizes: [4], only: 128 },
  { names: 'pinsrw', shape: 'insertI', memory: ['WORD', ''], sizes: [4], only: 128 },
  { names: 'pinsrd', shape: 'insertI', memory: ['', ''], sizes: [4, 8], only: 128, immediates: [0, 1] },
  { names: 'pextrb', shape: 'extractI', memory: ['BYTE', ''], sizes: [4], only: 128 },
  { names: 'pextrw', shape: 'extractI', memory: ['WORD', ''], sizes: [4], only: 128 },
  { names: 'pextrwSse2', shape: 'extractI', sizes: [4], only: 128 },
  { names: 'pextrd', shape: 'extractI', memory: ['', ''], sizes: [4, 8], only: 128, immediates: [0, 1] },
  { names: 'extractps', shape: 'extractI', memory: ['DWORD', ''], sizes: [4], only: 128 },
  { names: 'vbroadcastss vpbroadcastd', shape: 'unary', memory: ['DWORD', 'DWORD'], half: 'source' },
  { names: 'vpbroadcastb', shape: 'unary', memory: ['BYTE', 'BYTE'], half: 'source' },
  { names: 'vpbroadcastw', shape: 'unary', memory: ['WORD', 'WORD'], half: 'source' },
  { names: 'vpbroadcastq', shape: 'unary', memory: ['QWORD', 'QWORD'], half: 'source' },
  { names: 'vbroadcastsd', shape: 'unary', memory: ['', 'QWORD'], half: 'source', only: 256 },
  { names: 'vbroadcastf128 vbroadcasti128', shape: 'loadOnly', memory: ['', 'XMMWORD'], only: 256 },
  { names: 'vinsertf128 vinserti128', shape: 'binaryI', memory: ['', 'XMMWORD'], half: 'last', only: 256, immediates: [0, 1] },
  { names: 'vextractf128 vextracti128', shape: 'unaryI', half: 'destination', only: 256, immediates: [0, 1] },
  { names: 'vperm2f128 vperm2i128', shape: 'binaryI', memory: ['', 'YMMWORD'], only: 256 },
  { names: 'vpermq vpermpd', shape: 'unaryI', memory: ['', 'YMMWORD'], only: 256 },
  { names: 'vpermd vpermps', shape: 'binary', memory: ['', 'YMMWORD'], only: 256 },
  { names: 'vpblendd', shape: 'binaryI', memory: WHOLE },
  { names: 'vpermilpsBy vpermilpdBy vpsllvd vpsllvq vpsrlvd vpsrlvq vpsravd', shape: 'binary', memory: WHOLE },
  { names: 'blendvps blendvpd pblendvb', shape: 'blend' },
  { names: FMA_SS, shape: 'ternary', memory: ['DWORD', ''], only: 128 },
  { names: FMA_SS.replaceAll('ss', 'sd'), shape: 'ternary', memory: ['QWORD', ''], only: 128 },
  { names: FMA_SS.replaceAll('ss', 'ps'), shape: 'ternary', memory: WHOLE },
  { names: FMA_SS.replaceAll('ss', 'pd'), shape: 'ternary', memory: WHOLE },
];

/** Memory-only instructions and the text before their operand. */
export const FPU_AND_STATE: Partial<Record<XName, string>> = {
  ldmxcsr: 'DWORD PTR ', stmxcsr: 'DWORD PTR ', fnstcw: 'WORD PTR ', fldcw: 'WORD PTR ', fxsave: '', fxrstor: '', prefetcht0: 'BYTE PTR ',
};
