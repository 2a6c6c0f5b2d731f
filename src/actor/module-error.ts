import { CallError } from '../call.ts';
import { excerpt, PlugboardError } from '../errors.ts';

/** What can be wrong with a module, in the words of Reflow. docs/ACTORS.md is printed from these rows. */
export const MODULE_ERROR_KINDS = [
  {
    kind: 'InvalidBinary',
    when: 'It is no WebAssembly that this engine accepts.',
    remedy:
      'Build for wasm32-wasip1 or wasm32-unknown-unknown, and check that the whole file came; plugboard inspect says more.',
  },
  {
    kind: 'MissingExport',
    when: 'It lacks the entry point, or exports it with parameters or another result than i32.',
    remedy: 'Export process and get_metadata: actor_plugin! in Rust, //export in TinyGo.',
  },
  {
    kind: 'InvalidMetadata',
    when: 'Its get_metadata fails, or answers what is no metadata with a component.',
    remedy: 'Correct what get_metadata answers; the message has the path.',
  },
  {
    kind: 'TooLarge',
    when: 'It has more bytes than limits.moduleBytes allows.',
    remedy: 'Make a release build and run wasm-opt -Oz --strip-debug, or raise the limit.',
  },
  {
    kind: 'InitFailed',
    when: 'It imports what nobody provides, needs more memory than it may have, or fails when it is started.',
    remedy: 'Do what the message says for each import, raise the memory limit, or see the cause and stderr.',
  },
] as const;

export type ModuleErrorKind = (typeof MODULE_ERROR_KINDS)[number]['kind'];

/** A module that cannot be an actor. */
export class ModuleError extends PlugboardError {
  override readonly name: string = 'ModuleError';
  readonly kind: ModuleErrorKind;
  /** What to do about errors of this kind. */
  readonly remedy: string;
  constructor(kind: ModuleErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.kind = kind;
    this.remedy = MODULE_ERROR_KINDS.find(row => row.kind === kind)!.remedy;
  }
}

/** @param size of the module in bytes, or of as much of it as was read */
export const tooLarge = (size: number, max: number) =>
  new ModuleError(
    'TooLarge',
    'MODULE_TOO_LARGE',
    `the module has ${size} bytes, over the limit of ${max} (limits.moduleBytes)`,
  );

/** The host's codes that are about the module, and not about what was asked for. */
const KINDS: Readonly<Record<string, ModuleErrorKind>> = {
  INVALID_WASM: 'InvalidBinary',
  FUNCTION_NOT_FOUND: 'MissingExport',
  BAD_SIGNATURE: 'MissingExport',
  UNRESOLVED_IMPORTS: 'InitFailed',
  IMPORT_TYPE_MISMATCH: 'InitFailed',
  MEMORY_LIMIT: 'InitFailed',
  INIT_FAILED: 'InitFailed',
};

/** What the host says of a module, with its code and its words; any other error as it is. */
export function toModuleError(error: unknown): unknown {
  const kind = error instanceof PlugboardError ? KINDS[error.code] : undefined;
  if (!kind) return error;
  const { code, message, cause } = error as PlugboardError;
  return new ModuleError(kind, code, explain(message, cause ?? error), { cause: cause ?? error });
}

/** Go says on stderr why it traps; what to do about it, it does not say. */
const GO_NOT_RUNNING = /called (before runtime initialization|after main\.main returned)/;

/** Whether a call failed because Go's runtime does not run. */
export const lacksGoRuntime = (cause: unknown): boolean =>
  cause instanceof CallError && cause.stderr.some(line => GO_NOT_RUNNING.test(line));

/** Adds what to do, where the lines that the plugin printed tell what is wrong. */
export const explain = (message: string, cause: unknown): string =>
  lacksGoRuntime(cause)
    ? `${excerpt(message)}; a Go command whose exports were made by //go:wasmexport, and the Go runtime runs only in _start: ` +
      'build it with -buildmode=c-shared, or use //export with TinyGo'
    : message;
