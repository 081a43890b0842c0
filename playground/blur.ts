/** A PNG picture made grey and blurred, sixteen pixels at a time. `node dist/playground/blur.js [in.png [out.png]]`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { array, fn, global, i32, module, u16, u16x8, u8, u8x16, unit, type I32, type U16x8, type U8x16 } from 'lamella';
import { main as drawMandelbrot, PICTURE } from './mandelbrot.ts';
import { argument, compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

/** The box is 5 x 5: two pixels to every side. Beyond the edges the picture goes on as its outermost pixels. */
const EDGE = 2, BOX = 2 * EDGE + 1;
/** Weights of red, green and blue, in 256ths; the reciprocal of 25, in 65536ths. */
const RED = 77, GREEN = 150, BLUE = 29, SHARE = 2621;

/** The module for pictures of one size: `pixels` is red, green, blue of each point, `blurred` what comes out. */
export function blurModule(width: number, height: number) {
  const stride = width + 2 * EDGE;
  const pixels = global('pixels', array(u8, width * height * 3)), blurred = global('blurred', array(u8, width * height));
  // With the edges around it; a vector read at the very end of a row may take a few bytes of the next.
  const grey = global('grey', array(u8, stride * (height + 2 * EDGE) + 16)), columns = global('columns', array(u16, stride + 16));

  /** The bytes of one colour among sixteen points of three bytes each. */
  const colour = (v: readonly [U8x16, U8x16, U8x16], which: number): U8x16 => {
    const from = (k: number): number => 3 * k + which;
    return v[0].shuffle(v[1], (k) => from(k) < 32 ? from(k) : 0).shuffle(v[2], (k) => from(k) < 32 ? k : from(k) - 32 + 16);
  };
  const weighted = (r: U16x8, g: U16x8, b: U16x8): U16x8 => r.mul(RED).add(g.mul(GREEN)).add(b.mul(BLUE)).add(128).shr(8);

  const toGrey = fn('toGrey', [i32], unit, (b, y) => {
    b.for([0, width, 16], (at) => {
      const x = at.min(width - 16), p = pixels.at(y.mul(width).add(x).mul(3)).$ptr; // the last sixteen end at the edge
      const v = [p.at(0).vector(u8x16).get(), p.at(16).vector(u8x16).get(), p.at(32).vector(u8x16).get()] as const;
      const [red, green, blue] = [colour(v, 0), colour(v, 1), colour(v, 2)];
      const low = weighted(red.extendLow(), green.extendLow(), blue.extendLow()), high = weighted(red.extendHigh(), green.extendHigh(), blue.extendHigh());
      grey.at(y.add(EDGE).mul(stride).add(x).add(EDGE)).vector(u8x16).set(low.narrow(high));
    });
    const row = grey.at(y.add(EDGE).mul(stride)).$ptr;
    for (let k = 0; k < EDGE; k++) {
      row.at(k).set(row.at(EDGE).get());
      row.at(stride - 1 - k).set(row.at(stride - 1 - EDGE).get());
    }
  });
  const blurRow = fn('blurRow', [i32], unit, (b, y) => {
    b.for([0, stride, 16], (at) => {
      const x = at.min(stride - 16), rows = Array.from({ length: BOX }, (_, k) => grey.at(y.add(k).mul(stride).add(x)).vector(u8x16).get());
      columns.at(x).vector(u16x8).set(rows.map((r) => r.extendLow()).reduce((s, r) => s.add(r)));
      columns.at(x.add(8)).vector(u16x8).set(rows.map((r) => r.extendHigh()).reduce((s, r) => s.add(r)));
    });
    const box = (x: I32): U16x8 => {
      const sum = Array.from({ length: BOX }, (_, k) => columns.at(x.add(k)).vector(u16x8).get()).reduce((s, v) => s.add(v));
      return sum.extendLow().mul(SHARE).add(32768).shr(16).narrow(sum.extendHigh().mul(SHARE).add(32768).shr(16));
    };
    b.for([0, width, 16], (at) => {
      const x = at.min(width - 16);
      blurred.at(y.mul(width).add(x)).vector(u8x16).set(box(x).narrow(box(x.add(8))));
    });
  });
  const blur = fn('blur', [], unit, (b) => {
    b.for([0, height], (y) => toGrey(y));
    for (let k = 0; k < EDGE; k++) {
      b.memory.copy(grey.at(k * stride).$ptr, grey.at(EDGE * stride).$ptr, stride);
      b.memory.copy(grey.at((height + EDGE + k) * stride).$ptr, grey.at((height + EDGE - 1) * stride).$ptr, stride);
    }
    b.for([0, height], (y) => blurRow(y));
  });
  return module('blur', { memory: { maximumPages: 1024 } }).export({ blur }).build();
}

function blurJs(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const grey = new Uint8Array(width * height), columns = new Uint16Array(width), blurred = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = pixels[3 * i] * RED + pixels[3 * i + 1] * GREEN + pixels[3 * i + 2] * BLUE + 128 >> 8;
  const inside = (x: number, end: number): number => x < 0 ? 0 : x >= end ? end - 1 : x;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = -EDGE; k <= EDGE; k++) sum += grey[inside(y + k, height) * width + x];
      columns[x] = sum;
    }
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = -EDGE; k <= EDGE; k++) sum += columns[inside(x + k, width)];
      blurred[y * width + x] = sum * SHARE + 32768 >>> 16;
    }
  }
  return blurred;
}

export async function main(file = PICTURE, result = join(tmpdir(), 'lamella-blurred.png')): Promise<void> {
  heading('A picture, grey and blurred');
  if (file === PICTURE && !existsSync(file)) await drawMandelbrot(file);
  const { width, height, channels, depth, data } = decode(readFileSync(file));
  if (channels !== 3 || depth !== 8 || width < 16) throw new Error(`${file} has ${channels} channels of ${depth} bits and ${width} columns; this script takes 3 of 8, and 16 columns or more`);
  const pixels = Uint8Array.from(data);
  const outcome = valueOf(await sandbox.run(blurModule(width, height), 'blur', [], { inputs: { pixels }, outputs: ['blurred'] }));
  const js = timed(() => blurJs(pixels, width, height)), { blurred } = outcome.outputs;
  if (Buffer.compare(blurred, js.value) !== 0) throw new Error('the pictures differ');
  writeFileSync(result, encode({ width, height, channels: 1, depth: 8, data: blurred }));
  say(`${width} x ${height} points of ${file}, each the mean of ${BOX} x ${BOX}, written to ${result}; every byte as plain JavaScript has it`);
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main(argument);
