/** The raw builder of MIR modules. */
import { UsageError } from './errors.ts';
import { layoutModule } from './layout.ts';
import type { Global, Import, MemorySpec, MirFunction, Module, SourceLocation } from './module.ts';
import { DEFAULT_MEMORY, UNKNOWN_LOCATION, freezeModule } from './module.ts';
import type { MemoryModel } from './types.ts';

/**
 * Collects functions, imports, globals and locations into a frozen module.
 *
 * @example
 * const m = new ModuleBuilder('demo').addFunction(f, 'double').build();
 */
export class ModuleBuilder {
  readonly name: string;
  readonly memoryModel: MemoryModel;
  memory: MemorySpec;
  readonly functions: MirFunction[] = [];
  readonly imports: Import[] = [];
  readonly globals: Global[] = [];
  readonly table: (string | null)[] = [];
  readonly exports: Record<string, string> = {};
  readonly locations: SourceLocation[] = [UNKNOWN_LOCATION];

  constructor(name: string, options: { memoryModel?: MemoryModel; memory?: Partial<MemorySpec> } = {}) {
    this.name = name;
    this.memoryModel = options.memoryModel ?? 'linear';
    this.memory = { ...DEFAULT_MEMORY, ...options.memory };
  }
  /** Adds a function, exported under `exportAs` when given. @throws UsageError when that cannot be or is taken */
  addFunction(f: MirFunction, exportAs?: string): this {
    if (exportAs !== undefined) {
      if (exportAs === '__proto__') throw new UsageError('`__proto__` cannot be the name of an export', 'Choose another name.');
      if (Object.hasOwn(this.exports, exportAs)) throw new UsageError(`${JSON.stringify(exportAs)} is exported twice`, 'Give each export a name of its own.');
      this.exports[exportAs] = f.name;
    }
    this.functions.push(f);
    return this;
  }
  addImport(i: Omit<Import, 'loc'> & { loc?: number }): this { this.imports.push({ loc: 0, ...i }); return this; }
  addGlobal(g: Global): this { this.globals.push(g); return this; }
  addLocation(l: SourceLocation): number { return this.locations.push(l) - 1; }
  /** The frozen module. Initial memory is raised to what globals and the linear stack need. */
  build(): Module {
    const m: Module = {
      name: this.name, memoryModel: this.memoryModel, memory: this.memory, functions: [...this.functions],
      imports: [...this.imports], globals: [...this.globals], table: [...this.table], exports: { ...this.exports },
      locations: [...this.locations],
    };
    const needed = layoutModule(m).pagesNeeded;
    const initialPages = Math.max(m.memory.initialPages, needed);
    return freezeModule({ ...m, memory: { ...m.memory, initialPages, maximumPages: Math.max(m.memory.maximumPages, initialPages) } });
  }
}
