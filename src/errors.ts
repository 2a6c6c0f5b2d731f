import { AbiError, type AbiErrorCode } from '../abi/errors.ts';
import { isError } from '../wasi/brands.ts';
import { type WASI_ERROR_CODES, WasiError, WasiExit } from '../wasi/errors.ts';
import type { ACTOR_ERROR_CODES } from './actor-error-codes.ts';
import type { CreateErrorCode, HostErrorCode } from './error-codes.ts';

/** Every code that an error or a diagnostic of plugboard can have. */
export type PlugboardErrorCode =
  | HostErrorCode
  | (typeof ACTOR_ERROR_CODES | typeof WASI_ERROR_CODES)[number]['code']
  | AbiErrorCode;

const EXCERPT_CHARACTERS = 10_000;

/**
 * Shortens a foreign text for use inside a message. Such a text may be as long as the longest string, and the message
 * around it would be too long.
 */
export function excerpt(text: string, most: number = EXCERPT_CHARACTERS): string {
  if (text.length <= most) return text;
  // Does not cut a surrogate pair in half: JSON cannot carry half a pair.
  const start = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${start}… (${text.length} characters)`;
}

/**
 * Base of every error that plugboard raises on purpose. `instanceof PlugboardError` also accepts the errors of
 * `plugboard/abi` and `plugboard/wasi`. Their classes have the same members, but stand in folders that import nothing.
 */
export class PlugboardError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    const isOf = ({ prototype }: { prototype: object }) =>
      attempt(() => Object.prototype.isPrototypeOf.call(prototype, value as object), false);
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, and ask for their own instances.
    const types = this === PlugboardError ? [this, AbiError, WasiError, WasiExit] : [this];
    return types.some(isOf);
  }

  override readonly name: string = 'PlugboardError';
  /** Stable code. Programs should check it, and not the message. */
  readonly code: PlugboardErrorCode;
  constructor(code: PlugboardErrorCode, message: string, options?: ErrorOptions) {
    super(excerpt(message), options);
    this.code = code;
    if (message.length <= EXCERPT_CHARACTERS) return;
    // V8 copies the message into the stack when the stack is first read. Together they may be too long for a string: V8
    // throws, and Deno ends the process. So the stack is read while the message is still short.
    void this.stack;
    this.message = message;
  }
}

// The names once more, because the table with its texts is left out of small bundles. They are compared as types.
const CREATE_CODES = {
  INVALID_MANIFEST: true,
  INVALID_OPTION: true,
  UNSUPPORTED: true,
  SOURCE_UNAVAILABLE: true,
  FOLDER_UNAVAILABLE: true,
  INVALID_WASM: true,
  HASH_MISMATCH: true,
  UNRESOLVED_IMPORTS: true,
  IMPORT_TYPE_MISMATCH: true,
  INIT_FAILED: true,
  HOST_FUNCTION_ASYNC: true,
  MEMORY_LIMIT: true,
  VAR_LIMIT: true,
  VARS_DISABLED: true,
  TEXT_TOO_LONG: true,
  TOO_MANY_VALUES: true,
  TIMEOUT: true,
  FUEL_EXHAUSTED: true,
  BUDGET_EXCEEDED: true,
  POLICY_DENIED: true,
  LOCK_UNVERIFIABLE: true,
  INVALID_POLICY: true,
  INVALID_SIGNATURE: true,
  POLICY_EXPIRED: true,
  POLICY_OUTDATED: true,
  WORKER_FAILED: true,
  ZERO_LIMIT: true,
} satisfies Record<CreateErrorCode, true>;

export const isCodeOf = (codes: object, code: unknown): boolean =>
  typeof code === 'string' && Object.hasOwn(codes, code);

export const isCreateErrorCode = (code: unknown): code is CreateErrorCode => isCodeOf(CREATE_CODES, code);

/** A plugin could not be created. */
export class CreateError extends PlugboardError {
  override readonly name: string = 'CreateError';
  declare readonly code: CreateErrorCode;
  constructor(code: CreateErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Runs `read` on a foreign value, whose getters and proxies may throw. Returns `otherwise` if they do. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The text of a thrown value, which need not be an Error. */
export const messageOf = (thrown: unknown): string =>
  attempt(() => String(isError(thrown) ? thrown.message : thrown), 'a value without a text');

/** The text of an error, with that of its cause: the message of Node's `fetch` is only "fetch failed". */
export function messageWithCause(thrown: unknown): string {
  const cause = attempt(() => (thrown as Error).cause, undefined);
  return isError(cause) ? `${messageOf(thrown)}: ${messageOf(cause)}` : messageOf(thrown);
}

/** Describes a value of the wrong kind, for an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function')
    return attempt(() => `function ${value.name || '(anonymous)'}`, 'a function');
  if (typeof value !== 'object' || value === null) return String(value);
  const unreadable = 'an object that cannot be read';
  if (attempt(() => Array.isArray(value), false))
    return attempt(() => `an array of ${(value as unknown[]).length}`, unreadable);
  return attempt(
    () => `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`,
    unreadable,
  );
}
