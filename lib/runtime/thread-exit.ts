/** What a worker thread gives back to the process when it ends: the process's memory outlives the thread. */
import { nodeBuiltin } from './node-builtin.ts';

const actions = new Set<() => void>();
let listening = false;

/**
 * Calls `action` when this worker thread ends by itself (`terminate()` from outside runs no more JavaScript). On the
 * main thread never: everything goes with the process.
 *
 * @returns takes the action back
 */
export function atThreadExit(action: () => void): () => void {
  actions.add(action);
  if (!listening) {
    listening = true;
    if (!nodeBuiltin('node:worker_threads').isMainThread) process.once('exit', endThread);
  }
  return () => { actions.delete(action); };
}

/** Does now what was to be done at the thread's end, last things first: nothing of it may be used any more. */
export function endThread(): void {
  for (const action of [...actions].reverse()) if (actions.delete(action)) action();
}
