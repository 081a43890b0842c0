/** Names of processor features that emitted code uses without asking, as in `/proc/cpuinfo` (all are in x86-64-v3). */
export const REQUIRED_FEATURES: readonly string[] = ['sse4_1', 'sse4_2', 'popcnt', 'abm', 'avx', 'bmi1', 'bmi2', 'fma'];
