/**
 * The verifier: every rule of MIR, all errors at once, each with its place. What passes it can be interpreted and
 * compiled without further checks; every later stage relies on that.
 *
 * It takes data that has the shape of a module (types of fields as TypeScript says). Untrusted data goes through
 * `checkModuleShape` first, which takes a private copy; the verifier then looks at the copy.
 */
import { layoutModule } from './layout.ts';
import type { Global, Import, Module } from './module.ts';
import { functionIndex, signatureTable } from './module.ts';
import { show, showThrown } from './show.ts';
import type { Signature } from './types.ts';
import { PAGE_SIZE, isInteger } from './types.ts';
import { VerificationError, VerifySink, type VerifyError } from './verify-errors.ts';
import { verifyFunction, verifySignature } from './verify-function.ts';
import { isBelow, isPowerOfTwo } from './verify-rules.ts';

/** Pages of a whole 32-bit address space. */
const MAX_PAGES = 65536;
const MAX_GLOBAL_ALIGN = 4096;
const DEFAULT_LIMIT = 10_000;

/**
 * All broken rules of a module; an empty list means that it is valid.
 *
 * @param options.limit most errors to spell out (10,000); a last entry then counts the rest
 *
 * @example
 * verifyModule(parseModule('func @f() -> (i32) {\nb0:\n  ret\n}'))[0].message
 * // => '@f b0 #0: returns 0 values, the function's results are (i32), in `ret`'
 */
export function verifyModule(m: Module, options: { readonly limit?: number } = {}): readonly VerifyError[] {
  const limit = options.limit ?? DEFAULT_LIMIT;
  try {
    const sink = new VerifySink(m.locations, limit);
    verifyParts(m, sink);
    const facts = { module: m, signatures: signatureTable(m), globals: new Set(m.globals.map((g) => g.name)) };
    for (let k = 0; k < m.functions.length; k++) verifyFunction(facts, m.functions[k], k, sink);
    return sink.finish();
  } catch (error) {
    // Only data that is not a module at all (or a getter that throws) makes the rules themselves fail.
    const what = `this is not the shape of a module (${showThrown(error)}); checkModuleShape says where`;
    return [{ rule: 'malformed', what, message: what }];
  }
}

/**
 * Returns the module when it is valid.
 *
 * @throws VerificationError with every broken rule
 */
export function assertValid(m: Module): Module {
  const errors = verifyModule(m);
  if (errors.length > 0) throw new VerificationError(m.name, errors);
  return m;
}

function verifyParts(m: Module, sink: VerifySink): void {
  if (m.memoryModel !== 'linear' && m.memoryModel !== 'native') sink.report('memory-model', `memoryModel is linear or native, not ${show(m.memoryModel)}`);
  if (typeof m.name !== 'string') sink.report('name', `a module's name is text, not ${show(m.name)}`);
  verifyLocations(m, sink);
  verifyNames(m, sink);
  for (const i of m.imports) verifyImport(m, i, sink);
  const globalsPlaceable = m.globals.map((g) => verifyGlobal(g, sink)).every((ok) => ok);
  verifyMemory(m, globalsPlaceable, sink);

  const functions = functionIndex(m);
  for (let k = 0; k < m.table.length; k++) {
    const name = m.table[k];
    if (name !== null && !functions.has(name)) sink.report('table', `table entry ${k} names @${show(name)}, which is no function of the module (an import needs a function that calls it)`);
  }
  for (const name of Object.keys(m.exports)) {
    if (name === '' || name === '__proto__') sink.report('export', `${JSON.stringify(name)} cannot be the name of an export`);
    const target = m.exports[name];
    if (!functions.has(target)) sink.report('export', `export ${JSON.stringify(name)} names @${show(target)}, which is no function of the module`);
  }
}

function verifyLocations(m: Module, sink: VerifySink): void {
  const zero = m.locations[0];
  if (zero === undefined || zero.file !== '' || zero.line !== 0 || zero.column !== 0) sink.report('location', 'location 0 is the unknown location (file "", line 0, column 0)');
  for (let k = 1; k < m.locations.length; k++) {
    const l = m.locations[k];
    if (typeof l.file !== 'string' || !isBelow(l.line, 0x80000000) || !isBelow(l.column, 0x80000000)) {
      sink.report('location', `location ${k} is a file name with a line and a column from 0 to 2^31-1, not ${show(l.file)}:${show(l.line)}:${show(l.column)}`);
    }
  }
}

/** Functions and imports share one space of names; globals have their own. */
function verifyNames(m: Module, sink: VerifySink): void {
  const callables = new Set<unknown>(), globals = new Set<unknown>();
  const check = (seen: Set<unknown>, what: string, name: unknown): void => {
    if (typeof name !== 'string' || name === '') sink.report('name', `the name of ${what} is text and not empty`);
    else if (seen.has(name)) sink.report('name', `the name @${show(name)} is taken twice (${what})`);
    seen.add(name);
  };
  for (const i of m.imports) check(callables, 'an import', i.name);
  for (const f of m.functions) check(callables, 'a function', f.name);
  for (const g of m.globals) check(globals, 'a global', g.name);
}

