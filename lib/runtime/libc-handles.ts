/**
 * What guest code has opened in the C library, by instance: pointers (`FILE *`, `DIR *`), which it only ever sees as
 * small numbers, and file descriptors, which are numbers of the process. Whatever is still open when a run has ended is
 * closed, so that the next one does not find it and the process does not run out of them.
 */
import type { Instance } from './instance.ts';
import type { NativeBridge } from './native/bridge.ts';
import { ImportError } from './run-errors.ts';

/** What closes the handles that a function gives. */
const CLOSERS: Readonly<Record<string, string>> = { fopen: 'fclose', opendir: 'closedir' };

export class Handles {
  readonly #open = new Map<number, { readonly pointer: number | bigint; readonly opener: string }>();
  readonly #descriptors = new Set<number>();
  #next = 1;

  /** The number of a pointer that `opener` gave; 0 for null. */
  keep(pointer: number | bigint, opener: string): number {
    if (Number(pointer) === 0) return 0;
    this.#open.set(this.#next, { pointer, opener });
    return this.#next++;
  }
  /** @throws ImportError unless the handle is open, or 0 where null may be passed */
  get(handle: number, mayBeNull: boolean, name: string): number | bigint {
    const known = this.#open.get(handle);
    if (known !== undefined) return known.pointer;
    if (handle === 0 && mayBeNull) return 0;
    throw new ImportError(name, `${name} was called with handle ${handle}, which is not open`, 'Pass what fopen or opendir gave, before it is closed.');
  }
  drop(handle: number): void { this.#open.delete(handle); }

  /** A function gave this descriptor; nothing happens when it is negative, an error. */
  keepDescriptor(descriptor: number): void { if (descriptor >= 0) this.#descriptors.add(descriptor); }
  dropDescriptor(descriptor: number): void { this.#descriptors.delete(descriptor); }

  /** Closes what is still open. Numbers of pointers are not given again, so an old one never names a new file. */
  closeAll(bridge: NativeBridge): void {
    for (const { pointer, opener } of this.#open.values()) bridge.libraryFunction(CLOSERS[opener], 'int32', ['pointer'])?.(pointer);
    this.#open.clear();
    for (const descriptor of this.#descriptors) bridge.libraryFunction('close', 'int32', ['int32'])?.(descriptor);
    this.#descriptors.clear();
  }
}

const handlesByInstance = new WeakMap<Instance, Handles>();
export function handlesOf(instance: Instance): Handles {
  let h = handlesByInstance.get(instance);
  if (h === undefined) handlesByInstance.set(instance, h = new Handles());
  return h;
}
/** Closes the files, directories and other descriptors that a run of the instance left open. */
export function closeHandles(instance: Instance): void { handlesByInstance.get(instance)?.closeAll(instance.thread.bridge); }
