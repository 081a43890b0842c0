import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BRANCH_JMP, X86_64_CODE } from '../../backends/x86_64/code-target.ts';
import { Assembler } from '../../backends/x86_64/encoder.ts';
import { CC, FIXED, X } from '../../backends/x86_64/forms.ts';
import { CodeBuffer, type FinishedCode } from '../../lib/codegen/code-buffer.ts';
import { InternalError } from '../../lib/mir/errors.ts';

const test = suite('code buffer');

/** A step of a random program; `branch` and `bind` name one of a few labels. */
type Step = readonly ['fill', number] | readonly ['branch', number, number] | readonly ['bind', number] | readonly ['align', number, number] | readonly ['end'];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('fill' as const), fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 90, max: 140 }))) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('branch' as const), fc.constantFrom(0, 4, 15, BRANCH_JMP), fc.nat(40)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('bind' as const), fc.nat(40)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('align' as const), fc.constantFrom(4, 16, 32), fc.nat(31)) },
  { weight: 1, arbitrary: fc.constant(['end'] as const) },
);

interface Built { readonly done: FinishedCode; readonly branches: readonly { mark: number; kind: number; label: number; fn: number }[]; readonly labels: readonly number[]; readonly labelFn: readonly number[]; readonly fills: readonly { mark: number; value: number; count: number }[]; readonly aligned: boolean }

function build(steps: readonly Step[]): Built {
  const code = new CodeBuffer(X86_64_CODE);
  const labels = Array.from({ length: 41 }, () => code.newLabel()), labelFn = labels.map(() => -1);
  const branches: Built['branches'][number][] = [], fills: Built['fills'][number][] = [];
  let fn = 0, value = 1, aligned = false;
  code.beginFunction(-1, 1);
  for (const s of steps) {
    switch (s[0]) {
      case 'fill':
        code.reserve(s[1]);
        fills.push({ mark: code.mark(), value, count: s[1] });
        code.bytes.fill(value, code.length, code.length + s[1]);
        code.length += s[1];
        value = value === 200 ? 1 : value + 1;
        break;
      case 'branch': branches.push({ mark: code.mark(), kind: s[1], label: s[2], fn }); code.branch(s[1], labels[s[2]]); break;
      case 'bind': if (labelFn[s[1]] < 0) { labelFn[s[1]] = fn; code.bind(labels[s[1]]); } break;
      case 'align': code.align(s[1], s[2]); aligned ||= true; break;
      default: code.endFunction(); fn++; code.beginFunction(-1, 1);
    }
  }
  labels.forEach((l, i) => { if (labelFn[i] < 0) { labelFn[i] = fn; code.bind(l); } });
  code.endFunction();
  return { done: code.finish(), branches, labels, labelFn, fills, aligned };
}

/** Where the branch at `at` leads, and its length. */
function decode(code: Uint8Array, at: number, kind: number): { target: number; size: number } {
  const view = new DataView(code.buffer);
  if (kind === BRANCH_JMP) {
    if (code[at] === 0xeb) return { target: at + 2 + view.getInt8(at + 1), size: 2 };
    assert.is(code[at], 0xe9);
    return { target: at + 5 + view.getInt32(at + 1, true), size: 5 };
  }
  if (code[at] === (0x70 | kind)) return { target: at + 2 + view.getInt8(at + 1), size: 2 };
  assert.is(code[at], 0x0f);
  assert.is(code[at + 1], 0x80 | kind);
  return { target: at + 6 + view.getInt32(at + 2, true), size: 6 };
}

test('random programs: branches lead to their labels, bytes and marks move together', () => {
  const seed = Math.floor(Math.random() * 0x7fffffff);
  process.stdout.write(`\nseed ${seed}\n`);
  fc.assert(fc.property(fc.array(step, { maxLength: 160, size: 'max' }), (steps) => {
    const { done, branches, labels, labelFn, fills, aligned } = build(steps);
    for (const b of branches) {
      const at = done.marks[b.mark], d = decode(done.code, at, b.kind);
      assert.is(d.target, done.labels[labels[b.label]]);
      if (d.size > 2 && !aligned && labelFn[b.label] === b.fn) {
        // Without paddings the result is the least fixed point: a long branch in its function would not reach if short.
        const shrink = d.target > at ? d.size - 2 : 0, distance = d.target - shrink - (at + 2);
        assert.ok(distance < -128 || distance > 127, `a branch over ${distance} bytes is long`);
      }
    }
    for (const f of fills) for (let i = 0; i < f.count; i++) assert.is(done.code[done.marks[f.mark] + i], f.value);
    assert.equal(build(steps).done.code, done.code);
  }), { numRuns: 400, seed });
});

