import { ERROR_NAMES } from '../../conformance/error-names.ts';
import type { HostFunctionShape, HostValue, SeenError } from '../../conformance/host.ts';
import { isObject } from '../../values/object.ts';
import { atLeast, constant, list, of, orNull, plain, refuse, type Shape, tuple } from '../../values/shape.ts';

// Lines that a host writes. The README of the cases has the protocol. Each reader throws an Error that names the wrong place.

const PROTOCOL = 1;

export type WireValue = { bytes: string } | { number: string };
interface Hello {
  host: string;
  version: string;
  capabilities: string[];
}
export interface HostCall {
  namespace: string;
  name: string;
  arguments: WireValue[];
}
export interface CallAnswer {
  output?: string | null;
  error?: SeenError | null;
  logs?: { level: string; text: string }[] | null;
  stdout?: string | null;
  stderr?: string | null;
}
interface CommandAnswer {
  exitCode: number;
  stdout?: string | null;
  stderr?: string | null;
}

/** Keys that may be missing, or null. */
const optional =
  (shapes: Record<string, Shape>): Shape =>
  (value, where) => {
    if (!isObject(value)) return refuse('an object', where);
    for (const [key, shape] of Object.entries(shapes)) orNull(shape)(value[key] ?? null, `${where}.${key}`);
  };
const both =
  (...shapes: Shape[]): Shape =>
  (value, where) => {
    for (const shape of shapes) shape(value, where);
  };

/** Some languages divide it into lines, or leave out the padding. */
const plainBase64 = (text: string): string => text.replace(/[\s=]/g, '');
const base64 = of(
  'base64',
  value =>
    typeof value === 'string' &&
    plainBase64(Buffer.from(value, 'base64').toString('base64')) === plainBase64(value),
);
const integer = of('an integer', Number.isSafeInteger);
const NAMES = new Set<unknown>(ERROR_NAMES.map(([name]) => name));
const error = both(
  atLeast({ name: of('a name of an error', value => NAMES.has(value)), message: plain }),
  optional({ exitCode: integer, cause: plain }),
);
const handle = atLeast({ bytes: base64 });
const number = atLeast({
  number: of(
    'a number as text',
    value => typeof value === 'string' && /\d|nan|inf/i.test(value) && isNumber(value),
  ),
});

/** Hosts write NaN and Infinity as their language does. */
const spelled = (text: string): string =>
  text.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity').replace(/^[+-]?nan$/i, 'NaN');
const isNumber = (text: string): boolean => spelled(text) === 'NaN' || !Number.isNaN(Number(spelled(text)));

/** Integers beyond 2^53 stay exact. */
const numberOf = (text: string): number | bigint =>
  /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)) ? BigInt(text) : Number(spelled(text));
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
export const fromWire = (value: WireValue): HostValue =>
  'bytes' in value ? fromBase64(value.bytes) : numberOf(value.number);

/** Reads the first line of a host. */
export function readHello(json: unknown): Hello {
  atLeast({ protocol: constant(PROTOCOL), host: plain, version: plain, capabilities: list(plain) })(
    json,
    'hello',
  );
  return json as Hello;
}

/** Reads the answer to `open`. Returns the error if the plugin cannot be made. */
export function readOpened(json: unknown): SeenError | null {
  if (!isObject(json) || json.refused == null) {
    readOk(json, 'open');
    return null;
  }
  error(json.refused, 'refused');
  return json.refused as SeenError;
}

export const readOk = (json: unknown, message = 'close'): void =>
  atLeast({ ok: constant(true) })(json, `the answer to ${message}`);

/** Reads the answer to `call`, or a call of a host function, which must be one of the case with its arguments. */
export function readCalled(
  json: unknown,
  functions: readonly HostFunctionShape[],
): CallAnswer | { hostCall: HostCall } {
  if (isObject(json) && json.hostCall != null) {
    atLeast({ namespace: plain, name: plain })(json.hostCall, 'hostCall');
    const called = json.hostCall as HostCall;
    const found = functions.find(of => of.namespace === called.namespace && of.name === called.name);
    const params = found?.params ?? refuse('a host function of the case', 'hostCall');
    atLeast({ arguments: tuple(...params.map(type => (type === 'handle' ? handle : number))) })(
      called,
      'hostCall',
    );
    return { hostCall: called };
  }
  const log = atLeast({ level: plain, text: plain });
  const shapes = { output: base64, error, logs: list(log), stdout: base64, stderr: base64 };
  optional(shapes)(json, 'the answer to call');
  const answer = json as CallAnswer;
  if (Object.keys(answer).length === 0) refuse('the key output or error', 'the answer to call');
  return answer;
}

export function readCommand(json: unknown): CommandAnswer {
  const shape = both(atLeast({ exitCode: integer }), optional({ stdout: base64, stderr: base64 }));
  shape(json, 'the answer to command');
  return json as CommandAnswer;
}
