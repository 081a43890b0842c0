/** The architecture backends, each a value. */
export { requiredFeatures as x86_64Features, x86_64 } from './x86_64/index.ts';
export { detectFeatures as detectWasmFeatures, formatWat, wasm, type WasmFeatures, type WasmOptions } from './wasm/index.ts';
export type { CompiledWasm, WasmBackend } from '../lib/codegen/wasm-module.ts';
export type { Backend, CodegenOptions, CompiledModule } from '../lib/codegen/backend.ts';
export { UnsupportedError } from '../lib/codegen/backend.ts';