test('a branch over exactly 127 bytes is short, over 128 long; backwards 128 and 129', () => {
  const size = (fill: number, backward: boolean): number => {
    const code = new CodeBuffer(X86_64_CODE), l = code.newLabel();
    code.beginFunction();
    if (backward) code.bind(l); else code.branch(BRANCH_JMP, l);
    code.reserve(fill);
    code.length += fill;
    if (backward) code.branch(BRANCH_JMP, l); else code.bind(l);
    return code.endFunction() - fill;
  };
  assert.equal([size(127, false), size(128, false), size(126, true), size(127, true)], [2, 5, 2, 5]);
});

test('one growth forces the next, further than sweeps are counted', () => {
  // Each branch spans the next one, with 127 bytes between when all are short: the last grows, then the one before, ...
  const code = new CodeBuffer(X86_64_CODE), n = 60, labels: number[] = [], marks: number[] = [];
  code.beginFunction();
  for (let i = 0; i <= n; i++) labels.push(code.newLabel());
  for (let i = 0; i < n; i++) {
    marks.push(code.mark());
    code.branch(BRANCH_JMP, labels[i]);
    const fill = i === n - 1 ? 128 : 123;
    code.reserve(fill);
    code.length += fill - (i > 0 ? 2 : 0);
    if (i > 0) { code.bind(labels[i - 1]); code.length += 2; }
  }
  code.bind(labels[n - 1]);
  code.endFunction();
  const done = code.finish();
  for (let i = 0; i < n; i++) assert.is(decode(done.code, done.marks[marks[i]], BRANCH_JMP).target, done.labels[labels[i]]);
});

test('loop heads are aligned with executable padding, unless it costs too much', () => {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  const head = code.newLabel(), other = code.newLabel();
  code.beginFunction();
  asm.nop(3);
  code.align(32);
  code.bind(head);
  asm.nop(1);
  code.align(32, 8);
  code.bind(other);
  asm.jcc(CC.ne, head);
  code.endFunction();
  const done = code.finish();
  assert.is(done.labels[head], 32);
  assert.is(done.labels[other], 33);
});

test('equal constants have one place, each at its alignment, after the code', () => {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  code.beginFunction();
  asm.vm(X.addss, 32, asm.rip(code.constant32(0x3f800000)));
  asm.vm(X.addsd, 32, asm.rip(code.constant64(0, 0x3ff00000)));
  asm.vm(X.xorps, 32, asm.rip(code.constant128(1, 2, 3, 4)));
  asm.mi(X.cmp, 4, asm.rip(code.constant32(0x3f800000)), 7);
  code.endFunction();
  assert.is(code.constant64(0, 0x3ff00000), code.constant64(0, 0x3ff00000));
  assert.is.not(code.constant64(0, 0x3ff00000), code.constant64(0x3ff00000, 0));
  assert.is.not(code.constant32(0), code.constant64(0, 0));
  for (let i = 0; i < 1000; i++) code.constant64(i, -i);
  for (let i = 0; i < 1000; i++) assert.is(code.constant64(i, -i), code.constant64(i, -i));
  const done = code.finish(), view = new DataView(done.code.buffer);
  const target = (end: number): number => end + view.getInt32(end - 4, true);
  const f32 = target(8), f64 = target(16), v128 = target(23);
  assert.is(view.getFloat32(f32, true), 1);
  assert.is(view.getFloat64(f64, true), 1);
  assert.equal([0, 4, 8, 12].map((o) => view.getInt32(v128 + o, true)), [1, 2, 3, 4]);
  assert.equal([f32 % 4, f64 % 8, v128 % 16], [0, 0, 0]);
  assert.ok(v128 >= done.constantsOffset && f32 > f64 && f64 > v128);
  // The immediate after a RIP-relative operand counts into the distance.
  assert.is(30 + view.getInt32(25, true), f32);
});

