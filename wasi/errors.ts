import { guarded } from './options.ts';

/** One stable code. docs/ERRORS.md is printed from these rows. */
interface WasiCodeRow {
  code: string;
  /** The functions that raise it. */
  where: readonly string[];
  when: string;
  remedy: string;
}

const ERRORS = [
  {
    code: 'WASI_INVALID_OPTION',
    where: ['every function of plugboard/wasi'],
    when: 'An option or an argument is unknown, inherited or of the wrong type; or an object is given where no options are read.',
    remedy: 'Correct the option or argument that the message names.',
  },
  {
    code: 'WASI_INVALID_ARG',
    where: ['createWasi'],
    when: 'An argument of the program is not a string, or contains NUL, which ends it in C.',
    remedy: 'Pass strings without NUL in args.',
  },
  {
    code: 'WASI_INVALID_ENV',
    where: ['createWasi'],
    when: 'The name of an environment variable is empty or contains "=" or NUL, or its value is not a string or contains NUL.',
    remedy: 'Rename the variable, or encode its value.',
  },
  {
    code: 'WASI_INVALID_MEMORY',
    where: ['wasi.bind', 'wasi.start', 'wasi.initialize'],
    when: 'The memory to bind is not a WebAssembly.Memory; often the module does not export one as "memory".',
    remedy: 'Build the module so that it exports its memory, or pass the memory that it imports to bind.',
  },
  {
    code: 'WASI_INVALID_LIMIT',
    where: ['MemoryFs', 'LineSink', 'coarseClock'],
    when: 'A limit is not a whole number, or is outside its range.',
    remedy: 'Pass a number of the unit and range that the message names.',
  },
  {
    code: 'WASI_INVALID_READ',
    where: ['the cause of WASI_HOST_ERROR'],
    when: 'A Source, or a file of the embedder, returned from read a number that is not from 0 to the length of its array.',
    remedy: 'Return the number of bytes that were copied, or an errno as a negative number.',
  },
  {
    code: 'WASI_INVALID_FILES',
    where: ['MemoryFs'],
    when: 'A file name contains "/" or NUL, or a file is neither bytes, text, a link, a device nor a folder; or the files exceed the quota.',
    remedy: 'Give folders as nested objects, and raise quotaBytes or maxNodes for many files.',
  },
  {
    code: 'WASI_INVALID_PREOPEN',
    where: ['createWasi', 'nodeFolder', 'descriptorFs'],
    when: 'A preopened folder does not exist, is not a folder, or is not a file system; or its path is empty or contains NUL.',
    remedy:
      'Check the path and the permissions, and pass a file system such as new MemoryFs() or nodeFolder(path).',
  },
  {
    code: 'WASI_INVALID_INSTANCE',
    where: ['wasi.start', 'wasi.initialize'],
    when: 'The argument is not a WebAssembly.Instance, or its _start or _initialize is not a function.',
    remedy: 'Pass the instance itself: WebAssembly.instantiate(bytes) resolves to { instance, module }.',
  },
  {
    code: 'WASI_IS_COMMAND',
    where: ['wasi.initialize'],
    when: 'The module exports _start and no _initialize: it is a command, not a reactor.',
    remedy: 'Run it with start.',
  },
  {
    code: 'WASI_NO_START',
    where: ['wasi.start'],
    when: 'The module exports no _start: it is a reactor, not a command.',
    remedy: 'Prepare it with initialize, and then call its exports.',
  },
  {
    code: 'WASI_OTHER_VERSION',
    where: ['wasi.getImportObject'],
    when: 'The module imports another version of WASI than preview 1.',
    remedy: 'Rebuild it for wasm32-wasip1, or adapt the component with jco.',
  },
  {
    code: 'WASI_STARTED',
    where: ['wasi.start', 'wasi.initialize'],
    when: 'This WASI has run a program already.',
    remedy: 'Call createWasi again for each instance.',
  },
  {
    code: 'WASI_TOO_LARGE',
    where: ['memoryFs.snapshot', 'memoryFs.changes'],
    when: 'The copies of all files would need more memory than the quota, since a file with several names is copied for each.',
    remedy: 'Raise quotaBytes, or remove files or links before.',
  },
] as const satisfies readonly WasiCodeRow[];

const EXIT = {
  code: 'WASI_EXIT',
  where: ['proc_exit', 'wasi.initialize'],
  when: 'The program called proc_exit. A WasiExit is thrown through its frames; start catches it and returns the exit code.',
  remedy: 'Read exitCode on the error. Pass onExit to throw an error of your own instead.',
} as const satisfies WasiCodeRow;

const DIAGNOSTICS = [
  {
    code: 'WASI_HOST_ERROR',
    where: ['onDiagnostic'],
    when: "Diagnostic: the embedder's clock, random source, sink or file system threw; the program got EIO.",
    remedy: 'See the cause, the value that was thrown, and correct that part.',
  },
  {
    code: 'WASI_WOULD_BLOCK',
    where: ['onDiagnostic'],
    when: 'Diagnostic: the program waits on a thread that must not block; it got ENOTSUP.',
    remedy: 'Run the program in a worker, or pass a clock whose sleepNs returns a promise.',
  },
  {
    code: 'WASI_MEMORY_UNBOUND',
    where: ['onDiagnostic'],
    when: 'Diagnostic: a function with pointers was called before bind; the program got EFAULT.',
    remedy: 'Call start, initialize or bind before the program runs.',
  },
] as const satisfies readonly WasiCodeRow[];

/** All codes of this folder. docs/ERRORS.md is printed from them. */
export const WASI_ERROR_CODES = /* @__PURE__ */ (() => [...ERRORS, EXIT, ...DIAGNOSTICS] as const)();

export type WasiErrorCode = (typeof ERRORS)[number]['code'];
export type WasiDiagnosticCode = (typeof DIAGNOSTICS)[number]['code'];

/**
 * A mistake of the embedder, thrown by the call that makes it. Mistakes of a program are errnos or diagnostics instead.
 * `instanceof PlugboardError` accepts it.
 */
export class WasiError extends Error {
  override readonly name = 'WasiError';
  readonly code: WasiErrorCode;
  constructor(code: WasiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For `readOptions`, whose rows have codes of this type. */
export const refuseOption = (
  message: string,
  code: string = 'WASI_INVALID_OPTION',
  options?: ErrorOptions,
): never => {
  throw new WasiError(code as WasiErrorCode, message, options);
};

/** Reads an argument that is not an options object. Its getters may throw. */
export const readForeign = <T>(where: string, read: () => T): T =>
  guarded(where, refuseOption, read, WasiError);

/** Thrown through the program's frames when it calls `proc_exit`. `exitCode` is the argument, a u32; 0 is success. */
export class WasiExit extends Error {
  override readonly name = 'WasiExit';
  readonly code: typeof EXIT.code = 'WASI_EXIT';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`the program called proc_exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}
