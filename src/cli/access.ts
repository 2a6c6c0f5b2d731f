import type { PolicyOptions } from '../given/policy-types.ts';
import { type System, splitAtColon } from '../platform/paths.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';

/** Options that give a plugin access to the host, or limit it. The commands that run plugins share them. */
export const ACCESS_OPTIONS = {
  'allow-path': {
    grants: true,
    value: 'HOST[:GUEST]',
    repeatable: true,
    heading: 'Access of the plugin',
    help: 'a folder that the plugin may use, under the same path or GUEST;\nro:HOST:GUEST to read only',
  },
  'allow-host': {
    grants: true,
    value: 'GLOB',
    repeatable: true,
    help: 'hosts that the plugin may reach by HTTP, such as api.example.com or *.example.com',
  },
  'enable-http-response-headers': {
    grants: true,
    help: 'let the plugin read the headers of HTTP responses',
  },
  policy: {
    grants: true,
    value: 'FILE',
    help: 'refuse modules, hosts, folders, keys, functions and powers that this policy does\nnot grant, and keep its limits; plugboard lock writes one',
  },
  timeout: {
    grants: true,
    value: 'MS',
    unit: 'milliseconds',
    help: 'time limit of a call (0: as without this option)',
    heading: 'Limits',
  },
  'memory-max': {
    grants: true,
    value: 'PAGES',
    unit: 'pages',
    help: "memory.max_pages: pages of 64 KiB by which the plugin's memories may grow;\nthey may not start with more (0: as without this option)",
  },
  'var-max': {
    grants: true,
    value: 'BYTES',
    unit: 'bytes',
    help: 'size of all variables, keys included (default: 1 MiB)',
  },
  'http-response-max': {
    grants: true,
    value: 'BYTES',
    unit: 'bytes',
    help: 'size of one HTTP response (default: 50 MiB)',
  },
} as const satisfies Record<string, Option>;

export type AccessValues = Values<typeof ACCESS_OPTIONS>;

/** Returns the keys of a manifest for these options. They are options of plugins and actors too. @throws {CliError} USAGE */
export function readAccess(values: AccessValues) {
  return {
    allowed_hosts: values['allow-host'],
    allowed_paths: Object.fromEntries(values['allow-path'].map(text => readPath(text))),
    memory: {
      max_pages: unlessZero(values['memory-max']),
      max_var_bytes: values['var-max'],
      max_http_response_bytes: values['http-response-max'],
    },
    timeout_ms: unlessZero(values.timeout),
  };
}

/** Returns the option of plugins that has no key in a manifest. */
export const allowHeaders = (values: AccessValues) =>
  values['enable-http-response-headers'] ? { allowHttpResponseHeaders: true } : {};

/** Returns the option of plugins for a policy. @throws {CliError} FILE */
export async function readPolicy({ policy: file }: AccessValues): Promise<{ policy?: PolicyOptions }> {
  if (file === undefined) return {};
  return { policy: { source: new TextDecoder().decode(await readInputFile(file)), file } };
}

/** In Extism's command line, 0 means that the limit is not given. */
const unlessZero = (limit: number | undefined): number | undefined => limit || undefined;

/** Reads `[ro:]HOST[:GUEST]`. With only two parts, as in `ro:x`, `ro` is the name of a folder. */
export function readPath(
  text: string,
  system: System = process.platform,
): readonly [host: string, guest: string] {
  const [first, rest] = splitAtColon(text, system);
  const [path = '', behind] = first === 'ro' && rest ? splitAtColon(rest, system) : [];
  const isReadOnly = path !== '' && behind !== undefined;
  const [host, guest] = isReadOnly ? [`ro:${path}`, behind] : [first, rest];
  if (!host) throw new CliError('USAGE', `--allow-path: expected HOST[:GUEST], got ${JSON.stringify(text)}`);
  return [host, guest || host];
}
