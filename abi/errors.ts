import { guarded } from './options.ts';

/** The codes of kernel errors. They are stable, and docs/ERRORS.md has a row for each. */
export const ABI_ERROR_CODES = [
  'MEMORY_LIMIT',
  'VAR_LIMIT',
  'VARS_DISABLED',
  'INVALID_HANDLE',
  'INVALID_UTF8',
  'TEXT_TOO_LONG',
  'HTTP_NOT_ENABLED',
  'INVALID_HTTP_REQUEST',
  'INVALID_RANGE',
  'UNKNOWN_HANDLE_FREED',
  // Mistakes of the embedder, not of the plugin.
  'INVALID_OPTION',
  'INVALID_INPUT',
  'UNSUPPORTED',
  'HOST_FUNCTION_FAILED',
] as const;

export type AbiErrorCode = (typeof ABI_ERROR_CODES)[number];

/** Why a kernel function ended the call, or refused the embedder's arguments. `instanceof PlugboardError` accepts it. */
export class AbiError extends Error {
  override readonly name = 'AbiError';
  readonly code: AbiErrorCode;
  constructor(code: AbiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const NO_WASM =
  'this engine has no WebAssembly, or it is turned off, as by node --jitless or a lockdown mode';

/** @throws {AbiError} UNSUPPORTED */
export function requireWasm(): void {
  if (!globalThis.WebAssembly) throw new AbiError('UNSUPPORTED', NO_WASM);
}

/** Reads an argument that is not an options object. Its getters may throw. */
export const readForeign = <T>(where: string, read: () => T): T =>
  guarded(where, refuseOption, read, AbiError);

/** For `readOptions`. */
export const refuseOption = (message: string, _code?: string, options?: ErrorOptions): never => {
  throw new AbiError('INVALID_OPTION', message, options);
};

/** A mistake of the plugin that the kernel tolerates, as data. With `strict` it ends the call instead. */
export interface AbiDiagnostic {
  code: AbiErrorCode;
  message: string;
}
