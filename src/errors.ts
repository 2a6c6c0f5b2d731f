import type { HostErrorCode } from './error-codes.ts';

const EXCERPT_CHARACTERS = 10_000;

/**
 * A text that somebody else wrote, to stand inside a longer one: a text may be as long as a string can be, which
 * leaves no room for anything around it.
 */
export function excerpt(text: string, most: number = EXCERPT_CHARACTERS): string {
  if (text.length <= most) return text;
  // Not half of a surrogate pair, which JSON does not carry.
  const start = text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
  return `${start}… (${text.length} characters)`;
}

/** Base of every error that plugboard raises on purpose. */
export class PlugboardError extends Error {
  override readonly name: string = 'PlugboardError';
  /** Stable; what programs should look at. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(excerpt(message), options);
    this.code = code;
    if (message.length <= EXCERPT_CHARACTERS) return;
    // V8 makes the stack of the message when it is first read, and throws where both are too long; Deno ends the process.
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

/** What V8 and JSC call RangeError, and SpiderMonkey InternalError. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

/** A text or a copy larger than the engine makes: V8 has errors of several classes for it, SpiderMonkey InternalError. */
export const isOutOfMemory = (error: unknown): boolean =>
  !isStackOverflow(error) &&
  (error instanceof RangeError ||
    (error instanceof Error && /string longer|allocation/i.test(error.message)));
