/** Name of an error → the name of the kind that it belongs to. `failed` is the kind of all. */
const PARENTS: Readonly<Record<string, string>> = {
  trap: 'failed',
  exit: 'failed',
  'nonzero-result': 'failed',
  'plugin-error': 'failed',
  'function-not-found': 'failed',
  'bad-signature': 'failed',
  'reentrant-call': 'failed',
  'invalid-result': 'failed',
  'init-failed': 'refused',
  'invalid-manifest': 'refused',
  'invalid-wasm': 'refused',
  'hash-mismatch': 'refused',
  'unresolved-imports': 'refused',
  'import-type-mismatch': 'refused',
  'host-function-failed': 'trap',
  'http-denied': 'trap',
  'http-failed': 'trap',
  'http-not-enabled': 'trap',
  'http-response-limit': 'trap',
  'invalid-handle': 'trap',
  'invalid-http-request': 'trap',
  'invalid-utf8': 'trap',
  'memory-limit': 'trap',
  'stack-overflow': 'trap',
  timeout: 'trap',
  'var-limit': 'trap',
  'vars-disabled': 'trap',
  'wasi-no-memory': 'trap',
  refused: 'failed',
};

/** All names, each with the kind above it. */
export const ERROR_NAMES: readonly (readonly [name: string, parent: string | null])[] = [
  ['failed', null],
  ...Object.entries(PARENTS),
];

/** Whether `kind` is `name` or one of the kinds above it. */
export function isKindOf(kind: string, name: string | undefined): boolean {
  for (let at = name; at !== undefined; at = PARENTS[at]) if (at === kind) return true;
  return false;
}
