/** Shuffle plans hold for every kind of mask at every feature level, by what their instructions do to bytes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShuffleOp } from '../../../backends/x86_64/shuffle-node.ts';
import type { ShuffleFeatures } from '../../../backends/x86_64/shuffle-one-source.ts';
import { planShuffle, type ShufflePlan, type ShuffleStep } from '../../../backends/x86_64/shuffle-plan.ts';

const test = suite('x86-64: shuffle plans');

const LEVELS: readonly (readonly [string, ShuffleFeatures])[] = [
  ['sse2', { ssse3: false, sse4_1: false, avx: false, avx2: false }],
  ['ssse3', { ssse3: true, sse4_1: false, avx: false, avx2: false }],
  ['sse4.1', { ssse3: true, sse4_1: true, avx: false, avx2: false }],
  ['avx', { ssse3: true, sse4_1: true, avx: true, avx2: false }],
  ['avx2', { ssse3: true, sse4_1: true, avx: true, avx2: true }],
];
const SSSE3: ReadonlySet<ShuffleOp> = new Set(['pshufb', 'palignr']);
const SSE41: ReadonlySet<ShuffleOp> = new Set(['pmovzxbw', 'pmovzxbd', 'pmovzxbq', 'pmovzxwd', 'pmovzxwq', 'pmovzxdq', 'blendps', 'pblendw', 'insertps']);

/** The instruction's effect on bytes, from the processor manual's pseudocode. */
function run(s: ShuffleStep, a: Uint8Array, b: Uint8Array): Uint8Array {
  const d = new Uint8Array(16), dwords = new Int32Array(a.slice().buffer), words = new Int16Array(a.slice().buffer), imm = s.imm;
  const copy = (to: number, from: Uint8Array, at: number, n: number): void => d.set(from.subarray(at, at + n), to);
  const lanes = (width: number, f: (v: bigint) => bigint): void => {
    for (let k = 0; k < 16; k += width) {
      let v = 0n;
      for (let j = width - 1; j >= 0; j--) v = v << 8n | BigInt(a[k + j]);
      v = f(v);
      for (let j = 0; j < width; j++) d[k + j] = Number(v >> BigInt(8 * j) & 255n);
    }
  };
  const unpack = (width: number, from: number): void => {
    for (let k = 0; k < 8; k += width) {
      copy(2 * k, a, from + k, width);
      copy(2 * k + width, b, from + k, width);
    }
  };
  const extend = (from: number, to: number): void => { for (let k = 0; k * to < 16; k++) copy(k * to, a, k * from, from); };
  const n = BigInt(imm);
  switch (s.op) {
    case 'zero': break;
    case 'pshufd': for (let k = 0; k < 4; k++) copy(4 * k, a, 4 * (imm >> 2 * k & 3), 4); break;
    case 'pshuflw': d.set(a); for (let k = 0; k < 4; k++) copy(2 * k, a, 2 * (imm >> 2 * k & 3), 2); break;
    case 'pshufhw': d.set(a); for (let k = 0; k < 4; k++) copy(8 + 2 * k, a, 8 + 2 * (imm >> 2 * k & 3), 2); break;
    case 'psrldq': copy(0, a, imm, 16 - imm); break;
    case 'pslldq': copy(imm, a, 0, 16 - imm); break;
    case 'psrlw': lanes(2, (v) => v >> n); break;
    case 'psrld': lanes(4, (v) => v >> n); break;
    case 'psrlq': lanes(8, (v) => v >> n); break;
    case 'psllw': lanes(2, (v) => v << n); break;
    case 'pslld': lanes(4, (v) => v << n); break;
    case 'psllq': lanes(8, (v) => v << n); break;
    case 'psrad': d.set(new Uint8Array(dwords.map((v) => v >> imm).buffer)); break;
    case 'movq': copy(0, a, 0, 8); break;
    case 'pmovzxbw': extend(1, 2); break;
    case 'pmovzxbd': extend(1, 4); break;
    case 'pmovzxbq': extend(1, 8); break;
    case 'pmovzxwd': extend(2, 4); break;
    case 'pmovzxwq': extend(2, 8); break;
    case 'pmovzxdq': extend(4, 8); break;
    case 'vpbroadcastb': d.fill(a[0]); break;
    case 'vpbroadcastw': for (let k = 0; k < 16; k += 2) copy(k, a, 0, 2); break;
    case 'pand': for (let k = 0; k < 16; k++) d[k] = a[k] & s.bytes![k]; break;
    case 'pshufb': for (let k = 0; k < 16; k++) d[k] = s.bytes![k] > 127 ? 0 : a[s.bytes![k] & 15]; break;
    case 'punpcklbw': unpack(1, 0); break;
    case 'punpcklwd': unpack(2, 0); break;
    case 'punpckldq': unpack(4, 0); break;
    case 'punpcklqdq': unpack(8, 0); break;
    case 'punpckhbw': unpack(1, 8); break;
    case 'punpckhwd': unpack(2, 8); break;
    case 'punpckhdq': unpack(4, 8); break;
    case 'punpckhqdq': unpack(8, 8); break;
    case 'shufps': for (let k = 0; k < 4; k++) copy(4 * k, k < 2 ? a : b, 4 * (imm >> 2 * k & 3), 4); break;
    case 'movss': d.set(a); copy(0, b, 0, 4); break;
    case 'por': for (let k = 0; k < 16; k++) d[k] = a[k] | b[k]; break;
    case 'palignr': for (let k = 0; k < 16; k++) d[k] = k + imm < 16 ? b[k + imm] : k + imm < 32 ? a[k + imm - 16] : 0; break;
    case 'blendps': for (let k = 0; k < 4; k++) copy(4 * k, (imm >> k & 1) === 1 ? b : a, 4 * k, 4); break;
    case 'pblendw': for (let k = 0; k < 8; k++) copy(2 * k, (imm >> k & 1) === 1 ? b : a, 2 * k, 2); break;
    case 'insertps':
      d.set(a);
      copy(4 * (imm >> 4 & 3), b, 4 * (imm >> 6), 4);
      for (let k = 0; k < 4; k++) if ((imm >> k & 1) === 1) d.fill(0, 4 * k, 4 * k + 4);
      break;
    case 'packuswb': [words, new Int16Array(b.slice().buffer)].forEach((w, h) => w.forEach((v, k) => { d[8 * h + k] = Math.max(0, Math.min(255, v)); })); break;
    case 'packssdw':
      [dwords, new Int32Array(b.slice().buffer)].forEach((w, h) => w.forEach((v, k) => {
        const c = Math.max(-32768, Math.min(32767, v));
        d[8 * h + 2 * k] = c;
        d[8 * h + 2 * k + 1] = c >> 8;
      }));
      break;
    case 'pblendvb': for (let k = 0; k < 16; k++) d[k] = s.bytes![k] > 127 ? b[k] : a[k]; break;
    default: s.op satisfies never;
  }
  return d;
}

