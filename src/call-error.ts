import type { CallErrorCode } from './error-codes.ts';
import { isCodeOf, PlugboardError } from './errors.ts';
import type { PluginOutput } from './values/output.ts';

// As in errors.ts.
const CALL_CODES = {
  INVALID_OPTION: true,
  UNSUPPORTED: true,
  IMPORT_TYPE_MISMATCH: true,
  INIT_FAILED: true,
  FUNCTION_NOT_FOUND: true,
  BAD_SIGNATURE: true,
  INVALID_INPUT: true,
  PLUGIN_ERROR: true,
  NONZERO_RESULT: true,
  TRAP: true,
  STACK_OVERFLOW: true,
  EXIT: true,
  HOST_FUNCTION_FAILED: true,
  HOST_FUNCTION_ASYNC: true,
  REENTRANT_CALL: true,
  QUEUE_TIMEOUT: true,
  CLOSED: true,
  MEMORY_LIMIT: true,
  VAR_LIMIT: true,
  VARS_DISABLED: true,
  INVALID_HANDLE: true,
  INVALID_UTF8: true,
  TEXT_TOO_LONG: true,
  WASI_NO_MEMORY: true,
  HTTP_NOT_ENABLED: true,
  INVALID_HTTP_REQUEST: true,
  HTTP_DENIED: true,
  HTTP_FAILED: true,
  HTTP_RESPONSE_LIMIT: true,
  BUDGET_EXCEEDED: true,
  ABORTED: true,
  TIMEOUT: true,
  FUEL_EXHAUSTED: true,
  WORKER_FAILED: true,
  INVALID_RANGE: true,
  UNKNOWN_HANDLE_FREED: true,
} satisfies Record<CallErrorCode, true>;

export const isCallErrorCode = (code: unknown): code is CallErrorCode => isCodeOf(CALL_CODES, code);

/** Stands in messages for the name of an export. */
export const INITIALISATION = 'initialisation';

/** Lines that a plugin printed. */
export interface PrintedLines {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

export const NOTHING_PRINTED: PrintedLines = { stdout: [], stderr: [] };

/** Details of a failed call, for its error. */
export interface CallErrorDetails {
  /** The output that the plugin had set. */
  output?: PluginOutput | null;
  /** The result of the export, or the exit code passed to proc_exit. */
  exitCode?: number | null;
  /** The last lines that the plugin wrote to stdout, during this call or before. */
  stdout?: readonly string[];
  stderr?: readonly string[];
  /** The wasm functions that ran when the plugin trapped, the innermost first: at most 16 names, as the engine tells them. */
  wasmStack?: readonly string[];
  cause?: unknown;
}

/**
 * A failed call. `code` tells the kind of failure, `cause` is the error behind it. The message is the plugin's error text, if it
 * had set one.
 */
export class CallError extends PlugboardError {
  override readonly name: string = 'CallError';
  declare readonly code: CallErrorCode;
  readonly output: PluginOutput | null;
  readonly exitCode: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly wasmStack: readonly string[];
  constructor(code: CallErrorCode, message: string, details: CallErrorDetails = {}) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.output = details.output ?? null;
    this.exitCode = details.exitCode ?? null;
    // Copies: the caller may change the lists of an error, and must not reach those of another plugin.
    const { stdout = [], stderr = [], wasmStack = [] } = details;
    this.stdout = [...stdout];
    this.stderr = [...stderr];
    this.wasmStack = [...wasmStack];
  }

  /** The recording of the call, for `replay`, if it has a recorder with `record: 'on-failure'`. Not enumerable, since it is long. */
  get recording(): string | null {
    return null;
  }
}

/** The recording of a failed call, also where other errors stand around its error. */
export function recordingOf(error: unknown): string | null {
  if (error instanceof CallError && error.recording !== null) return error.recording;
  return error instanceof PlugboardError ? recordingOf(error.cause) : null;
}

/** The error of a call for which the plugin could not be made ready, such as WORKER_FAILED. */
export const notPrepared = (what: string, error: PlugboardError): CallError =>
  new CallError(isCallErrorCode(error.code) ? error.code : 'WORKER_FAILED', `${what}: ${error.message}`, {
    cause: error,
  });

/** The wasm functions of a failed call, also where other errors stand around its error. */
export function wasmStackOf(error: unknown): readonly string[] {
  if (error instanceof CallError && error.wasmStack.length > 0) return error.wasmStack;
  return error instanceof PlugboardError ? wasmStackOf(error.cause) : [];
}

export const pluginClosed = (what: string): CallError =>
  new CallError('CLOSED', `${what}: the plugin was closed; create a new one`);

export const reentrant = (what: string): CallError =>
  new CallError('REENTRANT_CALL', `${what}: the plugin is in a call, made by one of its own host functions`);
