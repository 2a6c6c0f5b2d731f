import { LOG_LEVELS } from '../../abi/index.ts';
import { bytesOf } from '../../wasi/brands.ts';
import { messageOf, PlugboardError } from '../errors.ts';
import { BUDGET_OPTIONS } from '../given/budgets.ts';
import { isObject } from '../values/object.ts';
import {
  anything,
  byKey,
  constant,
  count,
  either,
  flag,
  list,
  object,
  of,
  oneOf,
  orNull,
  plain,
  record,
  refuse,
  type Shape,
  tuple,
} from '../values/shape.ts';
import { decodeStrict, parseJson } from '../values/text.ts';
import { RECORDING_FORMAT, RECORDING_VERSION, type Recording } from './format.ts';
import { fromPlainJson, Hidden } from './values.ts';

const text = of('a text', value => typeof (value instanceof Hidden ? value.value : value) === 'string');
const bytes = of('bytes', value => (value instanceof Hidden ? value.value : value) instanceof Uint8Array);
const number = of(
  'a number',
  value => typeof value === 'number' || typeof value === 'bigint' || value instanceof Hidden,
);
const i64 = of('an i64', value => typeof value === 'bigint');
const nanoseconds = of(
  'nanoseconds, a u64',
  value => typeof value === 'bigint' && value >= 0n && value < 2n ** 64n,
);

const errno = of(
  'a number from -80 to 80',
  value => Number.isInteger(value) && Math.abs(value as number) <= 80,
);
const stat = object(
  {
    filetype: oneOf(0, 1, 2, 3, 4, 5, 6, 7),
    ...Object.fromEntries(
      ['dev', 'ino', 'nlink', 'sizeBytes', 'atimNs', 'mtimNs', 'ctimNs'].map(key => [key, nanoseconds]),
    ),
  },
  { device: orNull(plain) },
);
const opened = object({ opened: count }, { allocates: flag });
const thrown = object({ thrown: text });

/** Results of the methods of files and folders. */
const FILE_RESULTS: Readonly<Record<string, Shape>> = {
  stat: either(errno, stat, thrown),
  lookup: either(errno, stat, thrown),
  list: either(errno, list(text), thrown),
  readLink: either(errno, text, thrown),
  openDirectory: either(errno, opened, thrown),
  openFile: either(errno, opened, thrown),
  read: either(errno, bytes, thrown),
  write: either(errno, count, thrown),
  ...Object.fromEntries(
    [
      ...['setTimes', 'setTimesOf', 'sync', 'makeDirectory', 'removeDirectory', 'unlink', 'symlink', 'link'],
      ...['rename', 'setSize', 'allocate'],
    ].map(call => [call, either(errno, thrown)]),
  ),
};
const file: Shape = (value, where) => {
  const { call } = value as { call?: unknown };
  const result =
    typeof call === 'string' && Object.hasOwn(FILE_RESULTS, call) ? FILE_RESULTS[call] : undefined;
  if (!result) return refuse(`a call of ${Object.keys(FILE_RESULTS).join(', ')}`, where);
  object({ kind: anything, object: count, call: anything, args: list(anything), result })(value, where);
};

const level = oneOf(...Object.keys(LOG_LEVELS));
const OPERATION_ARGS: Readonly<Record<string, Shape>> = {
  alloc: tuple(i64),
  free: tuple(i64),
  store: tuple(bytes),
  setVariable: tuple(text, bytes),
  deleteVariable: tuple(text),
  setError: tuple(orNull(text)),
  logLevel: tuple(level),
};
const operation = byKey(
  'call',
  Object.fromEntries(
    Object.entries(OPERATION_ARGS).map(([call, args]) => {
      const known = object({ call: anything, args }, { handle: i64 });
      const failed = object({ call: anything, args: list(anything), thrown: text }, { handle: i64 });
      return [
        call,
        (value: unknown, where: string) => ('thrown' in Object(value) ? failed : known)(value, where),
      ];
    }),
  ),
);

const item = orNull(either(number, text));
const result = either(item, list(item));
const headers = list(tuple(text, text));
const error = object({ code: plain, message: text });
const clock = object({ kind: anything, clock: oneOf(0, 1), ns: nanoseconds });
const entry = byKey('kind', {
  now: clock,
  resolution: clock,
  sleep: object({ kind: anything, ns: nanoseconds }),
  random: object({ kind: anything, bytes }),
  file,
  host: object(
    {
      kind: anything,
      name: plain,
      args: list(either(orNull(number), object({ handle: i64, block: bytes }))),
      operations: list(operation),
    },
    { result, thrown: text },
  ),
  http: object(
    { kind: anything, method: text, url: text, headers, body: orNull(bytes) },
    { response: object({ status: count, headers, body: bytes }), error },
  ),
});

const named = list(tuple(text, bytes));
const call = object({
  export: orNull(plain),
  input: bytes,
  vars: orNull(named),
  logLevel: level,
  entries: list(entry),
  lines: list(object({ name: plain, line: text })),
  output: orNull(bytes),
  error: orNull(error),
  varsAfter: named,
  memory: orNull(record(text)),
});

const recording = object({
  format: constant(RECORDING_FORMAT),
  version: constant(RECORDING_VERSION),
  record: oneOf('all', 'on-failure'),
  isolation: plain,
  modules: list(object({ name: plain, sha256: orNull(plain), wasm: orNull(bytes) })),
  settings: object({
    config: list(tuple(text, text)),
    vars: named,
    functions: list(object({ namespace: plain, name: plain })),
    folders: list(object({ path: text, readOnly: flag })),
    http: flag,
    maxKernelBytes: orNull(count),
    maxGrowthPages: orNull(count),
    maxVarBytes: count,
    exposesHttpHeaders: flag,
    useWasi: flag,
    logLevel: level,
    strict: flag,
    limits: record(count, Object.keys(BUDGET_OPTIONS.rows)),
  }),
  untellable: list(object({ code: plain, message: text })),
  calls: list(call),
});

/** Reads the text of a recording, which may come from anywhere. @throws {PlugboardError} INVALID_RECORDING */
export function readRecording(given: unknown): Recording {
  try {
    const data = bytesOf(given);
    const source = data ? decodeStrict(data, 'the file') : given;
    if (typeof source !== 'string') return refuse('the text of a recording', 'recording');
    const json = parseJson(source, 'recording');
    if (!isObject(json) || json.format !== RECORDING_FORMAT)
      return refuse(`JSON with format: ${JSON.stringify(RECORDING_FORMAT)}`, 'recording');
    if (json.version !== RECORDING_VERSION)
      return refuse(`version ${RECORDING_VERSION}; replay it with the release that wrote it`, 'recording');
    const read = fromPlainJson(json);
    recording(read, 'recording');
    return read as Recording;
  } catch (cause) {
    const message = messageOf(cause);
    throw new PlugboardError(
      'INVALID_RECORDING',
      message.startsWith('recording') ? message : `recording: expected JSON of a recording: ${message}`,
      {
        cause,
      },
    );
  }
}
