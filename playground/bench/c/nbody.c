#include <math.h>
#include <stdint.h>

struct body { double x, y, z, vx, vy, vz, mass; };

static double energy(struct body *bodies) {
  double e = 0.0;
  for (int32_t i = 0; i < 5; i++) {
    struct body *a = &bodies[i];
    e += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int32_t j = i + 1; j < 5; j++) {
      struct body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      e -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

/* The caller supplies the bodies; returns the energy after the steps. */
double nbody(struct body *bodies, int32_t steps) {
  for (int32_t s = 0; s < steps; s++) {
    for (int32_t i = 0; i < 5; i++) {
      struct body *a = &bodies[i];
      for (int32_t j = i + 1; j < 5; j++) {
        struct body *b = &bodies[j];
        double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
        double d2 = dx * dx + dy * dy + dz * dz;
        double mag = 0.01 / (d2 * sqrt(d2));
        a->vx = a->vx - dx * (b->mass * mag);
        a->vy = a->vy - dy * (b->mass * mag);
        a->vz = a->vz - dz * (b->mass * mag);
        b->vx = b->vx + dx * (a->mass * mag);
        b->vy = b->vy + dy * (a->mass * mag);
        b->vz = b->vz + dz * (a->mass * mag);
      }
    }
    for (int32_t i = 0; i < 5; i++) {
      struct body *a = &bodies[i];
      a->x = a->x + 0.01 * a->vx;
      a->y = a->y + 0.01 * a->vy;
      a->z = a->z + 0.01 * a->vz;
    }
  }
  return energy(bodies);
}
