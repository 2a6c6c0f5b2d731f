import { Errno, type ErrnoName } from './spec/constants.ts';
import type { Arguments, Awaitable, WasiFunctionName } from './spec/signatures.ts';

/**
 * Why a function failed: the errno that the program gets. It is an object, so that the type checker and `instanceof` tell it from
 * a count and from every other value.
 */
export class Failure {
  readonly errno: number;
  /** Makes the type nominal: another object with an errno is not a `Failure`. */
  declare protected readonly brand: never;

  constructor(errno: number) {
    this.errno = errno;
  }
}

/** A value, or the failure of the function that should have returned it. */
export type Result<T> = T | Failure;

/** The rows of spec/signatures.ts as JavaScript functions. */
export type Functions<Name extends WasiFunctionName = WasiFunctionName> = {
  readonly [N in Name]: (
    ...args: Arguments<N>
  ) => N extends 'poll_oneoff' ? Awaitable<Result<void>> : Result<void>;
};

/** The result of a function that succeeded and has no value. */
export const DONE = undefined;

/** Failures by name. They are made once, so that a call that fails allocates nothing. */
export const Fail = Object.fromEntries(
  Object.entries(Errno).map(([name, errno]) => [name, new Failure(errno)]),
) as Readonly<Record<ErrnoName, Failure>>;

const failures = Object.values(Fail);
function failed(errno: number): Failure {
  // A file system in JavaScript may return anything. The error becomes EIO and a diagnostic.
  if (!Number.isInteger(errno))
    throw new TypeError(`a method of the file system returned ${String(errno)}, expected 0 or an errno`);
  return failures[errno] ?? new Failure(errno);
}

// File systems belong to the embedder and return numbers (see `Fs`). The functions below make results of them.

/** Reads an object or text, or an errno. */
export const resultOf = <T extends object | string>(answer: T | number): Result<T> =>
  typeof answer === 'number' ? failed(answer) : answer;

/** Reads 0 or an errno. */
export const doneOf = (errno: number): Result<void> => (errno === Errno.ESUCCESS ? DONE : failed(errno));

/** Reads a count or a negative errno. The caller checks the count. */
export const countOf = (answer: number): Result<number> =>
  answer < 0 && Number.isInteger(answer) ? failed(-answer) : answer;
