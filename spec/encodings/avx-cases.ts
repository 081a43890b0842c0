/**
 * Cases of the vector assembler's shapes, VEX-encoded at 128 and 256 bits.
 *
 * Mnemonics are the rows' names with a `v` before them; three registers, memory in the last place.
 */
import { X, type Form } from '../../backends/x86_64/forms.ts';
import type { VectorAssembler } from '../../backends/x86_64/vector-assembler.ts';
import { AVX_SHAPES, type AvxRow } from './case-groups.ts';
import type { EncodingCase } from './cases.ts';
import { NARROW, registerName } from './operands.ts';

type XName = keyof typeof X;

const TRIPLES: readonly (readonly [number, number, number])[] = [[32, 33, 34], [39, 40, 47], [41, 38, 33], [47, 47, 32]];
const GENERAL = [0, 7, 12, 9];

function vector(r: number, bytes: number): string { return `${bytes === 32 ? 'y' : 'x'}mm${r - 32}`; }
function mnemonicOf(name: string, size: number): string {
  const plain = name.replace(/(By|Into|Out|Sse2)$/, '');
  if (plain === 'movd') return size === 8 ? 'vmovq' : 'vmovd';
  if (plain === 'pinsrd' || plain === 'pextrd') return `v${plain.slice(0, -1)}${size === 8 ? 'q' : 'd'}`;
  return plain.startsWith('v') ? plain : `v${plain}`;
}

/** Calls `add` with every case; `cover` with every name. */
export function avxCases(cover: (name: string) => void, open: (file: string) => void, add: (text: string, emit: EncodingCase['emit']) => void): void {
  let spin = 0;
  for (const bytes of [16, 32]) {
    open(bytes === 16 ? 'avx128' : 'avx256');
    for (const row of AVX_SHAPES) {
      if (row.only !== undefined && row.only !== bytes * 8) continue;
      for (const name of row.names.split(' ') as XName[]) {
        cover(name);
        for (const size of row.sizes ?? [4]) rowCases(row, name, bytes, size, () => NARROW[spin++ % NARROW.length], add);
      }
    }
  }
}

