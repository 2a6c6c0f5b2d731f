import { isUint8Array } from '../../../wasi/brands.ts';
import { messageOf } from '../../errors.ts';
import { ActorError, describe } from '../errors.ts';
import { readJson } from '../json/reader.ts';
import { getOwn, isByte, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../json/value.ts';
import { writeText } from '../json/writer.ts';
import { jsonCodec } from '../message/codec.ts';
import type { ActorState } from './written-state.ts';

/** The module that wrote a state. */
export interface StateModule {
  /** SHA-256 of the module's bytes, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
}

/** The content of a state file. */
export interface StateRecord {
  /** The module that wrote the state; null when not known. */
  readonly module: StateModule | null;
  /** Position in each source of messages, by its name. Kept unchanged. */
  readonly positions: JsonObject;
  readonly state: JsonObject;
}

const VERSION = 1;

type Check = (value: JsonValue | undefined) => boolean;
const isSha256 = (value: JsonValue | undefined) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
export const isStateModule = (value: unknown): value is StateModule =>
  isJsonObject(value as JsonValue) &&
  Object.keys(value as JsonObject).join() === 'sha256' &&
  isSha256((value as JsonObject).sha256);

/**
 * A member of a state file. docs/ACTORS.md is printed from these rows, in the order in which they are written.
 * RATIONALE: why-does-a-state-file-have-a-form-and-no-owner
 */
export const STATE_FILE_MEMBERS = [
  {
    key: 'plugboard',
    expected: '"state"',
    check: value => value === 'state',
    means: '`"state"`: marks the file as a state file, unlike other JSON',
  },
  {
    key: 'version',
    expected: String(VERSION),
    check: value => value === VERSION,
    means: `the version of this form, ${VERSION}. A file of another version is refused and left as it is`,
  },
  {
    key: 'module',
    expected: '{"sha256": 64 hexadecimal digits} or null',
    check: value => value === null || isStateModule(value),
    means:
      '`{"sha256": …}`, the SHA-256 of the module that wrote the state; null when not known. Another module may go on from this state; the command line then prints a note on stderr',
  },
  {
    key: 'positions',
    expected: 'an object',
    check: isJsonObject,
    means: 'position in each source of messages; empty for a single actor, and kept unchanged',
  },
  {
    key: 'bytes',
    expected: 'a list of paths',
    check: value => value === undefined || isPaths(value),
    means:
      'the paths of values in `state` that are bytes, not lists of numbers, such as `[["image"],["list",0]]`. Missing when the state has no bytes',
  },
  {
    key: 'state',
    expected: 'an object',
    check: isJsonObject,
    means:
      'the state, by key. Numbers are exact: `1`, `1.0` and 9007199254740993 are each read as they were written',
  },
] as const satisfies readonly { key: string; expected: string; check: Check; means: string }[];

/**
 * Reads a state file.
 * @param adopt whether any other JSON object is read as a state
 * @throws {ActorError} INVALID_STATE_FILE
 */
export function readStateFile(bytes: Uint8Array, adopt: boolean): StateRecord {
  const file = parse(bytes);
  if (!Object.hasOwn(file, 'plugboard')) {
    if (adopt) return { module: null, positions: {}, state: file };
    const message =
      `expected a state file, which begins with {"plugboard":"state","version":${VERSION}, got another JSON object; it is ` +
      'left as it is. If it is the state of an actor, take it with the option adopt: true, on the command line --adopt';
    throw invalid(message);
  }
  const { version } = file;
  if (file.plugboard === 'state' && typeof version === 'number' && version > VERSION) {
    const message = `the state file has version ${version}, of a newer plugboard; this one knows version ${VERSION}, and leaves the file as it is`;
    throw invalid(message);
  }
  const keys: readonly string[] = STATE_FILE_MEMBERS.map(({ key }) => key);
  const unknown = Object.keys(file).find(key => !keys.includes(key));
  if (unknown !== undefined)
    throw invalid(`unknown member ${describe(unknown)}; expected ${keys.join(', ')}`);
  for (const { key, expected, check } of STATE_FILE_MEMBERS) {
    const member = getOwn(file, key);
    if (!check(member)) throw invalid(`${key}: expected ${expected}, got ${describe(member)}`);
  }
  const record = file as unknown as StateRecord & { bytes?: Path[] };
  for (const path of record.bytes ?? []) putBytes(record.state, path);
  return record;
}

/** Returns the text of a state file. */
export function writeStateFile(
  written: ActorState,
  { module, positions }: Omit<StateRecord, 'state'>,
): string {
  const { state, part } = written;
  const bytes = pathsOfBytes(Object.fromEntries(state));
  const head = {
    plugboard: 'state',
    version: VERSION,
    module,
    positions,
    ...(bytes.length > 0 && { bytes }),
  };
  const parts = Object.entries(head).map(([key, value]) => [key, writeText(value, [key])] as const);
  return `${jsonCodec.join([...parts, ['state', part]])}\n`;
}

function parse(bytes: Uint8Array): JsonObject {
  let file: JsonValue;
  try {
    file = readJson(bytes, { what: 'the state' });
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
  if (isJsonObject(file)) return file;
  throw invalid(`expected a JSON object, got ${describe(file)}`);
}

export type Path = (string | number)[];

export const isPaths = (value: JsonValue): value is Path[] =>
  Array.isArray(value) &&
  value.every(
    path =>
      Array.isArray(path) &&
      path.length > 0 &&
      path.every(step => typeof step === 'string' || (typeof step === 'number' && step >= 0)),
  );

/** Returns the paths of bytes: JSON reads bytes back as lists of numbers, which a plugin that expects bytes cannot read. */
export function pathsOfBytes(value: JsonValue, path: Path = [], found: Path[] = []): Path[] {
  if (isUint8Array(value)) found.push([...path]);
  else if (Array.isArray(value) || isJsonObject(value)) {
    const isArray = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      path.push(isArray ? Number(key) : key);
      pathsOfBytes(member, path, found);
      path.pop();
    }
  }
  return found;
}

/** Puts bytes in the place of a list of numbers. @throws {ActorError} INVALID_STATE_FILE */
export function putBytes(state: JsonObject, path: Path): void {
  const parents = path.slice(0, -1);
  const last = path.at(-1)!;
  const holder = parents.reduce<JsonValue | undefined>(member, state);
  const list = member(holder, last);
  const isBytes = Array.isArray(list) && list.every(isByte);
  if (!isBytes) throw invalid(`bytes: expected a list of bytes at ${writeText(path)} of the state`);
  setOwn(holder as JsonObject, String(last), Uint8Array.from(list as number[]));
}

const member = (holder: JsonValue | undefined, step: string | number): JsonValue | undefined =>
  Array.isArray(holder) || isJsonObject(holder) ? getOwn(holder as JsonObject, step) : undefined;

const invalid = (message: string, cause?: unknown) =>
  new ActorError('INVALID_STATE_FILE', message, { cause });
