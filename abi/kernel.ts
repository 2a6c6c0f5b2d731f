import { type AbiDiagnostic, AbiError, type AbiErrorCode, refuseOption, requireWasm } from './errors.ts';
import { HEADER_BYTES, type Range } from './header.ts';
import { LOG_LEVELS, type LogLevel, type MessageLevel } from './log.ts';
import { KernelMemory } from './memory.ts';
import { KERNEL_MEMORY_OPTIONS } from './memory-options.ts';
import {
  aCount,
  aFlag,
  aFunction,
  having,
  type OptionTable,
  oneOf,
  readOptions,
  refuseExtra,
} from './options.ts';
import type { SharedBacking } from './shared-backing.ts';
import { checkTextLength, decodeLossy, decodeStrict, toBytes } from './utf8.ts';
import { Vars } from './vars.ts';

export interface KernelOptions {
  /** The most bytes of kernel memory that the blocks of one call may take up. */
  maxBytes?: number | undefined;
  /** The option that sets `maxBytes`, for the message of MEMORY_LIMIT. Default: `memory.maxPages`. */
  limitedBy?: string | undefined;
  /** The most bytes of variables, keys included. 0 allows none. */
  maxVarBytes: number;
  /** Values that the plugin reads with `config_get`. */
  config?: ReadonlyMap<string, string>;
  /** The lowest level that is passed to `onLog`. */
  logLevel?: LogLevel;
  /** Lets the plugin read the headers of HTTP responses. Default: false. */
  exposesHttpHeaders?: boolean;
  /** Receives log messages. */
  onLog?: (level: MessageLevel, text: string) => void;
  /** Receives tolerated mistakes. */
  onDiagnostic?: (diagnostic: AbiDiagnostic) => void;
  /** Turns diagnostics into errors that end the call. */
  strict?: boolean;
  /** Shared buffers to use, for a memory that another thread works on too. */
  backing?: SharedBacking | undefined;
}

export const KERNEL_OPTIONS: OptionTable<KernelOptions> = {
  of: 'new Kernel(options)',
  rows: {
    ...KERNEL_MEMORY_OPTIONS.rows,
    maxVarBytes: {
      ...aCount('bytes'),
      default: 'none',
      required: true,
      grants: 'variables, up to this limit',
    },
    config: {
      ...having('a Map of key → text', 'get'),
      default: 'empty',
      grants: 'values that the plugin reads with config_get',
    },
    logLevel: { ...oneOf(Object.keys(LOG_LEVELS)), default: 'silent' },
    exposesHttpHeaders: { ...aFlag, default: 'false', grants: 'the headers of HTTP responses' },
    onLog: { ...aFunction, default: 'logs are dropped' },
    onDiagnostic: { ...aFunction, default: 'diagnostics are dropped' },
    strict: { ...aFlag, default: 'false' },
  },
};

/** The last HTTP response, for `http_status_code` and `http_headers`. It stays between calls, as in the native runtime. */
export interface HttpState {
  status: number;
  headers: Readonly<Record<string, string>>;
}

/**
 * One plugin's kernel: its memory, variables and the state of the call that is running. The host calls `begin`, then an export
 * of the plugin, which works through `kernelImports`. Then `memory` has the range of the output, until the next `begin`,
 * and `error` has the error text. A call counts as ended once `markEnded`, `stop` or `close` has cut it short: see `ended`.
 */
export class Kernel {
  readonly memory: KernelMemory;
  readonly vars: Vars;
  readonly config: ReadonlyMap<string, string>;
  readonly onLog: (level: MessageLevel, text: string) => void;
  logLevel: LogLevel;
  http: HttpState = { status: 0, headers: {} };
  /** Whether the plugin may read the headers of a response. */
  readonly exposesHttpHeaders: boolean;
  /** The error that the plugin has set, or null. */
  error: { handle: number | bigint; text: string } | null = null;

  readonly #onDiagnostic: ((diagnostic: AbiDiagnostic) => void) | undefined;
  readonly #strict: boolean;
  #ended: Error | null = null;

  /** @throws {AbiError} INVALID_OPTION; UNSUPPORTED in an engine without WebAssembly */
  constructor(given: KernelOptions);
  constructor(given: KernelOptions, ...extra: unknown[]) {
    refuseExtra(extra, 'Kernel', refuseOption);
    const options = readOptions(KERNEL_OPTIONS, given, 'Kernel', refuseOption);
    requireWasm();
    const { maxBytes, limitedBy, backing } = options;
    this.memory = new KernelMemory({ maxBytes, limitedBy, backing });
    this.vars = new Vars(options.maxVarBytes);
    this.config = options.config ?? new Map();
    this.logLevel = options.logLevel ?? 'silent';
    this.exposesHttpHeaders = options.exposesHttpHeaders ?? false;
    this.onLog = options.onLog ?? (() => {});
    this.#onDiagnostic = options.onDiagnostic;
    this.#strict = options.strict ?? false;
  }

  /** The error that ended the running call before its export returned, or null. */
  get ended(): Error | null {
    return this.#ended;
  }

  /**
   * Starts a call: clears blocks, output and error of the last call and places a copy of `input`, text as UTF-8.
   * @throws {AbiError} MEMORY_LIMIT, TEXT_TOO_LONG
   */
  begin(input?: string | Uint8Array): void {
    this.#ended = null;
    this.error = null;
    // Bytes are used as they are: `toBytes` would take 5 % longer for a small call, and the host has checked them.
    const bytes = input === undefined || ArrayBuffer.isView(input) ? input : toBytes(input);
    if (!this.memory.reset(bytes)) throw noRoom(input!.length);
  }