test('jump tables hold distances from the table', () => {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  const a = code.newLabel(), b = code.newLabel();
  code.beginFunction();
  const table = code.jumpTable([a, b, a]);
  asm.rm(X.lea, 8, 0, asm.rip(table));
  code.bind(a);
  asm.fixed(FIXED.ret);
  code.bind(b);
  asm.fixed(FIXED.ud2);
  code.endFunction();
  const done = code.finish(), view = new DataView(done.code.buffer), at = done.labels[table];
  assert.is(7 + view.getInt32(3, true), at);
  assert.equal([0, 4, 8].map((o) => at + view.getInt32(at + o, true)), [done.labels[a], done.labels[b], done.labels[a]]);
});

test('calls and tail jumps reach functions before and after', () => {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code);
  const f = code.newLabel(), g = code.newLabel();
  code.beginFunction(f);
  asm.call(g);
  asm.jmp(g);
  code.endFunction();
  code.beginFunction(g);
  asm.call(f);
  asm.jcc(CC.e, f);
  code.endFunction();
  const { code: bytes } = code.finish(), view = new DataView(bytes.buffer);
  assert.is(5 + view.getInt32(1, true), 16);
  assert.is(decode(bytes, 5, BRANCH_JMP).target, 16);
  assert.is(21 + view.getInt32(17, true), 0);
  assert.equal(decode(bytes, 21, CC.e), { target: 0, size: 6 });
});

test('misuse is an internal error', () => {
  const code = new CodeBuffer(X86_64_CODE), l = code.newLabel(), never = code.newLabel();
  assert.throws(() => code.endFunction(), (e: unknown) => e instanceof InternalError);
  assert.throws(() => code.bind(l), /none is open/);
  assert.throws(() => code.mark(), /none is open/);
  code.beginFunction();
  code.bind(l);
  assert.throws(() => code.bind(l), /bound twice/);
  assert.throws(() => code.beginFunction(), /inside a function/);
  code.branch(BRANCH_JMP, never);
  code.endFunction();
  assert.throws(() => code.finish(), /never bound/);
  assert.throws(() => new Assembler(code).rm(X.mov, 8, 0, new Assembler(code).indexed(0, 4, 1)), /rsp cannot be an index/);
  assert.throws(() => new Assembler(code).ri(X.add, 8, 0, 0x80000000), /does not fit/);

  const other = new CodeBuffer(X86_64_CODE);
  other.jumpTable([other.newLabel()]);
  assert.throws(() => other.finish(), /never bound/, 'only a jump table names it');
  const done = new CodeBuffer(X86_64_CODE);
  done.finish();
  assert.throws(() => done.finish(), /finished buffer/);
  assert.throws(() => done.beginFunction(), /finished buffer/);
});

test('constants made to have one hash take linear time and still have one place each', () => {
  const code = new CodeBuffer(X86_64_CODE), n = 50_000, started = process.cpuUsage().user;
  // The second word undoes what the first does to the hash.
  const add = (k: number): number => { const h = Math.imul(k ^ 2, 0x9e3779b1); return code.constant64(k, 12345 - (h ^ (h >>> 15))); };
  const labels = Array.from({ length: n }, (_, k) => add(k));
  assert.is(new Set(labels).size, n);
  assert.equal(Array.from({ length: n }, (_, k) => add(k)), labels);
  const done = code.finish(), view = new DataView(done.code.buffer);
  for (let k = 0; k < n; k++) assert.is(view.getInt32(done.labels[labels[k]], true), k);
  assert.ok(process.cpuUsage().user - started < 5_000_000);
});

test('a million branches in one function', () => {
  const code = new CodeBuffer(X86_64_CODE), asm = new Assembler(code), n = 1_000_000;
  code.beginFunction();
  const labels = new Int32Array(n + 1);
  for (let i = 0; i <= n; i++) labels[i] = code.newLabel();
  for (let i = 0; i < n; i++) {
    code.bind(labels[i]);
    code.mark();
    asm.ri(X.add, 4, i & 15, i);
    asm.jcc(i & 15, labels[Math.min(n, Math.max(0, i + ((Math.imul(i, 0x9e3779b1) >>> 20) & 127) - 60))]);
  }
  code.bind(labels[n]);
  asm.fixed(FIXED.ret);
  code.endFunction();
  const done = code.finish();
  assert.ok(done.code.length > 8 * n && done.code.length < 14 * n);
  assert.is(done.code[done.labels[labels[n]]], 0xc3);
});

test.run();
