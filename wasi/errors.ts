export type WasiErrorCode =
  /** An option is unknown, or has a wrong type. */
  | 'WASI_INVALID_OPTION'
  | 'WASI_INVALID_ARG'
  | 'WASI_INVALID_ENV'
  | 'WASI_INVALID_MEMORY'
  | 'WASI_INVALID_LIMIT'
  | 'WASI_INVALID_READ'
  | 'WASI_INVALID_FILES'
  | 'WASI_INVALID_PREOPEN'
  | 'WASI_INVALID_INSTANCE'
  | 'WASI_IS_COMMAND'
  | 'WASI_NO_START'
  | 'WASI_OTHER_VERSION'
  | 'WASI_STARTED'
  | 'WASI_TOO_LARGE';

/** A mistake of the embedder, thrown by the call that makes it. Mistakes of a program are errnos or diagnostics instead. */
export class WasiError extends Error {
  override readonly name = 'WasiError';
  readonly code: WasiErrorCode;
  constructor(code: WasiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For `readOptions`, whose rows have codes of this type. */
export const refuseOption = (message: string, code: string = 'WASI_INVALID_OPTION'): never => {
  throw new WasiError(code as WasiErrorCode, message);
};

/** Thrown through the program's frames when it calls `proc_exit`. `exitCode` is the argument, a u32; 0 is success. */
export class WasiExit extends Error {
  override readonly name = 'WasiExit';
  readonly code = 'WASI_EXIT';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`the program called proc_exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}
