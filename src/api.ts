export type { LogLevel } from '../abi/index.ts';
export { CallError } from './call-error.ts';
export type { Capabilities } from './capabilities.ts';
export type { CompiledPlugin } from './create/compiled.ts';
export {
  type CallErrorCode,
  type CreateErrorCode,
  ERROR_CODES,
  type ErrorCode,
  type HostErrorCode,
} from './error-codes.ts';
export { CreateError, PlugboardError, type PlugboardErrorCode } from './errors.ts';
export type { Budgets } from './given/budgets.ts';
export type { CallOptions, ResetOptions } from './given/call-options.ts';
export type {
  Manifest,
  ManifestLike,
  ManifestWasm,
  ManifestWasmData,
  ManifestWasmModule,
  ManifestWasmPath,
  ManifestWasmResponse,
  ManifestWasmUrl,
} from './given/manifest.ts';
export type {
  Diagnostic,
  Logger,
  ManifestOptions,
  MemoryOptions,
  PluginConfig,
  PluginConfig as PluginConfigLike,
  PluginOptions,
  PluginOptions as ExtismPluginOptions,
  WorkerOptions,
} from './given/options.ts';
export type { CallContext, CallContext as CurrentPlugin } from './host/context.ts';
export type { HostFunction, HostFunctions, WasmValue } from './host/function.ts';
export { hostFunction, type Signature, type ValueCodec, values } from './host/typed.ts';
export { inspect } from './inspect/index.ts';
export type {
  Advice,
  InspectedExport,
  InspectedImport,
  InspectedSection,
  Inspection,
} from './inspect/inspection.ts';
export { LIMITS, type Limit } from './limit-rows.ts';
export type { Platform } from './platform/types.ts';
export type { Plugin } from './plugin.ts';
export type { Freshness, MemoryShare, PluginMemory, PluginReport } from './run/report.ts';
export type { PluginInput } from './values/input.ts';
export { PluginOutput } from './values/output.ts';
