import { ERROR_CODES } from '../../src/error-codes.ts';
import { PlugboardError } from '../../src/errors.ts';
import { MANIFEST_KEYS, parseManifest } from '../../src/given/manifest.ts';
import { equal, ok } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';
import type { Target } from './target.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const ODD: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  '',
  'x',
  'https://a.test/x',
  [],
  {},
  [null],
  { a: 1 },
];
const HASH = '0123456789abcdef'.repeat(4);
const KNOWN_KEYS = Object.keys(MANIFEST_KEYS.rows).filter(key => key !== 'wasm');
const OTHER_KEYS = ['wasm', 'Wasm', '__proto__', 'constructor', 'data'];

const some = <T>(random: Random, most: number, make: () => T) =>
  Array.from({ length: random.below(most + 1) }, make);
/** A value that fits, or in one of twelve cases any value. */
const orOdd = (random: Random, value: () => Json): Json => (random.below(12) ? value() : random.pick(ODD));

const randomModule = (random: Random): Json =>
  Object.fromEntries([
    random.pick<[string, Json]>([
      ['path', 'x.wasm'],
      ['path', 'file:///x.wasm'],
      ['url', 'https://a.test/x.wasm'],
      ['data', random.pick(['', 'AGFzbQEAAAA=', 'AG', '*'])],
    ]),
    ...some(random, random.below(2) * 3, () =>
      random.pick<[string, Json]>([
        ['name', orOdd(random, () => random.pick(['main', 'a', 'b', 'c', 'extism:host/env']))],
        ['name', random.pick(['main', 'a', 'b', 'c'])],
        ['hash', orOdd(random, () => random.pick([HASH, HASH.toUpperCase(), HASH.slice(1)]))],
        ['method', orOdd(random, () => 'POST')],
        ['headers', orOdd(random, () => ({ a: 'b', ['__proto__']: 'c' }))],
        ['path', 'y.wasm'],
        ['nmae', 'main'],
      ]),
    ),
  ]);

function randomValue(random: Random, key: string): Json {
  switch (key) {
    case 'wasm':
      return [randomModule(random), ...some(random, random.below(3), () => randomModule(random))];
    case 'memory':
      return Object.fromEntries(
        some(random, 3, () => [
          random.pick([
            'max_pages',
            'maxPages',
            'max_http_response_bytes',
            'maxVarBytes',
            random.pick(['max', '__proto__']),
          ]),
          orOdd(random, () => random.below(100)),
        ]),
      );
    case 'timeoutMs':
    case 'timeout_ms':
      return random.below(1000);
    case 'allowedHosts':
    case 'allowed_hosts':
      return some(random, 3, () => random.pick(['*', 'a.test', '[::1]', 'http://a', 'a b', '[', 'É']));
    default:
      return Object.fromEntries(
        some(random, 3, () => [
          random.pick(['a', '/b', 'ro:/c', '', '__proto__']),
          random.pick(['x', '/y', 'ro:z']),
        ]),
      );
  }
}

/** The outcome of parsing, as text: the result, or code and message of the error. */
function outcomeOf(input: unknown): { text: string; accepted: ReturnType<typeof parseManifest> | null } {
  try {
    const accepted = parseManifest(input);
    const text = JSON.stringify(accepted, (_, value) => (value instanceof Uint8Array ? [...value] : value));
    return { text, accepted };
  } catch (error) {
    ok(error instanceof PlugboardError, `an error with a code, not ${error}`);
    ok(
      ERROR_CODES.some(({ code }) => code === error.code),
      `${error.code} is a known code`,
    );
    ok(error.message.length < 12_000, `the message has ${error.message.length} characters`);
    return { text: `${error.code} ${error.message}`, accepted: null };
  }
}

/** JSON text of manifests, with mistakes. */
export const manifest: Target<string> = {
  name: 'manifest',
  make: random => {
    const keys = [
      'wasm',
      ...some(random, 3, () => random.pick(random.below(12) ? KNOWN_KEYS : OTHER_KEYS)),
    ].slice(random.below(12) ? 0 : 1);
    const text = `{${keys
      .map(key => `${JSON.stringify(key)}:${JSON.stringify(orOdd(random, () => randomValue(random, key)))}`)
      .join(',')}}`;
    if (random.below(8)) return text;
    const at = 1 + random.below(text.length);
    return text.slice(0, at) + random.pick(['', '{', '}', '"', ',', ' ', '\ud800', '0']) + text.slice(at + 1);
  },
  check: text => {
    const { text: outcome, accepted } = outcomeOf(text);
    equal(outcomeOf(text).text, outcome, 'parsing twice gives the same');
    let object: { [key: string]: Json };
    try {
      object = JSON.parse(text);
    } catch {
      equal(accepted, null, 'a text that is not JSON is refused');
      return;
    }
    const before = JSON.stringify(object);
    equal(outcomeOf(object).text, outcome, 'the object and its text give the same');
    equal(JSON.stringify(object), before, 'the object stays as it was');
    const unknown = Object.keys(object).filter(key => !Object.hasOwn(MANIFEST_KEYS.rows, key));
    ok(!accepted || unknown.length === 0, `the unknown key ${unknown[0]} is refused`);
    if (!accepted) return;
    const names = accepted.modules.map(({ name }) => name);
    equal(names.length, (object.wasm as Json[]).length, 'every module is kept');
    equal(new Set(names).size, names.length, 'all names differ');
    ok(names.includes('main'), 'one module is the main one');
  },
};
