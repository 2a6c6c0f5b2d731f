import * as assert from 'uvu/assert';

export { equal, is, match, not, ok, throws, unreachable } from 'uvu/assert';

export interface Expected {
  code?: string;
  message?: RegExp | string;
  cause?: unknown;
}

const toHex = (bytes: Uint8Array) => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join(' ');

/** Byte arrays as hex, because uvu's own diff prints them as objects with numbered keys. */
export function bytesEqual(
  actual: Uint8Array,
  expected: Uint8Array | readonly number[],
  message?: string,
): void {
  assert.is(toHex(actual), toHex(Uint8Array.from(expected)), message);
}

/** Runs `body`, and names the case in front of the message of an error. */
export function inContext<T>(context: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    (error as Error).message = `${context}: ${(error as Error).message}`;
    throw error;
  }
}

/** Runs `body`, which must throw or reject, and checks the error's stable code, its text and its cause. */
export async function raises(body: () => unknown, expected: Expected): Promise<Error & { code?: string }> {
  let error: Error & { code?: string };
  try {
    await body();
  } catch (thrown) {
    assert.instance(thrown, Error);
    error = thrown as Error & { code?: string };
    // A message may be as long as a string can be.
    const told = error.message.slice(0, 5000);
    if (expected.code !== undefined) assert.is(error.code, expected.code, `${error.code}: ${told}`);
    if (typeof expected.message === 'string') assert.ok(error.message.includes(expected.message), told);
    else if (expected.message) assert.match(error.message, expected.message);
    if ('cause' in expected) assert.is(error.cause, expected.cause);
    return error;
  }
  return assert.unreachable(`expected an error with code ${expected.code}, but nothing was thrown`) as never;
}
