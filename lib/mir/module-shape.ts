/**
 * The gate for modules from outside: takes a private, deeply frozen copy of anything that has the shape of a module.
 *
 * What is checked here is the shape (kinds of fields, known words); the rules of MIR are the verifier's. What is
 * promised: each property is read exactly once, so an object that answers differently the second time changes
 * nothing; bytes of globals are copied; unknown properties are left behind; cyclic, shared and endless data ends in
 * an error by a budget of parts. Not promised: an end to a getter that never returns.
 */
import type { Edge, SwitchCase, Terminator } from './instruction.ts';
import { TYPE_SET, copyInstruction, copySignature, copyTypes, unknownKind } from './instruction-shape.ts';
import type { Block, BufferParameter, Capability, Global, Import, MemorySpec, MirFunction, Module, SourceLocation, StackSlot } from './module.ts';
import { ShapeReader, type Untrusted } from './shape-reader.ts';
import type { MemoryModel, TrapCode } from './types.ts';
import { TRAP_CODES } from './types.ts';

/** Parts (blocks, instructions, operands, names, ...) a module may have unless the caller says otherwise. */
const DEFAULT_MAX_ITEMS = 8_388_608;

const MODELS: ReadonlySet<MemoryModel> = new Set(['linear', 'native'] as const);
const KINDS: ReadonlySet<Import['kind']> = new Set(['js', 'libc'] as const);
const CAPABILITIES: ReadonlySet<Capability> = new Set(['none', 'syscall', 'file-io', 'network', 'symbol'] as const);
const ACCESSES: ReadonlySet<BufferParameter['access']> = new Set(['read', 'write'] as const);
const TRAP_SET: ReadonlySet<TrapCode> = new Set(TRAP_CODES);

/**
 * Copies untrusted data once into a module of plain frozen objects.
 *
 * @param options.maxItems parts the module may have (8,388,608)
 * @throws ModuleShapeError naming the first part that is wrong
 *
 * @example
 * const mine = checkModuleShape(theirs); // from here on only `mine` is looked at
 * assertValid(mine);
 */
export function checkModuleShape(x: unknown, options: { readonly maxItems?: number } = {}): Module {
  const r = new ShapeReader(options.maxItems ?? DEFAULT_MAX_ITEMS);
  return r.guard(() => copyModule(r, x));
}

function copyModule(r: ShapeReader, x: unknown): Module {
  const o = typeof x === 'object' && x !== null ? x as Untrusted : r.fail(`is no object (it is ${x === null ? 'null' : typeof x})`);
  return Object.freeze({
    name: r.text(o['name'], 'name'),
    memoryModel: r.word(o['memoryModel'], MODELS, 'linear or native', 'memoryModel'),
    memory: copyMemory(r, o['memory']),
    functions: r.list(o['functions'], 'functions', (f, k) => copyFunction(r, f, k)),
    imports: r.list(o['imports'], 'imports', (i, k) => copyImport(r, i, k)),
    globals: r.list(o['globals'], 'globals', (g, k) => copyGlobal(r, g, k)),
    table: r.list(o['table'], 'table', (e, k) => (e === null ? null : r.text(e, k))),
    exports: copyExports(r, o['exports']),
    locations: r.list(o['locations'], 'locations', (l, k) => copyLocation(r, l, k)),
  });
}

function copyMemory(r: ShapeReader, x: unknown): MemorySpec {
  const o = r.object(x, 'memory');
  r.path.push('memory');
  const memory = {
    initialPages: r.integer(o['initialPages'], 'initialPages'),
    maximumPages: r.integer(o['maximumPages'], 'maximumPages'),
    stackSize: r.integer(o['stackSize'], 'stackSize'),
  };
  r.path.pop();
  return Object.freeze(memory);
}

function copyExports(r: ShapeReader, x: unknown): Readonly<Record<string, string>> {
  const exports: Record<string, string> = {};
  for (const [name, target] of r.entries(x, 'exports')) exports[r.text(name, 'exports')] = r.text(target, `exports.${name.slice(0, 80)}`);
  return Object.freeze(exports);
}

function copyLocation(r: ShapeReader, x: unknown, index: number): SourceLocation {
  const o = r.object(x, index);
  r.path.push(index);
  const location = { file: r.text(o['file'], 'file'), line: r.integer(o['line'], 'line'), column: r.integer(o['column'], 'column') };
  r.path.pop();
  return Object.freeze(location);
}

function copyGlobal(r: ShapeReader, x: unknown, index: number): Global {
  const o = r.object(x, index);
  r.path.push(index);
  const name = r.text(o['name'], 'name'), size = r.integer(o['size'], 'size'), align = r.integer(o['align'], 'align');
  const bytes = o['bytes'], mutable = r.boolean(o['mutable'], 'mutable');
  const global = bytes === undefined ? { name, size, align, mutable } : { name, size, align, bytes: r.bytes(bytes, 'bytes'), mutable };
  r.path.pop();
  return Object.freeze(global);
}

function copyImport(r: ShapeReader, x: unknown, index: number): Import {
  const o = r.object(x, index);
  r.path.push(index);
  const name = r.text(o['name'], 'name'), kind = r.word(o['kind'], KINDS, 'js or libc', 'kind');
  const params = copyTypes(r, o['params'], 'params'), results = copyTypes(r, o['results'], 'results');
  const capability = r.word(o['capability'], CAPABILITIES, `a capability (${[...CAPABILITIES].join(' ')})`, 'capability');
  const list = o['buffers'];
  const buffers = list === undefined ? undefined : r.list(list, 'buffers', (b, k) => copyBuffer(r, b, k));
  const loc = r.integer(o['loc'], 'loc');
  r.path.pop();
  return Object.freeze(buffers === undefined ? { name, kind, params, results, capability, loc } : { name, kind, params, results, capability, buffers, loc });
}

