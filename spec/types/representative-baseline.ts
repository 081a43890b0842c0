/** Nothing but the import: what the types of `representative.ts` cost is counted from here. */
import { fn } from '../../dsl/index.ts';

void fn;
