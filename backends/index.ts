/** The architecture backends, each a value. */
export {
  featureNames, featureSet, featuresOfLevel, levelOf, x86_64, X86_FEATURES, X86_LEVEL_NAMES, type X86Backend, type X86Feature, type X86Features, type X86Level,
} from './x86_64/index.ts';
export { detectFeatures as detectWasmFeatures, formatWat, wasm, WasmLimitError, type WasmFeatures, type WasmOptions } from './wasm/index.ts';
export type { CompiledWasm, WasmBackend } from '../lib/codegen/wasm-module.ts';
export type { Backend, CodegenOptions, CompiledModule } from '../lib/codegen/backend.ts';
export { UnsupportedError } from '../lib/codegen/backend.ts';
