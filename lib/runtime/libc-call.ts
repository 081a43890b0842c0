/**
 * Calls of C library functions from guest code, for real: buffers are translated from guest to host addresses and
 * checked to lie inside the memory first; integers are converted to the C types.
 *
 * A call that blocks past the deadline is broken by the deadline's signal (handlers are installed without SA_RESTART,
 * and the timer keeps ticking until it meets a blocked call): the function returns −1 with EINTR, and the import thunk
 * then ends the run.
 */
import { CTX } from '../codegen/run-context.ts';
import { UsageError } from '../mir/errors.ts';
import type { BufferParameter, Import } from '../mir/module.ts';
import { formatSignature, type Type } from '../mir/types.ts';
import { assignContextPlaces } from './boundary.ts';
import type { HostHandler } from './host-imports.ts';
import type { Instance } from './instance.ts';
import { bufferAt, dropTextCopies, integerFetch, isInt, knownLength, lengthFetch, nullAt, textAt, type Fetch, type Scalar } from './libc-arguments.ts';
import { handlesOf } from './libc-handles.ts';
import { HOST_POINTER_FUNCTIONS, LIBC_FUNCTIONS, type LibcFunction } from './libc-functions.ts';
import type { NativeType } from './native/bridge.ts';
import { ImportError } from './run-errors.ts';

/**
 * The handler that calls `imported` in the C library.
 *
 * @throws ImportError when the symbol does not exist or cannot be called safely as it is declared
 */
export function bindLibcImport(instance: Instance, imported: Import): HostHandler {
  const { bridge } = instance.thread, { name } = imported;
  if (imported.results.length > 1) throw new ImportError(name, `import ${name} of the C library has ${imported.results.length} results`, 'C functions have one result or none.');
  const vector = [...imported.params, ...imported.results].find((t) => t === 'v128' || t === 'v256');
  if (vector !== undefined) throw new ImportError(name, `import ${name} of the C library takes or gives a ${vector}`, 'Pass vectors through memory.');
  const linear = instance.image.memoryModel === 'linear';
  if (linear && HOST_POINTER_FUNCTIONS.has(name)) throw new ImportError(name, `${name} works on addresses of the host's own memory, which a module with linear memory cannot reach`, 'Supply a JavaScript import that does the work, or use the native memory model in trusted code.');
  const known = linear && Object.hasOwn(LIBC_FUNCTIONS, name) ? LIBC_FUNCTIONS[name] : undefined;
  const plan = known === undefined ? planDeclared(instance, imported, linear) : planKnown(instance, imported, known);
  const call = bridge.libraryFunction(name, plan.result, plan.types);
  if (call === undefined) {
    if (bridge.symbol(name) !== undefined) throw new ImportError(name, `${name} cannot be called with ${plan.types.length} parameters`, 'Pass a pointer to a struct.');
    throw new ImportError(name, `the C library has no function ${name}`, 'Check the name, or supply it as a JavaScript import.');
  }
  const { fetches } = plan, give = giveResult(instance, imported.results[0]);
  return () => {
    const args = fetches.map((fetch) => fetch());
    const result = call(...args);
    dropTextCopies(instance);
    const seen = plan.after(result);
    if (seen !== undefined) give(seen);
  };
}

interface Plan {
  readonly types: NativeType[];
  readonly result: NativeType;
  readonly fetches: Fetch[];
  /** Called when the function has returned, with its result: what the guest gets for it. */
  readonly after: (result: Scalar | undefined) => Scalar | undefined;
}

// --- parameters as the module declares them ---

function planDeclared(instance: Instance, imported: Import, linear: boolean): Plan {
  const places = placesOf(instance, imported), types: NativeType[] = [], fetches: Fetch[] = [];
  const buffers = new Map<number, BufferParameter>((imported.buffers ?? []).map((b) => [b.pointer, b]));
  const lengths = new Set((imported.buffers ?? []).map((b) => b.length));
  imported.params.forEach((t, k) => {
    const buffer = buffers.get(k);
    if (t === 'ptr' && linear) {
      if (buffer === undefined) throw new ImportError(imported.name, `parameter ${k} of import ${imported.name} is a pointer, but not declared as a buffer`, 'Declare in `buffers` which parameter holds its length, or that it is NUL-terminated text: an unchecked pointer could reach the host\'s memory.');
      types.push('pointer');
      const { length } = buffer;
      fetches.push(length === 'nul-terminated' ? textAt(instance, places[k]) : bufferAt(instance, places[k], lengthFetch(instance, imported, length, places)));
    } else if (lengths.has(k)) {
      // Handed on as it was checked: a narrow -1 is 255 to the check, and must not be 2^64 - 1 to the function.
      types.push('uint64');
      fetches.push(integerFetch(instance, t, places[k], 'size'));
    } else {
      types.push(declaredType(t));
      fetches.push(declaredFetch(instance, t, places[k]));
    }
  });
  const r = imported.results[0];
  if (r === 'ptr' && linear) throw new ImportError(imported.name, `import ${imported.name} gives a pointer, which would be an address of the host's memory`, 'Supply a JavaScript import that copies what is needed into linear memory.');
  return { types, fetches, result: r === undefined ? 'void' : declaredType(r), after: (result) => result };
}

function declaredType(t: Type): NativeType {
  switch (t) {
    case 'i1': return 'int32';
    case 'i8': return 'int8';
    case 'i16': return 'int16';
    case 'i32': return 'int32';
    case 'i64': return 'int64';
    case 'f32': return 'float';
    case 'f64': return 'double';
    case 'ptr': return 'pointer';
    case 'v128': case 'v256': throw new UsageError(`${t} has no C type`, 'Pass vectors through memory.');
    default: return t satisfies never;
  }
}

