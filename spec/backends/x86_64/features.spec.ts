/** Processor features: what a level's code contains, what this machine has, what happens where they do not meet. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  featureNames, featureSet, featuresOfLevel, featuresOfWords, levelOf, x86_64, X86_FEATURES, X86_LEVEL_NAMES, type X86Level,
} from '../../../backends/x86_64/index.ts';
import { compile, fn, hostTarget, i32, machineFeatures, missingFeatures, MissingFeaturesError, module, RuntimeCompiler } from '../../../lib/index.ts';
import { parseModule, UsageError, type Module } from '../../../lib/mir/index.ts';
import { scalarCases } from '../../conformance/tables.ts';
import { vectorCases } from '../../conformance/vector-cases.ts';
import { binutilsMissing, disassemble } from '../../support/objdump.ts';
import { vectorModule } from '../../support/vector-runs.ts';

const test = suite('x86-64: features');
const here = process.platform === 'linux' && process.arch === 'x64';
const native = here ? test : test.skip;

test('levels contain one another; sets are closed', () => {
  X86_LEVEL_NAMES.forEach((level, k) => {
    const set = featuresOfLevel(level);
    assert.is(levelOf(set), level);
    assert.equal(featureSet(featureNames(set)), set);
    if (k > 0) for (const f of featureNames(featuresOfLevel(X86_LEVEL_NAMES[k - 1]))) assert.ok(set[f], `${level} has ${f}`);
  });
  assert.equal(featureNames(featureSet(['avx', 'fma', 'ssse3', 'bmi2'])), ['bmi2'], 'nothing without what it builds on');
  assert.equal(featureNames(featureSet(['avx512f', 'sse3'])), ['sse3'], 'unknown names are ignored');
  assert.throws(() => featuresOfLevel('sse5' as X86Level), (e: unknown) => e instanceof UsageError && e.message.includes('sse2, ssse3'));
});

test('what the processor says, and the system with it', () => {
  const all = new Uint32Array(6).fill(0xffffffff);
  assert.equal(featureNames(featuresOfWords(all)), X86_FEATURES);
  assert.equal(featureNames(featuresOfWords(new Uint32Array(6))), []);
  const noUpperHalves = all.slice();
  noUpperHalves[3] = 2; // XCR0 without the upper halves: the system does not save them
  assert.equal(featureNames(featuresOfWords(noUpperHalves)), X86_FEATURES.filter((f) => !['avx', 'avx2', 'fma'].includes(f)));
});

native('the probe agrees with the kernel', () => {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].trim().split(/\s+/));
  const names: Partial<Record<string, string>> = { sse3: 'pni', lzcnt: 'abm' };
  assert.equal(featureNames(machineFeatures()), X86_FEATURES.filter((f) => flags.has(names[f] ?? f)));
});

const one: Module = parseModule('module @m linear\nmemory initial 1 maximum 1 stack 1024\nfunc @f(i32) -> (i32) {\nb0(v0: i32):\n  v1 = popcnt.i32 v0\n  ret v1\n}');

test('code is made for any machine, and says what it needs', () => {
  assert.equal(x86_64.with('sse2').compile(one).requires, []);
  assert.equal(x86_64.compile(one).requires, X86_FEATURES);
  assert.is.not(x86_64.with('sse2').variant, x86_64.variant);
  for (const wrong of [undefined, null, 5, ['avx2'], new Set(['avx2'])]) {
    assert.throws(() => x86_64.with(wrong as unknown as X86Level), (e: unknown) => e instanceof UsageError && e.remedy.includes('featureSet'), 'a list is no set, and no reason for less than was asked for');
  }
  assert.equal(x86_64.with({ ...featuresOfLevel('avx2'), sse4_1: false }).compile(one).requires, ['sse3', 'ssse3', 'popcnt', 'lzcnt', 'bmi1', 'bmi2'], 'what builds on a missing one goes too');
  assert.is.not(Buffer.compare(x86_64.with('sse2').compile(one).code, x86_64.compile(one).code), 0);
});

native('code for a better machine is refused when it should run', () => {
  const target = { ...hostTarget('sse2'), available: ['sse3'] };
  using fits = new RuntimeCompiler({ target });
  assert.is(fits.compile(one).call('f', [255]), 8);
  using better = new RuntimeCompiler({ target: { ...target, backend: x86_64.with('ssse3') } });
  assert.throws(() => better.compile(one), (e: unknown) => e instanceof MissingFeaturesError && e.missing.join() === 'ssse3' && e.message.includes('lacks ssse3'));
  assert.equal(missingFeatures(featuresOfLevel('sse2')), []);
});

native('a level may be asked for', () => {
  const m = module('demo').export({ shifted: fn('shifted', [i32, i32], i32, (b, x, n) => { b.ret(x.shl(n)); }) }).build();
  for (const level of X86_LEVEL_NAMES.filter((l) => missingFeatures(featuresOfLevel(l)).length === 0)) {
    using it = compile(m, { features: level });
    assert.is(it.shifted(5, 33), 10, level);
  }
});

test('upper halves are cleared where control leaves code that uses them, and only there', () => {
  const compiled = x86_64.compile(parseModule(`module @m linear
memory initial 1 maximum 1 stack 1024
func @narrow(v128) -> (v128) {
b0(v0: v128):
  v1 = vadd.i32x4 v0, v0
  ret v1
}
func @twice(v256) -> (v256) {
b0(v0: v256):
  v1 = vadd.i32x8 v0, v0
  ret v1
}
func @fill(ptr) -> () {
b0(v0: ptr):
  v1 = load.v256 v0
  v2: v256 = call @twice(v1)
  v3 = const.i32 32
  memory_fill v0, v3, v3
  store.v256 v2, v0
  ret
}`));
  // vzeroupper; the 256-bit body of `twice` is behind its boundary, which the host enters.
  const counts = compiled.functions.map((f) => Buffer.from(compiled.code.subarray(f.offset, f.offset + f.size)).toString('hex').split('c5f877').length - 1);
  assert.equal([counts[0], counts[2]], [0, 2], 'a narrow function; before the runtime fills memory and before the return');
  assert.equal([counts[1], counts[counts.length - 1]].sort(), [0, 1], 'the boundary alone, not the function that returns 256 bits');
});

/** Mnemonics, as whole words with a regular expression, that need a feature. */
const NEEDS: Readonly<Record<string, RegExp>> = {
  sse3: /^v?(mov(d|sh|sl)dup|h(add|sub)p[sd]|addsubp[sd]|lddqu)$/,
  ssse3: /^v?(pshufb|pabs[bwd]|palignr|psign[bwd]|ph(add|sub)s?[wd]|pmaddubsw|pmulhrsw)$/,
  sse4_1: /^v?(pmulld|pmuldq|p(min|max)(sb|sd|uw|ud)|ptest|round[ps][sd]|p?blendv?(b|w|ps|pd)|pinsr[bdq]|pextr[bdq]|extractps|insertps|pmov[sz]x..|packusdw|pcmpeqq|dpp[sd]|mpsadbw)$/,
  sse4_2: /^v?pcmpgtq$/,
  popcnt: /^popcnt$/,
  lzcnt: /^lzcnt$/,
  bmi1: /^(tzcnt|andn|bls(r|i|msk)|bextr)$/,
  bmi2: /^(shlx|shrx|sarx|rorx|mulx|pdep|pext|bzhi)$/,
  avx: /^v/,
  avx2: /^v(pbroadcast.*|inserti128|extracti128|perm2i128|permq|permpd|permd|permps|pblendd|ps[lr][lr]v[dq]|psravd|broadcasti128)$/,
  fma: /^vfn?m(add|sub)/,
};

