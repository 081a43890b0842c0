/** Floating point in registers with an early exit: the Mandelbrot set. */
import { f64, fn, i32, module } from 'lamella';
import type { BenchProgram } from '../program.ts';

const WIDTH = 400, HEIGHT = 300, LIMIT = 200;

const mandelbrotDsl = fn('mandelbrot', [i32, i32, i32], i32, (b, width, height, limit) => {
  const total = b.var(i32, 0);
  b.for([0, height], (py) => {
    const cy = py.toF64().div(height.toF64()).mul(2.5).sub(1.25);
    b.for([0, width], (px) => {
      const cx = px.toF64().div(width.toF64()).mul(3.5).sub(2.5);
      const x = b.var(f64, 0), y = b.var(f64, 0), n = b.var(i32, 0);
      b.while(() => n.get().lt(limit), () => {
        const xx = x.get().mul(x.get()), yy = y.get().mul(y.get());
        b.if(xx.add(yy).gt(4), () => b.break());
        y.set(x.get().mul(2).mul(y.get()).add(cy));
        x.set(xx.sub(yy).add(cx));
        n.set(n.get().add(1));
      });
      total.set(total.get().add(n.get()));
    });
  });
  b.ret(total.get());
});

function mandelbrotJs(width: number, height: number, limit: number): number {
  let total = 0;
  for (let py = 0; py < height; py++) {
    const cy = py / height * 2.5 - 1.25;
    for (let px = 0; px < width; px++) {
      const cx = px / width * 3.5 - 2.5;
      let x = 0, y = 0, n = 0;
      while (n < limit) {
        const xx = x * x, yy = y * y;
        if (xx + yy > 4) break;
        y = 2 * x * y + cy;
        x = xx - yy + cx;
        n++;
      }
      total += n;
    }
  }
  return total;
}

export const mandelbrot: BenchProgram = {
  name: 'mandelbrot',
  description: `${WIDTH} x ${HEIGHT}, ${LIMIT} iterations at most`,
  bytes: 0,
  args: [WIDTH, HEIGHT, LIMIT],
  c: { result: 'int32_t', params: ['int32_t', 'int32_t', 'int32_t'] },
  module: () => module('mandelbrot').export({ mandelbrot: mandelbrotDsl }).build(),
  javascript: () => () => mandelbrotJs(WIDTH, HEIGHT, LIMIT),
};
