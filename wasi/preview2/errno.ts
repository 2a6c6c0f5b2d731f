import { Errno, type ErrnoName } from '../spec/constants.ts';

/** `wasi:filesystem/types.error-code`. Other codes, such as `would-block`, become EIO; no call of ours can cause them. */
const names: Readonly<Record<string, ErrnoName>> = {
  access: 'EACCES',
  'bad-descriptor': 'EBADF',
  busy: 'EBUSY',
  'cross-device': 'EXDEV',
  exist: 'EEXIST',
  'file-too-large': 'EFBIG',
  'illegal-byte-sequence': 'EILSEQ',
  'insufficient-memory': 'ENOMEM',
  'insufficient-space': 'ENOSPC',
  interrupted: 'EINTR',
  invalid: 'EINVAL',
  'invalid-seek': 'ESPIPE',
  io: 'EIO',
  'is-directory': 'EISDIR',
  loop: 'ELOOP',
  'name-too-long': 'ENAMETOOLONG',
  'no-device': 'ENODEV',
  'no-entry': 'ENOENT',
  'no-such-device': 'ENXIO',
  'not-directory': 'ENOTDIR',
  'not-empty': 'ENOTEMPTY',
  'not-permitted': 'EPERM',
  overflow: 'EOVERFLOW',
  quota: 'ENOSPC',
  'read-only': 'EROFS',
  'text-file-busy': 'ETXTBSY',
  'too-many-links': 'EMLINK',
  unsupported: 'ENOTSUP',
};

const errnos = new Map<unknown, number>(Object.entries(names).map(([code, name]) => [code, Errno[name]]));

/**
 * Returns the errno of an exception. Returns undefined unless it is an error of WASI, or of the host with an errno as its
 * `code`.
 */
export function errnoOf(thrown: unknown): number | undefined {
  if (typeof thrown === 'string') return errnos.get(thrown) ?? Errno.EIO;
  const { payload, code } = (thrown ?? {}) as { payload?: unknown; code?: unknown };
  if (typeof payload === 'string') return errnos.get(payload) ?? Errno.EIO;
  // preview2-shim lets errors of node:fs through.
  return typeof code === 'string' && Object.hasOwn(Errno, code) ? Errno[code as ErrnoName] : undefined;
}
