import type { HostErrorCode } from './error-codes.ts';

/** Base of every error that plugboard raises on purpose. */
export class PlugboardError extends Error {
  override readonly name: string = 'PlugboardError';
  /** Stable; what programs should look at. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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
