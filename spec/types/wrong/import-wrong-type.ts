// A supplied function has another type.
import { host, i64, module, type ImportsOf } from '../../../dsl/index.ts';

const now = host('now', [], i64);
const demo = module('demo').import({ now }).build();
const imports: ImportsOf<typeof demo> = { now: () => Date.now() };
void imports;
