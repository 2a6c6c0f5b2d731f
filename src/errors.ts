import type { HostErrorCode } from './error-codes.ts';

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

/** Base of every error that plugboard raises on purpose. */
export class PlugboardError extends Error {
  override readonly name: string = 'PlugboardError';
  /** Stable code. Programs should check it, and not the message. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(excerpt(message), options);
    this.code = code;
    if (message.length <= EXCERPT_CHARACTERS) return;
    // V8 copies the message into the stack when the stack is first read. Together they may be too long for a string: V8
    // throws, and Deno ends the process. So the stack is read while the message is still short.
    void this.stack;
    this.message = message;
  }
}

/** A plugin could not be created. */
export class CreateError extends PlugboardError {
  override readonly name: string = 'CreateError';
  constructor(code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Describes a value of the wrong kind, for an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`;
}

/** Whether the call stack overflowed. V8 and JSC throw RangeError, SpiderMonkey InternalError. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

/** Whether a string or buffer was too large for the engine. V8 throws errors of several classes, SpiderMonkey InternalError. */
export const isOutOfMemory = (error: unknown): boolean =>
  !isStackOverflow(error) &&
  (error instanceof RangeError ||
    (error instanceof Error && /string longer|allocation/i.test(error.message)));
