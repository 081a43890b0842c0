/** The native bridge of this thread, made on first use, and the check that this machine can run native code. */
import { nodeBuiltin } from '../node-builtin.ts';
import type { NativeBridge } from './bridge.ts';
import { UnsupportedMachineError } from './errors.ts';
import { createKoffiBridge } from './koffi-bridge.ts';

let bridge: NativeBridge | undefined;

/**
 * The bridge of this JavaScript thread.
 *
 * @throws UnsupportedMachineError when native code cannot run on this machine
 * @throws NativeUnavailableError when koffi cannot be loaded
 */
export function nativeBridge(): NativeBridge {
  if (bridge === undefined) {
    requireMachine(describeMachine());
    bridge = createKoffiBridge();
  }
  return bridge;
}

/** What {@link requireMachine} looks at. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** AT_HWCAP2 of the kernel, undefined when unknown. Bit 1: FSGSBASE may be used. */
  readonly hwcap2: number | undefined;
}

const AT_HWCAP2 = 26, HWCAP2_FSGSBASE = 2;

/** The machine this process runs on. */
export function describeMachine(): Machine {
  const host = (globalThis as { process?: { platform?: string; arch?: string } }).process;
  const platform = host?.platform ?? 'no operating system known', arch = host?.arch ?? 'unknown architecture';
  let hwcap2: number | undefined;
  if (platform === 'linux' && arch === 'x64') {
    try {
      const auxv = nodeBuiltin('node:fs').readFileSync('/proc/self/auxv');
      for (let i = 0; i + 16 <= auxv.length; i += 16) if (auxv.readBigUInt64LE(i) === BigInt(AT_HWCAP2)) hwcap2 = Number(auxv.readBigUInt64LE(i + 8));
    } catch {
      hwcap2 = undefined; // /proc is not mounted: taken as capable, as every kernel since 5.9 on hardware since 2013 is.
    }
  }
  return { platform, arch, hwcap2 };
}

/** @throws UnsupportedMachineError naming what is missing */
export function requireMachine(m: Machine): void {
  if (m.platform !== 'linux' || m.arch !== 'x64') throw new UnsupportedMachineError(`this is ${m.platform} on ${m.arch}`);
  if (m.hwcap2 !== undefined && (m.hwcap2 & HWCAP2_FSGSBASE) === 0) throw new UnsupportedMachineError('the kernel does not let programs use the GS base (FSGSBASE is off)');
}

/** True when native code can run here: the machine is supported and koffi loads. */
export function nativeAvailable(): boolean {
  try {
    nativeBridge();
    return true;
  } catch {
    return false;
  }
}
