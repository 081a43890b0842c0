/** The body of one function in the binary format: local declarations, instructions, labels as depths. */
import { IntBuffer } from '../../lib/codegen/growable.ts';
import { ByteWriter } from './byte-writer.ts';
import type { CodeList } from './code-list.ts';
import { TYPE_BYTES } from './nodes.ts';
import { OP, hasMemoryArgument } from './opcodes.ts';

/** Block type of a construct without parameters and results. */
const EMPTY = 0x40;

/**
 * Appends the body, without its size.
 *
 * @param sites - gets (offset in `out`, site, location) for every instruction that can trap and every call
 * @param types - wasm types of the locals that are not parameters
 * @param results - block type of a construct that gives the function's results
 * @returns the most constructs that are open at a time
 */
export function encodeBody(out: ByteWriter, code: CodeList, types: readonly number[], sites: IntBuffer, results: number): number {
  encodeLocals(out, types);
  const op = code.op.data, a = code.a.data, b = code.b.data, site = code.site.data;
  // Nesting depth at which each label was opened, and per open construct whether it was dropped.
  const depthOf = new Map<number, number>(), dropped: boolean[] = [];
  let depth = 0, deepest = 0;
  const relative = (label: number): number => depth - depthOf.get(label)!;
  for (let k = 0; k < code.length; k++) {
    const o = op[k];
    if (site[k] !== 0) { sites.push(out.length); sites.push(site[k]); sites.push(code.loc.data[k]); }
    switch (o) {
      case OP.block: case OP.loop: case OP.if: {
        const drop = o === OP.block && code.references[a[k] >> 1] === 0;
        dropped.push(drop);
        if (drop) break;
        if (++depth > deepest) deepest = depth;
        if (o !== OP.if) depthOf.set(a[k], depth);
        out.byte(o);
        if (o === OP.loop && b[k] === 1) out.s32(results); else out.byte(EMPTY);
        break;
      }
      case OP.end:
        if (dropped.pop()!) break;
        depth--;
        out.byte(o);
        break;
      case OP.br: case OP.brIf: out.byte(o); out.u32(relative(a[k])); break;
      case OP.brTable: {
        const list = code.lists[a[k]];
        out.byte(o);
        out.u32(list.length - 1);
        for (const label of list) out.u32(relative(label));
        break;
      }
      case OP.i32Const: out.byte(o); out.s32(a[k]); break;
      case OP.i64Const: out.byte(o); out.s64(a[k], b[k]); break;
      case OP.f32Const: out.byte(o); out.word(a[k]); break;
      case OP.f64Const: out.byte(o); out.word(a[k]); out.word(b[k]); break;
      case OP.localGet: case OP.localSet: case OP.localTee: case OP.globalGet: case OP.globalSet: case OP.call: case OP.returnCall:
        out.byte(o); out.u32(a[k]); break;
      case OP.callIndirect: case OP.returnCallIndirect: out.byte(o); out.u32(a[k]); out.byte(0); break;
      case OP.memorySize: case OP.memoryGrow: out.byte(o); out.byte(0); break;
      default: encodeOther(out, code, k);
    }
  }
  out.byte(OP.end);
  return deepest;
}

function encodeOther(out: ByteWriter, code: CodeList, k: number): void {
  const o = code.op.data[k], a = code.a.data[k], b = code.b.data[k];
  if (o < 0x100) out.byte(o); else { out.byte(o >> 12); out.u32(o & 0xfff); }
  if (hasMemoryArgument(o)) { out.u32(b); out.u32(a); return; }
  if (o < 0xfc000) return;
  if (o === OP.memoryCopy) { out.byte(0); out.byte(0); }
  else if (o === OP.memoryFill || o === OP.atomicFence) out.byte(0);
  else if (o === OP.v128Const || o === OP.shuffle) out.bytes(code.lists[a]);
  // Lane numbers: extract and replace.
  else if (o >= 0xfd015 && o <= 0xfd022) out.byte(a);
}

function encodeLocals(out: ByteWriter, types: readonly number[]): void {
  const runs: [number, number][] = [];
  for (const t of types) {
    const last = runs[runs.length - 1] as [number, number] | undefined;
    if (last !== undefined && last[1] === t) last[0]++; else runs.push([1, t]);
  }
  out.u32(runs.length);
  for (const [n, t] of runs) { out.u32(n); out.byte(TYPE_BYTES[t]); }
}
