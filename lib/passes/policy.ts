/**
 * The policy check: which outside symbols a module reaches, and whether each is granted.
 *
 * Threat: a module written by a stranger calls something its host never meant to offer. Invariant: a symbol is
 * *refused unless granted*. A deny list is never the wall; the symbol classes only say which grant a known symbol
 * needs and how the refusal is worded. What is checked is the module itself (every call, every tail call, every
 * table entry), not what its author declared about it: a declared capability can add a requirement, never lift one.
 */
import { LamellaError } from '../mir/errors.ts';
import type { Capability, Import, Module, SourceLocation } from '../mir/module.ts';

/** Why a symbol was refused. The first three name the reference classes; the last is any other ungranted symbol. */
export type ViolationKind =
  | 'disallowed syscall intrinsic'
  | 'disallowed file-I/O symbol'
  | 'disallowed network symbol'
  | 'ungranted symbol';

/** One refused reference to an outside symbol. */
export interface PolicyViolation {
  readonly functionName: string;
  readonly kind: ViolationKind;
  readonly symbol: string;
  readonly location: SourceLocation | undefined;
}

/** What a policy must be able to answer. Plain functions, so that hosts may write their own. */
export interface Policy {
  /** The class of a known symbol, or undefined for one on no list. */
  classify(symbol: string): Exclude<Capability, 'none' | 'symbol'> | undefined;
  /** True when the whole class is granted. */
  grantsCapability(capability: Exclude<Capability, 'none' | 'symbol'>): boolean;
  /** True when this very symbol is granted by name. */
  grantsSymbol(symbol: string): boolean;
}

const KINDS = {
  'syscall': 'disallowed syscall intrinsic',
  'file-io': 'disallowed file-I/O symbol',
  'network': 'disallowed network symbol',
} as const satisfies Record<Exclude<Capability, 'none' | 'symbol'>, ViolationKind>;

/** Violations that a message lists: a module can have millions. */
const LISTED = 20;

/** The module reaches symbols it was not granted. Carries every violation; the message lists the first. */
export class PolicyError extends LamellaError {
  readonly violations: readonly PolicyViolation[];
  constructor(moduleName: string, violations: readonly PolicyViolation[]) {
    super('policy', `policy: module ${moduleName} reaches ${violations.length === 1 ? 'a symbol' : `${violations.length} symbols`} it was not granted\n${violations.slice(0, LISTED).map((v) => `  ${formatViolation(v)}`).join('\n')}${violations.length > LISTED ? `\n  and ${violations.length - LISTED} more` : ''}`,
      'Grant the capability (allowSyscalls, allowFileIo, allowNetwork) or the symbol by name (grants), or remove the call.');
    this.violations = violations;
  }
}

/** One violation as a line of text. */
export function formatViolation(v: PolicyViolation): string {
  const at = v.location && v.location.line > 0 ? ` (${v.location.file}:${v.location.line}:${v.location.column})` : '';
  return `${v.kind} "${v.symbol}" called in function "${v.functionName}"${at}`;
}

/**
 * Every ungranted reference of the module, in order of functions and blocks. The empty list: the module may run.
 *
 * @example
 * checkPolicy(emptyModule, policy) // => []
 */
export function checkPolicy(module: Module, policy: Policy): readonly PolicyViolation[] {
  const local = new Set<string>();
  for (const f of module.functions) local.add(f.name);
  const imports = new Map<string, Import>();
  for (const i of module.imports) imports.set(i.name, i);
  const refused = new Map<string, ViolationKind | null>();
  const judge = (symbol: string): ViolationKind | null => {
    const known = refused.get(symbol);
    if (known !== undefined) return known;
    const verdict = local.has(symbol) ? null : judgeSymbol(symbol, imports.get(symbol), policy);
    refused.set(symbol, verdict);
    return verdict;
  };
  const violations: PolicyViolation[] = [];
  const check = (symbol: string, functionName: string, loc: number): void => {
    const kind = judge(symbol);
    if (kind !== null) violations.push({ functionName, kind, symbol, location: loc > 0 ? module.locations[loc] : undefined });
  };
  for (const f of module.functions) {
    for (const b of f.blocks) {
      for (const i of b.instructions) if (i.kind === 'call') check(i.callee, f.name, i.loc);
      if (b.terminator.kind === 'tail_call') check(b.terminator.callee, f.name, b.terminator.loc);
    }
  }
  for (const entry of module.table) if (entry !== null) check(entry, '(function table)', 0);
  return violations;
}

function judgeSymbol(symbol: string, declared: Import | undefined, policy: Policy): ViolationKind | null {
  if (policy.grantsSymbol(symbol)) return null;
  const cls = policy.classify(symbol);
  const own = declared === undefined || declared.capability === 'none' || declared.capability === 'symbol' ? undefined : declared.capability;
  if (cls !== undefined && !policy.grantsCapability(cls)) return KINDS[cls];
  if (own !== undefined && !policy.grantsCapability(own)) return KINDS[own];
  // A class covers the symbols on its list. A declaration alone is the guest's word and covers nothing.
  return cls === undefined ? 'ungranted symbol' : null;
}

/** The check as a function that throws. @throws PolicyError carrying all violations */
export function enforcePolicy(module: Module, policy: Policy): void {
  const violations = checkPolicy(module, policy);
  if (violations.length > 0) throw new PolicyError(module.name, violations);
}

