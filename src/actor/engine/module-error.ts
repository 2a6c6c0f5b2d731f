import { CallError, type PrintedLines } from '../../call-error.ts';
import type { HostErrorCode } from '../../error-codes.ts';
import { excerpt, PlugboardError } from '../../errors.ts';

/** Kinds of invalid modules, with the names that Reflow uses. docs/ACTORS.md is printed from these rows. */
export const MODULE_ERROR_KINDS = [
  {
    kind: 'InvalidBinary',
    when: 'The bytes are not WebAssembly that this engine accepts.',
    remedy:
      'Build for wasm32-wasip1 or wasm32-unknown-unknown, and check that the file is complete; plugboard inspect says more.',
  },
  {
    kind: 'MissingExport',
    when: 'The module lacks the entry point, or exports it with parameters or another result than i32.',
    remedy:
      'Export process and get_metadata: actor_plugin! in Rust, //export in TinyGo, //go:wasmexport in Go, export in AssemblyScript.',
  },
  {
    kind: 'InvalidMetadata',
    when: 'The export get_metadata fails, or its output is not metadata with a component.',
    remedy: 'Correct the output of get_metadata; the message has the path.',
  },
  {
    kind: 'TooLarge',
    when: 'The module has more bytes than limits.moduleBytes allows.',
    remedy: 'Make a release build and run wasm-opt -Oz --strip-debug, or raise the limit.',
  },
  {
    kind: 'InitFailed',
    when: 'The module has imports that are not provided, needs more memory than allowed, or fails when it is started.',
    remedy: 'Follow the message for each import, raise the memory limit, or see the cause and stderr.',
  },
] as const;

export type ModuleErrorKind = (typeof MODULE_ERROR_KINDS)[number]['kind'];

/** Codes of the plugin host that mean a fault of the module, not of the options. */
const KINDS = {
  INVALID_WASM: 'InvalidBinary',
  FUNCTION_NOT_FOUND: 'MissingExport',
  BAD_SIGNATURE: 'MissingExport',
  UNRESOLVED_IMPORTS: 'InitFailed',
  IMPORT_TYPE_MISMATCH: 'InitFailed',
  MEMORY_LIMIT: 'InitFailed',
  INIT_FAILED: 'InitFailed',
} as const satisfies { readonly [Code in HostErrorCode]?: ModuleErrorKind };
const isKnown = (code: string): code is keyof typeof KINDS => Object.hasOwn(KINDS, code);

export type ModuleErrorCode = keyof typeof KINDS | 'MODULE_TOO_LARGE' | 'INVALID_METADATA';

/** A module that cannot be an actor. */
export class ModuleError extends PlugboardError {
  override readonly name: string = 'ModuleError';
  declare readonly code: ModuleErrorCode;
  readonly kind: ModuleErrorKind;
  /** Advice for errors of this kind. */
  readonly remedy: string;
  constructor(kind: ModuleErrorKind, code: ModuleErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.kind = kind;
    this.remedy = MODULE_ERROR_KINDS.find(row => row.kind === kind)!.remedy;
  }
}

/** @param size of the module in bytes, or of the part that was read */
export const tooLarge = (size: number, max: number) =>
  new ModuleError(
    'TooLarge',
    'MODULE_TOO_LARGE',
    `the module has ${size} bytes, over the limit of ${max} (limits.moduleBytes)`,
  );

/** Returns a `ModuleError` with code and message of the plugin host's error about the module. Other errors are returned unchanged. */
export function toModuleError(error: unknown): unknown {
  if (!(error instanceof PlugboardError) || !isKnown(error.code)) return error;
  const { code, message } = error;
  const cause = error.cause ?? error;
  return new ModuleError(KINDS[code], code, explain(message, cause), { cause });
}

/** Failures whose reason languages print: it is neither in a trap nor in an exit code. */
const PRINTED_REASONS: readonly unknown[] = ['TRAP', 'EXIT'];

/**
 * Adds the last lines that the plugin printed to the message, if they may be the reason.
 * @param printed Default: the lines in the cause
 */
export function explain(
  message: string,
  cause: unknown,
  printed: Partial<PrintedLines> = cause instanceof CallError ? cause : {},
): string {
  const parts: string[] = [];
  if (cause instanceof CallError && PRINTED_REASONS.includes(cause.code)) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = printed[stream] ?? [];
      if (lines.length > 0) parts.push(`${stream}: ${lines.slice(-3).join(' | ')}`);
    }
  }
  return parts.length > 0 ? [excerpt(message), ...parts].join('; ') : message;
}