function runPlan(p: ShufflePlan, x: Uint8Array, y: Uint8Array): Uint8Array {
  const values = [x, y];
  for (const s of p.steps) values.push(run(s, s.a < 0 ? new Uint8Array(16) : values[s.a], s.b < 0 ? new Uint8Array(16) : values[s.b]));
  return values[p.result];
}

let seed = 12345;
function random(n: number): number {
  seed = Math.imul(seed, 1103515245) + 12345 | 0;
  return (seed >>> 8) % n;
}
/** Bytes with many sign bits and saturating patterns, to catch a `pack` that changes a value. */
function bytes(): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => (random(3) === 0 ? [0, 0x7f, 0x80, 0xff][random(4)] : random(256)));
}

let longest = new Map<string, number>();

function check(mask: readonly number[], zero = 0, same = false): void {
  for (const [level, has] of LEVELS) {
    const plan = planShuffle(mask, zero, same, has), x = (zero & 1) === 1 ? new Uint8Array(16) : bytes();
    const y = same ? x : (zero & 2) === 2 ? new Uint8Array(16) : bytes();
    const got = runPlan(plan, x, y), want = Uint8Array.from(mask, (m) => (m < 16 ? x[m] : y[m - 16]));
    const where = `${level} [${mask.join()}] zero ${zero} same ${same}: ${plan.steps.map((s) => `${s.op}/${s.imm}`).join(' ')}`;
    assert.equal([...got], [...want], where);
    for (const s of plan.steps) {
      if (SSSE3.has(s.op)) assert.ok(has.ssse3, where);
      if (SSE41.has(s.op)) assert.ok(has.sse4_1, where);
      if (s.op.startsWith('v')) assert.ok(has.avx2, where);
      if (s.op === 'pblendvb') assert.ok(has.avx, where);
    }
    longest.set(level, Math.max(longest.get(level) ?? 0, plan.steps.length));
  }
}
/** Elements of `width` bytes as bytes. */
function wide(e: readonly number[], width: number): number[] { return e.flatMap((m) => Array.from({ length: width }, (_, j) => m * width + j)); }
function steps(mask: readonly number[], level: string, same = false): string {
  return planShuffle(mask, 0, same, LEVELS.find(([name]) => name === level)![1]).steps.map((s) => s.op).join(' ');
}

test('every mask of dwords and of qwords', () => {
  for (let m = 0; m < 4096; m++) check(wide([m & 7, m >> 3 & 7, m >> 6 & 7, m >> 9], 4));
  for (let m = 0; m < 256; m++) {
    for (const zero of [1, 2]) check(wide([m * 5 & 7, m >> 1 & 7, m >> 3 & 7, m >> 5], 4), zero);
    check(wide([m & 3, m >> 2 & 3, m >> 4 & 3, m >> 6], 4), 0, true);
  }
  for (let m = 0; m < 16; m++) for (const zero of [0, 1, 2, 3]) check(wide([m & 3, m >> 2], 8), zero);
  for (const level of ['sse2', 'ssse3', 'sse4.1', 'avx', 'avx2']) assert.ok(longest.get(level)! <= 3, `${level}: ${longest.get(level)}`);
});

