import { TrapError } from '../../lib/mir/index.ts';

/** The trap that `run` ends with; what else it throws goes through, and returning is a failure. */
export function trapOf(run: () => unknown): TrapError {
  try {
    run();
  } catch (error) {
    if (error instanceof TrapError) return error;
    throw error;
  }
  throw new Error('it did not trap');
}
