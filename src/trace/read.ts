import { ENV_FUNCTIONS, type EnvFunction, type EnvValue } from '../../abi/spec.ts';
import { bytesOf } from '../../wasi/brands.ts';
import { wasiSignatures } from '../../wasi/index.ts';
import type { Kind } from '../../wasi/options.ts';
import { attempt, messageOf, PlugboardError } from '../errors.ts';
import {
  anything,
  byKey,
  constant,
  count,
  flag,
  list,
  object,
  of,
  oneOf,
  orNull,
  plain,
  refuse,
  type Shape,
} from '../values/shape.ts';
import { decodeStrict, parseJson } from '../values/text.ts';
import {
  type ImportEnter,
  type ImportEvent,
  TRACE_VERSION,
  type TraceEvent,
  type TraceValue,
} from './events.ts';

/** A trace: its events, or the text of a file in the format `jsonl`. */
export type GivenTrace = string | Uint8Array | readonly TraceEvent[];

const number = of('a number', value => Number.isFinite(value));
const ms = of('milliseconds', value => Number.isFinite(value) && (value as number) >= 0);
const ordinal = of('a number from 1', value => Number.isSafeInteger(value) && (value as number) >= 1);
/** A number beyond 2^53, or one without a form in JSON, is a text. */
const shown = of('a number, or its digits', value =>
  typeof value === 'string' ? /^(-?\d{1,20}|NaN|-?Infinity)$/.test(value) : Number.isFinite(value),
);

const content = { bytes: count, hmac: plain, text: plain, base64: plain, secret: flag, cut: flag };
const value = object(
  {
    name: plain,
    type: oneOf('i32', 'i64', 'f32', 'f64', 'ref'),
    kind: oneOf(
      ...['number', 'word', 'handle', 'content', 'key', 'config', 'request', 'headers'],
      ...['pointer', 'errno'],
    ),
  },
  { ...content, value: shown },
);
const error = object({ code: plain }, { exitCode: number, message: plain });
const at = { type: anything, plugin: ordinal, atMs: ms };
const inCall = { ...at, call: ordinal, instance: ordinal };
const site = {
  ...inCall,
  id: ordinal,
  module: plain,
  namespace: plain,
  name: plain,
  from: oneOf('kernel', 'http', 'wasi', 'host'),
  params: list(value),
};

const checkEvent = byKey('type', {
  trace: object({
    ...at,
    version: constant(TRACE_VERSION),
    values: oneOf('none', 'keyed', 'all'),
    kernel: oneOf('reference', 'accessors'),
    isolation: oneOf('inline', 'suspending', 'worker'),
    modules: list(object({ name: plain, sha256: orNull(plain) })),
  }),
  call: object({ ...inCall, export: orNull(plain), input: object({}, content) }, { traceparent: plain }),
  return: object(
    { ...inCall, export: orNull(plain), durationMs: ms, output: orNull(object({}, content)) },
    { error },
  ),
  enter: object(site),
  import: object(
    { ...site, durationMs: ms, results: list(value), allowed: flag, entered: flag },
    { decidedBy: plain, error },
  ),
  cut: object({ ...at, maxEvents: count }),
} satisfies Record<TraceEvent['type'], Shape>);

const KERNEL = new Map<string, EnvFunction>(ENV_FUNCTIONS.map(row => [row.name, row]));
const WASI = new Set<string>(wasiSignatures.map(({ name }) => name));

/** Checks that a function of the host is one of its table, with the arguments of its row. */
function checkSite(event: ImportEnter | ImportEvent, where: string): void {
  const { from, name, params } = event;
  if (from === 'wasi' && !WASI.has(name)) refuse('a function of WASI preview 1', `${where}.name`);
  if (from !== 'kernel' && from !== 'http') return;
  const row = KERNEL.get(name);
  if (!row || (from === 'http' && name !== 'http_request')) {
    refuse('a function of the kernel', `${where}.name`);
    return;
  }
  const fits = (values: readonly TraceValue[], kinds: readonly EnvValue[]) =>
    values.length === kinds.length &&
    kinds.every(
      ({ kind }, at) => values[at]!.kind === kind && (kind === 'word' || values[at]!.value !== undefined),
    );
  if (!fits(params, row.params)) refuse(`the parameters of ${name}`, `${where}.params`);
  const isOver = event.type === 'import' && !event.error;
  if (!fits(event.type === 'import' ? event.results : [], isOver ? row.results : []))
    refuse(`the results of ${name}`, `${where}.results`);
}

function readEvent(text: string, where: string): TraceEvent {
  const json = attempt(() => parseJson(text, where), undefined);
  checkEvent(json ?? refuse('JSON', where), where);
  const event = json as TraceEvent;
  if (event.type === 'enter' || event.type === 'import') checkSite(event, where);
  return event;
}

/** Returns one JSON text for each event. */
function linesOf(given: unknown): string[] {
  if (Array.isArray(given)) return given.map(item => String(JSON.stringify(item)));
  const bytes = bytesOf(given);
  const text = bytes ? decodeStrict(bytes, 'the file') : given;
  if (typeof text !== 'string') return refuse('a text, bytes, or an array of events', 'trace');
  const lines = text.split('\n');
  // A program that was killed may have left a part of its last line.
  lines.pop();
  return lines;
}

/**
 * Returns checked copies of the events of a trace, which may come from anywhere. An unfinished last line of a file is left out.
 * @throws {PlugboardError} INVALID_TRACE
 */
export function readTrace(given: unknown): TraceEvent[] {
  try {
    // Not `map`, which skips the holes of an array.
    const events = Array.from(linesOf(given), (line, index) => readEvent(line, `trace: event ${index + 1}`));
    if (events.length > 0 && events[0]!.type !== 'trace')
      return refuse(`an event of the type trace, with version: ${TRACE_VERSION}`, 'trace: event 1');
    return events;
  } catch (cause) {
    const reason = messageOf(cause);
    const message = reason.startsWith('trace') ? reason : `trace: ${reason}`;
    throw new PlugboardError('INVALID_TRACE', message, { cause });
  }
}

const A_TRACE = 'a trace: its events, or the text of a file in the format jsonl';

/** A trace as an option. */
export const aTrace: Kind<TraceEvent[]> = {
  type: A_TRACE,
  check: (value, where, refuseOption) => {
    try {
      return readTrace(value);
    } catch (cause) {
      return refuseOption(`${where}: expected ${A_TRACE}; ${messageOf(cause)}`, undefined, { cause });
    }
  },
};
