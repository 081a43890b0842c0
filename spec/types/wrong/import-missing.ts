// A function that the module imports is not supplied.
import { f64, host, i32, module, unit, type ImportsOf } from '../../../dsl/index.ts';

const log = host('log', [i32], unit), now = host('now', [], f64);
const demo = module('demo').import({ log, now }).build();
const imports: ImportsOf<typeof demo> = { log: (n: number) => console.log(n) };
void imports;
