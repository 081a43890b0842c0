/** Runs DSL functions in the reference interpreter, converting by their surface types. */
import { module, type ModuleOptions } from '../../dsl/index.ts';
import type { AnyFn, AnyHost } from '../../dsl/module.ts';
import { assertValid, Interpreter, parseModule, printModule, surfaceOf, type HostFunction, type Module, type SurfaceType, TrapError } from '../../lib/mir/index.ts';

export type Scalar = number | bigint | boolean;

function fromMir(type: SurfaceType, v: number | bigint): Scalar {
  switch (type) {
    case 'bool': return v !== 0;
    case 'u8': return Number(v) & 0xff;
    case 'u16': return Number(v) & 0xffff;
    case 'u32': case 'ptr': return Number(v) >>> 0;
    case 'u64': return BigInt.asUintN(64, v as bigint);
    default: return v;
  }
}
function toMir(type: SurfaceType, v: Scalar): number | bigint | boolean {
  switch (type) {
    case 'u8': return (v as number) << 24 >> 24;
    case 'u16': return (v as number) << 16 >> 16;
    case 'u32': return (v as number) | 0;
    case 'u64': return BigInt.asIntN(64, v as bigint);
    default: return v;
  }
}

/** A module under test: verified, printed and parsed back, and callable. */
export class Running {
  readonly module: Module;
  readonly machine: Interpreter;
  constructor(m: Module, imports: Readonly<Record<string, HostFunction>> = {}) {
    assertValid(m);
    const text = printModule(m);
    if (printModule(parseModule(text)) !== text) throw new Error('the text form does not round-trip');
    this.module = m;
    this.machine = new Interpreter(m, { imports, maxSteps: 50_000_000 });
  }
  /** All results. */
  all(name: string, ...args: readonly Scalar[]): readonly Scalar[] {
    const surface = surfaceOf(this.module)![this.module.exports[name]];
    const { values } = this.machine.call(name, args.map((a, i) => toMir(surface.params[i], a)));
    return values.map((v, i) => fromMir(surface.results[i], v));
  }
  /** The first result. */
  call(name: string, ...args: readonly Scalar[]): Scalar | undefined { return this.all(name, ...args)[0]; }
  /** The result, or the code of the trap. */
  outcome(name: string, ...args: readonly Scalar[]): Scalar | undefined | string {
    try { return this.call(name, ...args); } catch (error) {
      if (error instanceof TrapError) return error.trap;
      throw error;
    }
  }
  get view(): DataView { const { memory } = this.machine; return new DataView(memory.buffer, memory.byteOffset, memory.byteLength); }
}

/** Builds and loads a module of the given functions. */
export function load(functions: Readonly<Record<string, AnyFn>>, options: ModuleOptions & { readonly imports?: Readonly<Record<string, HostFunction>>; readonly hosts?: Readonly<Record<string, AnyHost>> } = {}): Running {
  return new Running(module('test', options).import(options.hosts ?? {}).export(functions).build(), options.imports);
}
/** Builds one function and gives a way to call it. */
export function run(f: AnyFn): (...args: readonly Scalar[]) => Scalar | undefined | string {
  const r = load({ [f.fnName]: f });
  return (...args) => r.outcome(f.fnName, ...args);
}
