import { AbiError, readHttpRequest } from '../../abi/index.ts';
import { PlugboardError } from '../../src/errors.ts';
import { httpSender } from '../../src/host/http.ts';
import { LIMITS } from '../../src/limits.ts';
import { makeEnv } from '../abi/kernels.ts';
import { equal, ok } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';
import type { Target } from './target.ts';

interface Input {
  /** The text that the plugin passes. */
  request: string;
  allowedHosts: readonly string[];
  allowedSchemes: readonly string[];
  inPage: boolean;
  /** Answers of the servers, one after the other; after them 200. */
  answers: readonly { status: number; headers: readonly (readonly [string, string])[] }[];
}

const HOSTS = [
  'a.test',
  'b.a.test',
  'A.TEST',
  '127.0.0.1',
  '[::1]',
  'localhost',
  '10.1',
  '0x7f.1',
  'xn--mnchen-3ya.de',
];
const GLOBS = [
  '*',
  '*.test',
  'a.test',
  'b.?.test',
  '[ab].test',
  '[!a].test',
  '[::1]',
  '127.*',
  '[',
  'a.[',
  '**',
  '',
];
const URLS = [
  '{S}://{H}/',
  '{S}://{H}:8080/x?y#z',
  '{S}://u:p@{H}',
  '{S}://%ff@{H}/',
  '{S}:{H}',
  '/x',
  '//{H}/',
  '?',
  '',
  ' {S}://{H}',
];
const NAMES = [
  'authorization',
  'Cookie',
  'x-a',
  'Content-Type',
  '__proto__',
  'constructor',
  'a b',
  '',
  'é',
  '0',
];
const VALUES = ['x', '', 'a\nb', '\u0000', 'é', '€', ' x ', 'x'.repeat(300)];

/** One of the first `most` items, or in one of four cases any item. */
const mostly = <T>(random: Random, most: number, items: readonly T[]): T =>
  random.pick(random.below(4) ? items.slice(0, most) : items);
const randomUrl = (random: Random) =>
  mostly(random, 2, URLS)
    .replace('{S}', random.pick(['https', 'https', 'http', 'http', 'HTTP', random.pick(['ftp', 'file'])]))
    .replace('{H}', mostly(random, 3, HOSTS));
const header = (random: Random): [string, string] => [mostly(random, 4, NAMES), mostly(random, 2, VALUES)];
const some = <T>(random: Random, most: number, make: () => T) =>
  Array.from({ length: random.below(most + 1) }, make);

