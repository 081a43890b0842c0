/** The architecture backends, each a value. */
export { requiredFeatures as x86_64Features, x86_64 } from './x86_64/index.ts';
export type { Backend, CodegenOptions, CompiledModule } from '../lib/codegen/backend.ts';
export { UnsupportedError } from '../lib/codegen/backend.ts';
