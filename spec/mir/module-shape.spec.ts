import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deepStrictEqual } from 'node:assert';
import { ModuleShapeError, checkModuleShape, parseModule, verifyModule } from '../../lib/mir/index.ts';
import type { Module } from '../../lib/mir/index.ts';
import { everyInstructionModule } from '../support/every-instruction.ts';

const test = suite('module shape');

/** A mutable structured copy, for making it wrong. */
type Loose = { [key: string]: Loose } & Loose[];
function loose(m: Module): Loose { return structuredClone(m) as unknown as Loose; }
function small(): Module { return parseModule('global @g mutable size 8 align 8 bytes "ab"\nexport "f" = @f\nfunc @f(i32) -> (i32) {\nb0(v0: i32):\n  v1 = add.i32 v0, v0\n  v2: i32 = call @f(v1)\n  ret v2\n}'); }

function refused(x: unknown, path: string, what?: string): void {
  try { checkModuleShape(x); } catch (e) {
    if (!(e instanceof ModuleShapeError)) throw e;
    assert.is(e.path, path, e.message);
    if (what !== undefined) assert.ok(e.message.includes(what), e.message);
    return;
  }
  assert.unreachable(`accepted, although ${path} is wrong`);
}

function deepFrozen(x: unknown): boolean {
  if (typeof x !== 'object' || x === null || x instanceof Uint8Array) return true;
  return Object.isFrozen(x) && Object.values(x).every(deepFrozen);
}

test('a copy is equal, private and frozen', () => {
  const m = everyInstructionModule(), copy = checkModuleShape(m);
  deepStrictEqual(copy, m);
  assert.ok(deepFrozen(copy));
  assert.is.not(copy.functions[0].blocks[0].instructions[0], m.functions[0].blocks[0].instructions[0]);
  assert.is.not(copy.globals[1].bytes, m.globals[1].bytes);
});

/** Wraps everything reachable in Proxies that count how often each property is read, and lie from the second time on. */
function watched(x: unknown, reads: Map<object, Map<PropertyKey, number>>): unknown {
  if (typeof x !== 'object' || x === null || x instanceof Uint8Array) return x;
  const counts = new Map<PropertyKey, number>();
  reads.set(x, counts);
  return new Proxy(x, {
    get(target, key, receiver) {
      const n = (counts.get(key) ?? 0) + 1;
      counts.set(key, n);
      if (n > 1) return 'a lie';
      return watched(Reflect.get(target, key, receiver), reads);
    },
  });
}

test('every property is read exactly once, so a second answer changes nothing', () => {
  // structuredClone, because a Proxy may not answer otherwise for the frozen properties of its target.
  const m = structuredClone(everyInstructionModule()), reads = new Map<object, Map<PropertyKey, number>>();
  deepStrictEqual(checkModuleShape(watched(m, reads)), m);
  let properties = 0;
  for (const counts of reads.values()) for (const [key, n] of counts) { properties++; if (n !== 1) assert.unreachable(`${String(key)} was read ${n} times`); }
  assert.ok(properties > 5000);
});

test('a call that becomes another after the check stays what it was', () => {
  const m = loose(small());
  let asked = 0;
  Object.defineProperty(m['functions'][0]['blocks'][0]['instructions'][1], 'callee', { enumerable: true, get: () => (asked++ === 0 ? 'f' : 'system') });
  const copy = checkModuleShape(m);
  assert.equal(verifyModule(copy), []);
  const call = copy.functions[0].blocks[0].instructions[1];
  assert.is(call.kind === 'call' ? call.callee : '', 'f');
});

test('bytes are copied from the real buffer, whatever the object pretends', () => {
  const m = loose(small()), bytes = new Uint8Array([1, 2]);
  Object.defineProperty(bytes, 'length', { value: 1e9 });
  Object.defineProperty(bytes, 'slice', { value: () => { throw new Error('called'); } });
  (m['globals'][0] as unknown as { bytes: Uint8Array }).bytes = bytes;
  const copy = checkModuleShape(m);
  bytes[0] = 99;
  assert.equal([...copy.globals[0].bytes ?? []], [1, 2]);
});

test('unknown properties stay behind', () => {
  const m = { ...small(), toString: () => { throw new Error('called'); }, extra: 1 };
  assert.not('extra' in checkModuleShape(m));
});

const set = (change: (m: Loose) => void): Loose => { const m = loose(small()); change(m); return m; };
const first = (m: Loose): Loose => m['functions'][0]['blocks'][0];
const put = (o: Loose, key: string, value: unknown): void => { (o as unknown as Record<string, unknown>)[key] = value; };

