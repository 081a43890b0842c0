/** Code as errors quote it: short, whatever it is. */
import type { Edge, Instruction, Terminator } from './instruction.ts';
import { mapEdges } from './operands.ts';
import { formatInstruction, formatTerminator } from './printer.ts';
import { HUGE_BIGINT, show } from './show.ts';
import type { Signature } from './types.ts';

const MAX_TEXT = 160;

/** The text of an instruction, or else of a terminator; empty when it has none that helps. */
export function codeText(i: Instruction | undefined, t: Terminator | undefined): string {
  // A constant of a million digits would take long to print, and nobody would read it.
  if (i?.kind === 'const' && show(i.value) === HUGE_BIGINT) return '';
  if (t?.kind === 'switch' && t.cases.some((c) => show(c.value) === HUGE_BIGINT)) return '';
  try {
    const text = i !== undefined ? formatInstruction(presentable(i)) : t !== undefined ? formatTerminator(presentableEnd(t)) : '';
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  } catch {
    return ''; // Too malformed to print: the message says what is wrong.
  }
}

/**
 * The instruction with what an error shows of it: a name of 65,536 characters or a list of a million operands would be
 * written out (and kept, as a part of a string keeps all of it) for each of thousands of errors.
 */
function presentable(i: Instruction): Instruction {
  switch (i.kind) {
    case 'call': return { ...i, callee: show(i.callee), args: i.args.slice(0, MAX_TEXT) };
    case 'call_indirect': return { ...i, signature: cut(i.signature), args: i.args.slice(0, MAX_TEXT) };
    case 'global_addr': return { ...i, global: show(i.global) };
    case 'vector': return { ...i, args: i.args.slice(0, MAX_TEXT) };
    case 'shuffle': return { ...i, mask: i.mask.slice(0, MAX_TEXT) };
    case 'stack_map': case 'patch_point': return { ...i, live: i.live.slice(0, MAX_TEXT) };
    default: return i;
  }
}

function presentableEnd(t: Terminator): Terminator {
  const cutEdge = (e: Edge): Edge => ({ block: e.block, args: e.args.slice(0, MAX_TEXT) });
  switch (t.kind) {
    case 'jump': case 'br': return mapEdges(t, cutEdge);
    case 'switch': {
      const cases = t.cases.slice(0, MAX_TEXT).map((c) => ({ value: c.value, target: cutEdge(c.target) }));
      return { ...t, cases, default: cutEdge(t.default) };
    }
    case 'ret': return { ...t, args: t.args.slice(0, MAX_TEXT) };
    case 'tail_call': return { ...t, callee: show(t.callee), args: t.args.slice(0, MAX_TEXT) };
    case 'tail_call_indirect': return { ...t, signature: cut(t.signature), args: t.args.slice(0, MAX_TEXT) };
    default: return t;
  }
}
function cut(s: Signature): Signature { return { params: s.params.slice(0, MAX_TEXT), results: s.results.slice(0, MAX_TEXT) }; }
