/** Specs that need native code: skipped, with the reason printed, where it cannot run. */
import { hostTarget } from '../../lib/index.ts';
import { LamellaError } from '../../lib/mir/errors.ts';
import { nativeBridge } from '../../lib/runtime/native/load.ts';

/** True when native code runs here; else prints why `what` is skipped. */
export function skipUnlessNative(what: string): boolean {
  try {
    hostTarget();
    nativeBridge();
    return true;
  } catch (error) {
    console.log(`skipped: ${what}: ${error instanceof LamellaError ? error.message.split('\n')[0] : String(error)}`);
    return false;
  }
}
