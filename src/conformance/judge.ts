import type { Bytes, Call, Expectation, ExpectedError, Folders, Lines, Request } from './case.ts';
import { isKindOf } from './error-names.ts';
import type { HostValue, Seen, SeenError, Served } from './host.ts';
import { toBytes } from './spelled.ts';

/** A call of a host function, as it was seen. */
export interface HostCall {
  function: string;
  arguments: readonly HostValue[];
}

/** Facts about the host that a judge needs. */
export interface Terms {
  /** The features of the host. */
  has(capability: string): boolean;
  origin: string;
}

/** Returns how a call differs from the expectation; nothing where it does not. */
export function judgeCall(
  expected: Expectation,
  seen: Seen,
  hostCalls: readonly HostCall[],
  terms: Terms,
): string[] {
  return [
    ...judgeEnd(expected, seen, terms),
    ...(terms.has('logs') ? judgeJson('logs', seen.logs, expected.logs ?? []) : []),
    ...judgeHostCalls(hostCalls, expected, terms),
    ...(terms.has('wasi-output')
      ? [
          ...judgeLines('stdout', seen.stdout, expected.stdout ?? []),
          ...judgeLines('stderr', seen.stderr, expected.stderr ?? []),
        ]
      : []),
  ];
}

/** Returns the row of the alternative that fits, null for the expectation itself, or the differences from the latter. */
export function judgeAlternatives(
  call: Call,
  seen: Seen,
  hostCalls: readonly HostCall[],
  terms: Terms,
): { row: string | null } | { problems: string[] } {
  const problems = judgeCall(call, seen, hostCalls, terms);
  if (problems.length === 0) return { row: null };
  const { output, error, ...rest } = call;
  for (const alternative of call.alternatives ?? [])
    if (judgeCall({ ...rest, ...alternative }, seen, hostCalls, terms).length === 0)
      return { row: alternative.row };
  return { problems };
}

function judgeEnd({ output, error }: Expectation, seen: Seen, terms: Terms): string[] {
  if (error) {
    const known = output === undefined || !terms.has('output-of-failed-calls');
    return [
      ...judgeError(seen.error, error, terms),
      ...(known ? [] : judgeOutput(seen.output, output, terms)),
    ];
  }
  if (seen.error)
    return [`expected success, but it failed: ${seen.error.name}: ${seen.error.message.slice(0, 300)}`];
  return judgeOutput(seen.output, output ?? null, terms);
}

export function judgeError(
  seen: SeenError | null,
  expected: ExpectedError,
  terms: Pick<Terms, 'has'>,
): string[] {
  if (seen === null) return [`expected the error ${expected.code}, but it succeeded`];
  const { code, message, messageIncludes, exitCode, cause } = expected;
  const isSame = terms.has('error-names')
    ? isKindOf(code, seen.name)
    : isKindOf(seen.name, code) || isKindOf(code, seen.name);
  const told = seen.message;
  return [
    ...(isSame ? [] : [`expected the error ${code}, got ${seen.name}: ${told.slice(0, 300)}`]),
    ...(message === undefined || told === message
      ? []
      : [`message: expected ${quote(message)}, got ${quote(told)}`]),
    ...(messageIncludes === undefined || told.includes(messageIncludes)
      ? []
      : [`message: expected one with ${quote(messageIncludes)}, got ${quote(told)}`]),
    ...(exitCode === undefined || !terms.has('exit-codes') || seen.exitCode === exitCode
      ? []
      : [`exit code: expected ${exitCode}, got ${seen.exitCode}`]),
    ...(cause === undefined || !terms.has('error-names') || seen.cause === cause
      ? []
      : [`cause: expected ${cause}, got ${seen.cause}`]),
  ];
}

export function judgeOutput(seen: Uint8Array | null, expected: Bytes | null, terms: Terms): string[] {
  const tellsNone = terms.has('absent-output');
  if (expected === null || seen === null) {
    const bytes = expected === null ? new Uint8Array(0) : toBytes(expected, terms.origin);
    const isSame = tellsNone ? seen === expected : (seen ?? bytes).length === 0 && bytes.length === 0;
    return isSame
      ? []
      : [`output: expected ${expected ? show(bytes) : 'none'}, got ${seen ? show(seen) : 'none'}`];
  }
  return judgeBytes('output', seen, toBytes(expected, terms.origin));
}

