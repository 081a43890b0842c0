/** Whether native code runs here; specs that need it say so when they are skipped. */
import { nativeAvailable } from '../../lib/runtime/native/load.ts';

export const NATIVE = nativeAvailable();
if (!NATIVE) process.stdout.write('skipped: native code needs Linux x86-64 with koffi\n');
