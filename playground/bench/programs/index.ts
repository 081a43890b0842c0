/** The benchmark programs, in the order of the table. */
import type { BenchProgram } from '../program.ts';
import { blur } from './blur.ts';
import { bytecode } from './bytecode.ts';
import { fib } from './fib.ts';
import { mandelbrot } from './mandelbrot.ts';
import { matmul } from './matmul.ts';
import { matmulF32 } from './matmul-f32.ts';
import { nbody } from './nbody.ts';
import { quicksort } from './quicksort.ts';
import { sha256 } from './sha256.ts';
import { sieve } from './sieve.ts';

export const PROGRAMS: readonly BenchProgram[] = [fib, sieve, matmul, matmulF32, blur, mandelbrot, nbody, sha256, quicksort, bytecode];
