import {
  A_FILE_SYSTEM,
  anFs,
  type Clock,
  type Fs,
  isFs,
  type Random,
  type Sink,
  type Source,
} from './embedder.ts';
import { refuseOption, type WasiDiagnosticCode, type WasiErrorCode } from './errors.ts';
import {
  aFlag,
  aFunction,
  anArray,
  aRecord,
  aText,
  type Check,
  having,
  isPlain,
  type Kind,
  nearest,
  type OptionTable,
  readOptions,
} from './options.ts';
import type { WasiFunctionName } from './spec/signatures.ts';

export interface WasiDiagnostic {
  readonly code: WasiDiagnosticCode;
  readonly message: string;
  readonly function: WasiFunctionName;
  /** For `WASI_HOST_ERROR`: the thrown value. */
  readonly cause?: unknown;
}

interface PreopenOptions {
  readonly fs: Fs;
  /** With true, every call that would change a file is EROFS. Default false. */
  readonly readOnly?: boolean | undefined;
}

/** A file system, which may be given under several paths and to several programs. */
export type Preopen = Fs | PreopenOptions;

export interface WasiOptions {
  /** The program's own name first, as C programs expect. Default: empty. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default `webClock()`. */
  readonly clock?: Clock | undefined;
  /** Default `webRandom()`. */
  readonly random?: Random | undefined;
  /** Default: empty input. */
  readonly stdin?: Source | undefined;
  /** Default: output is dropped. */
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
  /** Folders that are open from the start, from descriptor 3 on, by the path at which the program sees them. Default: none. */
  readonly preopens?: Readonly<Record<string, Preopen>> | undefined;
  /**
   * Called at the start of every function, after a sleep, and in a long random_get. May throw to end the call; the caller gets this
   * exception.
   */
  readonly checkpoint?: (() => void) | undefined;
  /**
   * Called by `proc_exit` with the u32 code. Must throw; the exception reaches the caller unchanged. Default: throws
   * `WasiExit`.
   */
  readonly onExit?: ((code: number) => never) | undefined;
  /** Called with each tolerated mistake and each refusal. An exception reaches the caller unchanged. */
  readonly onDiagnostic?: ((diagnostic: WasiDiagnostic) => void) | undefined;
}

export const PREOPEN_OPTIONS: OptionTable<PreopenOptions> = {
  of: 'a folder of preopens',
  rows: {
    fs: { ...anFs, default: 'none', required: true, grants: 'the files of this file system' },
    readOnly: {
      ...aFlag,
      default: 'false',
      grants: 'with true, only reading: every call that would change a file is EROFS',
    },
  },
};

const checkPreopen: Check<Preopen> = (value, where, refuse) => {
  if (!isFs(value) || 'fs' in value) {
    if (isPlain(value)) return readOptions(PREOPEN_OPTIONS, value, where, refuse);
    return refuse(`${where}: expected ${A_FILE_SYSTEM}, or { fs, readOnly }`);
  }
  // `{ ...fs, readOnly: true }` passes as a file system, but its key `readOnly` would have no effect.
  const misplaced = Object.keys(value).find(key => nearest(key, ['readOnly']));
  return misplaced === undefined
    ? value
    : refuse(`${where}: "readOnly" stands among the keys of the file system; give { fs, readOnly: true }`);
};

/** Folders, by the path at which a program sees them. */
export const somePreopens: Kind<Record<string, Preopen>> = aRecord(
  { type: `${A_FILE_SYSTEM}, or { fs, readOnly }`, check: checkPreopen },
  'path',
);

const aSink = having<Sink>('a Sink, with write(bytes)', 'write');

export const WASI_OPTIONS: OptionTable<WasiOptions> = {
  of: 'createWasi(options)',
  rows: {
    args: {
      ...anArray(aText),
      default: 'none',
      code: 'WASI_INVALID_ARG' satisfies WasiErrorCode,
      grants: 'these arguments',
    },
    env: {
      ...aRecord(aText),
      default: 'none',
      code: 'WASI_INVALID_ENV' satisfies WasiErrorCode,
      grants: 'these environment variables',
    },
    clock: { ...having('a Clock', 'nowNs', 'resolutionNs'), default: 'webClock()', grants: 'this time' },
    random: {
      ...having('a Random, with fill(bytes)', 'fill'),
      default: 'webRandom()',
      grants: 'these random bytes',
    },
    stdin: { ...having('a Source, with read(into)', 'read'), default: 'at its end', grants: 'this input' },
    stdout: { ...aSink, default: 'written to nowhere', grants: 'writing to this sink' },
    stderr: { ...aSink, default: 'written to nowhere', grants: 'writing to this sink' },
    preopens: {
      ...somePreopens,
      default: 'none',
      code: 'WASI_INVALID_PREOPEN' satisfies WasiErrorCode,
      grants: 'these folders',
    },
    checkpoint: { ...aFunction, default: 'none' },
    onExit: { ...aFunction, default: 'throws WasiExit' },
    onDiagnostic: { ...aFunction, default: 'diagnostics are dropped' },
  },
  hints: {
    argv: 'did you mean "args"?',
    environ: 'did you mean "env"?',
    returnOnExit: '"start" always returns the exit code',
    version: 'only preview 1 is provided',
  },
};

/** @throws {WasiError} */
export const readWasiOptions = (options: unknown): WasiOptions =>
  readOptions(WASI_OPTIONS, options, 'createWasi', refuseOption);
