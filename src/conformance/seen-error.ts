import { messageOf } from '../errors.ts';
import type { CallError } from '../node.ts';
import type { SeenError } from './host.ts';

/** Returns an error of plugboard as hosts tell theirs. Its codes are the names of errors, in capitals. */
export function seenError(error: unknown): SeenError {
  const { code, exitCode, cause } = error as Partial<CallError>;
  const name = (text: unknown) => String(text).toLowerCase().replaceAll('_', '-');
  const inner = (cause as { code?: unknown } | undefined)?.code;
  return {
    name: name(code ?? 'failed'),
    message: messageOf(error),
    exitCode: exitCode ?? undefined,
    cause: inner === undefined ? undefined : name(inner),
  };
}