/** Code of all functions, without the constants behind it. */
function functionBytes(level: X86Level, modules: readonly Module[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const m of modules) {
    const compiled = x86_64.with(level).compile(m);
    for (const f of compiled.functions) parts.push(compiled.code.subarray(f.offset, f.offset + f.size));
  }
  return Buffer.concat(parts);
}

const missing = binutilsMissing();
if (missing !== undefined) process.stdout.write(`\nskipped: instructions of each level are not looked at: ${missing}\n`);
(missing === undefined ? test : test.skip)('no instruction of a level needs more, and the two encodings are never mixed', () => {
  // One of the two ways the vector cases come in is enough, and a few of the many masks.
  const vectors = vectorModule(vectorCases().filter((c, k) => !c.name.startsWith('shuffle') || k % 8 === 0)), loaded = { ...vectors, functions: vectors.functions.filter((f) => f.name.endsWith(' loaded')) };
  const modules = [...new Set([loaded, ...Array.from(scalarCases(), (c) => c.module)])];
  for (const level of X86_LEVEL_NAMES) {
    const set: Readonly<Record<string, boolean>> = { ...featuresOfLevel(level) }, wrong = new Set<string>(), used = new Set<string>(), known = new Set<string>();
    for (const i of disassemble(functionBytes(level, modules))) {
      const space = i.text.indexOf(' '), mnemonic = space < 0 ? i.text : i.text.slice(0, space);
      if (!known.has(mnemonic)) {
        known.add(mnemonic);
        for (const [feature, pattern] of Object.entries(NEEDS)) {
          if (!pattern.test(mnemonic)) continue;
          used.add(feature);
          if (!set[feature]) wrong.add(`${i.text} (${feature})`);
        }
        if (mnemonic === '(bad)') wrong.add(`bad at ${i.offset}`);
      }
      // 66 0F 3A 15 is the SSE4.1 form of a mnemonic that SSE2 has too; broadcasts from a register came with AVX2.
      if (mnemonic === 'pextrw' && !set['sse4_1'] && !i.bytes.includes('0f c5')) wrong.add(`${i.text} ${i.bytes}`);
      if (!set['avx2'] && (i.text.includes('ymm') || (mnemonic === 'vbroadcastss' && !i.text.includes('[')))) wrong.add(`${i.text} (avx2)`);
      if (set['avx'] && !mnemonic.startsWith('v') && i.text.includes('xmm')) wrong.add(`${i.text} (not VEX)`);
    }
    assert.equal([...wrong].slice(0, 20), [], level);
    // SSE3 has nothing of its own that the table needs.
    for (const f of Object.keys(set)) if (set[f] && f !== 'sse3') assert.ok(used.has(f), `${level} makes use of ${f}`);
  }
});

test.run();
