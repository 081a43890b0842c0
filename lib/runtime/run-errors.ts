/** How a run can end besides returning and trapping. */
import { LamellaError } from '../mir/errors.ts';

/** The run was stopped: its deadline passed, or somebody cancelled it. */
export class RunInterruptedError extends LamellaError {
  readonly reason: 'deadline' | 'cancelled';
  readonly functionName: string;
  /** Milliseconds the run had, when it had a deadline. */
  readonly limit: number | undefined;
  constructor(reason: 'deadline' | 'cancelled', functionName: string, limit: number | undefined) {
    super(reason === 'deadline' ? 'timeout' : 'cancelled',
      reason === 'deadline' ? `${functionName} was stopped at its deadline${limit === undefined ? '' : ` of ${limit} ms`}` : `${functionName} was cancelled`,
      reason === 'deadline' ? 'Give it more time, or make it do less.' : '');
    this.name = 'RunInterruptedError';
    this.reason = reason;
    this.functionName = functionName;
    this.limit = limit;
  }
}

/** Guest code faulted at a place where compiled code never does: machine code of unknown origin, or a defect. */
export class GuestFaultError extends LamellaError {
  readonly signal: number;
  readonly functionName: string | undefined;
  /** Offset of the instruction in the module's code. */
  readonly offset: number;
  readonly address: number;
  constructor(signal: number, functionName: string | undefined, offset: number, address: number) {
    super('guest-fault', `signal ${signal} at code offset 0x${offset.toString(16)}${functionName === undefined ? '' : ` in ${functionName}`} (address 0x${address.toString(16)}), where no trap is possible`,
      'The host is unharmed, but this is a defect of the code generator: please report it with the module that caused it (printModule gives its text).');
    this.signal = signal;
    this.functionName = functionName;
    this.offset = offset;
    this.address = address;
  }
}

/** An import has no implementation, was not granted, or cannot be called safely as it is declared. */
export class ImportError extends LamellaError {
  readonly importName: string;
  constructor(importName: string, what: string, remedy: string) {
    super('import', what, remedy);
    this.importName = importName;
  }
}
