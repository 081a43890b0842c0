/** The processes of `signals.spec.ts`: `node signal-cases.js <case>`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SIGSEGV } from '../../lib/runtime/native/bridge.ts';
import { nativeBridge } from '../../lib/runtime/native/load.ts';
import { interruptThread, type InterruptAddress } from '../../lib/runtime/interrupt.ts';
import { bench } from './hand-code.ts';

interface Engine { Module: new (bytes: Uint8Array) => object; Instance: new (m: object, imports: object) => { exports: Record<string, unknown> } }
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;

/** `(module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.load))` */
const WASM = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0, 10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11]);

function wasmTraps(): () => boolean {
  const f = new engine.Instance(new engine.Module(WASM), {}).exports['f'] as (a: number) => number;
  return () => {
    try { f(1 << 30); } catch { return true; }
    return false;
  };
}

async function wasm(): Promise<void> {
  const traps = wasmTraps();
  if (!traps()) throw new Error('no wasm trap before installation');
  const b = bench();
  let within = 0;
  const i = b.instance({ imports: { host0: (x: number) => { if (traps()) within++; return x; } } });
  let theirs = 0, ours = 0;
  for (let k = 0; k < 1000; k++) {
    if (traps()) theirs++;
    try { i.call('load', [1 << 30]); } catch { ours++; }
  }
  for (let k = 0; k < 100; k++) i.call('call0', [k], k % 2 === 0 ? {} : { deadline: 1000 });
  console.log(`${theirs} wasm traps, ${ours} ours, ${within} within host calls`);
}

function wild(): void {
  const b = bench();
  b.instance().call('nothing');
  nativeBridge().read(8, new Uint8Array(new ArrayBuffer(8)));
}

function wildInHostCall(): void {
  const b = bench();
  b.instance({ imports: { host0: (x: number) => { nativeBridge().read(8, new Uint8Array(new ArrayBuffer(8))); return x; } } }).call('call0', [1]);
}

function sent(): void {
  const b = bench();
  spawn('sh', ['-c', `sleep 0.2; kill -SEGV ${process.pid}`], { stdio: 'ignore' });
  b.instance().call('spin', [], { deadline: 10_000 });
}

async function stray(): Promise<void> {
  const b = bench(), i = b.instance();
  const child = spawn('sh', ['-c', `for k in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -URG ${process.pid}; sleep 0.01; done`], { stdio: 'ignore' });
  const until = performance.now() + 400;
  while (performance.now() < until) i.call('sumTo', [1_000_000n]);
  await once(child, 'exit');
  console.log('finished');
}

async function exit(): Promise<void> {
  const worker = new Worker(new URL('./worker-cases.js', import.meta.url));
  const [at] = await once(worker, 'message') as [InterruptAddress];
  process.on('exit', () => { interruptThread(at); });
  worker.postMessage({ do: 'call', name: 'spin' });
  setTimeout(() => process.exit(7), 100);
}

async function again(): Promise<void> {
  const b = bench();
  const handler = nativeBridge().sigaction(SIGSEGV, undefined).handler;
  const worker = new Worker(new URL('./worker-cases.js', import.meta.url));
  await once(worker, 'message');
  console.log(nativeBridge().sigaction(SIGSEGV, undefined).handler === handler ? 'same handler' : 'another handler');
  await worker.terminate();
  b.close();
}

const CASES: Readonly<Record<string, () => void | Promise<void>>> = { wasm, wild, 'wild-in-host-call': wildInHostCall, sent, stray, exit, again };
await CASES[process.argv[2]]();
