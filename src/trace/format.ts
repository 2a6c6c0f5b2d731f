import { guarded, kind, oneOf, readArgument, refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import { printable } from '../values/printable.ts';
import type { ImportEvent, ImportSite, TraceContent, TraceError, TraceEvent, TraceValue } from './events.ts';

/** `jsonl`: an event a line. `text`: a line for people, as of strace. `chrome`: for Perfetto and the tools of browsers. */
export type TraceFormat = 'jsonl' | 'text' | 'chrome';

const TRACE_FORMATS: readonly TraceFormat[] = ['jsonl', 'text', 'chrome'];

const EVENTS = ['trace', 'call', 'return', 'enter', 'import', 'cut'] satisfies TraceEvent['type'][];
const anEvent = kind<TraceEvent>('an event of a trace', event =>
  EVENTS.some(type => type === Object(event).type),
);

const aFormat = oneOf(TRACE_FORMATS);

/**
 * Writes an event in one of the formats, with its line end; `''` for an event that the format does not have. Control characters
 * are escaped. The pieces of one trace, one after the other, are a file.
 * @throws {CreateError} INVALID_OPTION
 */
export function formatTraceEvent(event: TraceEvent, format: TraceFormat): string;
export function formatTraceEvent(event: TraceEvent, format: TraceFormat, ...extra: unknown[]): string {
  refuseExtra(extra, 'formatTraceEvent', refuseOption);
  const write = FORMATS[readArgument(aFormat, format, 'formatTraceEvent: format', refuseOption)];
  return guarded('formatTraceEvent: event', refuseOption, refuse => {
    readArgument(anEvent, event, 'formatTraceEvent: event', refuse);
    return write(event);
  });
}

const FORMATS: Record<TraceFormat, (event: TraceEvent) => string> = {
  jsonl: event => `${printable(JSON.stringify(event))}\n`,
  text: event => `${printable(toText(event))}\n`,
  chrome: toChrome,
};

function toText(event: TraceEvent): string {
  const at = `${event.atMs.toFixed(3)} ${event.plugin}`;
  switch (event.type) {
    case 'trace': {
      const names = event.modules.map(({ name, sha256 }) => `${name}${sha256 ? ` (SHA-256 ${sha256})` : ''}`);
      return `${at} trace: ${names.join(', ')}, ${event.isolation}, kernel ${event.kernel}, values ${event.values}`;
    }
    case 'cut':
      return `${at} cut: more than ${event.maxEvents} events, the others are dropped`;
    case 'call':
      return `${at}.${event.call} ${event.export === null ? `instance ${event.instance} starts` : `${event.export}(${showContent(event.input)}) {`}`;
    case 'return': {
      const result = event.error
        ? showError(event.error)
        : event.export === null
          ? `instance ${event.instance} is ready`
          : `= ${event.output ? showContent(event.output) : 'no output'}`;
      return `${at}.${event.call} ${event.export === null ? '' : '} '}${result} <${event.durationMs} ms>`;
    }
    case 'enter':
      return `${at}.${event.call}   ${showCall(event)} <unfinished ...>`;
    case 'import':
      return `${at}.${event.call}   ${showImport(event)}`;
  }
}

const showCall = (event: ImportSite): string => `${showSite(event)}(${showValues(event.params)})`;

/** The function that an event is about, after the module if it is another than `main`. */
export const showSite = ({ module, namespace, name }: ImportSite): string =>
  `${module === 'main' ? '' : `[${module}] `}${namespace}.${name}`;

export const showValues = (values: readonly TraceValue[]): string => values.map(showValue).join(', ');

export const showError = ({ code, message }: TraceError): string =>
  `! ${code}${message === undefined ? '' : `: ${message}`}`;

/** The results or the error of a call, and the option that has refused it. */
export function showOutcome({ results: [first, ...others], error, decidedBy }: ImportEvent): string {
  const answer = error
    ? showError(error)
    : first
      ? `= ${[showResult(first), ...others.map(showValue)].join(', ')}`
      : '';
  return [answer, decidedBy === undefined ? '' : `(refused by ${decidedBy})`].filter(Boolean).join(' ');
}

function showImport(event: ImportEvent): string {
  const call = event.entered ? `<... ${event.namespace}.${event.name} resumed>` : showCall(event);
  return [call, showOutcome(event), `<${event.durationMs} ms>`].filter(Boolean).join(' ');
}

const showResult = (value: TraceValue): string =>
  value.kind === 'errno' ? value.text! : showValue(value).replace(/^\w+=/, '');

function showValue(value: TraceValue): string {
  const shown = value.kind === 'pointer' ? `0x${Number(value.value).toString(16)}` : (value.value ?? '');
  const content = value.bytes === undefined && !value.hmac && !value.secret ? '' : showContent(value);
  return `${value.name}=${[shown, content].filter(part => part !== '').join(' ') || value.kind}`;
}

export function showContent({ bytes, text, base64, hmac, secret, cut }: TraceContent): string {
  const data =
    text !== undefined
      ? JSON.stringify(text)
      : base64 !== undefined
        ? `base64 ${base64}`
        : hmac && `#${hmac}`;
  const parts = [data && `${data}${cut ? '…' : ''}`, bytes === undefined ? '' : `[${bytes} bytes]`];
  return [...parts, secret && !data ? 'secret' : ''].filter(Boolean).join(' ');
}

/**
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU, the JSON array format: its readers accept a comma
 * and no bracket at the end, so that the file of a killed program can be read.
 */
function toChrome(event: TraceEvent): string {
  const { plugin: pid, atMs, type } = event;
  const us = (ms: number) => Math.round(ms * 1000);
  const write = (ph: string, name: string, more: object = {}) =>
    `${printable(JSON.stringify({ ph, name, pid, tid: 1, ts: us(atMs), ...more }))},\n`;
  switch (type) {
    case 'trace': {
      const { modules, isolation } = event;
      const name = `${modules.map(module => module.name).join(', ')} (${isolation})`;
      return `${pid === 1 ? '[\n' : ''}${write('M', 'process_name', { args: { name } })}`;
    }
    case 'cut':
      return write('i', `more than ${event.maxEvents} events`, { s: 'p' });
    case 'call':
      return write('B', event.export ?? `instance ${event.instance}`, { cat: 'call', args: { ...event } });
    case 'return':
      return write('E', event.export ?? `instance ${event.instance}`, { cat: 'call', args: { ...event } });
    case 'enter':
      return write('B', `${event.namespace}.${event.name}`, { cat: event.from, args: { ...event } });
    case 'import': {
      const name = `${event.namespace}.${event.name}`;
      const about = { cat: event.from, args: { ...event } };
      if (event.entered) return write('E', name, { ...about, ts: us(atMs + event.durationMs) });
      return write('X', name, { ...about, dur: us(event.durationMs) });
    }
  }
}
