/** Division by constants: every kind of divisor against many dividends, natively and by BigInt. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FunctionBuilder, ModuleBuilder, evalBinary, type BinaryOp } from '../../../lib/mir/index.ts';
import { formatOutcome, interpreterExecutor, sameOutcome } from '../../conformance/run-table.ts';
import { nativeCall, nativeExecutor, nativeInstance } from '../../support/native-executor.ts';

const test = suite('x86-64: division by constants');

function numbers(bits: number): bigint[] {
  const list = new Set<bigint>(), b = BigInt(bits);
  for (let k = 0n; k < b; k++) for (const d of [-3n, -1n, 0n, 1n, 2n]) { list.add((1n << k) + d); list.add(-(1n << k) + d); }
  for (const n of [3n, 5n, 7n, 10n, 11n, 13n, 25n, 100n, 125n, 625n, 641n, 1000n, 10007n, 1000000007n, 6700417n, 0x55555555n, 0x12345678n, 0xcccccccccccccccdn]) { list.add(n); list.add(-n); }
  let seed = 12345n;
  for (let k = 0; k < 24; k++) {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    list.add(seed >> BigInt(k % 60));
  }
  return [...new Set([...list].map((n) => BigInt.asIntN(bits, n)))];
}

for (const [type, bits] of [['i8', 8], ['i16', 16], ['i32', 32], ['i64', 64]] as const) {
  test(type, () => {
    const ops: readonly BinaryOp[] = ['sdiv', 'srem', 'urem', 'udiv'], all = numbers(bits);
    const value = (n: bigint): number | bigint => (type === 'i64' ? n : Number(n));
    const divisors = all.filter((d) => d !== 0n && d !== -1n), m = new ModuleBuilder('division');
    divisors.forEach((d, k) => {
      const b = new FunctionBuilder(`f${k}`, { params: [type], results: [type, type, type, type] });
      b.ret(ops.map((op) => b.binary(op, b.params[0], b.const(type, value(d)))));
      m.addFunction(b.finish());
    });
    const it = nativeInstance(m.build(), { check: false });
    // A prime step visits dividends evenly without trying all pairs.
    divisors.forEach((d, k) => {
      for (let n = k % 7; n < all.length; n += 7) {
        const expected = ops.map((op) => evalBinary(op, type, value(all[n]), value(d)));
        assert.equal(nativeCall(it, `f${k}`, [value(all[n])]), expected, `${all[n]} by ${d}`);
      }
    });
  });
}

test('quotient and remainder of the same operands, in either order', () => {
  for (const type of ['i8', 'i32', 'i64'] as const) {
    const value = (n: bigint): number | bigint => (type === 'i64' ? n : Number(n)), min = type === 'i8' ? -128n : type === 'i32' ? -(1n << 31n) : -(1n << 63n);
    for (const order of [['sdiv', 'srem'], ['srem', 'sdiv'], ['udiv', 'urem'], ['urem', 'udiv'], ['srem', 'srem']] as const) {
      const b = new FunctionBuilder('f', { params: [type, type], results: [type, type] });
      b.ret(order.map((op) => b.binary(op, b.params[0], b.params[1])));
      const m = new ModuleBuilder('pair').addFunction(b.finish(), 'f').build();
      for (const x of [min, min + 1n, -7n, -1n, 0n, 1n, 7n, 100n]) {
        for (const y of [min, -3n, -1n, 0n, 1n, 3n]) {
          const args = [value(x), value(y)];
          const expected = interpreterExecutor(m, 'f', args), actual = nativeExecutor(m, 'f', args);
          assert.ok(sameOutcome(expected, actual), `${order.join()} ${type} ${x} ${y}: ${formatOutcome(actual)} instead of ${formatOutcome(expected)}`);
        }
      }
    }
  }
});

test.run();
