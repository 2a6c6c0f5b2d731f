/** Why a kernel function ended the call. The host wraps these; their codes are stable. */
export type AbiErrorCode =
  | 'MEMORY_LIMIT'
  | 'VAR_LIMIT'
  | 'VARS_DISABLED'
  | 'INVALID_HANDLE'
  | 'INVALID_UTF8'
  | 'TEXT_TOO_LONG'
  | 'HTTP_NOT_ENABLED'
  | 'INVALID_HTTP_REQUEST'
  | 'INVALID_RANGE'
  | 'UNKNOWN_HANDLE_FREED'
  /** A mistake of the embedder, not of the plugin: an option of `Kernel` or `KernelMemory` is unknown or has a wrong type. */
  | 'INVALID_OPTION';

export class AbiError extends Error {
  override readonly name = 'AbiError';
  readonly code: AbiErrorCode;
  constructor(code: AbiErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** For `readOptions`. */
export const refuseOption = (message: string): never => {
  throw new AbiError('INVALID_OPTION', message);
};

/** A mistake of the plugin that the kernel tolerates, as data. With `strict` it ends the call instead. */
export interface AbiDiagnostic {
  code: AbiErrorCode;
  message: string;
}