test('wrong shapes are refused with their path', () => {
  for (const x of [undefined, null, 1, 'module', Symbol('m'), () => 1, 5n]) refused(x, '');
  refused({}, 'name');
  refused([], 'name');
  refused(set((m) => put(m, 'memoryModel', 'paged')), 'memoryModel', 'not linear or native');
  refused(set((m) => put(m, 'memory', null)), 'memory');
  refused(set((m) => put(m['memory'], 'initialPages', NaN)), 'memory.initialPages', 'is NaN, not an integer');
  refused(set((m) => put(m['memory'], 'stackSize', Infinity)), 'memory.stackSize');
  refused(set((m) => put(m, 'functions', {})), 'functions', 'not an array');
  refused(set((m) => put(m, 'functions', new Set())), 'functions');
  refused(set((m) => put(m['functions'], '0', 7)), 'functions[0]');
  refused(set((m) => put(m['functions'][0], 'params', ['i33'])), 'functions[0].params[0]', 'not a type');
  refused(set((m) => put(m['functions'][0], 'valueTypes', ['i32', undefined])), 'functions[0].valueTypes[1]');
  refused(set((m) => put(m['functions'][0], 'loc', '0')), 'functions[0].loc');
  refused(set((m) => put(m['functions'][0], 'valueNames', { x: 'n' })), 'functions[0].valueNames');
  refused(set((m) => put(m['functions'][0], 'name', 'x'.repeat(100_000))), 'functions[0].name', 'at most');
  refused(set((m) => put(first(m), 'params', [0.5])), 'functions[0].blocks[0].params[0]');
  refused(set((m) => put(first(m), 'terminator', undefined)), 'functions[0].blocks[0].terminator');
  refused(set((m) => put(first(m)['terminator'], 'kind', 'return')), 'functions[0].blocks[0].terminator.kind', 'names no terminator');
  refused(set((m) => put(first(m)['instructions'][0], 'kind', 'toString')), 'functions[0].blocks[0].instructions[0].kind', 'names no instruction');
  refused(set((m) => put(first(m)['instructions'][0], 'op', 'constructor')), 'functions[0].blocks[0].instructions[0].op', 'not a binary operation');
  refused(set((m) => put(first(m)['instructions'][0], 'a', NaN)), 'functions[0].blocks[0].instructions[0].a', 'is NaN, not an integer');
  refused(set((m) => put(first(m)['instructions'][0], 'a', { valueOf: () => 0 })), 'functions[0].blocks[0].instructions[0].a', 'is an object');
  refused(set((m) => put(first(m)['instructions'][1], 'args', [{}])), 'functions[0].blocks[0].instructions[1].args[0]');
  refused(set((m) => put(first(m)['instructions'], '0', { kind: 'const', type: 'i64', value: 1n << 1000n, result: 1, loc: 0 })), 'functions[0].blocks[0].instructions[0].value', '256 bits');
  refused(set((m) => put(m['globals'][0], 'bytes', [1, 2])), 'globals[0].bytes', 'not a Uint8Array');
  refused(set((m) => put(m['globals'][0], 'bytes', new Proxy(new Uint8Array(2), {}))), 'globals[0].bytes', 'not a Uint8Array');
  refused(set((m) => put(m['globals'][0], 'bytes', new Uint16Array(2))), 'globals[0].bytes');
  refused(set((m) => put(m, 'exports', JSON.parse('{"__proto__":"f"}'))), 'exports', '__proto__');
  refused(set((m) => put(m, 'exports', null)), 'exports');
  refused(set((m) => put(m, 'table', [undefined])), 'table[0]');
  refused(set((m) => put(m, 'locations', [null])), 'locations[0]');
});

test('cyclic, shared, sparse and endless data ends in an error, quickly', () => {
  const started = performance.now();
  const cyclic = loose(small());
  put(cyclic, 'memory', cyclic);
  refused(cyclic, 'memory.initialPages');
  const blocks: unknown[] = [];
  blocks.push(blocks);
  refused(set((m) => put(m['functions'][0], 'blocks', blocks)), 'functions[0].blocks[0].params');
  refused(set((m) => put(first(m), 'instructions', new Array(4294967295))), 'functions[0].blocks[0].instructions', 'parts');
  refused(set((m) => put(first(m), 'params', new Array(1000))), 'functions[0].blocks[0].params[0]');
  const instruction = first(loose(small()))['instructions'][0];
  const endless = new Proxy([], { get: (_, key) => (key === 'length' ? 4e9 : instruction) });
  refused(set((m) => put(first(m), 'instructions', endless)), 'functions[0].blocks[0].instructions', 'parts');
  for (const length of [-1, 1.5, NaN, '3', {}, 1n]) {
    refused(set((m) => put(first(m), 'instructions', new Proxy([], { get: (_, key) => (key === 'length' ? length : instruction) }))), 'functions[0].blocks[0].instructions', 'impossible length');
  }
  // A million uses of one list of a million values takes no memory, but would take for ever to walk.
  const args = new Array<number>(1_000_000).fill(0), jump = { kind: 'jump', target: { block: 1, args }, loc: 0 };
  const shared = { params: [], instructions: [], terminator: jump };
  refused(set((m) => put(m['functions'][0], 'blocks', new Array(1_000_000).fill(shared))), 'functions[0].blocks[7].terminator.target.args', 'parts');
  assert.ok(performance.now() - started < 5000);
});

test('the budget can be chosen', () => {
  assert.throws(() => checkModuleShape(small(), { maxItems: 10 }), /above 10 parts/);
  checkModuleShape(small(), { maxItems: 100 });
});

test('getters and Proxies that throw become typed errors, whatever they throw', () => {
  const thrower = (what: unknown): object => new Proxy({}, { get: () => { throw what; } });
  refused(thrower(new Error('no')), '', 'could not be read: no');
  refused(thrower(null), '', 'null was thrown');
  refused(thrower(new Proxy({}, { get: () => { throw new Error('again'); }, getPrototypeOf: () => { throw new Error('and again'); } })), '', 'an object was thrown');
  refused(thrower(new ModuleShapeError('forged', 'is forged')), '', 'could not be read');
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  refused(set((m) => put(first(m), 'instructions', revoked.proxy)), 'functions[0].blocks[0]', 'could not be read');
  refused(set((m) => put(m, 'exports', new Proxy({}, { ownKeys: () => { throw new Error('keys'); } }))), '', 'keys');
});

test('verifyModule alone answers malformed data with an error entry', () => {
  for (const x of [null, {}, { functions: [] }, new Proxy({}, { get: () => { throw null; } })]) {
    const errors = verifyModule(x as unknown as Module);
    assert.is(errors.length, 1);
    assert.is(errors[0].rule, 'malformed');
  }
});

test.run();