export const judgeBytes = (what: string, seen: Uint8Array, expected: Uint8Array): string[] =>
  sameBytes(seen, expected) ? [] : [`${what}: expected ${show(expected)}, got ${show(seen)}`];

function judgeHostCalls(seen: readonly HostCall[], { hostCalls = [] }: Expectation, terms: Terms): string[] {
  const expected = hostCalls.map(call => ({
    function: call.function,
    arguments: call.arguments.map(value => readable(toHostValue(value, terms.origin))),
  }));
  const readableSeen = seen.map(call => ({
    function: call.function,
    arguments: call.arguments.map(readable),
  }));
  return judgeJson('calls of host functions', readableSeen, expected);
}

/** Returns a value of a case as a host passes it. */
export function toHostValue(
  value: NonNullable<Expectation['hostCalls']>[number]['arguments'][number],
  origin = '',
): HostValue {
  if ('i64' in value) return BigInt(value.i64);
  if ('i32' in value) return Number(value.i32);
  if ('f32' in value) return Number(value.f32);
  if ('f64' in value) return Number(value.f64);
  return toBytes(value, origin);
}

const readable = (value: HostValue): string =>
  value instanceof Uint8Array ? show(value, true) : String(value);

/** Compares JSON as text. */
function judgeJson(what: string, seen: unknown, expected: unknown): string[] {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(expected)];
  return one === other ? [] : [`${what}: expected ${cut(other)}, got ${cut(one)}`];
}

function judgeLines(what: string, seen: readonly string[], expected: Lines): string[] {
  if (isList(expected)) return judgeJson(what, seen, expected);
  const isThere = seen.some(line => line.includes(expected.includes));
  return isThere
    ? []
    : [`${what}: expected a line with ${quote(expected.includes)}, got ${cut(JSON.stringify(seen))}`];
}

/** Compares files by content. A folder is there if it is named, or has a file. */
export function judgeFolders(seen: Folders, expected: Folders): string[] {
  return Object.entries(expected).flatMap(([folder, files]) => {
    const here = seen[folder] ?? {};
    const missing = Object.keys(files).filter(path => !Object.hasOwn(here, path));
    const added = Object.keys(here).filter(path => !Object.hasOwn(files, path));
    const wrong = Object.entries(files).flatMap(([path, content]) =>
      path.endsWith('/') || !Object.hasOwn(here, path)
        ? []
        : judgeBytes(`${folder}/${path}`, toBytes(here[path] as Bytes), toBytes(content as Bytes)),
    );
    return [
      ...missing.map(path => `${folder}/${path}: expected, but it is not there`),
      ...added.map(path => `${folder}/${path}: not expected, but it is there`),
      ...wrong,
    ];
  });
}

/** Compares the requests that the server got: only the headers that the case names. */
export function judgeRequests(
  seen: Served['requests'],
  expected: readonly Request[],
  origin: string,
): string[] {
  const lines = (requests: readonly Request[]) => requests.map(({ method, path }) => `${method} ${path}`);
  const problems = judgeJson('requests', lines(seen), lines(expected));
  if (problems.length > 0) return problems;
  return expected.flatMap(({ headers = {}, body }, index) => {
    const { headers: got = {}, bytes } = seen[index]!;
    const wrong = Object.entries(headers).filter(([name, value]) => got[name] !== value);
    return [
      ...wrong.map(
        ([name, value]) => `request ${index + 1}, ${name}: expected ${quote(value)}, got ${quote(got[name])}`,
      ),
      ...(body ? judgeBytes(`request ${index + 1}, body`, bytes, toBytes(body, origin)) : []),
    ];
  });
}

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);
const MOST_SHOWN = 300;
const isList = (lines: Lines): lines is readonly string[] => Array.isArray(lines);
const cut = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
const quote = (text: string | undefined): string => cut(JSON.stringify(text) ?? 'none');

/** Bytes as text where they are text, else as hex digits. @param isWhole not cut, since it is compared */
function show(bytes: Uint8Array, isWhole = false): string {
  const part = isWhole ? bytes : bytes.subarray(0, MOST_SHOWN);
  const text = new TextDecoder().decode(part);
  const isText = !text.includes('�');
  const shown = isText
    ? JSON.stringify(text)
    : Array.from(part, byte => byte.toString(16).padStart(2, '0')).join('');
  return part.length < bytes.length ? `${shown}… (${bytes.length} bytes)` : shown;
}