  /** Joins the call that another thread has begun on the shared memory and handed over. */
  join(): void {
    this.#ended = null;
    this.error = null;
    this.memory.takeOver();
  }

  /** Forgets blocks, input, output and error: the kernel function `reset`. */
  clear(): void {
    this.memory.reset();
    this.error = null;
  }

  /** Forgets the last call, and zeroes all that earlier calls wrote to the memory. */
  wipe(): void {
    this.begin();
    this.memory.wipe();
  }

  /**
   * Ends the running call for `reason`. A plugin can catch an exception of an import, so the reason is kept and every later
   * import throws it again. The first reason stays.
   */
  markEnded(reason: Error): void {
    this.#ended ??= reason;
    this.memory.markEnded();
  }

  /** Ends the running call and all later ones: every import throws the reason. Gives the memory back to the engine. */
  close(reason: Error): void {
    this.markEnded(reason);
    this.memory.release();
  }

  /** Ends the call and throws the reason. */
  stop(reason: Error): never {
    this.markEnded(reason);
    throw this.#ended;
  }

  /** Throws the reason again if the call was ended. Every import of the plugin calls this first, host functions and WASI too. */
  check(): void {
    if (this.#ended) throw this.#ended;
  }

  /**
   * Copies `value` into a new block, text as UTF-8. An empty one is handle 0.
   * @throws {AbiError} MEMORY_LIMIT, TEXT_TOO_LONG, or the reason given to `close`
   */
  place(value: string | Uint8Array): number {
    const bytes = toBytes(value);
    const handle = this.memory.place(bytes);
    if (handle === 0 && bytes.length > 0) throw this.#ended ?? noRoom(bytes.length);
    return handle;
  }

  free(handle: number): void {
    const length = this.memory.length(handle);
    if (length === 0) {
      if (handle !== 0)
        this.diagnose('UNKNOWN_HANDLE_FREED', `free: ${handle} is not the handle of a live block`);
      return;
    }
    const { hasOutput, outputStart, outputLength } = this.memory;
    if (hasOutput && handle < outputStart + outputLength && outputStart < handle + length) {
      this.memory.retire(handle);
    } else {
      this.memory.free(handle);
    }
    if (handle === this.memory.inputStart) this.memory.setInput(handle, 0);
  }

  /**
   * Copies the text at once, so that it stays when the plugin frees or changes the block. Handle 0 removes the error.
   * @throws {AbiError} TEXT_TOO_LONG
   */
  setErrorHandle(handle: bigint): void {
    if (handle === 0n) {
      this.error = null;
      return;
    }
    const start = Number(handle);
    const length = this.memory.length(start);
    if (length === 0) {
      this.diagnose('INVALID_HANDLE', `error_set: ${handle} is not the handle of a live block`);
      this.error = { handle, text: 'invalid error handle' };
    } else {
      this.error = { handle, text: this.lossyTextOf(start, 'error_set: text') };
    }
  }

  /**
   * Returns the text of a live block, with U+FFFD in place of bytes that are not UTF-8.
   * @throws {AbiError} INVALID_HANDLE, TEXT_TOO_LONG
   */
  lossyTextOf(handle: number, what: string): string {
    return decodeLossy(this.#textBytesOf(handle, what), what);
  }

  /**
   * Returns a view of a live block (a copy, where the memory is shared); empty for handle 0.
   * @throws {AbiError} INVALID_HANDLE
   */
  bytesOf(handle: number, what: string): Uint8Array {
    const length = this.memory.length(handle);
    if (length === 0 && handle !== 0) {
      throw new AbiError('INVALID_HANDLE', `${what}: ${handle} is not the handle of a live block`);
    }
    return this.memory.readable(handle, length);
  }

  /** As `bytesOf`, but refuses a text that is too long before it copies shared memory. */
  #textBytesOf(handle: number, what: string): Uint8Array {
    checkTextLength(this.memory.length(handle), what);
    return this.bytesOf(handle, what);
  }

  /** @throws {AbiError} INVALID_HANDLE, INVALID_UTF8, TEXT_TOO_LONG */
  textOf(handle: number, what: string): string {
    const bytes = this.#textBytesOf(handle, what);
    const text = decodeStrict(bytes, what);
    if (text !== null) return text;
    throw new AbiError('INVALID_UTF8', `${what}: the ${bytes.length} bytes at ${handle} are not UTF-8`);
  }

  /**
   * Returns the range as numbers. Returns null, with a diagnostic, for a range that plugins cannot reach. (0, 0) is an empty
   * range.
   */
  checkRange(what: string, start: bigint, length: bigint): Range | null {
    const range = { start: Number(start), length: Number(length) };
    const isEmpty = range.start === 0 && range.length === 0;
    if (isEmpty || this.memory.hasRange(range.start, range.length)) return range;
    this.diagnose(
      'INVALID_RANGE',
      `${what}: ${BigInt.asUintN(64, length)} bytes at ${BigInt.asUintN(64, start)} are not inside the pages ` +
        `that blocks have reached (up to ${this.memory.addressableBytes + HEADER_BYTES}); the call is ignored`,
    );
    return null;
  }

  diagnose(code: AbiErrorCode, message: string): void {
    if (this.#strict) throw new AbiError(code, message);
    this.#onDiagnostic?.({ code, message });
  }
}

const noRoom = (bytes: number) =>
  new AbiError('MEMORY_LIMIT', `kernel memory: the engine has no room for ${bytes} more bytes`);
