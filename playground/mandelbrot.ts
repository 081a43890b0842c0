/** The Mandelbrot set as a PNG picture. `node dist/playground/mandelbrot.js [file.png]`. */
import { renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { array, f64, fn, global, i32, module, u8, unit } from 'lamella';
import { argument, compare, heading, isMain, sandbox, say, timed, valueOf } from './support.ts';

export const WIDTH = 900, HEIGHT = 600, LIMIT = 500;
/** Where the picture goes unless told otherwise. */
export const PICTURE = join(tmpdir(), 'lamella-mandelbrot.png');

/** The module: fills `pixels` with red, green and blue of each point. */
export function mandelbrotModule() {
  const pixels = global('pixels', array(u8, WIDTH * HEIGHT * 3));
  const escapeTime = fn('escapeTime', [f64, f64], i32, (b, cx, cy) => {
    const x = b.var(f64, 0), y = b.var(f64, 0);
    b.for([0, LIMIT], (n) => {
      const xx = x.get().mul(x.get()), yy = y.get().mul(y.get());
      b.if(xx.add(yy).gt(4), () => b.ret(n));
      y.set(x.get().mul(y.get()).mul(2).add(cy));
      x.set(xx.sub(yy).add(cx));
    });
    b.ret(LIMIT);
  });
  const draw = fn('draw', [], unit, (b) => {
    b.for([0, HEIGHT], (py) => b.for([0, WIDTH], (px) => {
      const n = escapeTime(px.toF64().div(WIDTH).mul(3.2).sub(2.3), py.toF64().div(HEIGHT).mul(2.2).sub(1.1));
      b.if(n.lt(LIMIT), () => {
        const at = py.mul(WIDTH).add(px).mul(3);
        pixels.at(at).set(n.mul(9).min(255).toU8());
        pixels.at(at.add(1)).set(n.mul(3).min(255).toU8());
        pixels.at(at.add(2)).set(n.mul(2).add(40).min(255).toU8());
      });
    }));
  });
  return module('mandelbrot', { memory: { maximumPages: 64 } }).export({ draw }).build();
}

/** The same picture in plain JavaScript. */
export function drawJs(): Uint8Array {
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let py = 0; py < HEIGHT; py++) for (let px = 0; px < WIDTH; px++) {
    const cx = px / WIDTH * 3.2 - 2.3, cy = py / HEIGHT * 2.2 - 1.1;
    let x = 0, y = 0, n = 0;
    for (; n < LIMIT; n++) {
      const xx = x * x, yy = y * y;
      if (xx + yy > 4) break;
      y = x * y * 2 + cy;
      x = xx - yy + cx;
    }
    if (n < LIMIT) {
      const at = (py * WIDTH + px) * 3;
      pixels[at] = Math.min(n * 9, 255);
      pixels[at + 1] = Math.min(n * 3, 255);
      pixels[at + 2] = Math.min(n * 2 + 40, 255);
    }
  }
  return pixels;
}

export async function main(file = PICTURE): Promise<void> {
  heading('Mandelbrot picture');
  const outcome = valueOf(await sandbox.run(mandelbrotModule(), 'draw', [], { outputs: ['pixels'] }));
  const pixels = outcome.outputs['pixels'];
  const js = timed(drawJs);
  if (Buffer.compare(pixels, js.value) !== 0) throw new Error('the pictures differ');
  // Whole or not at all: others may be reading it.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, encode({ width: WIDTH, height: HEIGHT, channels: 3, depth: 8, data: pixels }));
  renameSync(unfinished, file);
  say(`${WIDTH} x ${HEIGHT} points, at most ${LIMIT} rounds each, written to ${file}; equal to plain JavaScript's`);
  compare(outcome, js.ms);
}

if (isMain(import.meta.url)) await main(argument);
