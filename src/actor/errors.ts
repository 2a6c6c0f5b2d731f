import { unreadable } from '../../wasi/options.ts';
import type { ACTOR_ERROR_CODES } from '../actor-error-codes.ts';
import { isStackOverflow } from '../engine/error-texts.ts';
import { attempt, CreateError, describe as describeOther, PlugboardError } from '../errors.ts';
import { isObject } from '../values/object.ts';
import { Float } from './float.ts';

/** The codes of the actor table, and those codes of the plugin host that actors use too. */
export type ActorErrorCode =
  | (typeof ACTOR_ERROR_CODES)[number]['code']
  | 'UNSUPPORTED'
  | 'ABORTED'
  | 'INVALID_UTF8'
  | 'TEXT_TOO_LONG'
  | 'TOO_MANY_VALUES'
  | 'INVALID_HANDLE';

export class ActorError extends PlugboardError {
  override readonly name: string = 'ActorError';
  declare readonly code: ActorErrorCode;
  constructor(code: ActorErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** For `readOptions`: wrong values of options that are passed on to `createPlugin` throw its error, INVALID_OPTION. */
export const refuseOption = (message: string, code?: string, options?: ErrorOptions): never => {
  throw code === 'INVALID_OPTION'
    ? new CreateError(code, message, options)
    : new ActorError((code ?? 'INVALID_CONFIG') as ActorErrorCode, message, options);
};

/** For the `catch` around code that only reads a value of the caller, whose getters may throw. Errors of plugboard pass. */
export function refuseForeign(cause: unknown, where: string, code?: ActorErrorCode): never {
  // When the stack overflows, the plugin that called the host has used it up, and not the value.
  if (cause instanceof PlugboardError || isStackOverflow(cause)) throw cause;
  return refuseOption(unreadable(where), code, { cause });
}

/** Reads a value of the caller. Code that runs for each message has its own `catch`, without a closure. */
export function readForeign<T>(where: string, read: () => T, code?: ActorErrorCode): T {
  try {
    return read();
  } catch (cause) {
    return refuseForeign(cause, where, code);
  }
}

/** A fault that the actor layer tolerates and reports. With `strict` it is thrown instead. */
export interface ActorDiagnostic {
  code: ActorErrorCode;
  message: string;
}

export type Report = (diagnostic: ActorDiagnostic) => void;

/** Throws every diagnostic as an error. */
export const strictly: Report = ({ code, message }) => {
  throw new ActorError(code, message);
};

/** Describes a value of unknown type in a few words, for an error message. */
export const describe = (value: unknown): string => attempt(() => describeActor(value), describeOther(value));

function describeActor(value: unknown): string {
  if (value instanceof Float) return String(value);
  if (!isObject(value)) return describeOther(value);
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== 'string' || name === 'Object') return 'an object';
  // The class of a generator has no name.
  return `an object of class ${name || Object.prototype.toString.call(value).slice(8, -1)}`;
}