test('random masks of words and bytes, of both sources, of one, with zeros', () => {
  longest = new Map();
  for (let n = 0; n < 1500; n++) {
    const width = n % 2 + 1, from = n % 3 === 0 ? 32 / width : 16 / width;
    check(wide(Array.from({ length: 16 / width }, () => random(from)), width), n % 5 === 0 ? 1 + n % 2 : 0, n % 7 === 0 && n % 5 !== 0);
  }
  for (const level of ['ssse3', 'sse4.1', 'avx', 'avx2']) assert.ok(longest.get(level)! <= 4, `${level}: ${longest.get(level)}`);
  // Sixteen distances: a shift, a mask and a join each, less the last join.
  assert.ok(longest.get('sse2')! <= 47, `sse2: ${longest.get('sse2')}`);
});

test('masks near the patterns: rotations, shifts, blends, interleavings, reversals, broadcasts', () => {
  const all = Array.from({ length: 16 }, (_, k) => k);
  for (let n = 0; n < 32; n++) {
    check(all.map((k) => (k + n) & 31));
    check(all.map((k) => (k + n) & 31), 2);
    check(all.map((k) => (k + n) & 15));
    check(all.map(() => n));
    check(all.map((k) => k ^ n));
    for (const width of [1, 2, 4, 8]) {
      check(all.map((k) => (n >> Math.floor(k / width) % 5 & 1) * 16 + k));
      check(all.map((k) => (Math.floor(k / width) % 2) * 16 + Math.floor(k / width / 2) * width + k % width + (n & 1) * 8));
      check(all.map((k) => (Math.floor(k / width) * 2 * width + k % width + (n & 1) * width) & 31));
      check(all.map((k) => (Math.floor(k / width) * 2 * width + k % width + (n & 1) * width) & 15));
    }
  }
  for (let n = 0; n < 800; n++) {
    // A pattern with one byte changed.
    const mask = all.map((k) => (k + n) & 31);
    mask[random(16)] = random(32);
    check(mask, random(4) === 0 ? 2 : 0);
  }
});

test('the instruction a reader expects', () => {
  const all = Array.from({ length: 16 }, (_, k) => k);
  assert.is(steps(all, 'sse2'), '');
  assert.is(steps(wide([0, 0, 0, 0], 4), 'sse2'), 'pshufd');
  assert.is(steps(wide([3, 2, 1, 0], 4), 'avx2'), 'pshufd');
  assert.is(steps(wide([0, 4, 1, 5], 4), 'sse2'), 'punpckldq');
  assert.is(steps(wide([0, 1, 4, 5], 4), 'avx'), 'shufps');
  assert.is(steps(wide([0, 5, 2, 7], 4), 'sse4.1'), 'blendps');
  assert.is(steps(wide([4, 1, 2, 3], 4), 'sse2'), 'movss');
  assert.is(steps(wide([0, 2, 4, 6], 4), 'sse2'), 'shufps');
  assert.is(steps(wide([0, 1, 2, 6], 4), 'sse4.1'), 'insertps');
  assert.is(steps(wide([1, 0, 3, 2, 4, 5, 6, 7], 2), 'sse2'), 'pshuflw');
  assert.is(steps(wide([0, 1, 2, 3, 7, 6, 5, 4], 2), 'sse2'), 'pshufhw');
  assert.is(steps(wide([7, 6, 5, 4, 3, 2, 1, 0], 2), 'sse2'), 'pshufd pshuflw pshufhw');
  assert.is(steps(wide([0, 9, 2, 11, 4, 13, 6, 15], 2), 'sse4.1'), 'pblendw');
  assert.is(steps(all.map((k) => k + 3), 'ssse3'), 'palignr');
  assert.is(steps(all.map((k) => k + 3), 'sse2'), 'psrldq pslldq por');
  assert.is(steps(all.map((k) => 15 - k), 'ssse3'), 'pshufb');
  assert.is(steps(all.map((k) => (k & 1) * 16 + (k >> 1)), 'sse2'), 'punpcklbw');
  assert.is(steps(all.map(() => 0), 'avx2'), 'vpbroadcastb');
  assert.is(steps(all.map(() => 5), 'sse2'), 'punpcklbw pshufhw pshufd');
  assert.is(steps(all.map((k) => 2 * k), 'sse2'), 'pand pand packuswb');
  assert.is(steps(all.map((k) => (k & 1) * 16 + k), 'avx'), 'pblendvb');
});

test.run();