function rowCases(row: AvxRow, name: XName, bytes: number, size: number, memory: () => (typeof NARROW)[number], add: (text: string, emit: EncodingCase['emit']) => void): void {
  const f: Form = X[name], mnemonic = mnemonicOf(name, size), word = row.memory === undefined ? undefined : row.memory[bytes === 16 ? 0 : 1];
  const v = (r: number): string => vector(r, bytes), general = (r: number): string => registerName(r, size);
  const source = (r: number): string => vector(r, row.half === 'source' ? 16 : bytes), last = (r: number): string => vector(r, row.half === 'last' ? 16 : bytes);
  const destination = (r: number): string => vector(r, row.half === 'destination' ? 16 : bytes);
  const mem = (): { text: string; operand: (a: VectorAssembler) => ReturnType<(typeof NARROW)[number]['operand']> } => {
    const m = memory();
    return { text: `${word === '' ? (size === 8 ? 'QWORD' : 'DWORD') : word} PTR ${m.text}`, operand: (a) => m.operand(a) };
  };
  TRIPLES.forEach(([p, q, t], k) => {
    const r = GENERAL[k], imm = row.immediates === undefined ? 3 * k + 1 & (name.startsWith('pext') || name.startsWith('pins') ? 3 : 15) : row.immediates[k % row.immediates.length];
    switch (row.shape) {
      case 'binary': add(`${mnemonic} ${v(p)}, ${v(q)}, ${last(t)}`, (a) => a.binary(f as Form<'binary'>, bytes, p, q, t)); break;
      case 'binaryI': add(`${mnemonic} ${v(p)}, ${v(q)}, ${last(t)}, ${imm}`, (a) => a.binaryI(f as Form<'binaryI'>, bytes, p, q, t, imm)); break;
      case 'unary': add(`${mnemonic} ${destination(p)}, ${source(t)}`, (a) => a.unary(f as Form<'unary'>, bytes, p, t)); break;
      case 'unaryI': add(`${mnemonic} ${destination(p)}, ${v(t)}, ${imm}`, (a) => a.unaryI(f as Form<'unaryI'>, bytes, p, t, imm)); break;
      case 'scalar': add(`${mnemonic} ${v(p)}, ${v(q)}, ${v(t)}`, (a) => a.scalar(f as Form<'scalar'>, p, q, t)); break;
      case 'scalarI': add(`${mnemonic} ${v(p)}, ${v(q)}, ${v(t)}, ${imm}`, (a) => a.scalarI(f as Form<'scalarI'>, p, q, t, imm)); break;
      case 'shiftI': add(`${mnemonic} ${v(p)}, ${v(t)}, ${imm}`, (a) => a.shiftI(f as Form<'shiftI'>, bytes, p, t, imm)); break;
      case 'insertI': add(`${mnemonic} ${v(p)}, ${v(q)}, ${general(r)}, ${imm}`, (a) => a.insertI(f as Form<'insertI'>, size, p, q, r, imm)); break;
      case 'extractI': add(`${mnemonic} ${general(r)}, ${v(t)}, ${imm}`, (a) => a.extractI(f as Form<'extractI'>, size, r, t, imm)); break;
      case 'toInt': add(`${mnemonic} ${general(r)}, ${v(t)}`, (a) => a.toInt(f as Form<'toInt'>, size, r, t, bytes)); break;
      case 'fromInt': add(`${mnemonic} ${v(p)}, ${general(r)}`, (a) => a.fromInt(f as Form<'fromInt'>, size, p, r)); break;
      case 'scalarFromInt': add(`${mnemonic} ${v(p)}, ${v(q)}, ${general(r)}`, (a) => a.scalarFromInt(f as Form<'scalarFromInt'>, size, p, q, r)); break;
      case 'ternary': add(`${mnemonic} ${v(p)}, ${v(q)}, ${v(t)}`, (a) => a.ternary(f as Form<'ternary'>, bytes, p, q, t)); break;
      case 'blend': {
        const vexForm: Form<'blend'> = f === X.pblendvb ? X.vpblendvb : f === X.blendvps ? X.vblendvps : X.vblendvpd;
        add(`${mnemonic} ${v(p)}, ${v(q)}, ${v(t)}, ${v(79 - t)}`, (a) => a.blend(f as Form<'vv'>, vexForm, bytes, p, q, t, 79 - t));
        break;
      }
      case 'loadOnly': break;
      default: row.shape satisfies never;
    }
  });
  if (word === undefined) return;
  for (const [p, q] of TRIPLES.slice(0, 2)) {
    const m = mem(), imm = row.immediates?.[0] ?? 2;
    switch (row.shape) {
      case 'binary': add(`${mnemonic} ${v(p)}, ${v(q)}, ${m.text}`, (a) => a.binaryM(f as Form<'binary'>, bytes, p, q, m.operand(a))); break;
      case 'binaryI': add(`${mnemonic} ${v(p)}, ${v(q)}, ${m.text}, ${imm}`, (a) => a.binaryMI(f as Form<'binaryI'>, bytes, p, q, m.operand(a), imm)); break;
      case 'unary': case 'loadOnly': add(`${mnemonic} ${destination(p)}, ${m.text}`, (a) => a.unaryM(f as Form<'unary'>, bytes, p, m.operand(a))); break;
      case 'unaryI': add(`${mnemonic} ${v(p)}, ${m.text}, ${imm}`, (a) => a.unaryMI(f as Form<'unaryI'>, bytes, p, m.operand(a), imm)); break;
      case 'scalar': add(`${mnemonic} ${v(p)}, ${v(q)}, ${m.text}`, (a) => a.scalarM(f as Form<'scalar'>, p, q, m.operand(a))); break;
      case 'insertI': add(`${mnemonic} ${v(p)}, ${v(q)}, ${m.text}, ${imm}`, (a) => a.insertMI(f as Form<'insertI'>, size, p, q, m.operand(a), imm)); break;
      case 'extractI': add(`${mnemonic} ${m.text}, ${v(q)}, ${imm}`, (a) => a.extractToMemory(f as Form<'extractI'>, size, m.operand(a), q, imm)); break;
      case 'ternary': add(`${mnemonic} ${v(p)}, ${v(q)}, ${m.text}`, (a) => a.ternaryM(f as Form<'ternary'>, bytes, p, q, m.operand(a))); break;
      default: throw new Error(`no memory cases for ${row.shape}`);
    }
  }
}
