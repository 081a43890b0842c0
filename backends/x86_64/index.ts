/**
 * The x86-64 backend: select → allocate → emit, one function after another into one code buffer.
 *
 * Code is position-independent and reaches everything outside itself through the run context. It uses the processor
 * features the backend was made for (`features.ts`) and no others.
 */
import { thawModule } from '../../lib/analysis/thaw.ts';
import { allocateRegisters } from '../../lib/codegen/allocate.ts';
import { checkAllocation } from '../../lib/codegen/allocation-checker.ts';
import type { Backend, CodegenOptions, CompiledFunction, CompiledModule, StackMap, TrapSite } from '../../lib/codegen/backend.ts';
import { CodeBuffer } from '../../lib/codegen/code-buffer.ts';
import { verifyMachineFunction } from '../../lib/codegen/verify-machine-function.ts';
import { InternalError } from '../../lib/mir/errors.ts';
import type { Module } from '../../lib/mir/module.ts';
import { X86_64_CODE } from './code-target.ts';
import { X86_64_REGISTERS } from './convention.ts';
import { ModuleTables } from './emit-context.ts';
import { emitFunction } from './emit.ts';
import { completeSet, featureNames, featuresOfLevel, levelOf, type X86Features, type X86Level } from './features.ts';
import { layoutFrame } from './frame.ts';
import { legalize } from './legalize.ts';
import { ModulePlan, NULL_SIGNATURE } from './module-plan.ts';
import { selectFunction } from './select.ts';
import { VectorAssembler } from './vector-assembler.ts';

export { cpuidProbe, featuresOfWords, PROBE_WORDS } from './cpuid-probe.ts';
export { featureNames, featureSet, featuresOfLevel, levelOf, X86_FEATURES, X86_LEVEL_NAMES, type X86Feature, type X86Features, type X86Level } from './features.ts';

/** The backend for one set of processor features. */
export interface X86Backend extends Backend {
  readonly features: X86Features;
  /**
   * The same for another set: a level's, or one of one's own (less what in it lacks what it builds on). The code runs
   * on processors that have all of it.
   *
   * @throws UsageError for an unknown level, and for what is neither a level nor a set (a list of names: see `featureSet`)
   * @example
   * x86_64.with('sse2').compile(module).requires // => []
   */
  with(features: X86Level | X86Features): X86Backend;
}

/**
 * The backend as a value, for processors of the highest level (`avx2`: those since about 2013). `hostTarget()` has the
 * one for this machine.
 *
 * @example
 * const compiled = x86_64.compile(module);
 * compiled.functions[0].size // => bytes of machine code of the first function
 */
export const x86_64: X86Backend = backendFor(featuresOfLevel('avx2'));

function backendFor(features: X86Features): X86Backend {
  const requires = featureNames(features);
  return Object.freeze({
    name: 'x86_64', description: `x86-64 (${levelOf(features)}) machine code for the guest calling convention`, variant: requires.join(' '), features,
    compile: (m: Module, options?: CodegenOptions) => compileModule(m, features, requires, options),
    with: (other: X86Level | X86Features) => backendFor(typeof other === 'string' ? featuresOfLevel(other) : completeSet(other)),
  });
}

function compileModule(original: Module, features: X86Features, requires: readonly string[], options: CodegenOptions = {}): CompiledModule {
  const { module: m, boundaries } = legalize(thawModule(original), features);
  const plan = new ModulePlan(m, features), code = new CodeBuffer(X86_64_CODE), asm = new VectorAssembler(code, features), tables = new ModuleTables();
  const labels = m.functions.map(() => code.newLabel());
  const table = m.table.map((name) => (name === null ? -1 : plan.functionNumber.get(name)!));
  const signatures = table.map((k) => (k < 0 ? NULL_SIGNATURE : plan.signatureNumber(m.functions[k])));
  const functions: CompiledFunction[] = [];
  for (let k = 0; k < m.functions.length; k++) {
    const f = m.functions[k];
    const selected = selectFunction(f, plan, code);
    if (options.checkAllocation === true) report(f.name, 'machine code', verifyMachineFunction(selected.machine));
    const allocation = allocateRegisters(selected.machine, X86_64_REGISTERS);
    if (options.checkAllocation === true) report(f.name, 'register allocation', checkAllocation(selected.machine, X86_64_REGISTERS, allocation));
    const frame = layoutFrame(allocation, plan.slotBytes(f), plan.linear, plan.layout.stackHigh === 2 ** 32, selected.calls);
    const offset = code.beginFunction(labels[k], 16);
    emitFunction(asm, selected, allocation, frame, plan.linear, tables, labels, k, f.loc);
    const end = code.endFunction();
    // Whoever calls it knows the function as it was.
    const { name, params, results } = original.functions[k] ?? f;
    functions.push({ name, params, results, ...(boundaries.has(k) ? { boundary: true as const } : {}), offset, size: end - offset, frameSize: frame.size, linearFrameSize: frame.linearSize });
  }
  const finished = code.finish();
  return {
    architecture: 'x86_64', requires, moduleName: m.name, memoryModel: m.memoryModel, code: finished.code, functions,
    trapSites: trapSites(tables, finished.marks), lines: lines(tables, finished.marks),
    table: table.map((k, n) => ({ offset: k < 0 ? -1 : functions[k].offset, signature: signatures[n] })),
    stackMaps: stackMaps(tables, finished.marks),
  };
}

function report(name: string, what: string, errors: readonly string[]): void {
  if (errors.length > 0) throw new InternalError(`${what} of ${name} is wrong: ${errors.slice(0, 5).join('; ')}`);
}

/** Marks are made in code order, function by function, so the tables are sorted as they are. */
function trapSites(t: ModuleTables, marks: Int32Array): TrapSite[] {
  const sites: TrapSite[] = [], d = t.sites.data;
  for (let k = 0; k < t.sites.length; k += 4) sites.push({ offset: marks[d[k]], trap: d[k + 1], loc: d[k + 2], divisor: d[k + 3] });
  return sites;
}
function lines(t: ModuleTables, marks: Int32Array): Int32Array {
  const out = t.lines.finish();
  for (let k = 0; k < out.length; k += 3) out[k] = marks[out[k]];
  return out;
}
function stackMaps(t: ModuleTables, marks: Int32Array): StackMap[] {
  return t.stackMaps.map(({ mark, id, bytes, live }) => ({ id, offset: marks[mark], bytes, live }));
}
