#include <stdint.h>

/* a, b and c are n by n, one after another; c is zero at first. Gives the trace of the product. */
double matmulF32(float *base, int32_t n) {
  const float *restrict a = base, *restrict b = base + n * n;
  float *restrict c = base + 2 * n * n;
  for (int32_t i = 0; i < n; i++) {
    for (int32_t k = 0; k < n; k++) {
      float x = a[i * n + k];
      for (int32_t j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j];
    }
  }
  double trace = 0.0;
  for (int32_t i = 0; i < n; i++) trace += c[i * n + i];
  return trace;
}
