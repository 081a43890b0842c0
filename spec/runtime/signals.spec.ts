/** What is not the guest's: faults of others, V8's WebAssembly traps, stray signals. Deadly cases run in a process of their own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NATIVE } from './native.ts';

const signals = suite('signals');

function run(name: string): { readonly out: string; readonly signal: string | null; readonly status: number | null } {
  const r = spawnSync(process.execPath, [fileURLToPath(new URL('./signal-cases.js', import.meta.url)), name], { encoding: 'utf8', timeout: 60_000 });
  return { out: r.stdout + (r.signal === null && r.status !== 0 ? r.stderr : ''), signal: r.signal, status: r.status };
}

if (NATIVE) {
  signals('V8 still catches WebAssembly\'s out-of-bounds accesses, before, after and during runs', () => {
    const r = run('wasm');
    assert.is(r.status, 0, r.out);
    assert.match(r.out, /1000 wasm traps, 1000 ours, 100 within host calls/);
  });
  signals('a fault in host code, not during a run, ends the process as it would have', () => {
    assert.is(run('wild').signal, 'SIGSEGV');
  });
  signals('a fault in host code during a run ends the process as it would have', () => {
    assert.is(run('wild-in-host-call').signal, 'SIGSEGV');
  });
  signals('a sent SIGSEGV has its default effect, also during a run', () => {
    assert.is(run('sent').signal, 'SIGSEGV');
  });
  signals('stray interrupt signals end no run', () => {
    const r = run('stray');
    assert.is(r.status, 0, r.out);
    assert.match(r.out, /finished/);
  });
  signals('the process exits while a worker loops for ever, once the loop is interrupted', () => {
    const r = run('exit');
    assert.is(r.status, 7, r.out);
  });
  signals('a second installation in the process finds the first', () => {
    const r = run('again');
    assert.is(r.status, 0, r.out);
    assert.match(r.out, /same handler/);
  });
} else signals.skip('native code', () => {});

signals.run();
