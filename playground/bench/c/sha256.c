#include <stdint.h>

static inline uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* base: 8 words of state, 64 round constants, 64 words of schedule, then the padded message. Returns the first word. */
uint32_t sha256(uint32_t *base, int32_t blocks) {
  uint32_t *state = base, *k = base + 8, *w = base + 72;
  uint32_t *message = base + 136;
  for (int32_t block = 0; block < blocks; block++) {
    for (int32_t t = 0; t < 16; t++) w[t] = __builtin_bswap32(message[block * 16 + t]);
    for (int32_t t = 16; t < 64; t++) {
      uint32_t p = w[t - 15], q = w[t - 2];
      uint32_t s0 = rotr(p, 7) ^ rotr(p, 18) ^ p >> 3, s1 = rotr(q, 17) ^ rotr(q, 19) ^ q >> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int32_t t = 0; t < 64; t++) {
      uint32_t s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25), choice = (e & f) ^ (~e & g);
      uint32_t t1 = h + s1 + choice + k[t] + w[t];
      uint32_t s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22), majority = (a & b) ^ (a & c) ^ (b & c);
      uint32_t t2 = s0 + majority;
      h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }
  return state[0];
}