/** Objects as JSON text, so that a key may come twice. */
const object = (fields: readonly (readonly [string, unknown])[]) =>
  `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
function randomRequest(random: Random): string {
  const json = (value: unknown) => JSON.stringify(value);
  const headers = () =>
    object(some(random, 3, () => header(random)).map(([key, value]) => [key, json(value)]));
  return object([
    ['url', random.below(12) ? json(randomUrl(random)) : random.pick(['null', '1', '{}'])],
    ...some(random, 3, () =>
      random.pick<() => [string, string]>([
        () => ['method', json(random.pick(['GET', 'post', 'HEAD', 'PUT', 'patch', null]))],
        () => ['method', json(random.pick(['DELETE', 'POST', 'TRACE', 'a b', '', 'é', 1]))],
        () => ['headers', random.below(6) ? headers() : random.pick(['null', '[]', '"x"', '{"a":1}'])],
        () => ['headers', headers()],
        () => ['header', headers()],
        () => [random.pick(['body', '__proto__', 'constructor', 'URL']), '{}'],
      ])(),
    ),
  ]);
}

/** Whether a glob matches, one character after the other. */
function matches(glob: string, host: string): boolean {
  if (glob === '') return host === '';
  if (glob[0] === '*')
    return Array.from({ length: host.length + 1 }, (_, at) => at).some(at =>
      matches(glob.slice(1), host.slice(at)),
    );
  if (host === '') return false;
  const close = glob[0] === '[' ? glob.indexOf(']', glob[1] === '!' ? 3 : 2) : -1;
  if (close > 0) {
    const isNot = glob[1] === '!';
    return (
      glob.slice(isNot ? 2 : 1, close).includes(host[0]!) !== isNot &&
      matches(glob.slice(close + 1), host.slice(1))
    );
  }
  return (glob[0] === '?' || glob[0] === host[0]) && matches(glob.slice(1), host.slice(1));
}
const bare = (host: string) => host.toLowerCase().replace(/^\[(.*:.*)\]$/, '$1');

/** Requests of plugins, the hosts that are allowed, and the answers of servers. */
export const http: Target<Input> = {
  name: 'http',
  make: random => ({
    request: randomRequest(random),
    allowedHosts: some(random, 2, () => random.pick(GLOBS)).concat(random.below(3) ? ['*.test', '*.1'] : []),
    allowedSchemes: random.pick([
      ['https'],
      ['http'],
      ['https', 'http'],
      ['https', 'http'],
      ['http', 'https'],
      [],
    ]),
    inPage: random.below(2) === 0,
    answers: some(random, 7, () => ({
      status: mostly(random, 5, [301, 302, 303, 307, 308, 200, 204, 404]),
      headers: [
        ...(random.below(4) ? [['location', randomUrl(random)] as const] : []),
        ...some(random, 2, () => header(random)),
      ],
    })),
  }),
  check: async ({ request: text, answers, ...rules }) => {
    const env = makeEnv();
    const sent: { url: URL; headers: Record<string, string>; method: string }[] = [];
    const fetch = async (url: URL | string, init: RequestInit = {}) => {
      const headers = init.headers as Record<string, string>;
      // Throws as fetch does: for names, values and methods that HTTP cannot carry.
      new Request(url, { ...init, signal: null });
      sent.push({ url: new URL(url), headers, method: init.method! });
      const answer = answers[sent.length - 1] ?? { status: 200, headers: [] };
      const given = new Headers();
      for (const [name, value] of answer.headers) {
        try {
          given.append(name, value);
        } catch {
          // No server can send it.
        }
      }
      return new Response(null, { status: answer.status, headers: given });
    };
    const limits = { maxResponseBytes: 100, exposesHeaders: true };
    const send = httpSender({ ...rules, ...limits, fetch: fetch as never }, () => undefined);
    try {
      const request = readHttpRequest(env.kernel, Number(env.text(text)), 0);
      equal(request.method, request.method.toUpperCase(), 'the method is in upper case');
      ok(
        Object.values(request.headers).every(value => typeof value === 'string'),
        'headers are texts',
      );
      const { status, headers } = await send(request);
      ok(Number.isInteger(status) && Object.getPrototypeOf(headers) === null, 'a response is plain data');
    } catch (error) {
      const { code } = error as { code?: unknown };
      const codes = ['INVALID_HTTP_REQUEST', 'HTTP_DENIED', 'HTTP_FAILED'];
      const isOwn = error instanceof AbiError || error instanceof PlugboardError;
      ok(isOwn && codes.includes(code as string), `an error with a code, not ${error}`);
      const [, refused] =
        /^http_request: (\S+) is not allowed: allowedHosts/.exec((error as Error).message) ?? [];
      const isAllowed =
        refused && rules.allowedHosts.some(glob => matches(bare(glob), bare(new URL(refused).hostname)));
      ok(!isAllowed, `${refused} was refused, and ${rules.allowedHosts.join(', ')} are allowed`);
    }
    ok(sent.length <= LIMITS.httpRedirects.default + 1, `${sent.length} requests were sent`);
    const followsAlone =
      rules.inPage && rules.allowedHosts.includes('*') && rules.allowedSchemes.length === 2;
    for (const [index, { url, headers }] of sent.entries()) {
      const host = bare(url.hostname);
      ok(
        rules.allowedHosts.some(glob => matches(bare(glob), host)),
        `${url} was sent, and ${rules.allowedHosts.join(', ')} are allowed`,
      );
      ok(rules.allowedSchemes.includes(url.protocol.slice(0, -1)), `${url} has an allowed scheme`);
      ok(url.username === '' && url.password === '', 'the user is not in the URL');
      const before = sent[index - 1];
      if (!before || before.url.origin === url.origin || followsAlone) continue;
      const secrets = Object.keys(headers).filter(name => /^(authorization|cookie)$/i.test(name));
      // Only a user in the URL of the redirect itself may become a header.
      const location = answers[index - 1]?.headers.find(([name]) => name === 'location')?.[1] ?? '';
      ok(secrets.length === 0 || location.includes('@'), `${secrets} went from ${before.url} to ${url}`);
    }
  },
};
