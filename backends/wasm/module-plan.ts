/** Numbers of everything in the wasm module: types, functions (imports first), globals, the memory layout. */
import { layoutModule, layoutSlots, type MemoryLayout } from '../../lib/mir/layout.ts';
import type { MirFunction, Module } from '../../lib/mir/module.ts';
import { formatSignature, type Signature, type Type } from '../../lib/mir/types.ts';
import type { WasmFeatures } from './features.ts';
import { HELPERS, type HelperName } from './helpers.ts';
import { WasmLimitError } from './limits.ts';
import { TYPE_BYTES, wasmType } from './nodes.ts';

/** How an indirect call through the table is made safe for a signature. */
export interface TableUse {
  /** The engine's own checks can only fail for one reason: this trap code; undefined: its message tells. */
  readonly alwaysNull: boolean;
  /** Function that checks an index first, or −1. */
  readonly check: number;
}

/** Signatures in the table: of each entry (null for an empty one), all of them, and those that are one wasm type. */
interface TableContents { readonly keys: readonly (string | null)[]; readonly distinct: ReadonlySet<string>; readonly keysOfType: ReadonlyMap<number, ReadonlySet<string>>; readonly holes: boolean }

/** Entries that all functions which check an index know together: each knows the whole table. */
const MAX_CHECKED_ENTRIES = 4_000_000;

export class ModulePlan {
  readonly module: Module;
  readonly features: WasmFeatures;
  readonly layout: MemoryLayout;
  readonly functionNumber = new Map<string, number>();
  readonly signatures = new Map<string, Signature>();
  readonly globalAddress: ReadonlyMap<string, number>;
  /** Function types as the bytes of the type section. */
  readonly types: number[][] = [];
  /** Functions this backend adds, in order after the module's own. */
  readonly helpers: MirFunction[] = [];
  /** Wasm globals: the trap, then the linear stack pointer when some function has slots, then its limit with a shared memory. */
  readonly usesStack: boolean;
  /** The memory is imported, and threads share it: each instance is told its part of the linear stack. */
  readonly sharedMemory: boolean;
  readonly #typeNumber = new Map<string, number>();
  readonly #helperNumber = new Map<string, number>();
  readonly #tableUse = new Map<string, TableUse>();
  #contents: TableContents | undefined;
  #checked = 0;

  constructor(module: Module, features: WasmFeatures, sharedMemory = false) {
    this.module = module;
    this.features = features;
    this.layout = layoutModule(module);
    this.globalAddress = this.layout.globalByName;
    this.sharedMemory = sharedMemory;
    this.usesStack = module.functions.some((f) => f.slots.length > 0);
    module.imports.forEach((i, k) => { this.functionNumber.set(i.name, k); this.signatures.set(i.name, i); });
    module.functions.forEach((f, k) => { this.functionNumber.set(f.name, module.imports.length + k); this.signatures.set(f.name, f); });
  }

  /** Number of the wasm type of a signature. */
  typeNumber(s: Signature): number {
    const bytes = [0x60, ...count(s.params.length), ...s.params.map((t) => TYPE_BYTES[wasmType(t)]), ...count(s.results.length), ...s.results.map((t) => TYPE_BYTES[wasmType(t)])];
    const key = bytes.join(' ');
    let n = this.#typeNumber.get(key);
    if (n === undefined) {
      n = this.types.push(bytes) - 1;
      this.#typeNumber.set(key, n);
    }
    return n;
  }

  /** Block type of a construct with these results: nothing, one type (as its signed byte), or a function type. */
  blockType(results: readonly Type[]): number {
    if (results.length === 0) return -64;
    return results.length === 1 ? TYPE_BYTES[wasmType(results[0])] - 128 : this.typeNumber({ params: [], results });
  }

  /** Wasm function number of a helper, which is added when first asked for. */
  helper(name: HelperName): number { return this.#addHelper(name, () => HELPERS[name](name)); }

  #addHelper(name: string, make: () => MirFunction): number {
    let n = this.#helperNumber.get(name);
    if (n === undefined) {
      n = this.module.imports.length + this.module.functions.length + this.helpers.length;
      this.#helperNumber.set(name, n);
      this.helpers.push(make());
    }
    return n;
  }

  slotBytes(f: MirFunction): number { return layoutSlots(f.slots).size; }

  /**
   * What an indirect call of signature `s` needs. The table never changes, so its contents decide: the engine tells
   * an index out of range from a wrong signature, but not an empty entry from a wrong signature, and it takes two
   * MIR signatures for one when they have the same wasm types.
   */
  tableUse(s: Signature): TableUse {
    const key = formatSignature(s);
    let use = this.#tableUse.get(key);
    if (use === undefined) this.#tableUse.set(key, use = this.#makeTableUse(s, key));
    return use;
  }

  /** True when there is a table: WebAssembly has indirect calls only through one, be it empty. */
  get hasTable(): boolean { return this.module.table.length > 0 || this.#tableUse.size > 0; }

  #makeTableUse(s: Signature, key: string): TableUse {
    const type = this.typeNumber(s), { keys, keysOfType, distinct, holes } = this.#contents ??= this.#readTable();
    if (distinct.size === (distinct.has(key) ? 1 : 0)) return { alwaysNull: true, check: -1 };
    let lookalikes = false;
    for (const other of keysOfType.get(type) ?? []) if (other !== key) lookalikes = true;
    if (!holes && !lookalikes) return { alwaysNull: false, check: -1 };
    if ((this.#checked += keys.length) > MAX_CHECKED_ENTRIES) {
      throw new WasmLimitError(`the module calls through its table of ${keys.length} entries with too many signatures that an engine cannot tell from others`, 'Leave no entry of the table empty, or part the module.');
    }
    return { alwaysNull: true, check: this.#addHelper(`table_check_${key}`, () => HELPERS.table_check(`table_check_${key}`, keys.map((k) => (k === null ? 'null' : k === key ? 'same' : 'other')))) };
  }

  #readTable(): TableContents {
    const distinct = new Set<string>(), keysOfType = new Map<number, Set<string>>();
    const keys = this.module.table.map((name) => {
      const s = name === null ? undefined : this.signatures.get(name);
      if (s === undefined) return null;
      const key = formatSignature(s), type = this.typeNumber(s), same = keysOfType.get(type);
      distinct.add(key);
      if (same === undefined) keysOfType.set(type, new Set([key])); else same.add(key);
      return key;
    });
    return { keys, distinct, keysOfType, holes: keys.includes(null) };
  }
}

function count(n: number): number[] { return n < 128 ? [n] : [n & 127 | 128, n >> 7]; }
