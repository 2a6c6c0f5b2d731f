import { readLockFile } from '../../src/audit/lock-file.ts';
import { compareGrants, readPolicy, verifyPolicy } from '../../src/audit/node.ts';
import { ERROR_CODES } from '../../src/error-codes.ts';
import { PlugboardError } from '../../src/errors.ts';
import { equal, ok } from '../helpers/assert.ts';
import type { Random } from '../helpers/random.ts';
import type { Target } from './target.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const HASH = '0123456789abcdef'.repeat(4);
const POLICY: Json = {
  version: 1,
  sequence: 4,
  expires: '2999-01-01',
  plugins: [
    {
      name: 'a',
      grants: [
        { hash: HASH, reason: 'r', by: 'b', until: '2030-01-01' },
        { host: '*.a.test', reason: 'r' },
        { path: './data', access: 'write', reason: 'r' },
        { namespace: 'n', function: 'f', reason: 'r' },
        { power: 'http', reason: 'r' },
      ],
      limits: { timeoutMs: 5, hostCalls: 3, maxVarBytes: 0 },
    },
  ],
};
const LOCK: Json = {
  version: 1,
  plugins: [
    {
      name: 'a.wasm',
      modules: [{ name: 'main', sha256: HASH, sizeBytes: 3 }],
      powers: [
        { power: 'log', imports: ['e log'] },
        { power: 'host-function', namespace: 'n', function: 'f', type: null, imports: ['n f'] },
      ],
      exports: [{ name: 'run', type: '() -> ()', reach: 'bounded', imports: ['e log'] }],
      uses: ['e log'],
    },
  ],
};
const STATEMENT: Json = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: HASH } }],
  predicateType: 'urn:plugboard:policy:1',
  predicate: POLICY,
};
const ODD: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  '',
  'x',
  '\u202e',
  [],
  {},
  [null],
  { a: 1 },
  HASH,
];
const KEYS = ['version', 'plugins', 'grants', 'reason', 'hash', 'host', 'limits', '__proto__', 'x'];

/** Changes one value somewhere in the data. */
function mutate(random: Random, value: Json): Json {
  if (typeof value !== 'object' || value === null || random.below(8) === 0) return random.pick(ODD);
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    if (at === value.length) return [...value, ...value.slice(0, 1)];
    return random.below(6) ? value.with(at, mutate(random, value[at]!)) : value.toSpliced(at, 1);
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || random.below(6) === 0)
    return Object.fromEntries([...entries, [random.pick(KEYS), random.pick(ODD)]]);
  const at = random.below(entries.length);
  const [key, inner] = entries[at]!;
  if (random.below(8) === 0) return Object.fromEntries(entries.toSpliced(at, 1));
  return Object.fromEntries(entries.with(at, [key, mutate(random, inner)]));
}

function mutateText(random: Random, text: string): string {
  if (random.below(4)) return text;
  const at = random.below(text.length);
  return (
    text.slice(0, at) +
    random.pick(['', '{', '}', '"', ',', '[[', '\n', '\ud800', '0', '\\']) +
    text.slice(at + 1)
  );
}

interface Input {
  kind: 'policy' | 'lock' | 'envelope';
  text: string;
  /** Only of an envelope: whether the verifier accepts it. */
  accepted: boolean;
}

const toBase64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Locks, policies and signed policies with mistakes. */
export const policy: Target<Input> = {
  name: 'policy',
  make: random => {
    const kind = random.pick<Input['kind']>(['policy', 'lock', 'envelope']);
    const changed = (value: Json) => {
      let data = value;
      for (let left = random.below(4); left > 0; left--) data = mutate(random, data);
      return mutateText(random, JSON.stringify(data, null, random.below(3)));
    };
    if (kind !== 'envelope')
      return { kind, text: changed(kind === 'policy' ? POLICY : LOCK), accepted: true };
    const envelope: Json = {
      payloadType: 'application/vnd.in-toto+json',
      payload: toBase64(changed(STATEMENT)),
      signatures: [{ keyid: 'k', sig: 'AAAA' }],
    };
    return {
      kind,
      text: random.below(2) ? JSON.stringify(envelope) : changed(envelope),
      accepted: random.below(4) > 0,
    };
  },
  check: async ({ kind, text, accepted }) => {
    try {
      if (kind === 'lock') {
        const lock = readLockFile(text);
        equal(readLockFile(JSON.stringify(lock)), lock, 'a lock that was read is read again');
      } else {
        const read =
          kind === 'policy'
            ? readPolicy(text)
            : await verifyPolicy(text, { verify: () => accepted, now: () => 0 });
        ok(accepted, 'a signature that is refused accepts no policy');
        equal(readPolicy(JSON.stringify(read)), read, 'a policy that was read is read again');
        equal(compareGrants(read, read), [], 'a policy adds nothing to itself');
        for (const { grants } of read.plugins) for (const { reason } of grants) ok(reason.trim() !== '');
      }
    } catch (error) {
      ok(error instanceof PlugboardError, `an error with a code, not ${error}`);
      ok(
        ERROR_CODES.some(({ code }) => code === error.code),
        `${error.code} is a known code`,
      );
      ok(error.message.length < 12_000, `the message has ${error.message.length} characters`);
    }
  },
};
