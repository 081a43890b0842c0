/** The host's side of imports: JavaScript functions with converted and checked values, and granted C functions. */
import { UsageError } from '../mir/errors.ts';
import type { Import } from '../mir/module.ts';
import { surfaceSignature } from '../mir/surface.ts';
import { formatSignature } from '../mir/types.ts';
import { assignContextPlaces, hintFor, loadFor, showValue, storeFor } from './boundary.ts';
import type { Instance } from './instance.ts';
import { bindLibcImport } from './libc-call.ts';
import { ImportError } from './run-errors.ts';

/** A JavaScript function for an import. It answers at once: a promise is not a value. */
export type HostFunction = (...args: never[]) => unknown;
/** Serves one import: arguments and results are in the context. */
export type HostHandler = () => void;

export interface ImportOptions {
  /** JavaScript functions by import name. One given for a C library import is used instead of the C function. */
  readonly imports?: Readonly<Record<string, HostFunction>>;
  /** C library symbols that may be called, or `'*'` for all (trusted code). */
  readonly grants?: readonly string[] | '*';
}

/**
 * A handler for every import of the instance's module.
 *
 * @throws ImportError for an import without implementation or grant
 */
export function bindImports(instance: Instance, options: ImportOptions): HostHandler[] {
  return instance.image.imports.map((imported) => {
    const given = options.imports !== undefined && Object.hasOwn(options.imports, imported.name) ? options.imports[imported.name] : undefined;
    if (given !== undefined) {
      if (typeof given !== 'function') throw new ImportError(imported.name, `import ${imported.name} is ${showValue(given)}, not a function`, `Pass a function of type ${formatSignature(imported)} under that name.`);
      return bindJsImport(instance, imported, given);
    }
    if (imported.kind === 'js') throw new ImportError(imported.name, `import ${imported.name} has no implementation`, `Pass a function of type ${formatSignature(imported)} in imports: { ${imported.name}: ... }.`);
    if (options.grants !== '*' && options.grants?.includes(imported.name) !== true) {
      throw new ImportError(imported.name, `the C library symbol ${imported.name} is not granted`, `Grant it by name (grants: [${JSON.stringify(imported.name)}]), or pass a JavaScript function in its place.`);
    }
    return bindLibcImport(instance, imported);
  });
}

function bindJsImport(instance: Instance, imported: Import, fn: HostFunction): HostHandler {
  const { thread } = instance, model = instance.image.memoryModel, r = thread.stubs.image.registers;
  const surface = surfaceSignature(instance.image.surface, imported.name);
  const argPlaces = assignContextPlaces(imported.params, { int: r.intArgs, vector: r.vectorArgs });
  const resultPlaces = assignContextPlaces(imported.results, { int: r.intResults, vector: r.vectorResults });
  const loads = imported.params.map((t, k) => loadFor(thread, t, surface?.params[k], argPlaces[k], model));
  const stores = imported.results.map((t, k) => storeFor(thread, t, surface?.results[k], resultPlaces[k], model));
  const call = fn as unknown as (...args: unknown[]) => unknown;
  const wrong = (k: number, value: unknown): UsageError => {
    const type = imported.results[k], s = surface?.results[k];
    return new UsageError(`result${imported.results.length > 1 ? ` ${k}` : ''} of host function ${imported.name} is ${showValue(value)}, which is not a value of type ${s ?? type}`, hintFor(type, s));
  };
  const [l0, l1, l2] = loads;
  const ask = loads.length === 0 ? () => call() : loads.length === 1 ? () => call(l0()) : loads.length === 2 ? () => call(l0(), l1())
    : loads.length === 3 ? () => call(l0(), l1(), l2()) : () => call(...loads.map((l) => l()));
  switch (stores.length) {
    case 0: return () => { ask(); };
    case 1: {
      const [store] = stores;
      return () => {
        const value = ask();
        if (!store(value)) throw wrong(0, value);
      };
    }
    default:
      return () => {
        const values = ask();
        if (!Array.isArray(values) || values.length !== stores.length) {
          throw new UsageError(`host function ${imported.name} gave ${Array.isArray(values) ? `${values.length} values` : showValue(values)}`, `Return an array of ${stores.length} values: ${formatSignature(imported)}.`);
        }
        for (let k = 0; k < stores.length; k++) if (!stores[k](values[k])) throw wrong(k, values[k]);
      };
  }
}
