/**
 * The options that refuse calls of imports, by the code of the error. The first row that fits counts. Without an option the message names it, or
 * the engine has refused.
 */
const REFUSALS: readonly { code: RegExp; message?: RegExp; option?: string }[] = [
  { code: /^HTTP_DENIED$/, message: /allowedSchemes/, option: 'allowedSchemes' },
  { code: /^HTTP_DENIED$/, message: /allowPrivateAddresses/, option: 'allowPrivateAddresses' },
  { code: /^HTTP_(DENIED|NOT_ENABLED)$/, option: 'allowedHosts' },
  { code: /^HTTP_RESPONSE_LIMIT$/, option: 'memory.maxHttpResponseBytes' },
  { code: /^VAR_LIMIT$|^VARS_DISABLED$/, option: 'memory.maxVarBytes' },
  { code: /^MEMORY_LIMIT$|^BUDGET_EXCEEDED$/ },
  { code: /^TIMEOUT$/, option: 'timeoutMs' },
];

/** Errors of WASI by which a folder refuses, and the option that gives folders. */
const FOLDER_ERRNOS = ['ENOTCAPABLE', 'EROFS', 'EACCES', 'EPERM'];

/** Returns the option that has refused a call; undefined for a call that was allowed. */
export function refusedBy(error: unknown, errno: string | undefined): string | undefined {
  if (errno !== undefined && FOLDER_ERRNOS.includes(errno)) return 'allowedPaths';
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return undefined;
  const row = REFUSALS.find(row => row.code.test(code) && (row.message?.test(String(message)) ?? true));
  return row && (row.option ?? /(limits|memory)\.\w+/.exec(String(message))?.[0]);
}
