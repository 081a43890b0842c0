// Something else than a function of the DSL is exported.
import { module } from '../../../dsl/index.ts';

module('m').export({ f: (n: number) => n });
