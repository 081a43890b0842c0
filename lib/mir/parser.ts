/**
 * The text form of MIR, read. `printModule` writes it; what it writes parses back to an equal module (a function
 * without a table of value names reads back with an empty one, as the builder gives).
 *
 * ```text
 * module    = [ "module" NAME ( "linear" | "native" ) ]
 *             [ "memory" "initial" N "maximum" N "stack" N ]           ; pages, pages, bytes
 *             { import | global | table | export | function } [ locations ]
 * import    = "import" ( "js" | "libc" ) NAME signature "capability" WORD
 *             [ "buffers" "[" { N "length" ( N | "nul-terminated" ) ( "read" | "write" ) } "]" ] [ LOC ]
 * global    = "global" NAME ( "mutable" | "constant" ) "size" N "align" N [ "bytes" BYTES ]
 * table     = "table" "[" { NAME | "null" } "]"
 * export    = "export" STRING "=" NAME
 * function  = "func" NAME signature [ LOC ] "{" { slot } { block } [ unused ] "}"
 * slot      = "slot" "s0" [ STRING ] "size" N "align" N
 * block     = "b0" [ STRING ] [ "(" { def } ")" ] ":" { [ { def } "=" ] instruction [ LOC ] } terminator [ LOC ]
 * def       = "v0" [ STRING ] [ ":" TYPE ]                             ; STRING: its name, for people
 * unused    = "unused" { def }                                        ; values that nothing defines
 * locations = "locations" { "!1" "=" STRING ":" LINE ":" COLUMN }     ; !0 is the unknown location
 * signature = "(" { TYPE } ")" "->" "(" { TYPE } ")"
 * address   = value [ "+" value [ "*" SCALE ] ] [ "+" OFFSET ]
 * edge      = "b1" [ "(" { value } ")" ]
 *
 * instruction                                    terminator
 *   const.TYPE constant                            jump edge
 *   OP.TYPE value, ...     (ops.ts)                br value, edge, edge
 *   CONVERSION.FROM.TO value                       switch.TYPE value, { constant "->" edge, } else -> edge
 *   select.TYPE value, value, value                ret { value }
 *   load.TYPE address [align N] [volatile]         tail_call NAME(values)
 *   store.TYPE value, address [align N] [volatile] tail_call_indirect value(values) : signature
 *   lea address                                    trap CODE
 *   slot_addr s0     global_addr NAME
 *   memory_copy d, s, n   memory_fill d, v, n   memory_size   memory_grow value
 *   call NAME(values)     call_indirect value(values) : signature
 *   atomic_load.TYPE.ORDERING address              atomic_store.TYPE.ORDERING value, address
 *   atomic_rmw.OP.TYPE.ORDERING value, address     atomic_cmpxchg.TYPE.ORDERING value, value, address
 *   fence.ORDERING
 *   OP.LANES value, ...    (vector-ops.ts)         splat.LANES value
 *   extract_lane.LANES value, N                    insert_lane.LANES value, value, N
 *   shuffle value, value, [16 N]
 *   safepoint    stack_map ID, [values]    patch_point ID, BYTES, [values]
 * ```
 *
 * Repeated things stand between commas; a statement ends with its line; `;` starts a comment. Blocks, slots and
 * locations are numbered in order from 0 (locations from 1), values in any order but without gaps. The type of a
 * result is implied by its mnemonic and written only where it is not: results of calls, block parameters. Constants
 * are decimal or `0x` integers, decimal floats, `inf -inf nan -0`. NAME is `@word` or `@"any text"` (JSON's escapes);
 * BYTES are printable ASCII and `\xx`. Without a `memory` line the memory is the builder's default.
 *
 * The parser checks the grammar only; the rules of MIR are the verifier's, so that wrong programs can be written down.
 */
import { parseFunction } from './function-parser.ts';
import { TOKEN } from './lexer.ts';
import { layoutModule } from './layout.ts';
import type { BufferParameter, Capability, Global, Import, MemorySpec, MirFunction, Module, SourceLocation } from './module.ts';
import { DEFAULT_MEMORY, UNKNOWN_LOCATION, freezeModule } from './module.ts';
import { TokenReader } from './token-reader.ts';
import type { MemoryModel } from './types.ts';

const CAPABILITIES = ['none', 'syscall', 'file-io', 'network', 'symbol'] as const satisfies readonly Capability[];

/**
 * Reads a module from text. It is frozen, and not verified.
 *
 * @throws ParseError at the first thing that does not follow the grammar, with line, column and a caret
 *
 * @example
 * parseModule('func @two() -> (i32) {\nb0:\n  v0 = const.i32 2\n  ret v0\n}').functions[0].name // => 'two'
 */