function declaredFetch(instance: Instance, t: Type, place: number): Fetch {
  const { i32, i64, f32, f64 } = instance.thread, at = place >> 2, at8 = place >> 3;
  switch (t) {
    case 'i1': return () => i32[at] & 1;
    case 'i8': return () => (i32[at] << 24) >> 24;
    case 'i16': return () => (i32[at] << 16) >> 16;
    case 'i32': return () => i32[at];
    case 'i64': return () => i64[at8];
    case 'f32': return () => f32[at];
    case 'f64': return () => f64[at8];
    case 'ptr': return () => BigInt.asUintN(64, i64[at8]);
    case 'v128': case 'v256': return () => 0;
    default: return t satisfies never;
  }
}

// --- parameters whose C types are known ---

function planKnown(instance: Instance, imported: Import, known: LibcFunction): Plan {
  const { name, params } = imported, kinds = known.params;
  const least = kinds.filter((k) => !/^(int|uint)\?$/.test(k)).length;
  if (params.length < least || params.length > kinds.length) throw mismatch(imported, known);
  const places = placesOf(instance, imported), types: NativeType[] = [], fetches: Fetch[] = [];
  const handles = handlesOf(instance);
  const effects: ((result: number) => void)[] = [];
  kinds.forEach((kind, k) => {
    if (k >= params.length) {
      types.push('int32');
      fetches.push(() => 0);
      return;
    }
    const pointer = params[k] === 'ptr', [base] = kind.split(/[:=?!]/);
    if (base === 'int' || base === 'uint' || base === 'long' || base === 'size' || base === 'fd') {
      if (!isInt(params[k])) throw mismatch(imported, known);
      types.push(base === 'int' || base === 'fd' ? 'int32' : base === 'uint' ? 'uint32' : base === 'long' ? 'int64' : 'uint64');
      const number = integerFetch(instance, params[k], places[k], base === 'fd' ? 'int' : base);
      fetches.push(number);
      // Closed whatever the result says: it is after EINTR, too.
      if (base === 'fd') effects.push(() => { handles.dropDescriptor(Number(number())); });
    } else if (base === 'handle') {
      if (!isInt(params[k]) && !pointer) throw mismatch(imported, known);
      types.push('pointer');
      const number = integerFetch(instance, pointer ? 'i32' : params[k], places[k], 'uint');
      fetches.push(() => handles.get(Number(number()), kind.endsWith('?'), name));
      if (kind.endsWith('!')) effects.push(() => { handles.drop(Number(number())); });
    } else {
      if (!pointer) throw mismatch(imported, known);
      types.push('pointer');
      if (base === 'null') fetches.push(nullAt(instance, imported, places[k], k));
      else if (base === 'text') fetches.push(textAt(instance, places[k]));
      else {
        const at = bufferAt(instance, places[k], knownLength(instance, imported, kind, places));
        fetches.push(at);
        if (base === 'fds') effects.push((result) => { if (result === 0) for (const d of descriptorsAt(instance, Number(at()))) handles.keepDescriptor(d); });
      }
    }
  });
  const r = imported.results[0];
  if (r !== undefined && !isInt(r) && !(known.result === 'handle' && r === 'ptr')) throw mismatch(imported, known);
  // What opens something is asked for its result even when the module does not want it.
  const result: NativeType = r === undefined && known.result !== 'handle' && known.result !== 'fd' && effects.length === 0 ? 'void'
    : known.result === 'int' || known.result === 'fd' ? 'int32' : known.result === 'uint' ? 'uint32' : known.result === 'long' ? 'int64' : 'pointer';
  return {
    types, fetches, result,
    after: (value) => {
      if (value === undefined) return undefined;
      for (const effect of effects) effect(Number(value));
      if (known.result === 'handle') return handles.keep(value, name);
      if (known.result === 'fd') handles.keepDescriptor(Number(value));
      return value;
    },
  };
}

/** The two descriptors that a function has written. */
function descriptorsAt(instance: Instance, address: number): Int32Array {
  const bytes = new Uint8Array(new ArrayBuffer(8));
  instance.thread.bridge.read(address, bytes);
  return new Int32Array(bytes.buffer);
}

function mismatch(imported: Import, known: LibcFunction): ImportError {
  return new ImportError(imported.name, `import ${imported.name} is declared ${formatSignature(imported)}, but the C function is ${known.result}(${known.params.join(', ')})`,
    'Declare a parameter as an integer for int, uint, long, size and handle, and as a ptr for text and buffers (in, out).');
}

// --- places and results ---

function placesOf(instance: Instance, imported: Import): number[] {
  const r = instance.thread.stubs.image.registers;
  return assignContextPlaces(imported.params, { int: r.intArgs, vector: r.vectorArgs });
}

function giveResult(instance: Instance, type: Type | undefined): (value: Scalar) => void {
  const { u32, i64, f32, f64 } = instance.thread, int = CTX.intRegisters;
  switch (type) {
    case undefined: return () => {};
    case 'f32': return (v) => { f32[CTX.vectorRegisters >> 2] = Number(v); };
    case 'f64': return (v) => { f64[CTX.vectorRegisters >> 3] = Number(v); };
    case 'i64': return (v) => { i64[int >> 3] = BigInt(v); };
    case 'ptr':
      if (instance.image.memoryModel === 'native') return (v) => { i64[int >> 3] = BigInt(v); };
      break;
    default:
  }
  return (n) => {
    // A 64-bit result in a narrower type keeps its low bits, as a C cast would.
    const low = typeof n === 'bigint' ? Number(BigInt.asUintN(32, n)) : n;
    u32[int >> 2] = type === 'i1' ? Number(low !== 0) : low;
    u32[(int >> 2) + 1] = 0;
  };
}
