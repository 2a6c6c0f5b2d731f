export type { LogLevel } from '../abi/index.ts';
export type { CallContext, CallContext as CurrentPlugin } from './call-context.ts';
export { CallError } from './call-error.ts';
export type { CallOptions, ResetOptions } from './call-options.ts';
export type { Capabilities } from './capabilities.ts';
export { ERROR_CODES, type ErrorCode } from './error-codes.ts';
export { CreateError, PlugboardError } from './errors.ts';
export type { HostFunction, HostFunctions, WasmValue } from './host-function.ts';
export type { PluginInput } from './input.ts';
export { inspect } from './inspect.ts';
export type { Advice, InspectedExport, InspectedImport, InspectedSection, Inspection } from './inspection.ts';
export { LIMITS, type Limit } from './limits.ts';
export type {
  Manifest,
  ManifestLike,
  ManifestWasm,
  ManifestWasmData,
  ManifestWasmModule,
  ManifestWasmPath,
  ManifestWasmResponse,
  ManifestWasmUrl,
} from './manifest.ts';
export type {
  Diagnostic,
  Logger,
  ManifestOptions,
  MemoryOptions,
  PluginConfig,
  PluginConfig as PluginConfigLike,
  PluginOptions,
  PluginOptions as ExtismPluginOptions,
} from './options.ts';
export { PluginOutput } from './output.ts';
export type { Platform } from './platform/types.ts';
export type { Plugin } from './plugin.ts';
export type { PluginReport } from './report.ts';
export { hostFunction, type Signature, type ValueCodec, values } from './typed-function.ts';
