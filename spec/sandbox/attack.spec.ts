/** Modules made by hand to break out, to break the host, or to get more than was granted. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTarget } from '../../lib/index.ts';
import { FunctionBuilder, ModuleBuilder } from '../../lib/mir/index.ts';
import { Sandbox } from '../../lib/sandbox/index.ts';
import { skipUnlessNative } from '../support/native.ts';

const test = suite('attacks on the sandbox');

if (skipUnlessNative('attacks on the sandbox')) {
  test('an indirect call with more values than the run context has places is refused', async () => {
    // The caller stores what exceeds the registers behind the context's overflow area before the callee is checked:
    // 2,000 parameters were 28 KiB of chosen bytes over the host's heap.
    await using sandbox = new Sandbox(hostTarget());
    for (const tail of [false, true]) {
      for (const [params, results] of [[251, 0], [2_000, 0], [100_000, 0], [0, 251], [0, 5_000]]) {
        const signature = { params: new Array<'i64'>(params).fill('i64'), results: new Array<'i64'>(results).fill('i64') };
        const f = new FunctionBuilder('f', { params: ['i32', 'i64'], results: tail ? signature.results : [] });
        const args = signature.params.map(() => f.params[1]);
        if (tail) f.tailCallIndirect(signature, f.params[0], args);
        else {
          f.callIndirect(signature, f.params[0], args);
          f.ret();
        }
        const o = await sandbox.run(new ModuleBuilder('wide').addFunction(f.finish(), 'f').build(), 'f', [0, 0x4141_4141_4141_4141n]);
        assert.ok(o.status === 'compile' && /at most 250 are possible/.test(o.error.message), `${params} parameters, ${results} results: ${o.status}`);
      }
    }
  });
}

test.run();
