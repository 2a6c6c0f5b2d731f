import { excerpt, PlugboardError } from '../../errors.ts';
import type { PluginOptions } from '../../given/options.ts';
import type { TraceValues } from '../../trace/events.ts';
import { type Answer, hostFunctionsOf, type MissingFunction } from './answers.ts';

/** The choices of a person, as the page has them in its fields. */
export interface Settings {
  readonly answers: ReadonlyMap<string, Answer>;
  /** A line for each config value: `key=value`. */
  readonly config: string;
  /** A pattern for each host, separated by white space or commas. */
  readonly hosts: string;
  /** Status and body of the answer to each request to one of these hosts. */
  readonly status: string;
  readonly body: string;
  readonly timeoutMs: string;
  /** Units of fuel; empty for no limit. */
  readonly fuel: string;
  /** Pages of 64 KiB; empty for no limit. */
  readonly memoryPages: string;
  readonly values: TraceValues;
}

/** Two settings with the same key make the same plugin. */
export const keyOf = (settings: Settings): string =>
  JSON.stringify({ ...settings, answers: [...settings.answers] });

const refuse = (message: string): never => {
  throw new PlugboardError('INVALID_OPTION', message);
};

/** Reads lines of the form `key=value`. @throws {PlugboardError} INVALID_OPTION, with the number of the line */
export function readConfig(text: string): Readonly<Record<string, string>> {
  const config = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, key, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    const where = `the config, line ${index + 1}`;
    if (key === undefined)
      return refuse(`${where}: expected key=value, got ${JSON.stringify(excerpt(line, 100))}`);
    if (config.has(key.trim()))
      return refuse(`${where}: the key ${JSON.stringify(key.trim())} stands above too`);
    config.set(key.trim(), value ?? '');
  }
  return Object.fromEntries(config);
}

/** Reads a whole number; undefined for an empty field. @throws {PlugboardError} INVALID_OPTION */
function readCount(text: string, what: string, unit: string): number | undefined {
  if (text.trim() === '') return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  return refuse(
    `${what}: expected a whole number of ${unit} above 0, or an empty field, got ${JSON.stringify(text)}`,
  );
}

/** The status of an HTTP response that a page can make. */
function readStatus(text: string): number {
  const status = Number(text);
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  return refuse(`the status: expected a number from 200 to 599, got ${JSON.stringify(text)}`);
}

/** Statuses whose responses have no body, by the Fetch standard (https://fetch.spec.whatwg.org/#null-body-status). */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];

/**
 * Makes the options of a plugin. No request leaves the page: those to an allowed host get the answer of the settings, and
 * others are refused by the host. Calls run on the thread of the page, so that checks in the code keep the time limit.
 * @throws {PlugboardError} INVALID_OPTION
 */
export function optionsOf(settings: Settings, missing: readonly MissingFunction[]): PluginOptions {
  const { answers, config, hosts, body, timeoutMs, fuel, memoryPages } = settings;
  const allowedHosts = hosts.split(/[\s,]+/).filter(host => host !== '');
  const status = allowedHosts.length > 0 ? readStatus(settings.status) : 200;
  const limits = {
    fuel: readCount(fuel, 'the fuel', 'units'),
    memoryPages: readCount(memoryPages, 'the memory', 'pages'),
  };
  return {
    config: readConfig(config),
    allowedHosts,
    allowHttpResponseHeaders: true,
    fetch: async () => new Response(WITHOUT_BODY.includes(status) ? null : body, { status }),
    functions: hostFunctionsOf(missing, answers),
    timeoutMs: readCount(timeoutMs, 'the time', 'ms'),
    timeoutBy: 'checks',
    ...((limits.fuel ?? limits.memoryPages) !== undefined && { limits }),
    logLevel: 'trace',
  };
}