const CAPABILITIES: ReadonlySet<unknown> = new Set(['none', 'syscall', 'file-io', 'network', 'symbol']);

function verifyImport(m: Module, i: Import, sink: VerifySink): void {
  const place = sink.place;
  place.function = i.name;
  place.loc = i.loc;
  verifySignature(i, sink);
  if (i.params.includes('v256') || i.results.includes('v256')) sink.report('import', 'v256 cannot be passed to a host function: pass vectors through memory');
  if (!isBelow(i.loc, m.locations.length)) sink.report('location', `loc is an index below ${m.locations.length} (the module's locations), not ${show(i.loc)}`);
  if (i.kind !== 'js' && i.kind !== 'libc') sink.report('import', `kind is js or libc, not ${show(i.kind)}`);
  if (!CAPABILITIES.has(i.capability)) sink.report('import', `there is no capability ${show(i.capability)} (${[...CAPABILITIES].join(' ')})`);
  if (i.kind === 'libc') {
    if (i.results.length > 1) sink.report('import', 'a C function gives at most one result');
    if (i.params.includes('v128') || i.results.includes('v128')) sink.report('import', 'v128 cannot be passed to a C function');
  }
  verifyBuffers(i, i, sink);
  place.function = undefined;
  place.loc = 0;
}

function verifyBuffers(i: Import, s: Signature, sink: VerifySink): void {
  if (i.buffers === undefined) return;
  if (i.kind !== 'libc') sink.report('import', 'buffers are declared for libc imports only');
  const pointers = new Set<number>();
  for (const b of i.buffers) {
    const n = s.params.length;
    if (!isBelow(b.pointer, n) || s.params[b.pointer] !== 'ptr') sink.report('import', `a buffer's pointer is the index of a ptr parameter, not ${show(b.pointer)}`);
    else if (pointers.has(b.pointer)) sink.report('import', `parameter ${b.pointer} is declared as two buffers`);
    pointers.add(b.pointer);
    if (b.length === 'nul-terminated') {
      if (b.access === 'write') sink.report('import', 'a nul-terminated buffer can only be read: give a written one a length parameter');
    } else if (!isBelow(b.length, n) || !isInteger(s.params[b.length])) {
      sink.report('import', `a buffer's length is the index of an integer parameter or nul-terminated, not ${show(b.length)}`);
    }
    if (b.access !== 'read' && b.access !== 'write') sink.report('import', `a buffer's access is read or write, not ${show(b.access)}`);
  }
}

/** True when size and alignment are in order, so that it can be placed. */
function verifyGlobal(g: Global, sink: VerifySink): boolean {
  const name = show(g.name);
  const sizeOk = isBelow(g.size, 0x100000000) && g.size > 0, alignOk = isPowerOfTwo(g.align, MAX_GLOBAL_ALIGN);
  if (!sizeOk) sink.report('global', `global @${name}: size is 1 to 2^32-1 bytes, not ${show(g.size)}`);
  if (!alignOk) sink.report('global', `global @${name}: align is a power of two from 1 to ${MAX_GLOBAL_ALIGN}, not ${show(g.align)}`);
  if (typeof g.mutable !== 'boolean') sink.report('global', `global @${name}: mutable is true or false, not ${show(g.mutable)}`);
  if (g.bytes !== undefined) {
    if (!(g.bytes instanceof Uint8Array)) sink.report('global', `global @${name}: bytes is a Uint8Array, not ${show(g.bytes)}`);
    else if (g.bytes.length > g.size) sink.report('global', `global @${name}: ${g.bytes.length} initial bytes do not fit in ${g.size}`);
  }
  return sizeOk && alignOk;
}

function verifyMemory(m: Module, globalsPlaceable: boolean, sink: VerifySink): void {
  const { initialPages, maximumPages, stackSize } = m.memory;
  const initialOk = isBelow(initialPages, MAX_PAGES + 1), maximumOk = isBelow(maximumPages, MAX_PAGES + 1);
  if (!initialOk) sink.report('memory', `initialPages is 0 to ${MAX_PAGES}, not ${show(initialPages)}`);
  if (!maximumOk) sink.report('memory', `maximumPages is 0 to ${MAX_PAGES}, not ${show(maximumPages)}`);
  if (initialOk && maximumOk && initialPages > maximumPages) sink.report('memory', `initialPages ${initialPages} is more than maximumPages ${maximumPages}`);
  const stackOk = isBelow(stackSize, 0x100000000) && stackSize % 16 === 0;
  if (!stackOk) sink.report('memory', `stackSize is a multiple of 16 from 0 to 2^32-16, not ${show(stackSize)}`);
  if (m.memoryModel !== 'linear' || !globalsPlaceable || !initialOk || !stackOk) return;
  const needed = layoutModule(m).pagesNeeded;
  if (initialPages < needed) sink.report('memory', `initialPages is ${initialPages}, but globals and the linear stack need ${needed} (${needed * PAGE_SIZE} bytes)`);
}

