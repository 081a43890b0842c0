#include <stdint.h>

/* base: 16 registers, then instructions of one word: operation, a, b, c from the lowest byte. */
int32_t bytecode(int32_t *base) {
  int32_t *regs = base;
  uint32_t *code = (uint32_t *)base + 16;
  int32_t pc = 0;
  for (;;) {
    uint32_t word = code[pc];
    pc++;
    uint32_t a = word >> 8 & 15, b = word >> 16 & 15, c = word >> 24 & 15;
    switch (word & 255) {
      case 0: return regs[a];
      case 1: regs[a] = (int32_t)word >> 16; break;
      case 2: regs[a] = (int32_t)((uint32_t)regs[b] + (uint32_t)regs[c]); break;
      case 3: regs[a] = (int32_t)((uint32_t)regs[b] - (uint32_t)regs[c]); break;
      case 4: regs[a] = (int32_t)((uint32_t)regs[b] * (uint32_t)regs[c]); break;
      case 5: regs[a] = regs[b] & regs[c]; break;
      case 6: regs[a] = regs[b] ^ regs[c]; break;
      case 7: regs[a] = (int32_t)((uint32_t)regs[b] >> (regs[c] & 31)); break;
      case 8: if (regs[a] != 0) pc += (int32_t)word >> 16; break;
      case 9: regs[a] = regs[b] < regs[c]; break;
      default: __builtin_trap();
    }
  }
}
