/**
 * Working copies of frozen modules.
 *
 * Reading an element of a frozen array costs V8 (11.3, Node 20) about 5 ns against 0.5, `slice` 35 ns an element against
 * 0.5, and a place in the code that meets frozen and ordinary arrays reads *both* at 10 ns. So whatever works through
 * a module many times copies its arrays once (about 15 ns an instruction in all) and reads those. Frozen instructions are no
 * slower than others and stay as they are.
 */
import type { Edge, Instruction, Terminator } from '../mir/instruction.ts';
import type { Block, MirFunction, Module } from '../mir/module.ts';
import type { Signature } from '../mir/types.ts';

/** The module with functions of ordinary arrays; the same object when it is not frozen. */
export function thawModule(m: Module): Module {
  if (!Object.isFrozen(m)) return m;
  const functions: MirFunction[] = [];
  for (const f of m.functions) functions.push(thawFunction(f));
  return { ...m, functions };
}

/** The function with ordinary arrays throughout; the same object when it is not frozen. */
export function thawFunction(f: MirFunction): MirFunction {
  if (!Object.isFrozen(f)) return f;
  const blocks: Block[] = [];
  for (const b of f.blocks) {
    const params = [...b.params], instructions = [...b.instructions], terminator = thawTerminator(b.terminator);
    for (let k = 0; k < instructions.length; k++) {
      const i = instructions[k];
      switch (i.kind) {
        case 'call': case 'call_indirect': case 'vector': case 'shuffle': case 'stack_map': case 'patch_point': instructions[k] = thawLists(i); break;
        default: break;
      }
    }
    blocks.push(b.name === undefined ? { params, instructions, terminator } : { params, instructions, terminator, name: b.name });
  }
  return { ...f, params: [...f.params], results: [...f.results], slots: [...f.slots], valueTypes: [...f.valueTypes], blocks };
}

function thawLists(i: Instruction): Instruction {
  switch (i.kind) {
    case 'call': return { kind: 'call', callee: i.callee, args: [...i.args], results: [...i.results], loc: i.loc };
    case 'call_indirect': return { ...i, signature: thawSignature(i.signature), args: [...i.args], results: [...i.results] };
    case 'vector': return { ...i, args: [...i.args] };
    case 'shuffle': return { ...i, mask: [...i.mask] };
    case 'stack_map': case 'patch_point': return { ...i, live: [...i.live] };
    default: return i;
  }
}

function thawTerminator(t: Terminator): Terminator {
  switch (t.kind) {
    case 'jump': return { kind: 'jump', target: thawEdge(t.target), loc: t.loc };
    case 'br': return { kind: 'br', condition: t.condition, then: thawEdge(t.then), else: thawEdge(t.else), loc: t.loc };
    case 'switch': return { ...t, cases: t.cases.map((c) => ({ value: c.value, target: thawEdge(c.target) })), default: thawEdge(t.default) };
    case 'ret': return { kind: 'ret', args: [...t.args], loc: t.loc };
    case 'tail_call': return { ...t, args: [...t.args] };
    case 'tail_call_indirect': return { ...t, signature: thawSignature(t.signature), args: [...t.args] };
    case 'trap': return t;
    default: return t satisfies never;
  }
}

function thawSignature(s: Signature): Signature { return { params: [...s.params], results: [...s.results] }; }

function thawEdge(e: Edge): Edge { return { block: e.block, args: [...e.args] }; }