function copyBuffer(r: ShapeReader, x: unknown, index: number): BufferParameter {
  const o = r.object(x, index);
  r.path.push(index);
  const pointer = r.integer(o['pointer'], 'pointer'), length = o['length'];
  const buffer: BufferParameter = {
    pointer,
    length: length === 'nul-terminated' ? length : r.integer(length, 'length'),
    access: r.word(o['access'], ACCESSES, 'read or write', 'access'),
  };
  r.path.pop();
  return Object.freeze(buffer);
}

// --- functions ---

function copyFunction(r: ShapeReader, x: unknown, index: number): MirFunction {
  const o = r.object(x, index);
  r.path.push(index);
  const name = r.text(o['name'], 'name');
  const params = copyTypes(r, o['params'], 'params'), results = copyTypes(r, o['results'], 'results');
  const valueTypes = copyTypes(r, o['valueTypes'], 'valueTypes');
  const blocks = r.list(o['blocks'], 'blocks', (b, k) => copyBlock(r, b, k));
  const slots = r.list(o['slots'], 'slots', (s, k) => copySlot(r, s, k));
  const names = o['valueNames'], loc = r.integer(o['loc'], 'loc');
  const f = names === undefined ? { name, params, results, valueTypes, blocks, slots, loc }
    : { name, params, results, valueTypes, blocks, slots, valueNames: copyNames(r, names), loc };
  r.path.pop();
  return Object.freeze(f);
}

function copyNames(r: ShapeReader, x: unknown): Readonly<Record<number, string>> {
  const names: Record<number, string> = {};
  for (const [key, name] of r.entries(x, 'valueNames')) {
    if (!/^(?:0|[1-9]\d{0,9})$/.test(key)) r.fail(`names ${JSON.stringify(key.slice(0, 80))}, which is no value`, 'valueNames');
    names[Number(key)] = r.text(name, `valueNames[${key}]`);
  }
  return Object.freeze(names);
}

function copySlot(r: ShapeReader, x: unknown, index: number): StackSlot {
  const o = r.object(x, index);
  r.path.push(index);
  const size = r.integer(o['size'], 'size'), align = r.integer(o['align'], 'align'), name = o['name'];
  const slot = name === undefined ? { size, align } : { size, align, name: r.text(name, 'name') };
  r.path.pop();
  return Object.freeze(slot);
}

function copyBlock(r: ShapeReader, x: unknown, index: number): Block {
  const o = r.object(x, index);
  r.path.push(index);
  const params = r.integers(o['params'], 'params');
  const instructions = r.list(o['instructions'], 'instructions', (i, k) => {
    r.path.push(k);
    const copy = copyInstruction(r, i);
    r.path.pop();
    return copy;
  });
  const terminator = copyTerminator(r, o['terminator']), name = o['name'];
  const block = name === undefined ? { params, instructions, terminator } : { params, instructions, terminator, name: r.text(name, 'name') };
  r.path.pop();
  return Object.freeze(block);
}

function copyEdge(r: ShapeReader, x: unknown, field: string | number): Edge {
  const o = r.object(x, field);
  r.path.push(field);
  const edge = { block: r.integer(o['block'], 'block'), args: r.integers(o['args'], 'args') };
  r.path.pop();
  return Object.freeze(edge);
}

function copyCase(r: ShapeReader, x: unknown, index: number): SwitchCase {
  const o = r.object(x, index);
  r.path.push(index);
  const copy = { value: r.constant(o['value'], 'value'), target: copyEdge(r, o['target'], 'target') };
  r.path.pop();
  return Object.freeze(copy);
}

function copyTerminator(r: ShapeReader, x: unknown): Terminator {
  const o = r.object(x, 'terminator');
  r.path.push('terminator');
  const t = terminator(r, o);
  r.path.pop();
  return Object.freeze(t);
}

function terminator(r: ShapeReader, o: Untrusted): Terminator {
  const kind = o['kind'] as Terminator['kind'];
  switch (kind) {
    case 'jump': return { kind, target: copyEdge(r, o['target'], 'target'), loc: r.integer(o['loc'], 'loc') };
    case 'br': return {
      kind, condition: r.integer(o['condition'], 'condition'), then: copyEdge(r, o['then'], 'then'), else: copyEdge(r, o['else'], 'else'),
      loc: r.integer(o['loc'], 'loc'),
    };
    case 'switch': return {
      kind, type: r.word(o['type'], TYPE_SET, 'a type', 'type'), value: r.integer(o['value'], 'value'),
      cases: r.list(o['cases'], 'cases', (c, k) => copyCase(r, c, k)), default: copyEdge(r, o['default'], 'default'), loc: r.integer(o['loc'], 'loc'),
    };
    case 'ret': return { kind, args: r.integers(o['args'], 'args'), loc: r.integer(o['loc'], 'loc') };
    case 'tail_call': return { kind, callee: r.text(o['callee'], 'callee'), args: r.integers(o['args'], 'args'), loc: r.integer(o['loc'], 'loc') };
    case 'tail_call_indirect': return {
      kind, signature: copySignature(r, o['signature'], 'signature'), index: r.integer(o['index'], 'index'), args: r.integers(o['args'], 'args'),
      loc: r.integer(o['loc'], 'loc'),
    };
    case 'trap': return { kind, code: r.word(o['code'], TRAP_SET, 'a trap code', 'code'), loc: r.integer(o['loc'], 'loc') };
    default: return unknownKind(r, kind satisfies never, 'terminator');
  }
}
