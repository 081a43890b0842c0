#include <stdint.h>

/*
 * base: a grey picture of n + 4 rows of n + 16 bytes (two bytes of edge to the left, the picture, at least two to the
 * right), then room for n + 16 sums of columns, then n rows of n bytes: the mean of 5 by 5. Gives the sum of the
 * result's diagonal.
 */
uint32_t blur(uint8_t *base, int32_t n) {
  int32_t stride = n + 16;
  const uint8_t *restrict in = base;
  uint16_t *restrict columns = (uint16_t *)(base + (n + 4) * stride);
  uint8_t *restrict out = base + (n + 4) * stride + 2 * stride;
  for (int32_t y = 0; y < n; y++) {
    const uint8_t *row = in + y * stride;
    for (int32_t x = 0; x < stride; x++) {
      columns[x] = (uint16_t)(row[x] + row[x + stride] + row[x + 2 * stride] + row[x + 3 * stride] + row[x + 4 * stride]);
    }
    for (int32_t x = 0; x < n; x++) {
      uint32_t sum = columns[x] + columns[x + 1] + columns[x + 2] + columns[x + 3] + columns[x + 4];
      out[y * n + x] = (uint8_t)((sum * 2621 + 32768) >> 16);
    }
  }
  uint32_t total = 0;
  for (int32_t i = 0; i < n; i++) total += out[i * n + i];
  return total;
}
