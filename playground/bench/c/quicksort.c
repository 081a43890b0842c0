#include <stdint.h>

static void sort(int32_t *a, int32_t low, int32_t high) {
  int32_t i = low, j = high, pivot = a[(low + high) >> 1];
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      int32_t t = a[i];
      a[i] = a[j];
      a[j] = t;
      i++;
      j--;
    }
  }
  if (low < j) sort(a, low, j);
  if (i < high) sort(a, i, high);
}

/* Fills, sorts, and returns a checksum of the order. */
int32_t quicksort(int32_t *a, int32_t n) {
  uint32_t seed = 12345;
  for (int32_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    a[i] = (int32_t)seed;
  }
  sort(a, 0, n - 1);
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; i++) sum = sum * 31u + (uint32_t)a[i];
  return (int32_t)sum;
}
