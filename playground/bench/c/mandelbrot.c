#include <stdint.h>

int32_t mandelbrot(int32_t width, int32_t height, int32_t limit) {
  int32_t total = 0;
  for (int32_t py = 0; py < height; py++) {
    double cy = (double)py / (double)height * 2.5 - 1.25;
    for (int32_t px = 0; px < width; px++) {
      double cx = (double)px / (double)width * 3.5 - 2.5;
      double x = 0.0, y = 0.0;
      int32_t n = 0;
      while (n < limit) {
        double xx = x * x, yy = y * y;
        if (xx + yy > 4.0) break;
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
        n++;
      }
      total += n;
    }
  }
  return total;
}
