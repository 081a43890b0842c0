/**
 * The size of our output held against what binaryen's `-O2` makes of it: structure, stack use and locals are near what
 * an optimiser that knows nothing but WebAssembly would write, so it finds little left to save.
 *
 * Both sides without names. Measured are whole modules: sections a tool adds or drops count as well.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import binaryen from 'binaryen';
import { wasm } from '../../../backends/index.ts';
import type { Module } from '../../../lib/mir/index.ts';
import { Pipeline } from '../../../lib/passes/index.ts';
import { wasmEngine } from '../../../lib/runtime/wasm-engine.ts';
import { PROGRAMS } from '../../../playground/bench/programs/index.ts';
import { expressionModule } from '../../../playground/expression.ts';
import { mandelbrotModule } from '../../../playground/mandelbrot.ts';
import { matmulModule } from '../../../playground/matmul.ts';
import { sha256Module } from '../../../playground/sha256.ts';
import { sieveModule } from '../../../playground/sieve.ts';

/** Ours may be this many times as large. */
const CEILING = 1.15;

const TOUR: Readonly<Record<string, () => Module>> = {
  sha256: () => sha256Module(1_000_000),
  sieve: () => sieveModule(10_000_000),
  matmul: matmulModule,
  mandelbrot: mandelbrotModule,
  expression: () => expressionModule('sqrt(x*x + 1) / (x + 2) - abs(x - 0.5)'),
};

const test = suite('wasm: size beside binaryen -O2');

/** What `wasm-opt -O2` makes of a module. */
function binaryenO2(bytes: Uint8Array): Uint8Array {
  const m = binaryen.readBinary(bytes);
  try {
    m.setFeatures(binaryen.Features.All);
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(0);
    binaryen.setDebugInfo(false);
    m.optimize();
    assert.ok(m.validate());
    return m.emitBinary();
  } finally {
    m.dispose();
  }
}

function compareSizes(name: string, module: Module): void {
  const ours = wasm.compile(Pipeline.standard('O2').run(module).module, { names: false }).bytes, theirs = binaryenO2(ours), ratio = ours.length / theirs.length;
  assert.ok(wasmEngine()?.validate(theirs) === true && theirs.length > 50);
  if (process.env['LAMELLA_SIZES'] !== undefined) console.log(`${name}: ${ours.length} against ${theirs.length}, ${ratio.toFixed(3)}`);
  assert.ok(ratio <= CEILING, `${name}: ${ours.length} bytes, binaryen -O2 makes ${theirs.length} of them: ${ratio.toFixed(3)} times`);
}

for (const [name, build] of Object.entries(TOUR)) test(`tour: ${name}`, () => compareSizes(name, build()));
for (const p of PROGRAMS) test(`bench: ${p.name}`, () => compareSizes(p.name, p.module()));

test.run();
