/**
 * Calls of compiled functions with JavaScript values: the path is put together once per function, so that a call
 * allocates nothing but what its results need.
 */
import { UsageError } from '../mir/errors.ts';
import type { SurfaceSignature } from '../mir/surface.ts';
import { formatSignature, type MemoryModel, type Signature } from '../mir/types.ts';
import { assignContextPlaces, hintFor, loadFor, showValue, storeFor, type BoundaryValue, type Load, type Store } from './boundary.ts';
import type { GuestThread, RunFailure, RunTarget } from './guest-thread.ts';

/** What one call gives: nothing, a value, or a list of several results. */
export type CallResult = BoundaryValue | undefined | readonly BoundaryValue[];

/** A compiled function as JavaScript sees it. */
export type NativeExport = (...args: readonly unknown[]) => CallResult;

export interface CallSite {
  readonly name: string;
  readonly signature: Signature;
  readonly surface: SurfaceSignature | undefined;
  readonly model: MemoryModel;
  readonly entry: number;
  /** Nanoseconds, or 0: the deadline of calls that do not give their own. */
  readonly deadline: () => number;
  /** Throws when the target may not be called now. */
  readonly ready: () => void;
  /** Turns a failure into an error to throw. */
  readonly fail: (failure: RunFailure, deadline: number) => Error;
}

/** Makes the call path of one function: with the arguments as a list, and as a JavaScript function. */
export function makeCall(thread: GuestThread, target: RunTarget, site: CallSite): { readonly invoke: (args: readonly unknown[], deadline: number) => CallResult; readonly direct: NativeExport } {
  const { signature, surface, model, entry } = site, r = thread.stubs.image.registers;
  const argPlaces = assignContextPlaces(signature.params, { int: r.intArgs, vector: r.vectorArgs });
  const resultPlaces = assignContextPlaces(signature.results, { int: r.intResults, vector: r.vectorResults });
  const stores: readonly Store[] = signature.params.map((t, k) => storeFor(thread, t, surface?.params[k], argPlaces[k], model));
  const loads: readonly Load[] = signature.results.map((t, k) => loadFor(thread, t, surface?.results[k], resultPlaces[k], model));
  const count = stores.length, single = loads.length === 1 ? loads[0] : undefined;

  const results = (): CallResult => (single !== undefined ? single() : loads.length === 0 ? undefined : loads.map((l) => l()));

  const storeAll = (args: readonly unknown[]): void => {
    for (let k = 0; k < count; k++) if (!stores[k](args[k])) throw wrongArgument(site, k, args[k]);
  };

  const run = (deadline: number): CallResult => {
    const failure = thread.run(target, entry, deadline);
    if (failure !== undefined) throw site.fail(failure, deadline);
    return results();
  };

  const invoke = (args: readonly unknown[], deadline: number): CallResult => {
    if (args.length !== count) throw wrongCount(site, args.length);
    site.ready();
    if (thread.running) {
      let value: CallResult;
      thread.nested(target, entry, deadline, () => storeAll(args), (failure) => {
        if (failure !== undefined) throw site.fail(failure, deadline);
        value = results();
      });
      return value;
    }
    thread.bind(target);
    storeAll(args);
    return run(deadline);
  };

  // The usual arities without a list of arguments; `arguments.length` alone makes no object.
  const [s0, s1, s2, s3] = stores;
  let direct: NativeExport;
  switch (count) {
    case 0:
      direct = function (): CallResult {
        if (arguments.length !== 0 || thread.running) return invoke([...arguments], site.deadline());
        site.ready();
        thread.bind(target);
        return run(site.deadline());
      };
      break;
    case 1:
      direct = function (a: unknown): CallResult {
        if (arguments.length !== 1 || thread.running) return invoke([...arguments], site.deadline());
        site.ready();
        thread.bind(target);
        if (!s0(a)) throw wrongArgument(site, 0, a);
        return run(site.deadline());
      };
      break;
    case 2:
      direct = function (a: unknown, b: unknown): CallResult {
        if (arguments.length !== 2 || thread.running) return invoke([...arguments], site.deadline());
        site.ready();
        thread.bind(target);
        if (!s0(a)) throw wrongArgument(site, 0, a);
        if (!s1(b)) throw wrongArgument(site, 1, b);
        return run(site.deadline());
      };
      break;
    case 3:
      direct = function (a: unknown, b: unknown, c: unknown): CallResult {
        if (arguments.length !== 3 || thread.running) return invoke([...arguments], site.deadline());
        site.ready();
        thread.bind(target);
        if (!s0(a)) throw wrongArgument(site, 0, a);
        if (!s1(b)) throw wrongArgument(site, 1, b);
        if (!s2(c)) throw wrongArgument(site, 2, c);
        return run(site.deadline());
      };
      break;
    case 4:
      direct = function (a: unknown, b: unknown, c: unknown, d: unknown): CallResult {
        if (arguments.length !== 4 || thread.running) return invoke([...arguments], site.deadline());
        site.ready();
        thread.bind(target);
        if (!s0(a)) throw wrongArgument(site, 0, a);
        if (!s1(b)) throw wrongArgument(site, 1, b);
        if (!s2(c)) throw wrongArgument(site, 2, c);
        if (!s3(d)) throw wrongArgument(site, 3, d);
        return run(site.deadline());
      };
      break;
    default:
      direct = (...args: readonly unknown[]): CallResult => invoke(args, site.deadline());
  }
  Object.defineProperty(direct, 'name', { value: site.name });
  return { invoke, direct };
}

function wrongCount(site: CallSite, given: number): UsageError {
  const n = site.signature.params.length;
  return new UsageError(`${site.name} takes ${n} argument${n === 1 ? '' : 's'}, got ${given}`, `Its type is ${formatSignature(site.signature)}.`);
}

function wrongArgument(site: CallSite, k: number, value: unknown): UsageError {
  const type = site.signature.params[k], surface = site.surface?.params[k];
  return new UsageError(`argument ${k} of ${site.name} is ${showValue(value)}, which is not a value of type ${surface ?? type}`, hintFor(type, surface));
}
