/**
 * Turns a function as the DSL wrote it into clean MIR: unreachable blocks dropped, trivial block parameters replaced,
 * empty forwarding blocks threaded, straight-line blocks merged, values renumbered in order of definition, provisional
 * locations made final. Linear in the size of the function; no block or value outlives its use.
 *
 * Invariants: a parameter is trivial when its arguments, other than itself, resolve to one value, which then dominates
 * it (Braun et al., CC 2013, section 2.2); a block with one incoming edge has only trivial parameters, so merging it
 * into its predecessor needs no copies.
 */
import {
  forEachEdge, mapEdges, mapOperands,
  type Block, type BlockId, type Edge, type Instruction, type MirFunction, type Terminator, type Type, type Value,
} from '../lib/mir/index.ts';

/**
 * @param order blocks in the order they were written; the entry first
 * @param locations final location of each provisional number
 */
export function tidy(f: MirFunction, order: readonly BlockId[], locations: readonly number[]): MirFunction {
  const reachable = findReachable(f);
  const live = order.filter((b) => reachable[b] === 1);
  const resolved = replaceTrivialParams(f, live);
  const kept = f.blocks.map((b, i) => (i === 0 || b.params.every((p) => resolved[p] === p) ? b.params : b.params.filter((p) => resolved[p] === p)));
  const find = (v: Value): Value => {
    let r = v;
    while (resolved[r] !== r) r = resolved[r];
    for (let x = v; resolved[x] !== r && x !== r;) { const next = resolved[x]; resolved[x] = r; x = next; }
    return r;
  };
  // Terminators with the arguments of removed parameters gone.
  const terms: Terminator[] = new Array<Terminator>(f.blocks.length);
  for (const b of live) {
    terms[b] = mapEdges(f.blocks[b].terminator, (e) => {
      const params = f.blocks[e.block].params;
      if (kept[e.block].length === params.length) return e;
      return { block: e.block, args: e.args.filter((_, k) => resolved[params[k]] === params[k]) };
    });
  }
  threadForwarders(f, live, kept, terms);
  return rebuild(f, live, kept, terms, find, locations);
}

function findReachable(f: MirFunction): Uint8Array {
  const seen = new Uint8Array(f.blocks.length);
  const stack: BlockId[] = [0];
  seen[0] = 1;
  while (stack.length > 0) {
    forEachEdge(f.blocks[stack.pop()!].terminator, (e) => {
      if (seen[e.block] === 0) { seen[e.block] = 1; stack.push(e.block); }
    });
  }
  return seen;
}

/** For each value the value that stands for it; a value that stays maps to itself. */
function replaceTrivialParams(f: MirFunction, live: readonly BlockId[]): Int32Array {
  const count = f.valueTypes.length;
  const resolved = new Int32Array(count), ownerOf = new Int32Array(count).fill(-1), indexOf = new Int32Array(count);
  for (let v = 0; v < count; v++) resolved[v] = v;
  const work: Value[] = [];
  for (const b of live) {
    if (b === 0) continue;
    const { params } = f.blocks[b];
    for (let k = 0; k < params.length; k++) {
      ownerOf[params[k]] = b;
      indexOf[params[k]] = k;
      work.push(params[k]);
    }
  }
  if (work.length === 0) return resolved;
  const incoming: (Edge[] | undefined)[] = new Array<Edge[] | undefined>(f.blocks.length);
  // Parameters that take a parameter as argument, as linked lists.
  const first = new Int32Array(count).fill(-1), last = new Int32Array(count).fill(-1);
  const user: Value[] = [], next: number[] = [];
  for (const b of live) {
    forEachEdge(f.blocks[b].terminator, (e) => {
      const { params } = f.blocks[e.block];
      if (params.length === 0 || e.block === 0) return;
      const list = incoming[e.block];
      if (list === undefined) incoming[e.block] = [e]; else list.push(e);
      for (let k = 0; k < params.length; k++) {
        const a = e.args[k];
        if (ownerOf[a] === -1 || a === params[k]) continue;
        const node = user.push(params[k]) - 1;
        next.push(first[a]);
        first[a] = node;
        if (last[a] === -1) last[a] = node;
      }
    });
  }
  const find = (v: Value): Value => {
    let r = v;
    while (resolved[r] !== r) r = resolved[r];
    while (resolved[v] !== r) { const up = resolved[v]; resolved[v] = r; v = up; }
    return r;
  };
  for (let k = 0; k < work.length; k++) {
    const p = work[k];
    if (resolved[p] !== p) continue;
    let only = -1, trivial = true;
    for (const e of incoming[ownerOf[p]] ?? []) {
      const r = find(e.args[indexOf[p]]);
      if (r === p || r === only) continue;
      if (only !== -1) { trivial = false; break; }
      only = r;
    }
    if (!trivial || only === -1) continue;
    resolved[p] = only;
    for (let n = first[p]; n !== -1; n = next[n]) if (resolved[user[n]] === user[n]) work.push(user[n]);
    // Users of a removed parameter are now users of what replaced it.
    if (first[p] === -1 || ownerOf[only] === -1) continue;
    next[last[p]] = first[only];
    if (first[only] === -1) last[only] = last[p];
    first[only] = first[p];
  }
  return resolved;
}

