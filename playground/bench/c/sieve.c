#include <stdint.h>

int32_t sieve(uint8_t *flags, int32_t n) {
  for (int32_t i = 0; i < n; i++) flags[i] = 1;
  for (int32_t i = 2; i * i < n; i++) {
    if (flags[i] != 0) {
      for (int32_t j = i * i; j < n; j += i) flags[j] = 0;
    }
  }
  int32_t count = 0;
  for (int32_t i = 2; i < n; i++) count += flags[i];
  return count;
}
