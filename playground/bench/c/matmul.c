#include <stdint.h>

/* a, b and c are n by n, one after another. */
double matmul(double *base, int32_t n) {
  double *a = base, *b = base + n * n, *c = base + 2 * n * n;
  for (int32_t i = 0; i < n * n; i++) {
    a[i] = (double)(i % 17) * 0.5;
    b[i] = (double)(i % 13) - 6.0;
  }
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j++) {
      double sum = 0.0;
      for (int32_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
  double total = 0.0;
  for (int32_t i = 0; i < n * n; i++) total += c[i] * (double)(i % 7);
  return total;
}
