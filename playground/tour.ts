/**
 * The tour: every example after the other. `npm start` runs it, `npm start -- --isolation wasm` on the WebAssembly tier;
 * `--file <path>` is what it hashes, an expression in `x` what it compiles.
 */
import { main as blur } from './blur.ts';
import { main as deadline } from './deadline.ts';
import { main as expression } from './expression.ts';
import { main as mandelbrot } from './mandelbrot.ts';
import { main as matmul } from './matmul.ts';
import { main as outOfBounds } from './out-of-bounds.ts';
import { main as parallelMandelbrot } from './parallel-mandelbrot.ts';
import { main as pluginPass } from './plugin-pass.ts';
import { main as policy } from './policy.ts';
import { main as sha256 } from './sha256.ts';
import { main as sieve } from './sieve.ts';
import { argument, file, isolation } from './support.ts';
import { main as vectorMatmul } from './vector-matmul.ts';

console.log(`Lamella: programs described in TypeScript, run as ${isolation === 'wasm' ? 'WebAssembly' : 'native code'}, in a sandbox that can stop them.`);
const started = performance.now();
for (const part of [() => sha256(file), () => sieve(), matmul, vectorMatmul, () => mandelbrot(), () => blur(), parallelMandelbrot, () => expression(argument), pluginPass, deadline, policy, outOfBounds]) await part();
console.log(`\nThe whole tour took ${((performance.now() - started) / 1000).toFixed(1)} s.`);