/** Redirects edges to blocks that do nothing but jump on. */
function threadForwarders(f: MirFunction, live: readonly BlockId[], kept: readonly (readonly Value[])[], terms: Terminator[]): void {
  const forward = (b: BlockId): Edge | undefined => {
    const t = terms[b];
    return b !== 0 && kept[b].length === 0 && f.blocks[b].instructions.length === 0 && t.kind === 'jump' && t.target.block !== b ? t.target : undefined;
  };
  for (const b of live) {
    terms[b] = mapEdges(terms[b], (e) => {
      let at = e;
      // The bound stops a cycle of empty blocks (an endless loop without a body).
      for (let steps = 0; steps < 64; steps++) {
        const next = forward(at.block);
        if (next === undefined || next.block === b) break;
        at = next;
      }
      return at;
    });
  }
}

function rebuild(f: MirFunction, live: readonly BlockId[], kept: readonly (readonly Value[])[], terms: readonly Terminator[], find: (v: Value) => Value, locations: readonly number[]): MirFunction {
  const incoming = new Int32Array(f.blocks.length);
  const used = new Uint8Array(f.blocks.length);
  const stack: BlockId[] = [0];
  used[0] = 1;
  while (stack.length > 0) {
    forEachEdge(terms[stack.pop()!], (e) => {
      incoming[e.block]++;
      if (used[e.block] === 0) { used[e.block] = 1; stack.push(e.block); }
    });
  }
  const mergedInto = (b: BlockId): BlockId | undefined => {
    const t = terms[b];
    return t.kind === 'jump' && t.target.block !== 0 && t.target.block !== b && incoming[t.target.block] === 1 ? t.target.block : undefined;
  };
  const swallowed = new Uint8Array(f.blocks.length);
  for (const b of live) {
    if (used[b] === 0) continue;
    const next = mergedInto(b);
    if (next !== undefined) swallowed[next] = 1;
  }
  const heads = live.filter((b) => used[b] === 1 && swallowed[b] === 0);
  const chains = heads.map((b) => {
    const chain = [b];
    for (let next = mergedInto(b); next !== undefined; next = mergedInto(next)) chain.push(next);
    return chain;
  });
  const blockNumber = new Int32Array(f.blocks.length).fill(-1);
  heads.forEach((b, i) => { blockNumber[b] = i; });

  const valueTypes: Type[] = [];
  const number = new Int32Array(f.valueTypes.length).fill(-1);
  const define = (v: Value): Value => {
    if (number[v] === -1) number[v] = valueTypes.push(f.valueTypes[v]) - 1;
    return number[v];
  };
  const use = (v: Value): Value => number[find(v)];
  // Definitions first, so that uses in earlier blocks (back edges) know their numbers.
  for (const chain of chains) {
    for (const p of kept[chain[0]]) define(p);
    for (const b of chain) for (const i of f.blocks[b].instructions) renumberResults(i, define);
  }
  const blocks: Block[] = chains.map((chain) => {
    const instructions: Instruction[] = [];
    for (const b of chain) {
      for (const i of f.blocks[b].instructions) {
        const mapped = mapOperands(i, use);
        (mapped as { loc: number }).loc = locations[i.loc];
        instructions.push(mapped);
      }
    }
    const terminator = renumberTerminator(terms[chain[chain.length - 1]], blockNumber, use, locations);
    const block = { params: kept[chain[0]].map(define), instructions, terminator };
    const name = f.blocks[chain[0]].name;
    return name === undefined ? block : { ...block, name };
  });
  const valueNames: Record<number, string> = {};
  for (const [v, name] of Object.entries(f.valueNames ?? {})) {
    const n = number[Number(v)];
    if (n !== -1) valueNames[n] = name;
  }
  return { ...f, valueTypes, blocks, valueNames, loc: locations[f.loc] };
}

/** The terminator with final numbers of values, blocks and location, made in one step: branches are many. */
function renumberTerminator(t: Terminator, blocks: Int32Array, use: (v: Value) => Value, locations: readonly number[]): Terminator {
  const edge = (e: Edge): Edge => ({ block: blocks[e.block], args: e.args.length === 0 ? [] : e.args.map(use) });
  const loc = locations[t.loc];
  switch (t.kind) {
    case 'jump': return { kind: 'jump', target: edge(t.target), loc };
    case 'br': return { kind: 'br', condition: use(t.condition), then: edge(t.then), else: edge(t.else), loc };
    case 'switch': return { kind: 'switch', type: t.type, value: use(t.value), cases: t.cases.map((c) => ({ value: c.value, target: edge(c.target) })), default: edge(t.default), loc };
    case 'ret': return { kind: 'ret', args: t.args.map(use), loc };
    case 'tail_call': return { kind: 'tail_call', callee: t.callee, args: t.args.map(use), loc };
    case 'tail_call_indirect': return { kind: 'tail_call_indirect', signature: t.signature, index: use(t.index), args: t.args.map(use), loc };
    case 'trap': return { kind: 'trap', code: t.code, loc };
    default: return t satisfies never;
  }
}

/** Gives an instruction's results their final numbers, in place: nobody else holds it yet. */
function renumberResults(i: Instruction, define: (v: Value) => Value): void {
  switch (i.kind) {
    case 'store': case 'atomic_store': case 'memory_copy': case 'memory_fill': case 'fence': case 'safepoint':
    case 'stack_map': case 'patch_point': return;
    case 'pair': {
      const w = i as { result: Value; result2: Value };
      w.result = define(i.result);
      w.result2 = define(i.result2);
      return;
    }
    case 'call': case 'call_indirect': (i as { results: readonly Value[] }).results = i.results.map(define); return;
    default: (i as { result: Value }).result = define(i.result);
  }
}
