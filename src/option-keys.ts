import { LOG_LEVELS } from '../abi/index.ts';
import { CreateError, describe } from './errors.ts';
import { HTTP_SCHEMES } from './http.ts';

/** A folder of the host that the plugin sees under a path of its own. */
export interface Mount {
  guest: string;
  host: string;
  readOnly: boolean;
}

/** Reads one value or throws, naming where it stands. */
type Check<T> = (value: unknown, where: string) => T;

/** One key of a manifest or of options. */
interface Key {
  /** What it is called once it is read. */
  setting: string;
  /** How it may be spelled. Two rows of one setting are two spellings that do not mean the same. */
  spellings: readonly string[];
  check: Check<unknown>;
  /** The official JS SDK takes 0 for "no limit"; here it allows nothing. */
  zeroIsOpenElsewhere?: true;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws {CreateError} INVALID_MANIFEST or INVALID_OPTION, after the first word of `where` */
export function refuse(where: string, expected: string, value: unknown): never {
  const code = where.startsWith('option') ? 'INVALID_OPTION' : 'INVALID_MANIFEST';
  throw new CreateError(code, `${where}: expected ${expected}, got ${describe(value)}`);
}

const aBoolean: Check<boolean> = (value, where) =>
  typeof value === 'boolean' ? value : refuse(where, 'true or false', value);
const aFunction: Check<unknown> = (value, where) =>
  typeof value === 'function' ? value : refuse(where, 'a function', value);
const aCount =
  (unit: string): Check<number> =>
  (value, where) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(where, `a whole number of ${unit}, 0 or more`, value);
const anObject: Check<Record<string, unknown>> = (value, where) =>
  isObject(value) ? value : refuse(where, 'an object', value);
const oneOf =
  (...names: string[]): Check<string> =>
  (value, where) =>
    names.includes(value as string) ? (value as string) : refuse(where, `one of ${names.join(', ')}`, value);
/** An object of the values that were checked: the one that was given might answer otherwise the next time. */
const eachValue = <T>(
  value: unknown,
  where: string,
  check: (value: unknown, key: string) => T,
): Record<string, T> =>
  Object.fromEntries(Object.entries(anObject(value, where)).map(([key, each]) => [key, check(each, key)]));
const aText: Check<string> = (value, where) =>
  typeof value === 'string' ? value : refuse(where, 'a string', value);
export const texts: Check<Record<string, string>> = (value, where) =>
  eachValue(value, where, (text, key) => aText(text, `${where}[${JSON.stringify(key)}]`));
const textList: Check<string[]> = (value, where) =>
  Array.isArray(value)
    ? Array.from(value, (text, index) => aText(text, `${where}[${index}]`))
    : refuse(where, 'an array of strings', value);
const functionsByNamespace: Check<unknown> = (value, where) =>
  eachValue(value, where, (functions, namespace) =>
    eachValue(functions, `${where}["${namespace}"]`, (fn, name) =>
      aFunction(fn, `${where}["${namespace}"].${name}`),
    ),
  );
const aLogger: Check<unknown> = (value, where) => {
  const given = anObject(value, where);
  for (const level of Object.keys(LOG_LEVELS).filter(level => level !== 'silent')) {
    if (given[level] !== undefined) aFunction(given[level], `${where}.${level}`);
  }
  return value;
};
const guestToHost: Check<Mount[]> = (value, where) =>
  Object.entries(texts(value, where)).map(([guest, path]) => mount(path, guest));
const hostToGuest: Check<Mount[]> = (value, where) =>
  Object.entries(texts(value, where)).map(([path, guest]) => mount(path, guest));
const mount = (path: string, guest: string): Mount => ({
  guest,
  host: path.replace(/^ro:/, ''),
  readOnly: path.startsWith('ro:'),
});

const row = (setting: string, spellings: string, check: Check<unknown>): Key => ({
  setting,
  spellings: spellings.split(' '),
  check,
});
const zeroIsOpenElsewhere = true;

const MEMORY_KEYS: readonly Key[] = [
  { ...row('maxPages', 'maxPages', aCount('pages')), zeroIsOpenElsewhere },
  row('maxGrowthPages', 'max_pages', aCount('pages')),
  { ...row('maxVarBytes', 'maxVarBytes', aCount('bytes')), zeroIsOpenElsewhere },
  row('maxVarBytes', 'max_var_bytes', aCount('bytes')),
  { ...row('maxHttpResponseBytes', 'maxHttpResponseBytes', aCount('bytes')), zeroIsOpenElsewhere },
  row('maxHttpResponseBytes', 'max_http_response_bytes', aCount('bytes')),
];

/** The longest that a timer can wait for. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const aTimeout =
  (ofNull: string): Check<number> =>
  (value, where) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TIMEOUT_MS
      ? value
      : refuse(
          where,
          `a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}, or null for ${ofNull}`,
          value,
        );

/** Every key of a manifest besides `wasm`; also options. */
export const SHARED_KEYS: readonly Key[] = [
  row('config', 'config', texts),
  row('allowedHosts', 'allowedHosts allowed_hosts', textList),
  row('mounts', 'allowedPaths', guestToHost),
  row('mounts', 'allowed_paths', hostToGuest),
  row('memory', 'memory', (value, where) => readKeys(MEMORY_KEYS, value, where)),
  row('timeoutMs', 'timeoutMs timeout_ms', aTimeout('no limit')),
];

export const OPTION_KEYS: readonly Key[] = [
  ...SHARED_KEYS,
  row('queueTimeoutMs', 'queueTimeoutMs', aTimeout('the default')),
  row('useWasi', 'useWasi', aBoolean),
  row('enableWasiOutput', 'enableWasiOutput', aBoolean),
  row('logger', 'logger', aLogger),
  row('logLevel', 'logLevel', oneOf(...Object.keys(LOG_LEVELS))),
  row('functions', 'functions', functionsByNamespace),
  row('fetch', 'fetch', aFunction),
  row('allowHttpResponseHeaders', 'allowHttpResponseHeaders', aBoolean),
  row('allowedSchemes', 'allowedSchemes', (value, where) =>
    textList(value, where).map((scheme, index) => oneOf(...HTTP_SCHEMES)(scheme, `${where}[${index}]`)),
  ),
  row('allowPrivateAddresses', 'allowPrivateAddresses', aBoolean),
  row('runInWorker', 'runInWorker', aBoolean),
  row('sharedArrayBufferSize', 'sharedArrayBufferSize', aCount('bytes')),
  row('nodeWorkerArgs', 'nodeWorkerArgs', anObject),
  row('preopens', 'preopens', (value, where) => {
    for (const [path, folder] of Object.entries(anObject(value, where)))
      anObject(folder, `${where}["${path}"]`);
    return value;
  }),
  row('kernel', 'kernel', oneOf('reference', 'accessors')),
  row('accessors', 'accessors', (value, where) =>
    value instanceof WebAssembly.Module ? value : refuse(where, 'a WebAssembly.Module', value),
  ),
  row('stdout', 'stdout', aFunction),
  row('stderr', 'stderr', aFunction),
  row('onDiagnostic', 'onDiagnostic', aFunction),
  row('strict', 'strict', aBoolean),
  row('debug', 'debug', aFunction),
];

/**
 * Checks every key of `value`, an object, against the table. Null and undefined count as left out.
 * @throws {CreateError} for an unknown key, a setting given twice, or a value that its check refuses
 */
export function readKeys(keys: readonly Key[], value: unknown, where: string): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const zeroLimits: string[] = [];
  const givenAs = new Map<string, string>();
  for (const [spelling, given] of Object.entries(anObject(value, where))) {
    const key = keys.find(({ spellings }) => spellings.includes(spelling));
    if (!key) {
      const known = keys.flatMap(({ spellings }) => spellings);
      return refuse(`${where}.${spelling}`, `one of the keys ${known.join(', ')}`, given);
    }
    if (given === null || given === undefined) continue;
    const before = givenAs.get(key.setting);
    if (before !== undefined) refuse(`${where}.${spelling}`, `this or "${before}", not both`, given);
    givenAs.set(key.setting, spelling);
    settings[key.setting] = key.check(given, `${where}.${spelling}`);
    if (given === 0 && key.zeroIsOpenElsewhere) zeroLimits.push(`${where}.${spelling}`);
  }
  return zeroLimits.length > 0 ? { ...settings, zeroLimits } : settings;
}
