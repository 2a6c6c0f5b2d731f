export { ACCESSORS, accessorBytes, compileAccessors, type Listing, type MemoryKind } from './accessors.ts';
export { ABI_ERROR_CODES, type AbiDiagnostic, AbiError, type AbiErrorCode } from './errors.ts';
export type { Range } from './header.ts';
export {
  type HttpRequest,
  type HttpResponse,
  MAX_URL_CHARACTERS,
  performHttpRequest,
  readHttpRequest,
  type SendHttp,
} from './http.ts';
export { type KernelImportOptions, type KernelTier, kernelImports } from './imports.ts';
export { hasTooManyValues, MAX_JSON_VALUES } from './json.ts';
export { type HttpState, Kernel, type KernelOptions } from './kernel.ts';
export { LOG_LEVELS, type LogLevel, type MessageLevel } from './log.ts';
export { KernelMemory } from './memory.ts';
export type { KernelMemoryOptions } from './memory-options.ts';
export { createSharedBacking, type SharedBacking } from './shared-backing.ts';
export {
  ENV_NAMESPACE,
  type EnvFunctionName,
  type EnvImports,
  type EnvNamesOn,
  type EnvSignature,
  type EnvThread,
  envSignatures,
  type WasmType,
} from './signatures.ts';
export { ENV_FUNCTIONS, type EnvFunction, type EnvValue } from './spec.ts';
export { MAX_TEXT_BYTES, tooLongMessage } from './utf8.ts';
export { Vars } from './vars.ts';
