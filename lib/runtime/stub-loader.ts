/**
 * Puts the stubs into memory and their handler in front of the process's signal dispositions: once per process.
 *
 * Dispositions belong to the process, so every thread (and every copy of this library with the same stubs) must agree
 * on one handler. They meet at the disposition itself: whoever finds a handler with the image's signature uses the
 * image that it is part of. Two threads that race here both install; the later handler passes on to the earlier one
 * what is not the guest's, and either can end any run, since everything that differs is in the run context.
 *
 * An installed image is never unmapped: the kernel may call it at any time.
 */
import type { StubImage } from '../codegen/stub-image.ts';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE, SA_NODEFER, SA_ONSTACK, SA_SIGINFO, type NativeBridge } from './native/bridge.ts';

const CHAIN_ENTRY = 32;
/** Handlers begin at a multiple of this, and their signature is shorter: reading it never crosses into another page. */
const HANDLER_ALIGNMENT = 64;

/** The stubs at their place in memory. */
export interface InstalledStubs {
  readonly image: StubImage;
  /** Address of the image's first byte. */
  readonly base: number;
}

let installed: InstalledStubs | undefined;

/** The stubs of this process, installing them if this is the first thread to ask. */
export function installStubs(bridge: NativeBridge, image: StubImage): InstalledStubs {
  if (installed !== undefined && sameBytes(installed.image.signature, image.signature)) return installed;
  const base = findInstalled(bridge, image) ?? install(bridge, image);
  installed = { image, base };
  return installed;
}

function findInstalled(bridge: NativeBridge, image: StubImage): number | undefined {
  for (const signal of [image.interruptSignal, ...image.faultSignals]) {
    const { handler } = bridge.sigaction(signal, undefined);
    if (handler <= 1 || handler % HANDLER_ALIGNMENT !== 0) continue;
    const found = new Uint8Array(image.signature.length);
    bridge.read(handler, found);
    if (sameBytes(found, image.signature)) return handler - image.handler;
  }
  return undefined;
}

function install(bridge: NativeBridge, image: StubImage): number {
  const size = Math.ceil(image.code.length / 4096) * 4096;
  const fd = bridge.memfd('lamella-stubs', size);
  const signals = [...image.faultSignals, image.interruptSignal];
  let base: number;
  try {
    const writable = bridge.mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bridge.write(writable, image.code);
    signals.forEach((signal, k) => {
      const before = bridge.sigaction(signal, undefined);
      const entry = new BigUint64Array([BigInt(before.handler), BigInt(before.flags), before.mask, 0n]);
      bridge.write(writable + image.chainTable + k * CHAIN_ENTRY, new Uint8Array(entry.buffer));
    });
    base = bridge.mmap(0, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    bridge.munmap(writable, size);
  } finally {
    bridge.close(fd);
  }
  for (const signal of signals) bridge.sigaction(signal, { handler: base + image.handler, flags: SA_SIGINFO | SA_ONSTACK | SA_NODEFER, mask: 0n });
  return base;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
