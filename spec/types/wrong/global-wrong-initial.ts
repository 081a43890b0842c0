// A global starts with another kind.
import { global, i64 } from '../../../dsl/index.ts';

global('counter', i64, 0);