export function parseModule(text: string): Module {
  const t = new TokenReader(text);
  let name = '', memoryModel: MemoryModel = 'linear', memory: MemorySpec | undefined;
  const functions: MirFunction[] = [], imports: Import[] = [], globals: Global[] = [];
  let table: (string | null)[] | undefined;
  const exports: Record<string, string> = {};
  let locations: SourceLocation[] = [UNKNOWN_LOCATION];

  if (t.acceptWord('module')) {
    name = t.name('the name of the module');
    memoryModel = t.oneOf('a memory model', ['linear', 'native']);
    t.endOfStatement();
  }
  if (t.acceptWord('memory')) memory = parseMemory(t);
  while (!t.atEnd()) {
    if (t.isWord('func')) functions.push(parseFunction(t));
    else if (t.acceptWord('import')) imports.push(parseImport(t));
    else if (t.acceptWord('global')) globals.push(parseGlobal(t));
    else if (t.acceptWord('export')) parseExport(t, exports);
    else if (t.isWord('table')) {
      if (table !== undefined) t.fail('a module has one table');
      t.next();
      table = parseTable(t);
    } else if (t.acceptWord('locations')) {
      locations = parseLocations(t);
      if (!t.atEnd()) t.expected('another location (they are the last part of a module)');
    } else t.expected('import, global, table, export, func or locations');
    if (!t.atEnd() && !t.newline) t.expected('the end of the line');
  }

  const draft = { name, memoryModel, memory: memory ?? DEFAULT_MEMORY, functions, imports, globals, table: table ?? [], exports, locations };
  return freezeModule(memory === undefined ? { ...draft, memory: defaultMemory(draft) } : draft);
}

/** The builder's default, raised to what the module needs. */
function defaultMemory(m: Module): MemorySpec {
  const needed = layoutModule(m).pagesNeeded;
  if (!(needed > DEFAULT_MEMORY.initialPages)) return DEFAULT_MEMORY;
  return { ...DEFAULT_MEMORY, initialPages: needed, maximumPages: Math.max(DEFAULT_MEMORY.maximumPages, needed) };
}

function parseMemory(t: TokenReader): MemorySpec {
  t.takeWord('initial');
  const initialPages = t.unsigned('a number of pages');
  t.takeWord('maximum');
  const maximumPages = t.unsigned('a number of pages');
  t.takeWord('stack');
  const stackSize = t.unsigned('a number of bytes');
  t.endOfStatement();
  return { initialPages, maximumPages, stackSize };
}

function parseImport(t: TokenReader): Import {
  const kind = t.oneOf('the kind of import', ['js', 'libc']);
  const name = t.name('the name of the import');
  const { params, results } = t.signature();
  t.takeWord('capability');
  const capability = t.oneOf('a capability', CAPABILITIES);
  if (!t.acceptWord('buffers')) return { name, kind, params, results, capability, loc: t.location() };
  const buffers: BufferParameter[] = [];
  t.take('[');
  if (!t.isPunctuation(']')) {
    do {
      const pointer = t.unsigned('the index of a parameter');
      t.takeWord('length');
      const length = t.acceptWord('nul-terminated') ? 'nul-terminated' : t.unsigned('the index of a parameter, or nul-terminated');
      buffers.push({ pointer, length, access: t.oneOf('an access', ['read', 'write']) });
    } while (t.accept(','));
  }
  t.take(']');
  return { name, kind, params, results, capability, buffers, loc: t.location() };
}

function parseGlobal(t: TokenReader): Global {
  const name = t.name('the name of the global');
  const mutable = t.oneOf('mutable or constant', ['mutable', 'constant']) === 'mutable';
  t.takeWord('size');
  const size = t.unsigned('a size in bytes');
  t.takeWord('align');
  const align = t.unsigned('an alignment in bytes');
  return t.acceptWord('bytes') ? { name, size, align, bytes: t.bytes(), mutable } : { name, size, align, mutable };
}

function parseTable(t: TokenReader): (string | null)[] {
  const table: (string | null)[] = [];
  t.take('[');
  if (!t.isPunctuation(']')) do table.push(t.acceptWord('null') ? null : t.name('a function, or null')); while (t.accept(','));
  t.take(']');
  return table;
}

function parseExport(t: TokenReader, exports: Record<string, string>): void {
  const at = t.start, name = t.string('the name of the export');
  if (name === '__proto__') t.fail('`__proto__` cannot be the name of an export', at);
  if (Object.hasOwn(exports, name)) t.fail(`\`${name}\` is exported twice`, at);
  t.take('=');
  exports[name] = t.name('a function');
}

function parseLocations(t: TokenReader): SourceLocation[] {
  const list: SourceLocation[] = [UNKNOWN_LOCATION];
  while (t.kind === TOKEN.LOCATION) {
    if (t.number !== list.length) t.expected(`\`!${list.length}\` (locations are numbered in order, from 1)`);
    t.next();
    t.take('=');
    const file = t.string('a file name');
    t.take(':');
    const line = t.unsigned('a line');
    t.take(':');
    list.push({ file, line, column: t.unsigned('a column') });
    t.endOfStatement();
  }
  return list;
}
